/* SPDX-License-Identifier: MIT */
#include "image/build_apt.h"

#include <string.h>

#include "image/build_needs.h"
#include "util/cleanup.h"

/* mmdebstrap's defaults too. */
#define DEBIAN "http://deb.debian.org/debian"
#define DEBIAN_SECURITY "http://security.debian.org/debian-security"

static void add_source(struct aq_buffer *lines, const char *uri, const char *release)
{
    aq_autofree char *line = aq_format("deb [signed-by=" AQ_DEBIAN_KEYRING "] %s %s main\n", uri, release);
    if (strstr(aq_buffer_text(lines), line) == NULL)
        aq_buffer_add_text(lines, line);
}

/* Is `name` the suite itself ("") or one of its companions ("-updates")? */
static bool is_suite(const char *name, const char *suite, const char *companion)
{
    size_t length = strlen(suite);
    return strncmp(name, suite, length) == 0 && strcmp(name + length, companion) == 0;
}

void aq_apt_sources_of_host(const char *targets, const char *suite, struct aq_buffer *lines)
{
    aq_autobuffer struct aq_buffer found = {0};
    bool has_suite = false;
    aq_autofree char *text = aq_strdup(targets);
    char *rest = text;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char uri[512];
        char release[128];
        char codename[128];
        char component[128];
        if (sscanf(line, "%511s %127s %127s %127s", uri, release, codename, component) != 4 ||
            strcmp(component, "main") != 0)
            continue;
        bool main_suite = is_suite(release, suite, "") || is_suite(codename, suite, "");
        if (!main_suite && !is_suite(release, suite, "-updates") && !is_suite(release, suite, "-security") &&
            !is_suite(codename, suite, "-updates") && !is_suite(codename, suite, "-security"))
            continue;
        has_suite = has_suite || main_suite;
        add_source(&found, uri, release);
    }
    if (has_suite)
        aq_buffer_add(lines, found.data, found.length);
}

static void add_debian(const char *suite, struct aq_buffer *lines)
{
    add_source(lines, DEBIAN, suite);
    if (strcmp(suite, "sid") == 0 || strcmp(suite, "unstable") == 0)
        return;
    aq_autofree char *updates = aq_format("%s-updates", suite);
    aq_autofree char *security = aq_format("%s-security", suite);
    add_source(lines, DEBIAN, updates);
    add_source(lines, DEBIAN_SECURITY, security);
}

int aq_apt_sources(const struct aq_build_job *job, struct aq_buffer *lines, struct aq_error *err)
{
    if (job->build->mirror != NULL) {
        add_source(lines, job->build->mirror, job->build->suite);
        return 0;
    }
    const char *const argv[] = {"apt-get",
                                "indextargets",
                                "--format",
                                "$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)",
                                "Created-By: Packages",
                                NULL};
    struct aq_process_result result = {0};
    if (aq_job_run(job, argv, 0, &result, err) < 0)
        return -1;
    aq_apt_sources_of_host(aq_buffer_text(&result.output), job->build->suite, lines);
    aq_process_result_free(&result);
    if (lines->length == 0)
        add_debian(job->build->suite, lines);
    return 0;
}
