/* SPDX-License-Identifier: MIT */
#include "command/types.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/digest.h"
#include "util/names.h"
#include "util/size.h"
#include "util/url.h"

/* A checker returns 0, or -1; then `err` may be set already, or the type's `wanted` says it all. */
typedef int (*checker)(struct aq_argument *argument, struct aq_error *err);

static int check_any(struct aq_argument *argument, struct aq_error *err)
{
    (void)argument, (void)err;
    return 0;
}

static int check_name(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    return aq_name_valid(argument->text) ? 0 : -1;
}

static int check_size(struct aq_argument *argument, struct aq_error *err)
{
    uint64_t bytes;
    if (aq_parse_size(argument->text, &bytes, err) < 0)
        return -1;
    argument->number = (int64_t)bytes;
    return 0;
}

static int check_count(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    char *end;
    errno = 0;
    argument->number = strtoll(argument->text, &end, 10);
    bool digit = argument->text[0] >= '0' && argument->text[0] <= '9';
    return digit && *end == '\0' && errno == 0 ? 0 : -1;
}

static int check_port(struct aq_argument *argument, struct aq_error *err)
{
    return check_count(argument, err) == 0 && argument->number >= 1 && argument->number <= 65535 ? 0 : -1;
}

static int check_duration(struct aq_argument *argument, struct aq_error *err)
{
    return aq_parse_duration(argument->text, &argument->number, err);
}

static int check_milliseconds(struct aq_argument *argument, struct aq_error *err)
{
    return aq_parse_duration_ms(argument->text, &argument->number, err);
}

static int check_boolean(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    argument->number = aq_word_in("true yes on 1", argument->text);
    return argument->number || aq_word_in("false no off 0", argument->text) ? 0 : -1;
}

static int check_path(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    const char *home = getenv("HOME");
    if (strncmp(argument->text, "~/", 2) == 0 && home != NULL) {
        argument->owned = aq_format("%s%s", home, argument->text + 1);
        argument->text = argument->owned;
        argument->length = strlen(argument->owned);
    }
    return argument->text[0] != '\0' ? 0 : -1;
}

static int check_guest_path(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    return argument->text[0] == '/' ? 0 : -1;
}

static int check_mode(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    char *end;
    argument->number = strtoll(argument->text, &end, 8);
    size_t length = strlen(argument->text);
    return length >= 3 && length <= 5 && *end == '\0' && argument->number >= 0 && argument->number <= 07777
               ? 0
               : -1;
}

static int check_url(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    return aq_url_valid(argument->text, true) ? 0 : -1;
}

static int check_checksum(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    char digest[AQ_SHA256_TEXT];
    if (!aq_sha256_parse(argument->text, digest))
        return -1;
    argument->owned = aq_strdup(digest);
    argument->text = argument->owned;
    argument->length = strlen(argument->owned);
    return 0;
}

static int check_choice(struct aq_argument *argument, struct aq_error *err)
{
    (void)err;
    size_t length = strlen(argument->text);
    for (const char *at = argument->param->choices; *at != '\0'; at += *at == '|') {
        size_t here = strcspn(at, "|");
        if (here == length && strncasecmp(at, argument->text, length) == 0) {
            argument->owned = aq_strndup(at, here); /* as the descriptor spells it */
            argument->text = argument->owned;
            return 0;
        }
        at += here;
    }
    return -1;
}

static const struct {
    const char *name;
    const char *wanted;
    checker check;
} types[] = {
    [AQ_TYPE_TEXT] = {"text", "text", check_any},
    [AQ_TYPE_BYTES] = {"bytes", "bytes", check_any},
    [AQ_TYPE_NAME] =
        {"name", "a name of at most 63 letters, digits, '.', '_' and '-' that begins with a letter or digit",
         check_name},
    [AQ_TYPE_SIZE] = {"size", "a size such as 512M or 2G", check_size},
    [AQ_TYPE_COUNT] = {"count", "a whole number", check_count},
    [AQ_TYPE_DURATION] = {"duration", "a duration such as 300 (seconds), 90s or 5m", check_duration},
    [AQ_TYPE_MILLISECONDS] = {"milliseconds", "a duration such as 120000 (milliseconds), 90s or 5m",
                              check_milliseconds},
    [AQ_TYPE_PORT] = {"port", "a port from 1 to 65535", check_port},
    [AQ_TYPE_BOOLEAN] = {"boolean", "true or false", check_boolean},
    [AQ_TYPE_PATH] = {"path", "the path of a file", check_path},
    [AQ_TYPE_GUEST_PATH] = {"guest path", "an absolute path in the guest", check_guest_path},
    [AQ_TYPE_MODE] = {"mode", "octal permissions such as 0644", check_mode},
    [AQ_TYPE_URL] = {"URL", "an https://, http:// or file:/// URL", check_url},
    [AQ_TYPE_CHECKSUM] = {"checksum", "sha256: and 64 hexadecimal digits", check_checksum},
    [AQ_TYPE_CHOICE] = {"choice", NULL, check_choice},
};

const char *aq_type_name(const struct aq_param *param)
{
    return param->type == AQ_TYPE_CHOICE ? param->choices : types[param->type].name;
}

static int check_bounds(const struct aq_verb *verb, const struct aq_argument *argument, struct aq_error *err)
{
    const struct aq_param *param = argument->param;
    if ((param->min == 0 && param->max == 0) ||
        (argument->number >= param->min && (param->max == 0 || argument->number <= param->max)))
        return 0;
    char low[AQ_SIZE_TEXT], high[AQ_SIZE_TEXT];
    if (param->type == AQ_TYPE_SIZE) {
        aq_size_text((uint64_t)param->min, low);
        aq_size_text((uint64_t)param->max, high);
    } else if (param->type == AQ_TYPE_DURATION || param->type == AQ_TYPE_MILLISECONDS) {
        aq_duration_text(param->min, low);
        aq_duration_text(param->max, high);
    } else {
        snprintf(low, sizeof low, "%" PRId64, param->min);
        snprintf(high, sizeof high, "%" PRId64, param->max);
    }
    if (param->max == 0)
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s of %s has to be at least %s, but is %s", param->name,
                       verb->name, low, argument->text);
    return aq_fail(err, AQ_E_VALUE_INVALID, "%s of %s has to be from %s to %s, but is %s", param->name,
                   verb->name, low, high, argument->text);
}

/* What would be right if it were smaller needs to be told why it is not. */
static bool is_huge(const struct aq_argument *argument)
{
    const enum aq_type type = argument->param->type;
    return (type == AQ_TYPE_SIZE || type == AQ_TYPE_COUNT || type == AQ_TYPE_DURATION ||
            type == AQ_TYPE_MILLISECONDS) &&
           argument->length > 0 && strspn(argument->text, "0123456789") == argument->length;
}

int aq_type_check(const struct aq_verb *verb, struct aq_argument *argument, struct aq_error *err)
{
    const struct aq_param *param = argument->param;
    const char *wanted = param->type == AQ_TYPE_CHOICE ? param->choices : types[param->type].wanted;
    if (param->type != AQ_TYPE_BYTES && strlen(argument->text) != argument->length)
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s of %s holds a NUL byte", param->name, verb->name);
    struct aq_error reason = {0};
    if (types[param->type].check(argument, &reason) < 0) {
        aq_autofree char *url = param->type == AQ_TYPE_URL ? aq_url_text(argument->text) : NULL;
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s of %s has to be %s, but is \"%.200s\"%s", param->name,
                       verb->name, wanted, url != NULL ? url : argument->text,
                       is_huge(argument) ? ", which is too large" : "");
    }
    return check_bounds(verb, argument, err);
}
