/* SPDX-License-Identifier: MIT */
/* Regina's SAA interface, whole. Every file that speaks to the interpreter includes it through this one. */
#ifndef AQ_REXX_H
#define AQ_REXX_H

#define INCL_REXXSAA
#include <rexxsaa.h>

#endif
