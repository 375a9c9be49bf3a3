/* SPDX-License-Identifier: MIT */
#include "verbs/remote.h"

#include "guest/remote.h"

int aq_remote_call(struct aq_call *call, const struct aq_remote_script *script, struct aq_error *err)
{
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_remote_run(script, call->callbacks->output, call->callbacks->data, &exit, err) < 0)
        return -1;
    aq_result_set_int(call->result, "EXIT_CODE", exit.exit_code);
    return exit.exit_code == 0
               ? 0
               : aq_fail(err, AQ_E_GUEST_COMMAND_FAILED, "the script ended with exit code %d on %s",
                         exit.exit_code, script->destination);
}
