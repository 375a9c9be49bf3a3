/* SPDX-License-Identifier: MIT */
#include "image/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/base.h"
#include "image/layer.h"
#include "image/qcow2.h"

void aq_chain_free(struct aq_chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++) {
        free((char *)chain->images[i].path);
        free(chain->members[i].name);
    }
    free(chain->images);
    free(chain->members);
    *chain = (struct aq_chain){0};
}

int aq_chain_append(struct aq_chain *chain, enum aq_parent_kind kind, const char *name, const char *path,
                    struct aq_error *err)
{
    if (chain->count == AQ_CHAIN_MAX)
        return aq_fail(
            err, AQ_E_LIMIT_EXCEEDED,
            "a disk can be made of %d images, one on the other, and %s goes on below that; `flatten` what "
            "is in between",
            AQ_CHAIN_MAX, chain->images[0].path);
    chain->images = aq_realloc(chain->images, (chain->count + 1) * sizeof *chain->images);
    chain->members = aq_realloc(chain->members, (chain->count + 1) * sizeof *chain->members);
    chain->images[chain->count] = (struct aq_disk_image){aq_strdup(path), "qcow2"};
    chain->members[chain->count] = (struct aq_chain_member){kind, aq_strdup(name)};
    chain->count++;
    return 0;
}

/* The header has to name what the records say is below, and nothing else. */
static int check_header(const char *path, const struct aq_parent *parent, struct aq_error *err)
{
    aq_autofree char *backing = NULL;
    aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct aq_qcow2_info info;
    if (fd < 0)
        return errno == ENOENT ? aq_fail(err, AQ_E_IMAGE_MISSING, "there is no file %s; put it back", path)
                               : aq_fail_errno(err, AQ_E_IO, errno, "cannot open %s", path);
    if (aq_parent_backing(parent, &backing, err) < 0 || aq_qcow2_read(fd, path, &info, err) < 0)
        return -1;
    return aq_qcow2_judge_references(&info, backing, path, err);
}

static int fail_other(const struct aq_parent *parent, enum aq_error_code code, struct aq_error *err)
{
    aq_autofree char *what = aq_parent_text(parent);
    return aq_fail(
        err, code,
        "%s is not the one that was cloned from: it was made anew since. What stood on the old one would "
        "read garbage over it; put the old one back, or make a new clone",
        what);
}

/* These three check one member, add it, and put into `next` what it stands on. */
static int add_base(const struct aq_parent *parent, struct aq_chain *chain, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    if (aq_base_load(parent->name, &base, err) < 0 || aq_base_check(&base, err) < 0)
        return -1;
    if (!aq_pin_equal(&base.pin, &parent->pin))
        return fail_other(parent, AQ_E_BASE_CHANGED, err);
    return aq_chain_append(chain, AQ_PARENT_BASE, base.name, base.path, err);
}

static int add_layer(const struct aq_parent *parent, struct aq_chain *chain, struct aq_parent *next,
                     struct aq_error *err)
{
    aq_autolayer struct aq_layer layer = {0};
    if (aq_layer_load(parent->name, &layer, err) < 0 || aq_layer_check(&layer, err) < 0)
        return -1;
    if (!aq_pin_equal(&layer.seal, &parent->pin))
        return fail_other(parent, AQ_E_LAYER_CHANGED, err);
    if (check_header(layer.path, &layer.parent, err) < 0 ||
        aq_chain_append(chain, AQ_PARENT_LAYER, layer.id, layer.path, err) < 0)
        return -1;
    *next = layer.parent;
    layer.parent = (struct aq_parent){0};
    return 0;
}

static int add_file(const struct aq_parent *parent, struct aq_chain *chain, struct aq_error *err)
{
    struct aq_pin found;
    if (!aq_pin_of_path(parent->name, &found))
        return aq_fail(err, AQ_E_IMAGE_MISSING, "there is no file %s; put it back", parent->name);
    if (!aq_pin_equal(&found, &parent->pin)) {
        aq_autofree char *difference = aq_pin_difference(&parent->pin, &found, parent->name);
        return aq_fail(err, AQ_E_IMAGE_CHANGED, "%s; put back what it was when an overlay was made of it",
                       difference);
    }
    return aq_chain_append(chain, AQ_PARENT_FILE, parent->name, parent->name, err);
}

static int add_one(const struct aq_parent *parent, struct aq_chain *chain, struct aq_parent *next,
                   struct aq_error *err)
{
    *next = (struct aq_parent){0};
    switch (parent->kind) {
    case AQ_PARENT_BASE:
        return add_base(parent, chain, err);
    case AQ_PARENT_LAYER:
        return add_layer(parent, chain, next, err);
    case AQ_PARENT_FILE:
        return add_file(parent, chain, err);
    default:
        return 0;
    }
}

int aq_chain_add(const struct aq_parent *parent, struct aq_chain *chain, struct aq_error *err)
{
    aq_autoparent struct aq_parent at = aq_parent_copy(parent);
    while (at.kind != AQ_PARENT_NONE) {
        struct aq_parent next;
        if (add_one(&at, chain, &next, err) < 0)
            return -1;
        aq_parent_free(&at);
        at = next;
    }
    return 0;
}

int aq_chain_of_disk(const char *path, const struct aq_parent *parent, struct aq_chain *chain,
                     struct aq_error *err)
{
    if (aq_chain_append(chain, AQ_PARENT_NONE, "", path, err) < 0 || aq_chain_add(parent, chain, err) < 0)
        return -1;
    return check_header(path, parent, err);
}

uint64_t aq_chain_allocated(const struct aq_chain *chain, unsigned from)
{
    struct stat file;
    uint64_t bytes = 0;
    for (unsigned i = from; i < chain->count; i++)
        if (stat(chain->images[i].path, &file) == 0)
            bytes += (uint64_t)file.st_blocks * 512;
    return bytes;
}
