/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guest/runner.h"
#include "guest/runner_path.h"
#include "image/build.h"
#include "util/home.h"
#include "util/size.h"
#include "util/wait.h"
#include "verbs/base_fields.h"
#include "vm/ssh.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .required = true, .aliases = "base", .meaning = "what clones will call it"},
    {"kind", AQ_TYPE_CHOICE, .fallback = "debian", .choices = "debian|micro",
     .meaning = "a small Debian with systemd, or busybox with the agents and little else"},
    {"suite", AQ_TYPE_TEXT, .fallback = "bookworm", .meaning = "the Debian release that the packages are of"},
    {"packages", AQ_TYPE_TEXT, .meaning = "more Debian packages, separated by commas"},
    {"size", AQ_TYPE_SIZE, .max = INT64_C(2) << 40,
     .meaning = "the disk as guests see it; 1G for micro and 8G for debian unless given"},
    {"memory", AQ_TYPE_SIZE, .min = 64 << 20, .max = INT64_C(4096) << 30,
     .meaning = "the RAM of clones that do not say; 256M for micro and 1G for debian unless given"},
    {"cpus", AQ_TYPE_COUNT, .fallback = "2", .min = 1, .max = 255,
     .meaning = "the virtual CPUs of clones that do not say"},
    {"mirror", AQ_TYPE_TEXT, .meaning = "the archive to take packages from; this machine's own unless given"},
    {"helper", AQ_TYPE_BOOLEAN, .fallback = "true",
     .meaning = "put in the REXX runner, which is the fast way into the guest too"},
    {"ssh_key", AQ_TYPE_BOOLEAN, .fallback = "true",
     .meaning = "let the store's own SSH key in as root; without it, it is let in when SSH is first wanted"},
    {"replace", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "a base of that name gives way, if no VM depends on its disk"},
    {NULL},
};

static const struct aq_field sets[] = {AQ_BASE_FIELDS,
                                       {"KIND", "`debian` or `micro`"},
                                       {"SUITE", "the Debian release"},
                                       {"BUILD_MS", "how long it took, in milliseconds"},
                                       {NULL}};

const struct aq_verb aq_verb_create_base = {
    .name = "create_base",
    .group = "Bases",
    .summary = "Build a bootable base out of Debian packages",
    .details =
        "Needs neither root nor KVM. `micro` takes seconds to build and a few to boot: busybox, the "
        "guest agent, the REXX runner and an SSH server; of `packages` the files are unpacked, but no "
        "installation script runs. `debian` is installed by mmdebstrap, with systemd, the guest agent "
        "and openssh-server, and takes a minute. Both get their network by DHCP, grow their root file "
        "system to the disk of a clone, let nobody in by password, and make machine-id and SSH host key "
        "anew in each clone. The kernel is kept beside the disk, and QEMU starts clones with it until "
        "they write to their boot partition or boot sector (`QEMU_BOOT`). Downloaded packages are kept "
        "in the store's cache, so that a micro base can be built again without a network.",
    .params = params,
    .sets = sets,
    .example = "create_base name=debian kind=debian packages=curl,git size=10G",
    .run = run,
};

#define MIB ((uint64_t)1 << 20)

static void say_progress(void *data, const char *line)
{
    const struct aq_call *call = data;
    aq_progress(call, "%s: %s", aq_arg_text(call, "name"), line);
}

/* Names between commas or spaces. */
static void split_packages(const char *text, struct aq_strings *packages)
{
    aq_autofree char *copy = aq_strdup(text != NULL ? text : "");
    char *rest = copy;
    for (char *name = strtok_r(copy, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest))
        aq_strings_add(packages, name);
}

