/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include "rexx.h"

static SHVBLOCK request(UCHAR code, const char *name, size_t length)
{
    return (SHVBLOCK){
        .shvcode = code, .shvname = {.strptr = (char *)name, .strlength = length}, .shvnamelen = length};
}

/* Asks for the variable and appends what came if the answer is one of `accepted`. */
static bool fetch(const char *name, size_t length, UCHAR accepted, struct aq_buffer *to)
{
    SHVBLOCK block = request(RXSHV_SYFET, name, length);
    RexxVariablePool(&block);
    bool taken = (block.shvret & ~accepted) == 0;
    if (taken && block.shvvalue.strptr != NULL)
        aq_buffer_add(to, block.shvvalue.strptr, block.shvvalue.strlength);
    if (block.shvvalue.strptr != NULL)
        RexxFreeMemory(block.shvvalue.strptr);
    return taken;
}

bool aq_pool_fetch(const char *name, size_t length, struct aq_buffer *to)
{
    return fetch(name, length, RXSHV_OK, to);
}

bool aq_pool_evaluate(const char *name, size_t length, struct aq_buffer *to)
{
    return fetch(name, length, RXSHV_NEWV, to);
}

static bool set(UCHAR code, const char *name, size_t length, const char *value, size_t value_length)
{
    SHVBLOCK block = request(code, name, length);
    block.shvvalue.strptr = (char *)value;
    block.shvvalue.strlength = value_length;
    block.shvvaluelen = value_length;
    RexxVariablePool(&block);
    return (block.shvret & ~RXSHV_NEWV) == 0;
}

bool aq_pool_set(const char *name, size_t length, const char *value, size_t value_length)
{
    return set(RXSHV_SYSET, name, length, value, value_length);
}

bool aq_pool_set_literal(const char *name, size_t length, const char *value, size_t value_length)
{
    return set(RXSHV_SET, name, length, value, value_length);
}

void aq_pool_drop(const char *name, size_t length)
{
    SHVBLOCK block = request(RXSHV_SYDRO, name, length);
    RexxVariablePool(&block);
}

void aq_pool_each(bool (*each)(void *data, const char *name, size_t name_length, const char *value,
                               size_t value_length),
                  void *data)
{
    for (bool more = true; more;) {
        SHVBLOCK block = {.shvcode = RXSHV_NEXTV};
        RexxVariablePool(&block);
        more = block.shvname.strptr != NULL && each(data, block.shvname.strptr, block.shvname.strlength,
                                                    block.shvvalue.strptr, block.shvvalue.strlength);
        more = more && (block.shvret & RXSHV_LVAR) == 0;
        if (block.shvname.strptr != NULL)
            RexxFreeMemory(block.shvname.strptr);
        if (block.shvvalue.strptr != NULL)
            RexxFreeMemory(block.shvvalue.strptr);
    }
}
