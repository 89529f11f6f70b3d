/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf_file: an executable or shared library in, its `viz` probes and class descriptors out. It knows ELF and the USDT
 * note; it knows neither processes nor BPF. The file is untrusted.
 */
#ifndef VIZTRACE_ELF_FILE_H
#define VIZTRACE_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "site.h"

#define ELF_EXAMPLES 3
#define ELF_EXAMPLE_SIZE 64

struct elf_probe {
	enum probe probe;
	uint64_t offset;    /* of the nop, in the file */
	uint64_t semaphore; /* of its semaphore, in the file */
	uint64_t address;   /* of the nop, before relocation */
	uint64_t semaphore_address;
	char args[64];
	unsigned char code[SITE_OWN_CODE_SIZE]; /* from the nop on, of which `code_size` bytes may get a trap */
	size_t code_size;
	bool has_sites; /* the faster nops follow the first one (site.h), and then the stub ends */
	bool has_own;   /* and before that, the nop for those who take batches */
};

/* Where batches are, and the probe that tells of full ones (viztrace.h). */
struct elf_batch {
	uint64_t pool;          /* address before relocation; 0: there are none */
	uint64_t note;          /* and that of what says so: struct elf_pool_note */
	struct elf_probe flush; /* viz:batch, which is no kind of event: EVENT_PROBES */
};

/* What never changes in memory: a part of the file that is mapped to be read only. */
struct elf_constant {
	uint64_t address, size; /* before relocation */
	uint64_t offset;        /* in the file */
};

struct elf_class {
	uint64_t address;  /* before relocation */
	const void *bytes; /* struct viz_class, its attributes behind it */
	size_t size;
	bool repeated; /* the same was there before: one that a header declares is in each object file that includes it
			*/
};

struct elf_file {
	struct elf_probe *probes;
	size_t n_probes;
	struct elf_class *classes;
	size_t n_classes;
	size_t n_beyond; /* classes that were too many (elf_bounds.h), and left out */
	struct elf_batch batch;
	struct elf_constant *constants;
	size_t n_constants;
	uint64_t load_address; /* p_vaddr - p_offset of the first executable segment */
	uint64_t span;         /* bytes of memory from its first segment to the end of its last */
	uint64_t unmapping;    /* a dynamic loader: where in the file it tells debuggers what it does; 0 */
	bool is_program;       /* it is one to be executed, not a library nor a loader */
	bool is_stripped;      /* there were probes, and what names them was taken out */
	char build_id[41];     /* hex; "" if there is none */
	size_t n_foreign;      /* `viz` probes that this version does not know */
	size_t n_inline_nop5;  /* probes of anybody at which some kernels write into a red zone (elf_file.c) */
	char inline_nop5[ELF_EXAMPLES][ELF_EXAMPLE_SIZE]; /* "provider:name" of the first ones that differ */
	void *data;                                       /* the section that the classes are in */
};

/* 0; -ENOEXEC: not an ELF file, or not of this machine; -EBADMSG: its notes contradict themselves; -E2BIG: it says that
 * it is larger than any linker would make it. Time and memory are bounded by elf_bounds.h, whatever the file says. */
int elf_file__read(struct elf_file *ret, int fd);
void elf_file__free(struct elf_file *f);

/* What is in memory at batch.note, as long as the file is there. */
struct elf_pool_note {
	uint64_t distance; /* from here to the pool */
	uint32_t slots, lap_bytes;
};

#endif
