/* SPDX-License-Identifier: MIT */
/* QEMUWITH where there is no ADDRESS QEMU: the command as it is, which is then refused. */
#include "functions/handlers.h"

int aq_fn_with(struct aq_invocation *call)
{
    const RXSTRING *command = aq_argument(call, call->argc > 0 && call->argv[0].strptr == NULL ? 1 : 0);
    return command != NULL ? aq_give(call, command->strptr, command->strlength) : aq_give(call, "", 0);
}
