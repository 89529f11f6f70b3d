// SPDX-License-Identifier: BSD-2-Clause
/* elf_file: see elf_file.h. */
#define VIZ_PROBE_DISABLE
#include "elf_file.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_bounds.h"
#include "hash.h"
#include "site.h"
#include "table.h"
#include "viztrace.h"

#define NOTE_STAPSDT 3
#define NOTE_VIZ 1
#define BATCH "batch"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

/* Where in the file the byte is that will be at `address`. */
static bool address_to_offset(Elf *elf, uint64_t address, uint64_t *ret)
{
	size_t n, i;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		if (address >= ph.p_vaddr && address - ph.p_vaddr < ph.p_filesz) {
			*ret = address - ph.p_vaddr + ph.p_offset;
			return true;
		}
	}
	return false;
}

static void read_load_address(struct elf_file *f, Elf *elf)
{
	uint64_t first = UINT64_MAX, end = 0;
	bool known = false;
	size_t n, i;

	if (elf_getphdrnum(elf, &n))
		return;
	for (i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		first = ph.p_vaddr < first ? ph.p_vaddr : first;
		end = ph.p_vaddr + ph.p_memsz > end ? ph.p_vaddr + ph.p_memsz : end;
		if (!known && ph.p_flags & PF_X)
			f->load_address = ph.p_vaddr - ph.p_offset;
		known |= ph.p_flags & PF_X;
	}
	f->span = end > first ? end - first : 0;
}

/* Room for twice as many whenever their number is a power of two. */
static int append(void *array, size_t *n, size_t size, const void *item)
{
	void **items = array;

	if (!(*n & (*n - 1))) {
		void *bigger = realloc(*items, (*n ? 2 * *n : 1) * size);

		if (!bigger)
			return -ENOMEM;
		*items = bigger;
	}
	memcpy((char *)*items + *n * size, item, size);
	++*n;
	return 0;
}

static int read_constants(struct elf_file *f, Elf *elf)
{
	size_t n, i;
	int err = 0;

	if (elf_getphdrnum(elf, &n))
		return 0;
	for (i = 0; !err && i < n; i++) {
		struct elf_constant c;
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD || ph.p_flags & PF_W)
			continue;
		c = (struct elf_constant){ .address = ph.p_vaddr, .size = ph.p_filesz, .offset = ph.p_offset };
		err = append(&f->constants, &f->n_constants, sizeof(c), &c);
	}
	return err;
}

#if defined(__x86_64__)
/*
 * Is there a 5-byte nop, alone or behind the 1-byte nop that older tools take, in the midst of code? Linux 6.18 and
 * some kernels after it make a call of it for a tracer, which writes below the stack pointer: there a function that
 * calls nobody keeps its locals. Behind a stub's nops is a `ret`: it has no locals, and the red zone of who called it
 * is over.
 */
