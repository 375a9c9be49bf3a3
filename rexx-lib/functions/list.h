/* SPDX-License-Identifier: MIT */
/*
 * The functions that RexxJS scripts call: the one list of them, from which come the translator's knowledge of
 * their parameters, the runners' registrations and the dispatch. docs/rexxjs.md has a section on each.
 *
 *     X(handler, "NAME", kind, "parameter|another name for it", …)
 *
 * The kind says of which arguments the translator makes objects when they are names of variables alone.
 */
#ifndef AQ_FUNCTIONS_LIST_H
#define AQ_FUNCTIONS_LIST_H

/* What scripts know. None of these names is one of Regina's own functions. */
#define AQ_FUNCTION_LIST(X)                                                                                  \
    X(array_get, "ARRAY_GET", AQ_OBJECT_FIRST, "array|object|obj", "index|key")                              \
    X(array_length, "ARRAY_LENGTH", AQ_OBJECT_FIRST, "array|arr|object|obj")                                 \
    X(array_push, "ARRAY_PUSH", AQ_OBJECT_ALL, "array|arr|object|obj", "item|value", "", "", "")             \
    X(array_set, "ARRAY_SET", AQ_OBJECT_ALL, "array|arr|object|obj", "index|key", "value")                   \
    X(env, "ENV", AQ_OBJECT_NONE, "name|var|variable")                                                       \
    X(file_exists, "FILE_EXISTS", AQ_OBJECT_NONE, "filename|file|name|path")                                 \
    X(file_read, "FILE_READ", AQ_OBJECT_NONE, "filename|file|name|path", "encoding")                         \
    X(file_write, "FILE_WRITE", AQ_OBJECT_NONE, "filename|file|name|path", "content|data", "encoding")       \
    X(sha256, "HASH_SHA256", AQ_OBJECT_NONE, "text|data|value|string")                                       \
    X(http_get, "HTTP_GET", AQ_OBJECT_ALL, "url", "headers", "timeout", "retryInterval", "maxRetries")       \
    X(http_post, "HTTP_POST", AQ_OBJECT_ALL, "url", "body|data", "headers", "timeout")                       \
    X(json_parse, "JSON_PARSE", AQ_OBJECT_NONE, "text|string|json", "stem")                                  \
    X(json_stringify, "JSON_STRINGIFY", AQ_OBJECT_FIRST, "object|obj|data|value", "indent")                  \
    X(now, "NOW", AQ_OBJECT_NONE, "timezone", "format")                                                      \
    X(qemu_header, "QEMU_HEADER", AQ_OBJECT_NONE, "file|filename|script", "stem")                            \
    X(regex_match, "REGEX_MATCH", AQ_OBJECT_NONE, "string|text", "pattern|regex", "flags")                   \
    X(regex_replace, "REGEX_REPLACE", AQ_OBJECT_NONE, "string|text", "pattern|regex",                        \
      "replacement|replace|with", "flags")                                                                   \
    X(regex_test, "REGEX_TEST", AQ_OBJECT_NONE, "string|text", "pattern|regex", "flags")                     \
    X(sha256, "SHA256", AQ_OBJECT_NONE, "text|data|value|string")                                            \
    X(uuid, "UUID", AQ_OBJECT_NONE, NULL)

/* What the translator puts in a construct's place. SLEEP is its own name only in RexxJS: Regina has another.
 */
#define AQ_HELPER_LIST(X)                                                                                    \
    X(make_array, "REXXJS_ARRAY", AQ_OBJECT_NONE, NULL)                                                      \
    X(item_at, "REXXJS_AT", AQ_OBJECT_NONE, NULL)                                                            \
    X(read_field, "REXXJS_FIELD", AQ_OBJECT_NONE, NULL)                                                      \
    X(is_object, "REXXJS_IS_OBJECT", AQ_OBJECT_NONE, NULL)                                                   \
    X(member_of, "REXXJS_MEMBER", AQ_OBJECT_NONE, NULL)                                                      \
    X(make_object, "REXXJS_OBJECT", AQ_OBJECT_NONE, NULL)                                                    \
    X(over, "REXXJS_OVER", AQ_OBJECT_NONE, NULL)                                                             \
    X(put_field, "REXXJS_PUT", AQ_OBJECT_NONE, NULL)                                                         \
    X(set_result, "REXXJS_RESULT", AQ_OBJECT_NONE, NULL)                                                     \
    X(sleep_ms, "REXXJS_SLEEP", AQ_OBJECT_NONE, "milliseconds|ms|time|duration")                             \
    X(variable_value, "REXXJS_VALUE", AQ_OBJECT_NONE, NULL)                                                  \
    X(with, "QEMUWITH", AQ_OBJECT_NONE, NULL)

#endif
