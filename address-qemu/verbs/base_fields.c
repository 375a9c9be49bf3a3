/* SPDX-License-Identifier: MIT */
#include "verbs/base_fields.h"

#include "vm/file_users.h"
#include "vm/vm.h"

struct aq_base_request aq_base_request_of(const struct aq_call *call)
{
    return (struct aq_base_request){
        .name = aq_arg_text(call, "name"),
        .os = aq_arg_text(call, "os"),
        .memory = (unsigned)(aq_arg_number(call, "memory") >> 20),
        .cpus = (unsigned)aq_arg_number(call, "cpus"),
        .rexxjs_installed = aq_arg_bool(call, "rexxjs_installed"),
        .replace = aq_arg_bool(call, "replace"),
        .dependents = aq_vm_dependents,
        .writers = aq_file_writers,
    };
}

int aq_base_name_check(const struct aq_call *call, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    struct aq_error absent = {0};
    const char *name = aq_arg_text(call, "name");
    if (aq_base_load(name, &base, &absent) < 0)
        return 0;
    if (aq_arg_bool(call, "replace"))
        return aq_base_refuse_dependents(name, aq_vm_dependents, "be replaced", err);
    return aq_fail(err, AQ_E_BASE_EXISTS, "there is a base %s already (%s): replace=true makes it anew", name,
                   base.path);
}

void aq_set_base_fields(aq_result *result, const struct aq_base *base)
{
    aq_result_set_text(result, "NAME", base->name);
    aq_result_set_text(result, "DISK", base->path);
    aq_result_set_text(result, "FORMAT", base->format);
    aq_result_set_int(result, "VIRTUAL_SIZE", (int64_t)base->virtual_size);
    aq_result_set_int(result, "MEMORY", base->memory);
    aq_result_set_int(result, "CPUS", base->cpus);
    aq_result_set_text(result, "OS", base->os);
    aq_result_set_text(result, "CREATED", base->created);
    aq_result_set_text(result, "STATUS", aq_base_status(base));
    aq_result_set_bool(result, "REXXJS_INSTALLED", base->rexxjs_installed);
    aq_result_set_bool(result, "COPY", base->copy);
    if (base->layer[0] != '\0')
        aq_result_set_text(result, "LAYER", base->layer);
    aq_autofree char *kernel = NULL;
    aq_autofree char *initrd = NULL;
    if (aq_base_kernel(base, &kernel, &initrd))
        aq_result_set_text(result, "KERNEL", kernel);
    if (base->source[0] != '\0')
        aq_result_set_text(result, "SOURCE", base->source);
    if (base->sha256[0] != '\0')
        aq_result_set_text(result, "SHA256", base->sha256);
}
