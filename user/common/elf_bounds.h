/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf_bounds: does a file ask for more than any linker makes? Its headers say how large its parts are, and a file of 8
 * KB that is mostly a hole can say gigabytes, which libelf would allocate and read. So they are looked at first.
 */
#ifndef VIZTRACE_ELF_BOUNDS_H
#define VIZTRACE_ELF_BOUNDS_H

#define ELF_SEGMENTS_MAX 256
#define ELF_SECTIONS_MAX 65279    /* where a count of sections begins to be kept elsewhere */
#define ELF_NAMES_MAX (16u << 20) /* bytes of sections' names: 50,000 of C++ */
#define ELF_NOTES_MAX (4u << 20)  /* of all notes: some 50,000 probes of whatever tool */
#define ELF_DYNAMIC_MAX (1u << 20)
#define ELF_CLASS_BYTES_MAX (64u << 20)
#define ELF_SEARCHED_MAX (128u << 20)      /* of what is searched for class descriptors where no section has them */
#define ELF_LOADER_SYMBOLS_MAX (64u << 10) /* bytes: a dynamic loader, even one that is the C library, has few */
#define ELF_PROBES_MAX 4096                /* several objects linked with -r, or ThinLTO, may each have brought stubs */
#define ELF_CLASSES_MAX 16384              /* one that a header declares is in each object file that includes it */

/* "PATH is not read: ..." */
#define ELF_TOO_LARGE "it asks for more sections, notes or probes than any linker makes"

/* 0; -E2BIG: it does; -ENOEXEC: no ELF file of this machine's kind, or not to be read. */
int elf_bounds__check(int fd);

#endif