static void describe_build(const struct aq_call *call, struct aq_strings *packages, struct aq_build *build)
{
    split_packages(aq_arg_text(call, "packages"), packages);
    *build = (struct aq_build){
        .kind = strcmp(aq_arg_text(call, "kind"), "micro") == 0 ? AQ_BUILD_MICRO : AQ_BUILD_DEBIAN,
        .suite = aq_arg_text(call, "suite"),
        .mirror = aq_arg_text(call, "mirror"),
        .packages = packages,
        .size = (uint64_t)aq_arg_number(call, "size"),
        .helper = aq_arg_bool(call, "helper"),
        .runner_target = AQ_GUEST_RUNNER_PATH,
        .runner_link = AQ_GUEST_RUNNER_LINK,
        .progress = say_progress,
        .progress_data = (void *)(uintptr_t)call,
    };
}

/* How it was made, for its record. */
static json_t *record_build(const struct aq_call *call, const struct aq_build *build)
{
    json_t *packages = json_array();
    for (size_t i = 0; i < build->packages->count; i++)
        json_array_append_new(packages, json_string(build->packages->items[i]));
    return json_pack("{s:s, s:s, s:b, s:b, s:o}", "kind", aq_arg_text(call, "kind"), "suite", build->suite,
                     "helper", (int)build->helper, "ssh_key", build->authorized_key != NULL, "packages",
                     packages);
}

static int build_and_publish(const struct aq_call *call, struct aq_build *build, struct aq_base *base,
                             struct aq_error *err)
{
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    if (aq_base_stage(aq_arg_text(call, "name"), &stage, &folder, err) < 0)
        return -1;
    aq_autoboot struct aq_boot boot = {0};
    build->folder_path = folder;
    if (aq_build_image(build, &boot, err) < 0)
        return -1;

    uint64_t memory = (uint64_t)aq_arg_number(call, "memory") / MIB;
    aq_autofree char *os =
        aq_format("Debian %s%s", build->suite, build->kind == AQ_BUILD_MICRO ? ", micro" : "");
    const struct aq_base_request request = {
        .name = aq_arg_text(call, "name"),
        .os = os,
        .memory = memory != 0                     ? (unsigned)memory
                  : build->kind == AQ_BUILD_MICRO ? 256
                                                  : 1024,
        .cpus = (unsigned)aq_arg_number(call, "cpus"),
        .rexxjs_installed = build->helper,
        .copy = true,
        .replace = aq_arg_bool(call, "replace"),
        .dependents = aq_vm_dependents,
    };
    enum aq_base_outcome outcome;
    return aq_base_publish(&stage, &request, record_build(call, build), &boot, base, &outcome, err);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings packages = {0};
    aq_autobase struct aq_base base = {0};
    struct aq_build build;
    aq_deadline start = aq_now();
    describe_build(call, &packages, &build);
    aq_autofree char *runner = build.helper ? aq_guest_runner_path(err) : NULL;
    aq_autofree char *home = aq_home_path(err);
    if ((build.helper && runner == NULL) || home == NULL)
        return -1;
    aq_autofree char *key = aq_arg_bool(call, "ssh_key") ? aq_store_ssh_public(err) : NULL;
    if (key == NULL && aq_arg_bool(call, "ssh_key"))
        return aq_error_context(err, "ssh_key=false builds a base that lets no key in");
    aq_autofree char *cache = aq_format("%s/cache", home);
    build.authorized_key = key;
    build.runner_path = runner;
    build.cache_path = cache;
    if (aq_build_check(&build, err) < 0 || aq_base_name_check(call, err) < 0 ||
        build_and_publish(call, &build, &base, err) < 0)
        return -1;

    char size[AQ_SIZE_TEXT];
    char taken[AQ_SIZE_TEXT];
    int64_t milliseconds = (aq_now() - start) / 1000000;
    aq_set_base_fields(call->result, &base);
    aq_result_set_text(call->result, "KIND", aq_arg_text(call, "kind"));
    aq_result_set_text(call->result, "SUITE", build.suite);
    aq_result_set_int(call->result, "BUILD_MS", milliseconds);
    aq_result_say(call->result, "base %s is built: %s (%s, in %s)", base.name, base.path,
                  aq_size_text(base.virtual_size, size), aq_duration_text(milliseconds, taken));
    return 0;
}
