/* SPDX-License-Identifier: MIT */
/* The edition for guests: one static file that needs nothing else. A REXX, and the helper that the host
 * speaks to. */
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "edition.h"
#include "functions/call.h"
#include "functions/path.h"
#include "guest/server/grow.h"
#include "guest/server/server.h"
#include "refusal.h"

#define RC_REFUSED 6

const char aq_edition_name[] = "rexx-guest";

APIRET APIENTRY aq_edition_command(PRXSTRING command, PUSHORT flags, PRXSTRING rc)
{
    (void)command;
    return aq_refuse(RC_REFUSED, "NOT_SUPPORTED",
                     "ADDRESS QEMU is not available inside a guest; run this script on the host", flags, rc);
}

int aq_edition_function(const char *name, ULONG argc, PRXSTRING argv, PRXSTRING result, const char **reason)
{
    return aq_functions_call(name, argc, argv, result, reason);
}

bool aq_edition_field(const char *name, size_t length, struct aq_buffer *to)
{
    return aq_path_read(name, length, to);
}

int aq_edition_provision(const char *script, const char *arguments)
{
    (void)script, (void)arguments;
    fputs("rexx-guest: --provision is not available inside a guest; run it on the host\n", stderr);
    return RC_REFUSED;
}

int aq_edition_remote(const char *destination, const char *text, size_t length, const char *const *options,
                      char *const *arguments)
{
    (void)destination, (void)text, (void)length, (void)options, (void)arguments;
    fputs("rexx-guest: --remote is not available inside a guest; run it on the host\n", stderr);
    return RC_REFUSED;
}

int aq_edition_serve(int argc, char **argv)
{
    return aq_guest_serve(argc, argv);
}

int aq_edition_grow(void)
{
    return aq_guest_grow("/");
}

/* The note is in memory: the linker has it in a loaded segment. */
static int print_build_id(struct dl_phdr_info *object, size_t size, void *data)
{
    (void)size, (void)data;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        const char *at = (const char *)(object->dlpi_addr + segment->p_vaddr), *end = at + segment->p_memsz;
        while (segment->p_type == PT_NOTE && end - at > (long)sizeof(ElfW(Nhdr))) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            const unsigned char *id = (const unsigned char *)(note + 1) + ((note->n_namesz + 3) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(note + 1, "GNU", 4) == 0) {
                for (unsigned byte = 0; byte < note->n_descsz; byte++)
                    printf("%02x", id[byte]);
                return 1;
            }
            at = (const char *)id + ((note->n_descsz + 3) & ~3u);
        }
    }
    return 1; /* the first object is the program; no other matters */
}

void aq_edition_version(void)
{
    RXSTRING regina = {0, NULL};
    ReginaVersion(&regina);
    printf("rexx-guest (ADDRESS QEMU) " AQ_VERSION ", %.*s, build-id ", (int)RXSTRLEN(regina),
           RXSTRPTR(regina));
    dl_iterate_phdr(print_build_id, NULL);
    putchar('\n');
    if (regina.strptr != NULL)
        RexxFreeMemory(regina.strptr);
}
