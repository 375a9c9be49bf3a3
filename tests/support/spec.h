/* SPDX-License-Identifier: MIT */
/* Specs that a test writes into its work folder. */
#ifndef AQ_TEST_SPEC_H
#define AQ_TEST_SPEC_H

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/inputs.h"
#include "test.h"
#include "util/files.h"

/* 64 digits, as a base has them. */
#define BASE_IDENTITY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Writes a file with that mode, replacing one that is there. */
static inline void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* Writes app.yaml with that below checkpoint_modifications, and loads it. */
static inline int load_spec(const char *yaml, const char *const *allow_sources, struct aq_spec *spec,
                            struct aq_error *err)
{
    aq_autofree char *text = aq_format("checkpoint_modifications:\n  base_checkpoint: debian\n%s", yaml);
    const struct aq_spec_request request = {.path = "app.yaml", .allow_sources = allow_sources};
    write_file("app.yaml", text, 0644);
    return aq_spec_load(&request, spec, err);
}

/* The same for `files:` alone, prepared over the base. */
static inline int prepare_files(const char *entries, struct aq_spec *spec, struct aq_error *err)
{
    aq_autofree char *yaml = aq_format("  files:\n%s", entries);
    return load_spec(yaml, NULL, spec, err) < 0 ? -1 : aq_spec_prepare(spec, BASE_IDENTITY, err);
}

#endif
