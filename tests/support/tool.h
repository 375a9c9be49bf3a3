/* SPDX-License-Identifier: MIT */
/* Running QEMU's own tools in a test, as the other opinion on what we read and write. */
#ifndef AQ_TEST_TOOL_H
#define AQ_TEST_TOOL_H

#include <jansson.h>
#include <string.h>

#include "util/process.h"

/* Runs argv; its standard output, or NULL with the test failed when the exit code is not 0. free() it. */
#define tool_output(...) tool_run((const char *const[]){__VA_ARGS__, NULL})

static inline char *tool_run(const char *const *argv)
{
    struct aq_error err = {0};
    struct aq_process_result result = {0};
    struct aq_process process = {.argv = argv};
    if (aq_process_check(&process, &result, &err) < 0)
        fail_msg("%s %s: %s", argv[0], argv[1], err.text);
    char *output = aq_strdup(aq_buffer_text(&result.output));
    aq_process_result_free(&result);
    return output;
}

#define tool(...) free(tool_output(__VA_ARGS__))

/* What qemu-img makes of an image. json_decref it. */
static inline json_t *tool_image_info(const char *path)
{
    char *text = tool_output("qemu-img", "info", "--output=json", "-U", "-f", "qcow2", path);
    json_t *info = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(info);
    return info;
}

#endif
