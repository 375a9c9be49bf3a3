/* SPDX-License-Identifier: MIT */
/* URLs, as far as downloads need to know about them. */
#ifndef AQ_UTIL_URL_H
#define AQ_UTIL_URL_H

#include <stdbool.h>

/* Is it an http or https URL with a host, or, where those are allowed, a file:///path; without blanks and
   control characters and of at most 8 KiB? */
bool aq_url_valid(const char *url, bool allow_file);

/* A URL for messages and logs: without a user's name and password, and without what follows a question mark,
   which may be a key. free() it. */
char *aq_url_text(const char *url);

/* The name of the file that it leads to: the last part of its path, decoded. NULL when that is empty or could
   not be a file's name. free() it. */
char *aq_url_file_name(const char *url);

#endif
