/* SPDX-License-Identifier: BSD-2-Clause */
/* definitions: the class descriptors in a file, to the decoder: dicts never come in a record of their own. */
#ifndef VIZTRACE_DEFINITIONS_H
#define VIZTRACE_DEFINITIONS_H

#include <sys/types.h>

#include "attach/binaries.h"
#include "decode/decode.h"

/* Of a file that `pid` has mapped `bias` above its addresses; pid 0: anybody. What is not understood is said once. 0 or
 * -ENOMEM. */
int definitions__add(struct decoder *d, pid_t pid, uint64_t bias, struct binary *b);

#endif
