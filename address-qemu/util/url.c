/* SPDX-License-Identifier: MIT */
#include "util/url.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/memory.h"

#define LONGEST 8192

bool aq_url_valid(const char *url, bool allow_file)
{
    for (const char *c = url; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || c - url >= LONGEST)
            return false;
    if (strncasecmp(url, "file:///", 8) == 0)
        return allow_file;
    size_t scheme = strncasecmp(url, "https://", 8) == 0 ? 8 : strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
    return scheme != 0 && strchr("/?#", url[scheme]) == NULL; /* its NUL too */
}

/* Where the host begins, behind a user's name and password. */
static const char *host_of(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme != NULL ? scheme + 3 : url;
    for (size_t i = strcspn(host, "/?#"); i > 0; i--)
        if (host[i - 1] == '@')
            return host + i;
    return host;
}

char *aq_url_text(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *host = host_of(url);
    size_t shown = strcspn(host, "?#");
    return aq_format("%.*s%.*s%s", scheme != NULL ? (int)(scheme + 3 - url) : 0, url, (int)shown, host,
                     host[shown] != '\0' ? "?…" : "");
}

static int hex_value(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

char *aq_url_file_name(const char *url)
{
    const char *host = host_of(url);
    const char *end = host + strcspn(host, "?#");
    const char *start = end;
    while (start > host && start[-1] != '/')
        start--;
    aq_autobuffer struct aq_buffer name = {0};
    for (const char *c = start; start > host && c < end; c++) {
        bool coded = *c == '%' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2]);
        char decoded = (char)(coded ? hex_value(c[1]) << 4 | hex_value(c[2]) : *c);
        if ((unsigned char)decoded < ' ' || decoded == '/' || decoded == 0x7f)
            return NULL;
        aq_buffer_add_char(&name, decoded);
        c += coded ? 2 : 0;
    }
    bool possible = name.length > 0 && name.length <= NAME_MAX - 16 && name.data[0] != '.';
    return possible ? aq_steal_ptr(&name.data) : NULL;
}
