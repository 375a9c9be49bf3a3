/* SPDX-License-Identifier: MIT */
/* QEMU_HEADER(file): what the script's header says, as an object, and nothing for what it does not say. */
#include "spec/header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "functions/handlers.h"
#include "functions/value.h"
#include "util/cleanup.h"

#define HEADER_BYTES ((size_t)1 << 20) /* 50 lines are not longer */

static void set_text(json_t *object, const char *key, const char *text)
{
    if (*text != '\0')
        json_object_set_new(object, key, aq_value_string(text, strlen(text)));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
    if (number > 0)
        json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *ports(const struct aq_header *header)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < header->ingress_count; i++) {
        json_t *port = json_object();
        json_object_set_new(port, "host", json_integer(header->ingress[i].host));
        json_object_set_new(port, "guest", json_integer(header->ingress[i].guest));
        json_array_append_new(array, port);
    }
    return array;
}

static json_t *as_object(const struct aq_header *header)
{
    json_t *object = json_object();
    set_text(object, "base", header->base);
    set_text(object, "name", header->name);
    set_number(object, "memory", header->memory);
    set_number(object, "disk", header->disk);
    set_number(object, "cpus", header->cpus);
    set_number(object, "timeout_ms", (uint64_t)header->timeout_ms);
    set_text(object, "network", header->network);
    if (header->ingress_count > 0)
        json_object_set_new(object, "ingress", ports(header));
    if (header->egress != NULL)
        set_text(object, "egress", header->egress);
    set_text(object, "spec", header->spec);
    return object;
}

static int read_file(struct aq_invocation *call, const char *name, struct aq_buffer *to)
{
    aq_autoclose int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && to->length < HEADER_BYTES) {
        char *room = aq_buffer_room(to, 65536);
        got = read(fd, room, 65536);
        aq_buffer_filled(to, got > 0 ? (size_t)got : 0);
    }
    return got < 0 ? aq_refuse_call(call, "cannot read %s: %s", name, strerror(errno)) : 0;
}

int aq_fn_qemu_header(struct aq_invocation *call)
{
    aq_autobuffer struct aq_buffer script = {0};
    aq_autofree char *name = aq_argument_text(call, 0, "a script's file name");
    if (name == NULL || read_file(call, name, &script) < 0)
        return -1;
    aq_cleanup(aq_header_free) struct aq_header header = {0};
    struct aq_error err = {0};
    if (aq_header_parse(aq_buffer_text(&script), script.length, name, &header, &err) < 0)
        return aq_refuse_call(call, "%s", err.text);
    json_t *object = as_object(&header);
    int done = aq_set_stem_argument(call, 1, object);
    if (done == 0)
        done = aq_give_value(call, object);
    json_decref(object);
    return done;
}
