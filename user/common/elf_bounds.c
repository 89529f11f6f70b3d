// SPDX-License-Identifier: BSD-2-Clause
/* elf_bounds: see elf_bounds.h. */
#include "elf_bounds.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define AT_ONCE 64 /* section headers */

static bool read_all(int fd, void *to, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

/* Add, up to a limit. */
static bool take(uint64_t *sum, uint64_t size, uint64_t most)
{
	if (size > most - *sum)
		return false;
	*sum += size;
	return true;
}

static int check_segments(int fd, const Elf64_Ehdr *eh)
{
	Elf64_Phdr segments[ELF_SEGMENTS_MAX];
	uint64_t notes = 0, dynamic = 0;

	if (eh->e_phnum > ELF_SEGMENTS_MAX)
		return -E2BIG;
	if (!eh->e_phnum)
		return 0;
	if (eh->e_phentsize != sizeof(*segments) ||
	    !read_all(fd, segments, eh->e_phnum * sizeof(*segments), eh->e_phoff))
		return -ENOEXEC;
	for (int i = 0; i < eh->e_phnum; i++) {
		if ((segments[i].p_type == PT_NOTE && !take(&notes, segments[i].p_filesz, ELF_NOTES_MAX)) ||
		    (segments[i].p_type == PT_DYNAMIC && !take(&dynamic, segments[i].p_filesz, ELF_DYNAMIC_MAX)))
			return -E2BIG;
	}
	return 0;
}

static int check_sections(int fd, const Elf64_Ehdr *eh)
{
	Elf64_Shdr sections[AT_ONCE];
	uint64_t notes = 0;

	if (!eh->e_shoff)
		return 0;
	/* None, or more than fit: then the first one says how many. */
	if (!eh->e_shnum || eh->e_shnum > ELF_SECTIONS_MAX || eh->e_shstrndx >= SHN_LORESERVE)
		return -E2BIG;
	if (eh->e_shentsize != sizeof(*sections))
		return -ENOEXEC;
	for (unsigned i = 0; i < eh->e_shnum; i++) {
		const Elf64_Shdr *s = &sections[i % AT_ONCE];
		unsigned n = eh->e_shnum - i < AT_ONCE ? eh->e_shnum - i : AT_ONCE;

		/* A file that was cut is for libelf to judge. */
		if (i % AT_ONCE == 0 && !read_all(fd, sections, n * sizeof(*s), eh->e_shoff + i * sizeof(*s)))
			return 0;
		if (s->sh_type == SHT_NOTE && !take(&notes, s->sh_size, ELF_NOTES_MAX))
			return -E2BIG;
		/* What is compressed may be anything when it is not. */
		if (i == eh->e_shstrndx && (s->sh_size > ELF_NAMES_MAX || s->sh_flags & SHF_COMPRESSED))
			return -E2BIG;
	}
	return 0;
}

int elf_bounds__check(int fd)
{
	Elf64_Ehdr eh;
	int err;

	if (!read_all(fd, &eh, sizeof(eh), 0) || memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_ident[EI_DATA] != ELFDATA2LSB)
		return -ENOEXEC;
	err = check_segments(fd, &eh);
	return err ? err : check_sections(fd, &eh);
}
