/* SPDX-License-Identifier: MIT */
/* A step of files: its bundle, and the way without an appliance. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "modify/build.h"
#include "offline/bundle_write.h"
#include "offline/ext4.h"

#define BUNDLE "files"
#define SOCKET_FOLDER "export"

int aq_build_bundle(struct aq_build_run *run, size_t index, struct aq_error *err)
{
    if (run->bundle >= 0)
        return 0;
    run->bundle_path = aq_format("%s/" BUNDLE, run->work_path);
    run->bundle = openat(run->work.folder, BUNDLE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (run->bundle < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make %s", run->bundle_path);
    const struct aq_spec *spec = &run->modify->spec;
    return aq_bundle_write(spec, &spec->steps[index], run->bundle, run->bundle_path, err);
}

char *aq_build_export_folder(const struct aq_build_run *run, struct aq_error *err)
{
    aq_autofree char *folder = aq_format("%s/" SOCKET_FOLDER, run->work_path);
    if (mkdirat(run->work.folder, SOCKET_FOLDER, 0700) == 0 || errno == EEXIST)
        return aq_steal_ptr(&folder);
    aq_fail_errno(err, AQ_E_IO, errno, "cannot make %s", folder);
    return NULL;
}

static int write_directly(struct aq_build_run *run, enum aq_ext4_outcome *outcome, struct aq_buffer *said,
                          struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *folder = aq_build_export_folder(run, err);
    bool relabel = false;
    if (folder == NULL || aq_build_open_stage(run, err) < 0 || aq_build_chain(run, &chain, err) < 0)
        return -1;
    const struct aq_ext4_request request = {
        .chain = chain.images,
        .chain_count = chain.count,
        .partition = aq_root_partition(&run->modify->base.root),
        .bundle = run->bundle,
        .folder = folder,
    };
    if (aq_ext4_write(&request, outcome, &relabel, said, err) < 0)
        return -1;
    run->modify->relabel = run->modify->relabel || relabel;
    return 0;
}

int aq_build_files_directly(struct aq_build_run *run, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer said = {0};
    enum aq_ext4_outcome outcome;
    aq_deadline started = aq_now();
    if (run->appliance != NULL || aq_root_partition(&run->modify->base.root) < 0)
        return 0;
    if (aq_build_bundle(run, run->now, err) < 0 || write_directly(run, &outcome, &said, err) < 0)
        return -1;
    if (outcome == AQ_EXT4_FAILED)
        return aq_bundle_fail(&run->modify->spec, aq_build_spec_step(run), aq_buffer_text(&said), err);
    if (outcome == AQ_EXT4_UNFIT) {
        aq_build_close_stage(&run->stage);
        return 0;
    }
    aq_build_step(run)->ms = (aq_now() - started) / 1000000;
    return aq_build_publish(run, err) < 0 ? -1 : 1;
}
