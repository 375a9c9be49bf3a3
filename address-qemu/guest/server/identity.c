/* SPDX-License-Identifier: MIT */
#include "guest/server/identity.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char build_id[65];
static char path[256];
static struct stat file;

/* The start of this program in memory, given by the linker: the notes are found without reading any file. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): it is the linker's name */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static void print_hex(const unsigned char *bytes, unsigned length)
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < length && i < 32; i++) {
        build_id[(size_t)2 * i] = digits[bytes[i] >> 4];
        build_id[(size_t)2 * i + 1] = digits[bytes[i] & 15];
    }
}

static void take_note(const unsigned char *note, size_t size)
{
    while (size >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *header = (const void *)note;
        size_t name_size = ((size_t)header->n_namesz + 3) & ~(size_t)3;
        size_t whole = sizeof *header + name_size + (((size_t)header->n_descsz + 3) & ~(size_t)3);
        if (whole > size)
            return;
        const unsigned char *name = note + sizeof *header;
        if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
            print_hex(name + name_size, header->n_descsz);
        note += whole;
        size -= whole;
    }
}

void aq_identity_init(void)
{
    const unsigned char *start = (const void *)&__ehdr_start;
    const ElfW(Phdr) *header = (const void *)(start + __ehdr_start.e_phoff);
    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++)
        if (header[i].p_type == PT_NOTE)
            take_note(start + header[i].p_offset, header[i].p_filesz);

    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    if (length == sizeof path - 1 || stat(path, &file) < 0)
        path[0] = '\0';
}

const char *aq_identity_build_id(void)
{
    return build_id;
}

const char *aq_identity_path(void)
{
    return path;
}

bool aq_identity_replaced(void)
{
    struct stat now;
    return path[0] != '\0' && stat(path, &now) == 0 &&
           (now.st_ino != file.st_ino || now.st_dev != file.st_dev);
}
