/* SPDX-License-Identifier: MIT */
#include "spec/network_name.h"

#include <stddef.h>
#include <strings.h>

#include "util/names.h"

const char *aq_network_name(const char *text, struct aq_error *err)
{
    static const char *const ours[] = {"user", "none"};
    static const char *const of_others[] = {"bridge", "tap", "nat", "host", "passt"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcasecmp(text, ours[i]) == 0)
            return ours[i];
    for (size_t i = 0; i < sizeof of_others / sizeof *of_others; i++)
        if (strcasecmp(text, of_others[i]) == 0) {
            aq_fail(
                err, AQ_E_NOT_SUPPORTED,
                "there is no network \"%s\" here: it would need root, or be the host's own. `user` reaches "
                "out through the host; VMs that have the same name as their network (such as \"backend\") "
                "reach each other, too",
                text);
            return NULL;
        }
    if (aq_name_valid(text))
        return text;
    aq_fail(err, AQ_E_VALUE_INVALID,
            "a network is `user`, `none`, or a private one with a name of letters, digits, '.', '_' and '-', "
            "not \"%s\"",
            text);
    return NULL;
}
