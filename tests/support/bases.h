/* SPDX-License-Identifier: MIT */
/* A registry of bases in the test's store, and images to be registered. */
#ifndef AQ_TEST_BASES_H
#define AQ_TEST_BASES_H

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "image/base.h"
#include "util/files.h"
#include "util/home.h"

/* Stands in for vm/: the VMs that depend on a base. */
static struct aq_strings vms;

static inline int dependents(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err)
{
    (void)on;
    (void)err;
    for (size_t i = 0; i < vms.count; i++)
        aq_strings_add(names, vms.items[i]);
    return 0;
}

static inline void put_image(const char *path, unsigned char data)
{
    struct image image = image_sound();
    memset(image.bytes + IMAGE_DATA, data, IMAGE_CLUSTER);
    unlink(path);
    aq_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(pwrite(fd, image.bytes, image.length, 0), image.length);
}

/* An empty store, and the images one.qcow2 and two.qcow2 beside it. */
static inline int fresh(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autofree char *home = aq_home_path(&err);
    assert_non_null(home);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    aq_strings_free(&vms);
    put_image("one.qcow2", 1);
    put_image("two.qcow2", 2);
    return 0;
}

static inline struct aq_base_request request_for(const char *name, const char *disk)
{
    return (struct aq_base_request){
        .name = name, .disk = disk, .memory = 2048, .cpus = 2, .dependents = dependents};
}

static inline int try_register(const struct aq_base_request *request, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome;
    return aq_base_register(request, &base, &outcome, err);
}

static inline enum aq_base_outcome register_ok(const struct aq_base_request *request)
{
    struct aq_error err = {0};
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome = 99;
    assert_ok(aq_base_register(request, &base, &outcome, &err));
    assert_string_equal(base.name, request->name);
    return outcome;
}

static inline void assert_status(const char *name, const char *status, enum aq_error_code code)
{
    struct aq_error err = {0};
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load(name, &base, &err));
    assert_string_equal(aq_base_status(&base), status);
    if (code == AQ_OK)
        assert_ok(aq_base_check(&base, &err));
    else
        assert_fails(aq_base_check(&base, &err), code);
}

/* How many entries the folder of the bases has, hidden ones too. */
static inline size_t entries(void)
{
    struct aq_error err = {0};
    size_t count = 0;
    int fd = aq_open_home_dir("bases", &err);
    DIR *folder = fdopendir(fd);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

#endif
