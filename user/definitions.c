// SPDX-License-Identifier: BSD-2-Clause
/* definitions: see definitions.h. */
#include "definitions.h"

#include <errno.h>

#include "common/log.h"

int definitions__add(struct decoder *d, pid_t pid, uint64_t bias, struct binary *b)
{
	size_t bad = 0, newer = 0;

	for (size_t i = 0; i < b->elf.n_classes; i++) {
		const struct elf_class *c = &b->elf.classes[i];
		int err = decoder__add_class(d, (uint32_t)pid, c->address + bias, c->bytes, c->size);

		if (err == -ENOMEM)
			return err;
		newer += err == -EPROTO;
		bad += err && err != -EPROTO;
	}
	if (newer && !b->warned)
		log_warn(
			"%s: %zu of its classes are described by a later viztrace.h than this viztrace-bpf knows: their "
			"objects are counted as lost. Update viztrace-bpf, or leave these out (--exclude 'TAG')",
			b->path, newer);
	if ((bad || b->elf.n_beyond) && !b->warned)
		log_warn("%s: %zu class descriptors are not understood or too many; dicts of these are not shown",
			 b->path, bad + b->elf.n_beyond);
	b->warned |= bad || newer || b->elf.n_beyond;
	return 0;
}
