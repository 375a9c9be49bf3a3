/* SPDX-License-Identifier: MIT */
/*
 * Downloads by libcurl, which is loaded at the first one: https, http and, where the caller allows it, file
 * URLs. TLS is always verified, by the system's authorities or those of $SSL_CERT_FILE; proxies come from the
 * environment (http_proxy, https_proxy, no_proxy), passwords from ~/.netrc. At most ten redirects are
 * followed, none to anything but http and https, and none from https to http. A connection that breaks is
 * tried again, and the download gone on with where it was, as long as it gets on. A file appears under
 * its name whole and verified or not at all.
 */
#ifndef AQ_UTIL_DOWNLOAD_H
#define AQ_UTIL_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "util/digest.h"
#include "util/error.h"

/* Whom to tell how far it is; at most a few times a second. */
struct aq_download_progress {
    void (*tell)(void *data, const char *url, uint64_t done, uint64_t total); /* total 0: not known */
    void *data;
};

struct aq_download {
    const char *url;
    const char *sha256; /* 64 lower-case digits that it has to have; NULL: whatever comes is taken */
    uint64_t max;       /* bytes; 0: 1 TiB */
    bool allow_file;    /* file:///path too */
    int64_t timeout_ms; /* without a byte, until it is given up; 0: 60 s */
    int64_t pause_ms;   /* before a broken connection is tried again, doubled at each try; 0: half a second */
    const struct aq_download_progress *progress; /* NULL: nobody */
};

/* Downloads to the file `name` in the open folder `dir`; *sha256 is what came. An existing file of that name
   is replaced. An interrupted or failed try leaves its part beside it as `.NAME.part`, which the next one
   with the same URL goes on from; a wrong checksum leaves nothing. DOWNLOAD_FAILED, CHECKSUM_WRONG,
   LIMIT_EXCEEDED, TIMEOUT, INTERRUPTED, IO, LIBRARY_MISSING. */
int aq_download_to(const struct aq_download *download, int dir, const char *name, char sha256[AQ_SHA256_TEXT],
                   struct aq_error *err);

/* The same into the store's cache (cache/downloads/sha256/DIGEST), where download->sha256 must be given; what
   is there already is not asked for again. Returns a descriptor for reading. */
int aq_download_cached(const struct aq_download *download, struct aq_error *err);

/* Opens the folder of that name in the store's downloads, made where it is missing: for files on their way
   elsewhere, so that an interrupted download is gone on from. Returns a descriptor to close. */
int aq_download_folder(const char *name, struct aq_error *err);
#define AQ_DOWNLOADS_IMPORT "import" /* of images that become bases */

struct aq_download_pruned {
    unsigned count;
    uint64_t bytes; /* on the disk */
};

/* Removes what the cache has not been asked for in that time, parts of broken downloads too; nothing that is
   being downloaded. `dry_run`: only counts. */
int aq_download_prune(int64_t older_than_ms, bool dry_run, struct aq_download_pruned *found,
                      struct aq_error *err);

/* Opens what the cache has of that digest: FILE_NOT_FOUND when that is nothing. */
int aq_download_open_cached(const char *sha256, struct aq_error *err);

#endif