static bool is_inline_nop5(const unsigned char *code, size_t size)
{
	static const unsigned char nops[][10] = {
		{ 0x90 },
		{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
		{ 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
	};
	static const size_t sizes[] = { 1, 5, 10 };
	size_t at = size && code[0] == 0x90, i;

	if (size - at < 5 || memcmp(code + at, nops[1], 5))
		return false;
	do {
		for (i = 0; i < 3 && (size - at < sizes[i] || memcmp(code + at, nops[i], sizes[i])); i++)
			;
		at += i < 3 ? sizes[i] : 0;
	} while (i < 3);
	return at == size || code[at] != 0xc3;
}
#else
static bool is_inline_nop5(const unsigned char *code, size_t size)
{
	(void)code;
	(void)size;
	return false;
}
#endif

/* Counts the probe if it is such a site, and says so. */
static bool count_inline_nop5(struct elf_file *f, Elf *elf, int fd, uint64_t address, const char *provider,
			      const char *name)
{
	char example[ELF_EXAMPLE_SIZE];
	unsigned char code[32];
	uint64_t offset;
	ssize_t n;
	int i = 0;

	if (!address_to_offset(elf, address, &offset))
		return false;
	n = pread(fd, code, sizeof(code), (off_t)offset);
	if (n < 0 || !is_inline_nop5(code, (size_t)n))
		return false;
	f->n_inline_nop5++;
	snprintf(example, sizeof(example), "%s:%s", provider, name);
	while (i < ELF_EXAMPLES && f->inline_nop5[i][0] && strcmp(f->inline_nop5[i], example))
		i++;
	if (i < ELF_EXAMPLES)
		memcpy(f->inline_nop5[i], example, sizeof(example));
	return true;
}

static int probe_named(const char *name)
{
	int i = 0;

	while (i < EVENT_PROBES && strcmp(name, probe_names[i]))
		i++;
	return i;
}

/* Bytes of its code that are there, or -EBADMSG: it is not in the file. */
static ssize_t locate(struct elf_probe *p, Elf *elf, int fd, int probe, uint64_t address, uint64_t semaphore)
{
	ssize_t n;

	p->probe = (enum probe)probe;
	p->address = address;
	p->semaphore_address = semaphore;
	if (!address_to_offset(elf, address, &p->offset) || !address_to_offset(elf, semaphore, &p->semaphore))
		return -EBADMSG;
	n = pread(fd, p->code, sizeof(p->code), (off_t)p->offset);
	p->code_size = n >= SITE_NOP_SIZE ? SITE_NOP_SIZE : 0;
	return n > 0 ? n : -EBADMSG; /* cut off */
}

/* The one that is no event. */
static int add_batch(struct elf_file *f, Elf *elf, int fd, uint64_t address, uint64_t semaphore)
{
	return !semaphore || locate(&f->batch.flush, elf, fd, EVENT_PROBES, address, semaphore) < 0 ? -EBADMSG : 0;
}

static int add_probe(struct elf_file *f, Elf *elf, int fd, struct elf_probe *p, int probe, uint64_t address,
		     uint64_t semaphore, bool unsafe)
{
	ssize_t n = locate(p, elf, fd, probe, address, semaphore);

	if (n < 0)
		return (int)n;
	if (n == sizeof(p->code)) {
		p->has_sites = !unsafe && site__in(p->code, sizeof(p->code));
		p->has_own = site__has_own(p->code, sizeof(p->code));
	}
	p->code_size = p->has_own ? SITE_OWN_CODE_SIZE : p->has_sites ? SITE_CODE_SIZE : p->code_size;
	return f->n_probes < ELF_PROBES_MAX ? append(&f->probes, &f->n_probes, sizeof(*p), p) : -E2BIG;
}

/*
 * A USDT note's description:
 *   u64 address of the nop | u64 address of .stapsdt.base at link time | u64 address of the semaphore
 *   provider, name, arguments: NUL-terminated, one after the other
 */
static int read_probe(struct elf_file *f, Elf *elf, int fd, const char *desc, size_t size, uint64_t base)
{
	struct elf_probe p = { 0 };
	const char *strings = desc + 24, *end = desc + size, *provider, *name, *args;
	uint64_t addresses[3], moved;
	bool unsafe;
	int i;

	if (size < 24 + 3 || end[-1])
		return -EBADMSG;
	memcpy(addresses, desc, sizeof(addresses));
	provider = strings;
	name = provider + strlen(provider) + 1;
	args = name < end ? name + strlen(name) + 1 : end;
	if (args >= end)
		return -EBADMSG;
	/* A prelinked file was moved after its notes were written. Some notes name no base. */
	moved = base && addresses[1] ? base - addresses[1] : 0;
	unsafe = count_inline_nop5(f, elf, fd, addresses[0] + moved, provider, name);
	if (strcmp(provider, "viz"))
		return 0;
	if (!strcmp(name, BATCH))
		return add_batch(f, elf, fd, addresses[0] + moved, addresses[2] + moved);
	i = probe_named(name);
	if (i == EVENT_PROBES) {
		f->n_foreign++;
		return 0;
	}
	if (!addresses[2])
		return -EBADMSG;
	snprintf(p.args, sizeof(p.args), "%s", args);
	return add_probe(f, elf, fd, &p, i, addresses[0] + moved, addresses[2] + moved, unsafe);
}

static int read_notes(struct elf_file *f, Elf *elf, int fd, Elf_Scn *scn, uint64_t base)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t offset = 0, next, name, desc;
	GElf_Nhdr note;
	int err;

	while (data && (next = gelf_getnote(data, offset, &note, &name, &desc)) > 0) {
		const char *bytes = data->d_buf;

		offset = next;
		if (note.n_type == NOTE_STAPSDT && note.n_namesz == 8 && !memcmp(bytes + name, "stapsdt", 8)) {
			err = read_probe(f, elf, fd, bytes + desc, note.n_descsz, base);
			if (err)
				return err;
		} else if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !memcmp(bytes + name, "GNU", 4)) {
			for (size_t i = 0; i < note.n_descsz && i < 20; i++)
				sprintf(f->build_id + 2 * i, "%02x", (unsigned char)bytes[desc + i]);
		}
	}
	return 0;
}

/*
 * Our own note's description, which lies in memory at `at`:
 *   s64 from here to the nop | s64 from here to the semaphore
 *   name, NUL-terminated
 */
