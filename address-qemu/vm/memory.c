/* SPDX-License-Identifier: MIT */
#include "vm/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/process_usage.h"
#include "util/size.h"
#include "vm/run.h"

#define MIB ((uint64_t)1 << 20)

/* QEMU itself with its code for the guest, and the part of the guest's memory that an idle clone writes to.
 */
#define OWN_BYTES (64 * MIB)
#define RAM_PART 4

/* Left alone, of the whole: for the page cache, and for what the VMs that run may still want. */
#define MARGIN_PART 20

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static bool read_number(const char *path, const char *key, uint64_t *number)
{
    char line[256];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        found = strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), " %" SCNu64, number) == 1;
    if (file != NULL)
        fclose(file);
    return found;
}

/* What a control group leaves us; UINT64_MAX when it has no limit. What it keeps of files can be had. */
static uint64_t left_in_group(const char *group)
{
    char path[1024];
    uint64_t max, current, files = 0;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
    bool limited = read_number(path, "", &max);
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", group);
    if (!limited || !read_number(path, "", &current))
        return UINT64_MAX;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.stat", group);
    read_number(path, "inactive_file", &files);
    return less(max, less(current, files) + max / MARGIN_PART);
}

/* Our own group's and those above it, all of which count. (Source: the kernel's cgroup-v2.rst.) */
static uint64_t left_in_groups(uint64_t bytes)
{
    char line[512] = "";
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "0::", 3) != 0)
        line[0] = '\0';
    if (file != NULL)
        fclose(file);
    line[strcspn(line, "\n")] = '\0';
    char *group = strlen(line) > 3 ? line + 3 : line;
    while (group[0] == '/' && group[1] != '\0') {
        uint64_t left = left_in_group(group);
        bytes = left < bytes ? left : bytes;
        *strrchr(group, '/') = '\0';
    }
    uint64_t left = left_in_group(""); /* a container sees its own group as the root, with its limit */
    return left < bytes ? left : bytes;
}

uint64_t aq_memory_of_vm(unsigned memory_mib)
{
    return OWN_BYTES + memory_mib * MIB / RAM_PART;
}

uint64_t aq_memory_of_clone(const struct aq_template *template)
{
    aq_autostrings struct aq_strings names = {0};
    struct aq_error ignored = {0};
    uint64_t sum = 0, count = 0;
    aq_template_clones(template, &names, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        aq_autovm struct aq_vm vm = {0};
        struct aq_run run;
        struct aq_process_usage usage;
        struct aq_error unread = {0};
        if (aq_vm_load(names.items[i], &vm, &unread) < 0 || aq_run_read(&vm, &run, &unread) <= 0 ||
            !aq_process_usage(&run.process, &usage) || usage.pss < 0)
            continue;
        sum += (uint64_t)usage.pss;
        count++;
    }
    return count > 0 ? sum / count : aq_memory_of_vm(template->memory);
}

int aq_memory_check(uint64_t count, uint64_t each, struct aq_error *err)
{
    uint64_t total = 0, available = 0;
    char wanted[AQ_SIZE_TEXT], one[AQ_SIZE_TEXT], left[AQ_SIZE_TEXT];
    if (!read_number("/proc/meminfo", "MemTotal:", &total) ||
        !read_number("/proc/meminfo", "MemAvailable:", &available))
        return 0;
    uint64_t bytes = left_in_groups(less(available, total / MARGIN_PART) * 1024);
    if (each == 0 || count <= bytes / each)
        return 0;
    return aq_fail(err, AQ_E_MEMORY_SHORT,
                   "%" PRIu64
                   " more VMs would take about %s of memory (%s each), and there are %s to be had: room "
                   "for %" PRIu64,
                   count, aq_size_text(count * each, wanted), aq_size_text(each, one),
                   aq_size_text(bytes, left), bytes / each);
}
