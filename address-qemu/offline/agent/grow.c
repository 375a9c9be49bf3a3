/* SPDX-License-Identifier: MIT */
#include "guest/server/grow.h"

#include "offline/agent/agent.h"
#include "offline/agent/root.h"

int aq_agent_grow(int argc, char **argv)
{
    (void)argc, (void)argv;
    return aq_guest_grow(AQ_SYSROOT);
}
