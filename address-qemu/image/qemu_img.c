/* SPDX-License-Identifier: MIT */
#include "image/qemu_img.h"

#include <string.h>

#include "util/files.h"
#include "util/json.h"
#include "util/process.h"

/* Far beyond what it needs; for an image that leads it astray. */
#define MEMORY_MAX (UINT64_C(2) << 30)
enum { CPU_SECONDS = 4 * 3600 };

json_t *aq_chain_options(const struct aq_chain *chain, unsigned from)
{
    const struct aq_disk_image *image = &chain->images[from];
    json_t *below = from + 1 < chain->count ? aq_chain_options(chain, from + 1) : json_null();
    return json_pack("{s:s, s:{s:s, s:s}, s:o}", "driver", image->format, "file", "driver", "file",
                     "filename", image->path, "backing", below);
}

char *aq_chain_name(const struct aq_chain *chain, struct aq_error *err)
{
    aq_autojson json_t *options = aq_chain_options(chain, 0);
    aq_autofree char *text = options != NULL ? json_dumps(options, JSON_COMPACT) : NULL;
    if (text != NULL)
        return aq_format("json:%s", text);
    aq_fail(err, AQ_E_NOT_SUPPORTED, "a path is not UTF-8, which qemu-img needs: %s", chain->images[0].path);
    return NULL;
}

int aq_qemu_img(const char *const *arguments, int lock, aq_deadline deadline, struct aq_error *err)
{
    aq_autofree char *program = aq_need_program("qemu-img", "qemu-utils", err);
    aq_autostrings struct aq_strings argv = {0};
    if (program == NULL)
        return -1;
    aq_strings_add(&argv, program);
    for (size_t i = 0; arguments[i] != NULL; i++)
        aq_strings_add(&argv, arguments[i]);
    const struct aq_process process = {
        .argv = (const char *const *)argv.items,
        .deadline = deadline,
        .memory_limit = MEMORY_MAX,
        .cpu_limit = CPU_SECONDS,
        .input_fd = lock, /* which it never looks at */
        .tied = lock == AQ_TIED,
    };
    if (aq_process_check(&process, NULL, err) == 0)
        return 0;
    if (err->code == AQ_E_TOOL_FAILED && strstr(err->text, "No space left on device") != NULL)
        err->code = AQ_E_NO_SPACE;
    return -1;
}
