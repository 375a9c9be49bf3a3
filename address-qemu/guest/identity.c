/* SPDX-License-Identifier: MIT */
#include "guest/identity.h"

#include <stdlib.h>
#include <string.h>

#include "guest/host_key.h"

void aq_identity_free(struct aq_identity *identity)
{
    for (unsigned i = 0; i < identity->file_count; i++) {
        struct aq_identity_file *file = &identity->files[i];
        if (file->bytes.data != NULL)
            explicit_bzero(file->bytes.data, file->bytes.capacity);
        aq_buffer_free(&file->bytes);
        free(file->path);
    }
    free(identity->hostname);
    aq_strings_free(&identity->public_keys);
    explicit_bzero(identity, sizeof *identity);
}

static void make_machine_id(char text[AQ_MACHINE_ID_TEXT])
{
    /* A UUID without its dashes is what systemd takes for one too: machine-id(5). */
    char uuid[AQ_UUID_TEXT];
    size_t length = 0;
    aq_random_uuid(uuid);
    for (const char *c = uuid; *c != '\0'; c++)
        if (*c != '-')
            text[length++] = *c;
    text[length] = '\0';
}

static struct aq_identity_file *add_file(struct aq_identity *identity, const char *path, const char *suffix,
                                         unsigned mode)
{
    struct aq_identity_file *file = &identity->files[identity->file_count++];
    file->path = aq_format("%s%s", path, suffix);
    file->mode = mode;
    return file;
}

/* A key of a kind that cannot be made here is emptied: no server may show what other clones have as well. */
static int add_key(struct aq_identity *identity, const char *path, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer line = {0};
    if (identity->file_count + 2 > AQ_IDENTITY_FILES)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED,
                       "the guest has more SSH host keys than a clone can be given");
    struct aq_identity_file *file = add_file(identity, path, "", 0600);
    int made = aq_host_key_make(path, &file->bytes, &line, err);
    if (made < 0)
        return -1;
    if (made > 0)
        aq_strings_add(&identity->public_keys, line.data);
    if (!aq_host_key_has_public_file(path))
        return 0;
    file = add_file(identity, path, ".pub", 0644);
    aq_buffer_format(&file->bytes, "%s root@%s\n", line.data, identity->hostname);
    return 0;
}

int aq_identity_make(const char *hostname, const char *uuid, const struct aq_strings *keys,
                     struct aq_identity *identity, struct aq_error *err)
{
    identity->hostname = aq_strdup(hostname);
    snprintf(identity->uuid, sizeof identity->uuid, "%s", uuid);
    make_machine_id(identity->machine_id);
    aq_random_bytes(identity->seed, sizeof identity->seed);
    for (size_t i = 0; i < keys->count; i++)
        if (add_key(identity, keys->items[i], err) < 0)
            return -1;
    return 0;
}
