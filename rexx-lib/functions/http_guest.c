/* SPDX-License-Identifier: MIT */
/* HTTP_GET and HTTP_POST where there is no libcurl: in a guest. */
#include "functions/handlers.h"

static int refuse(struct aq_invocation *call)
{
    return aq_refuse_call(call, "is not available inside a guest; run it on the host, or curl or wget here");
}

int aq_fn_http_get(struct aq_invocation *call)
{
    return refuse(call);
}

int aq_fn_http_post(struct aq_invocation *call)
{
    return refuse(call);
}