static int read_own_note(struct elf_file *f, Elf *elf, int fd, const char *desc, size_t size, uint64_t at)
{
	struct elf_probe p = { 0 };
	uint64_t distances[2];
	int i;

	if (size < sizeof(distances) + 1 || desc[size - 1])
		return -EBADMSG;
	memcpy(distances, desc, sizeof(distances));
	if (!strcmp(desc + sizeof(distances), BATCH))
		return add_batch(f, elf, fd, at + distances[0], at + 8 + distances[1]);
	i = probe_named(desc + sizeof(distances));
	if (i == EVENT_PROBES) {
		f->n_foreign++;
		return 0;
	}
	return add_probe(f, elf, fd, &p, i, at + distances[0], at + 8 + distances[1], false);
}

/* s64 from here to the pool of batches | u32 slots | u32 bytes of each one's lap */
static void read_pool(struct elf_file *f, const char *desc, size_t size, uint64_t at)
{
	struct elf_pool_note note;

	if (size < sizeof(note))
		return;
	memcpy(&note, desc, sizeof(note));
	if (note.slots != VIZ_SLOTS || note.lap_bytes != VIZ_LAP_BYTES)
		return;
	f->batch.pool = at + note.distance;
	f->batch.note = at;
}

/* Of those that we own; `probes`: too, which may be known already. */
static int read_note_segment(struct elf_file *f, Elf *elf, int fd, const GElf_Phdr *ph, bool probes)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)ph->p_offset, ph->p_filesz,
					      ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t offset = 0, next, name, desc;
	GElf_Nhdr note;
	int err = 0;

	while (!err && data && (next = gelf_getnote(data, offset, &note, &name, &desc)) > 0) {
		const char *bytes = data->d_buf;

		offset = next;
		if (note.n_namesz != 4 || memcmp(bytes + name, "viz", 4))
			continue;
		if (note.n_type == VIZ_NOTE_POOL)
			read_pool(f, bytes + desc, note.n_descsz, ph->p_vaddr + desc);
		else if (probes && note.n_type == NOTE_VIZ)
			err = read_own_note(f, elf, fd, bytes + desc, note.n_descsz, ph->p_vaddr + desc);
	}
	return err;
}

/* `probes`: where the notes that every tool knows were stripped. */
static int read_own_notes(struct elf_file *f, Elf *elf, int fd, bool probes)
{
	size_t n;
	int err = 0;

	if (elf_getphdrnum(elf, &n))
		return 0;
	for (size_t i = 0; !err && i < n; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_NOTE && ph.p_filesz)
			err = read_note_segment(f, elf, fd, &ph, probes);
	}
	return err;
}

/* Of the loaded bytes at `address`. */
static int find_classes(struct elf_file *f, size_t size, uint64_t address)
{
	size_t at = 0;

	/* Descriptors are 8-byte aligned; a linker may put padding between them. */
	while (at + sizeof(struct viz_class) <= size) {
		const struct viz_class *c = (const void *)((const char *)f->data + at);
		struct elf_class found = { .address = address + at, .bytes = c, .size = c->size };
		int err;

		if (c->magic != VIZ_CLASS_MAGIC || c->size < sizeof(*c) || c->size > size - at) {
			at += 8;
			continue;
		}
		if (f->n_classes == ELF_CLASSES_MAX) {
			f->n_beyond++;
		} else {
			err = append(&f->classes, &f->n_classes, sizeof(found), &found);
			if (err)
				return err;
		}
		at += (c->size + 7u) & ~7u;
	}
	return 0;
}

/* Without memory for that all are as if they were different. */
static void mark_repeated(struct elf_file *f)
{
	struct table seen = { 0 };

	for (size_t i = 0; i < f->n_classes; i++) {
		struct elf_class *c = &f->classes[i];
		uint64_t hash = hash__text(c->bytes, c->size);
		const struct elf_class *first = table__get(&seen, hash, c->size);

		if (first)
			c->repeated = !memcmp(first->bytes, c->bytes, c->size);
		else
			table__put(&seen, hash, c->size, c);
	}
	table__clear(&seen);
}

/* Without section headers they are somewhere among what is only read. */
static int search_classes(struct elf_file *f, Elf *elf, int fd)
{
	size_t n, searched = 0;
	int err = 0;

	if (elf_getphdrnum(elf, &n))
		return 0;
	for (size_t i = 0; !err && !f->n_classes && i < n; i++) {
		GElf_Phdr ph;
		uint64_t skip;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD || ph.p_flags & PF_W ||
		    ph.p_filesz > ELF_SEARCHED_MAX - searched || ph.p_filesz < 8)
			continue;
		searched += ph.p_filesz;
		skip = -ph.p_vaddr & 7;
		free(f->data);
		f->data = malloc(ph.p_filesz);
		if (!f->data)
			return -ENOMEM;
		if (pread(fd, f->data, ph.p_filesz - skip, (off_t)(ph.p_offset + skip)) ==
		    (ssize_t)(ph.p_filesz - skip))
			err = find_classes(f, ph.p_filesz - skip, ph.p_vaddr + skip);
	}
	return err;
}

