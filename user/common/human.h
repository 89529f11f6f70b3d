/* SPDX-License-Identifier: BSD-2-Clause */
/* human: figures, as people read them. */
#ifndef VIZTRACE_HUMAN_H
#define VIZTRACE_HUMAN_H

#include <stdint.h>

#define HUMAN_TEXT 32

/* Each fills `text` and returns it. "1.234 us" */
const char *human__time(char text[HUMAN_TEXT], double ns);

/* "1.2 MB" */
const char *human__size(char text[HUMAN_TEXT], uint64_t bytes);

#endif
