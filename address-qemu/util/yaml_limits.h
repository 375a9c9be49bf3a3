/* SPDX-License-Identifier: MIT */
/* What the reader of YAML accepts at most; its writer keeps to the same. */
#ifndef AQ_UTIL_YAML_LIMITS_H
#define AQ_UTIL_YAML_LIMITS_H

#define AQ_YAML_MAX_BYTES (1 << 20)
#define AQ_YAML_MAX_DEPTH 32
#define AQ_YAML_MAX_KEY 256

#endif
