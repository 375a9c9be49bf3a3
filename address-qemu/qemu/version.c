/* SPDX-License-Identifier: MIT */
#include "qemu/version.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "qemu/launch.h"
#include "qemu/machine.h"
#include "util/files.h"

/* What it holds for on the first line, the version on the second, the machine on the third. */
#define CACHE "qemu"

enum { ANSWERS_MS = 60000 };

/* The program's file as it is now. free() it. */
static char *identity_of(const char *program)
{
    struct stat file;
    if (stat(program, &file) < 0)
        return aq_strdup("");
    return aq_format("%s %llu %lld %lld.%ld", program, (unsigned long long)file.st_ino,
                     (long long)file.st_size, (long long)file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

static bool recall(int runtime_dir, const char *now, struct aq_qemu_version *version)
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_read_file_at(runtime_dir, CACHE, 4096, &text, &ignored) < 0)
        return false;
    char *next = text.data;
    const char *then = strsep(&next, "\n");
    const char *number = next != NULL ? strsep(&next, "\n") : NULL;
    const char *machine = next != NULL ? strsep(&next, "\n") : NULL;
    if (machine == NULL || machine[0] == '\0' || strcmp(then, now) != 0)
        return false;
    snprintf(version->version, sizeof version->version, "%s", number);
    snprintf(version->machine, sizeof version->machine, "%s", machine);
    return true;
}

/* An answer that cannot be written down is as true. */
static void remember(int runtime_dir, const char *now, const struct aq_qemu_version *version)
{
    struct aq_error ignored = {0};
    aq_autofree char *text = aq_format("%s\n%s\n%s\n", now, version->version, version->machine);
    aq_replace_file_at(runtime_dir, CACHE, text, strlen(text), &ignored);
}

static int ask(const char *program, const char *option, const char *value, struct aq_process_result *result,
               struct aq_error *err)
{
    const char *const argv[] = {program, option, value, NULL};
    const struct aq_process process = {.argv = argv, .deadline = aq_after_ms(ANSWERS_MS)};
    return aq_process_check(&process, result, err);
}

/* "QEMU emulator version 7.2.22 (Debian …)" */
static int ask_version(const char *program, struct aq_qemu_version *version, struct aq_error *err)
{
    struct aq_process_result result = {0};
    if (ask(program, "-version", NULL, &result, err) < 0)
        return -1;
    const char *number = strstr(aq_buffer_text(&result.output), "version ");
    if (number != NULL)
        snprintf(version->version, sizeof version->version, "%.*s", (int)strcspn(number + 8, "\r\n"),
                 number + 8);
    aq_process_result_free(&result);
    return version->version[0] != '\0'
               ? 0
               : aq_fail(err, AQ_E_TOOL_FAILED, "%s -version does not say which version it is", program);
}

/* "q35    Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-7.2)" */
static int ask_machine(const char *program, struct aq_qemu_version *version, struct aq_error *err)
{
    struct aq_process_result result = {0};
    if (ask(program, "-machine", "help", &result, err) < 0)
        return -1;
    char *rest = result.output.data;
    for (char *line; rest != NULL && version->machine[0] == '\0' && (line = strsep(&rest, "\n")) != NULL;) {
        const char *alias = strncmp(line, "q35 ", 4) == 0 ? strstr(line, "(alias of ") : NULL;
        if (alias != NULL)
            snprintf(version->machine, sizeof version->machine, "%.*s", (int)strcspn(alias + 10, ")"),
                     alias + 10);
    }
    aq_process_result_free(&result);
    return version->machine[0] != '\0'
               ? 0
               : aq_fail(err, AQ_E_TOOL_FAILED, "%s -machine help does not say what q35 stands for", program);
}

int aq_qemu_version(int runtime_dir, struct aq_qemu_version *version, struct aq_error *err)
{
    *version = (struct aq_qemu_version){0};
    aq_autofree char *program = aq_need_program(AQ_QEMU_PROGRAM, AQ_QEMU_PACKAGE, err);
    if (program == NULL)
        return -1;
    aq_autofree char *now = identity_of(program);
    if (recall(runtime_dir, now, version))
        return 0;
    if (ask_version(program, version, err) < 0 || ask_machine(program, version, err) < 0)
        return -1;
    remember(runtime_dir, now, version);
    return 0;
}

/* The lines of /proc/cpuinfo that say which CPU the first one is and what it can. */
static void describe_host(struct aq_buffer *text)
{
    static const char *const wanted[] = {"vendor_id", "cpu family", "model\t", "stepping", "flags"};
    char line[8192];
    FILE *info = fopen("/proc/cpuinfo", "re");
    while (info != NULL && fgets(line, sizeof line, info) != NULL && line[0] != '\n')
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
                aq_buffer_add_text(text, line);
    if (info != NULL)
        fclose(info);
}

const char *aq_qemu_cpu_text(enum aq_accel accel, char text[AQ_CPU_TEXT])
{
    aq_autobuffer struct aq_buffer host = {0};
    const char *model = aq_machine_cpu_model(accel);
    if (accel == AQ_ACCEL_KVM) {
        describe_host(&host);
        snprintf(text, AQ_CPU_TEXT, "%s-%016llx", model,
                 (unsigned long long)aq_machine_hash(AQ_MACHINE_HASH, aq_buffer_text(&host)));
    } else {
        snprintf(text, AQ_CPU_TEXT, "%s", model);
    }
    return text;
}
