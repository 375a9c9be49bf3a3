/* SPDX-License-Identifier: MIT */
/* The keeper of pools (vm/pool.h): fills them up as long as there are any. */
#ifndef AQ_KEEPER_POOL_H
#define AQ_KEEPER_POOL_H

/* The keeper's life; the program's exit code. `arguments` as for aq_keeper_become. */
int aq_pool_keep(char **arguments);

#endif
