/* SPDX-License-Identifier: BSD-2-Clause */
/* schema: the tables for what --format rows writes. */
#ifndef VIZTRACE_SCHEMA_H
#define VIZTRACE_SCHEMA_H

#include "common/exit_code.h"

/* On stdout, as statements of ClickHouse. EXIT_OUTPUT: it takes them not. */
enum exit_code schema__print(void);

#endif
