/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict: what the rules say of the objects of one class and one name, or of slices of one name. Filter makes it,
 * collect hands it to the kernel.
 */
#ifndef VIZTRACE_VERDICT_H
#define VIZTRACE_VERDICT_H

#include <stdint.h>

/* Objects of one class and one name; the kernel knows the name by its hash. Slices have no class. */
struct verdict_key {
	uint64_t cls, name_hash;
	uint32_t pid, generation;
};

enum trigger { TRIGGER_AS_APP, TRIGGER_ON, TRIGGER_OFF };

struct verdict {
	uint64_t allowed; /* bit i: attribute i may be reported, if the app does; of slices: as the kernel has it */
	enum trigger trigger;
};

#endif