static int read_classes(struct elf_file *f, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data;

	if (f->data)
		return 0;
	if (sh->sh_size > ELF_CLASS_BYTES_MAX || sh->sh_flags & SHF_COMPRESSED)
		return -E2BIG;
	data = elf_getdata(scn, NULL);
	if (!data || !data->d_buf)
		return 0;
	f->data = malloc(data->d_size ? data->d_size : 1);
	if (!f->data)
		return -ENOMEM;
	memcpy(f->data, data->d_buf, data->d_size);
	return find_classes(f, data->d_size, sh->sh_addr);
}

static int read_sections(struct elf_file *f, Elf *elf, int fd)
{
	uint64_t base = 0;
	Elf_Scn *scn = NULL;
	size_t names;
	int err = 0;

	if (elf_getshdrstrndx(elf, &names) || !names)
		return 0;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;
		const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, names, sh.sh_name) : NULL;

		if (name && !strcmp(name, ".stapsdt.base"))
			base = sh.sh_addr;
	}
	while (!err && (scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;
		const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, names, sh.sh_name) : NULL;

		if (!name)
			continue;
		if (sh.sh_type == SHT_NOTE)
			err = read_notes(f, elf, fd, scn, base);
		else if (!strcmp(name, "viz_classes"))
			err = read_classes(f, scn, &sh);
	}
	return err;
}

/*
 * Dynamic loaders call an empty function, for debuggers to have a breakpoint in, before they unmap libraries and after
 * that. Behind the mark for indirect branches, if it begins with that: the kernel is slow to step over one.
 */
static void find_unmapping(struct elf_file *f, Elf *elf, int fd)
{
	static const unsigned char mark[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
	Elf_Scn *scn = NULL;
	unsigned char code[4];
	GElf_Shdr sh;
	GElf_Sym sym;

	while ((scn = elf_nextscn(elf, scn))) {
		Elf_Data *data;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_DYNSYM || sh.sh_size > ELF_LOADER_SYMBOLS_MAX)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
			const char *name = elf_strptr(elf, sh.sh_link, sym.st_name);

			if (!name || strcmp(name, "_dl_debug_state") || sym.st_shndx == SHN_UNDEF ||
			    !address_to_offset(elf, sym.st_value, &f->unmapping))
				continue;
			if (pread(fd, code, sizeof(code), (off_t)f->unmapping) == sizeof(code) &&
			    !memcmp(code, mark, sizeof(mark)))
				f->unmapping += sizeof(mark);
			return;
		}
	}
}

/* A static one, or one that wants a loader and may be anywhere. The C library, which can be executed too, is none. */
static bool is_program(Elf *elf, const GElf_Ehdr *eh)
{
	Elf_Data *data = NULL;
	GElf_Dyn dyn;
	size_t n = 0;

	if (eh->e_type == ET_EXEC)
		return true;
	elf_getphdrnum(elf, &n);
	for (size_t i = 0; i < n && !data; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_DYNAMIC)
			data = elf_getdata_rawchunk(elf, (int64_t)ph.p_offset, ph.p_filesz, ELF_T_DYN);
	}
	for (int i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++)
		if (dyn.d_tag == DT_FLAGS_1)
			return dyn.d_un.d_val & DF_1_PIE;
	return false;
}

int elf_file__read(struct elf_file *ret, int fd)
{
	struct elf_file f = { 0 };
	GElf_Ehdr eh;
	Elf *elf;
	int err = elf_bounds__check(fd);

	if (err)
		return err;
	elf_version(EV_CURRENT);
	/* Read, not mapped: a mapping would end us with SIGBUS if the file were cut. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -ENOEXEC;
	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh) || gelf_getclass(elf) != ELFCLASS64 ||
	    eh.e_machine != MACHINE) {
		elf_end(elf);
		return -ENOEXEC;
	}
	read_load_address(&f, elf);
	f.is_program = is_program(elf, &eh);
	err = read_sections(&f, elf, fd);
	if (!err)
		err = read_own_notes(&f, elf, fd, !f.n_probes && !f.n_foreign);
	if (!err)
		err = read_constants(&f, elf);
	if (!f.batch.flush.offset)
		f.batch.pool = 0;
	find_unmapping(&f, elf, fd);
	if (!err && f.n_probes && elf_nextscn(elf, NULL) == NULL)
		err = search_classes(&f, elf, fd);
	mark_repeated(&f);
	f.is_stripped = !err && !f.n_probes && f.n_classes;
	elf_end(elf);
	if (err)
		elf_file__free(&f);
	else
		*ret = f;
	return err;
}

void elf_file__free(struct elf_file *f)
{
	if (!f)
		return;
	free(f->probes);
	free(f->classes);
	free(f->constants);
	free(f->data);
	memset(f, 0, sizeof(*f));
}
