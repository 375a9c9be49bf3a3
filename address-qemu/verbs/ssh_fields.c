/* SPDX-License-Identifier: MIT */
#include "verbs/ssh_fields.h"

void aq_set_ssh_fields(aq_result *result, const struct aq_ssh_target *target)
{
    aq_result_set_text(result, "HOST", target->address.host);
    aq_result_set_int(result, "PORT", target->address.port);
    aq_result_set_text(result, "USER", target->user);
    aq_result_set_text(result, "KEY_FILE", target->key_file);
    struct aq_table *keys = aq_result_table(result, "HOST_KEYS");
    for (size_t i = 0; i < target->pins.count; i++) {
        char fingerprint[AQ_SSH_FINGERPRINT];
        aq_autofree char *type = aq_ssh_pin_type(target->pins.items[i]);
        aq_table_row(keys);
        aq_table_text(keys, "TYPE", type);
        aq_table_text(keys, "FINGERPRINT", aq_ssh_pin_fingerprint(target->pins.items[i], fingerprint));
    }
}
