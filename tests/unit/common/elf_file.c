/* SPDX-License-Identifier: BSD-2-Clause */
/* Real ELF files in: this program itself, and a library that the compiler makes now; then the same, damaged. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "viztrace.h"
#include "common/elf_bounds.h"
#include "common/elf_apart.h"
#include "common/elf_file.h"
#include "../random.h"

struct sample {
	struct viz_counter viz;
	int first, second;
};
VIZ_PROBE_COUNTER(sample, first, second);

static const char source[] =
	"#include \"viztrace.h\"\n"
	"struct gauge { struct viz_counter viz; long a; double b; };\n"
	"VIZ_PROBE_COUNTER(gauge, a, b);\n"
	"struct lim { int soft, hard; };\n"
	"VIZ_PROBE_DICT(lim, soft, hard);\n"
	"struct gauge gauge;\n"
	"void work(void) { VIZ_PROBE_INIT(&gauge, gauge, 0); VIZ_PROBE_SET(&gauge, a, 1); }\n"
	/* Of another provider, and a probe of ours that is yet to come. */
	"__asm__(\".pushsection .text; 1: nop; .popsection; .pushsection .note.stapsdt, \\\"\\\", %note\\n\"\n"
	"	\".macro note p, n\\n.balign 4\\n.4byte 8, 3f - 2f, 3\\n.asciz \\\"stapsdt\\\"\\n\"\n"
	"	\"2: .8byte 1b, _.stapsdt.base, 0\\n.asciz \\\"\\\\p\\\"\\n.asciz \\\"\\\\n\\\"\\n.asciz \\\"\\\"\\n3: .balign 4\\n.endm\\n\"\n"
	"	\"note other, set\\nnote viz, future\\nnote vizier, set\\n.popsection\\n\");\n"
	/* More sites, if SITES says so: lines of `site NAME, BYTES`. */
	"#ifdef SITES\n"
	"__asm__(\".macro site n, code:vararg\\n.pushsection .text\\n.byte 0\\n1: .byte \\\\code\\n.popsection\\n\"\n"
	"	\".pushsection .note.stapsdt, \\\"\\\", %note\\nnote others, \\\\n\\n.popsection\\n.endm\\n\" SITES);\n"
	"#endif\n"
	/* Room among the classes' descriptors, which a test fills. */
	"#ifdef ROOM\n"
	"__attribute__((section(\"viz_classes\"), VIZ__RETAIN used)) static const char room[ROOM] = { 1 };\n"
	"#endif\n";

static char directory[] = "/tmp/viztrace-elf-XXXXXX";
static char *library; /* its bytes */
static size_t library_size;
static struct elf_file elf;
static int fd = -1;

static void compile(const char *flags, const char *name)
{
	char command[1024], path[128];
	struct stat st;
	FILE *file;
	int in;

	snprintf(path, sizeof(path), "%s/source.c", directory);
	file = fopen(path, "w");
	cr_assert(file);
	fputs(source, file);
	fclose(file);
	/* From the root of the tree, as all tests are run. */
	snprintf(command, sizeof(command), "${CC:-cc} -O1 -shared -fPIC -nostdlib -Iinclude %s -o %s/%s %s", flags,
		 directory, name, path);
	cr_assert_eq(system(command), 0, "%s", command);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	in = open(path, O_RDONLY);
	cr_assert_geq(in, 0);
	cr_assert_eq(fstat(in, &st), 0);
	library_size = (size_t)st.st_size;
	free(library);
	library = malloc(library_size);
	cr_assert_eq(read(in, library, library_size), (ssize_t)library_size);
	close(in);
}

static void setup(void)
{
	cr_assert(mkdtemp(directory));
	compile("-Wl,--build-id=sha1", "library.so");
	fd = memfd_create("elf", 0);
	cr_assert_geq(fd, 0);
}

static void tidy(void)
{
	char command[128];

	elf_file__free(&elf);
	free(library);
	close(fd);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(elf_file, .init = setup, .fini = tidy, .timeout = 600);

/* Read `size` bytes as a file. */
static int read_bytes(const void *bytes, size_t size)
{
	elf_file__free(&elf);
	cr_assert_eq(ftruncate(fd, 0), 0);
	cr_assert_eq(pwrite(fd, bytes, size, 0), (ssize_t)size);
	lseek(fd, 0, SEEK_SET);
	return elf_file__read(&elf, fd);
}

/* What another process has read is the same. */
static void expect_same(int err, int file)
{
	struct elf_file apart = { 0 };

	cr_assert_eq(elf_file__read_apart(&apart, file), err);
	if (err)
		return;
	cr_assert_eq(apart.n_probes, elf.n_probes);
	for (size_t i = 0; i < elf.n_probes; i++) {
		const struct elf_probe *a = &elf.probes[i], *b = &apart.probes[i];

		cr_expect(a->probe == b->probe && a->offset == b->offset && a->semaphore == b->semaphore &&
			  a->address == b->address && a->semaphore_address == b->semaphore_address);
		cr_expect_str_eq(a->args, b->args);
		cr_expect(a->code_size == b->code_size && !memcmp(a->code, b->code, a->code_size));
		cr_expect(a->has_sites == b->has_sites && a->has_own == b->has_own);
	}
	cr_assert_eq(apart.n_classes, elf.n_classes);
	for (size_t i = 0; i < elf.n_classes; i++) {
		const struct elf_class *a = &elf.classes[i], *b = &apart.classes[i];

		cr_expect(a->address == b->address && a->repeated == b->repeated);
		cr_expect(a->size == b->size && !memcmp(a->bytes, b->bytes, a->size));
	}
	cr_assert_eq(apart.n_constants, elf.n_constants);
	for (size_t i = 0; i < elf.n_constants; i++)
		cr_expect(!memcmp(&elf.constants[i], &apart.constants[i], sizeof(elf.constants[i])));
	cr_expect(!memcmp(&elf.batch, &apart.batch, sizeof(elf.batch)));
	cr_expect(elf.load_address == apart.load_address && elf.n_beyond == apart.n_beyond &&
		  elf.is_program == apart.is_program && elf.is_stripped == apart.is_stripped &&
		  elf.n_foreign == apart.n_foreign && elf.n_inline_nop5 == apart.n_inline_nop5);
	cr_expect_str_eq(elf.build_id, apart.build_id);
	for (int i = 0; i < ELF_EXAMPLES; i++)
		cr_expect_str_eq(elf.inline_nop5[i], apart.inline_nop5[i]);
	elf_file__free(&apart);
}

static int read_library(void)
{
	return read_bytes(library, library_size);
}

static Elf64_Ehdr *header(void)
{
	return (Elf64_Ehdr *)(void *)library;
}

Test(elf_file, is_the_same_when_another_process_reads_it)
{
	expect_same(read_library(), fd);
	cr_expect_gt(elf.n_probes, 0);
	cr_expect_gt(elf.n_classes, 0);
	header()->e_machine = 0;
	expect_same(read_library(), fd);
	expect_same(read_bytes(library, 0), fd);
}

/* The section of that name in the library's bytes. */
static Elf64_Shdr *section(const char *name)
{
	Elf64_Shdr *all = (Elf64_Shdr *)(void *)(library + header()->e_shoff);

	for (int i = 0; i < header()->e_shnum; i++)
		if (!strcmp(library + all[header()->e_shstrndx].sh_offset + all[i].sh_name, name))
			return &all[i];
	cr_assert_fail("no section %s", name);
	return NULL;
}

/* The n-th note of ours; its header. */
static Elf64_Nhdr *note(int n)
{
	Elf64_Shdr *s = section(".note.stapsdt");
	char *at = library + s->sh_offset;

	for (; n; n--) {
		Elf64_Nhdr *h = (Elf64_Nhdr *)(void *)at;

		at += sizeof(*h) + ((h->n_namesz + 3u) & ~3u) + ((h->n_descsz + 3u) & ~3u);
	}
	return (Elf64_Nhdr *)(void *)at;
}

/* Of a note's three addresses, which are not aligned: the nop's, the base's, the semaphore's. */
static char *address(int n, int which)
{
	return (char *)note(n) + sizeof(Elf64_Nhdr) + 8 + 8 * which;
}

static uint64_t get_address(int n, int which)
{
	uint64_t a;

	memcpy(&a, address(n, which), sizeof(a));
	return a;
}

static void set_address(int n, int which, uint64_t a)
{
	memcpy(address(n, which), &a, sizeof(a));
}

static const struct elf_probe *probe(enum probe which)
{
	for (size_t i = 0; i < elf.n_probes; i++)
		if (elf.probes[i].probe == which)
			return &elf.probes[i];
	return NULL;
}

static const struct elf_class *class_of(const char *tag)
{
	for (size_t i = 0; i < elf.n_classes; i++)
		if (!strcmp(((const struct viz_class *)elf.classes[i].bytes)->tag, tag))
			return &elf.classes[i];
	return NULL;
}

/* The descriptor that comes first in the library's bytes. */
static struct viz_class *first_class(void)
{
	return (struct viz_class *)(void *)(library + section("viz_classes")->sh_offset);
}

Test(elf_file, this_program_has_every_probe_and_its_class)
{
	int self = open("/proc/self/exe", O_RDONLY);
	bool found = false;

	cr_assert_eq(elf_file__read(&elf, self), 0);
	expect_same(0, self);
	for (int i = 0; i < EVENT_PROBES; i++) {
		const struct elf_probe *p = probe((enum probe)i);
		unsigned char nop;
		uint16_t semaphore;

		cr_assert(p, "viz:%s", probe_names[i]);
		cr_assert_eq(pread(self, &nop, 1, (off_t)p->offset), 1);
		cr_assert_eq(pread(self, &semaphore, 2, (off_t)p->semaphore), 2);
		cr_assert_eq(semaphore, 0);
#if defined(__x86_64__)
		cr_assert_eq(nop, 0x90);
		cr_assert(p->has_sites);
#endif
	}
	cr_assert_eq(elf.n_probes, EVENT_PROBES, "one of each, however many files use it");
	cr_assert_eq(elf.n_foreign, 0);
	for (size_t i = 0; i < elf.n_classes; i++) {
		const struct viz_class *c = elf.classes[i].bytes;

		if (strcmp(c->tag, "sample"))
			continue;
		found = true;
		cr_assert_eq(elf.classes[i].size, c->size);
		cr_assert_eq(memcmp(c, &viz__class_sample, c->size), 0);
	}
	cr_assert(found);
	close(self);
}

Test(elf_file, library_is_read_in_full)
{
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.n_probes, EVENT_PROBES);
	cr_assert_eq(elf.n_foreign, 1, "viz:future");
	cr_assert_eq(elf.n_classes, 2);
	cr_assert(class_of("gauge") && class_of("lim"));
	cr_assert_eq(class_of(first_class()->tag)->address, section("viz_classes")->sh_addr);
	cr_assert_eq(strlen(elf.build_id), 40);
	cr_assert_eq(strspn(elf.build_id, "0123456789abcdef"), 40);
#if defined(__x86_64__)
	cr_assert_str_eq(probe(EVENT_PROBE_SET)->args, "8@%rdi 4@%esi 8@%rdx 8@%rcx");
	cr_assert_str_eq(probe(EVENT_PROBE_DESTROY)->args, "8@%rdi");
#endif
}

Test(elf_file, every_build_id_is_taken_or_none)
{
	compile("-Wl,--build-id=none", "none.so");
	cr_assert_eq(read_library(), 0);
	cr_assert_str_eq(elf.build_id, "");
	compile("-Wl,--build-id=0x01020304", "short.so");
	cr_assert_eq(read_library(), 0);
	cr_assert_str_eq(elf.build_id, "01020304");
	compile("-Wl,--build-id=0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "long.so");
	cr_assert_eq(read_library(), 0);
	cr_assert_str_eq(elf.build_id, "000102030405060708090a0b0c0d0e0f10111213");
}

Test(elf_file, stripped_file_keeps_its_probes)
{
	compile("-s", "stripped.so");
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.n_probes, EVENT_PROBES);
	cr_assert_eq(elf.n_classes, 2);
}

/* As llvm-strip and `objcopy -R` do: nobody finds a section of type 0. */
static void take_out(const char *name)
{
	section(name)->sh_type = SHT_NULL;
}

static void expect_the_same_probes(const struct elf_file *before)
{
	cr_assert_eq(elf.n_probes, before->n_probes);
	for (size_t i = 0; i < before->n_probes; i++) {
		const struct elf_probe *was = &before->probes[i], *is = probe(was->probe);

		cr_assert(is, "viz:%s", probe_names[was->probe]);
		cr_assert_eq(is->offset, was->offset);
		cr_assert_eq(is->address, was->address);
		cr_assert_eq(is->semaphore, was->semaphore);
		cr_assert_eq(is->semaphore_address, was->semaphore_address);
		cr_assert_eq(is->has_sites, was->has_sites);
	}
	cr_assert_eq(elf.n_classes, before->n_classes);
	for (size_t i = 0; i < before->n_classes; i++)
		cr_assert_eq(elf.classes[i].address, before->classes[i].address);
	cr_assert_not(elf.is_stripped);
}

Test(elf_file, probes_are_found_where_the_notes_of_other_tools_were_stripped)
{
	struct elf_file before;

	cr_assert_eq(read_library(), 0);
	before = elf;
	memset(&elf, 0, sizeof(elf));
	take_out(".note.stapsdt");
	cr_assert_eq(read_library(), 0);
	expect_the_same_probes(&before);
	elf_file__free(&before);
}

Test(elf_file, probes_are_found_without_section_headers)
{
	struct elf_file before;

	cr_assert_eq(read_library(), 0);
	before = elf;
	memset(&elf, 0, sizeof(elf));
	header()->e_shoff = 0;
	header()->e_shnum = 0;
	header()->e_shstrndx = 0;
	cr_assert_eq(read_library(), 0);
	expect_the_same_probes(&before);
	elf_file__free(&before);
}

Test(elf_file, file_that_lost_all_its_notes_is_known_for_it)
{
	Elf64_Shdr *loaded = section(".note.viz");

	memset(library + loaded->sh_offset, 0, loaded->sh_size);
	take_out(".note.stapsdt");
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.n_probes, 0);
	cr_assert(elf.is_stripped);
}

Test(elf_file, own_note_that_points_outside_of_the_file_is_damaged)
{
	Elf64_Shdr *loaded = section(".note.viz");
	char *nop = library + loaded->sh_offset + sizeof(Elf64_Nhdr) + 4;
	int64_t far = INT64_MAX;

	take_out(".note.stapsdt");
	memcpy(nop, &far, sizeof(far));
	cr_assert_eq(read_library(), -EBADMSG);
}

Test(elf_file, program_is_told_from_library)
{
	int self = open("/proc/self/exe", O_RDONLY);

	cr_assert_eq(read_library(), 0);
	cr_assert_not(elf.is_program);
	elf_file__free(&elf);
	cr_assert_eq(elf_file__read(&elf, self), 0);
	expect_same(0, self);
	cr_assert(elf.is_program);
	close(self);
}

#if defined(__x86_64__)
#define NOP5 "0x0f,0x1f,0x44,0,0"
#define NOP10 "0x66,0x2e,0x0f,0x1f,0x84,0,0,0,0,0"
#define RET ",0xc3"
#define MORE ",0x31,0xc0,0xc3" /* xor %eax, %eax; ret */
#define SITE(name, bytes) "site " name "," bytes "\\n"

static void compile_sites(const char *sites)
{
	char flags[800];

	snprintf(flags, sizeof(flags), "-D'SITES=\"%s\"'", sites);
	compile(flags, "sites.so");
	cr_assert_eq(read_library(), 0);
}

Test(elf_file, inline_5_byte_nops_are_counted_and_named)
{
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.n_inline_nop5, 0);
	compile_sites(SITE("bare", NOP5 MORE) SITE("bare", NOP5 MORE) SITE("behind", "0x90," NOP5 MORE)
			      SITE("before", NOP5 "," NOP10 MORE) SITE("fourth", NOP5 MORE));
	cr_assert_eq(elf.n_inline_nop5, 5);
	cr_assert_str_eq(elf.inline_nop5[0], "others:bare");
	cr_assert_str_eq(elf.inline_nop5[1], "others:behind");
	cr_assert_str_eq(elf.inline_nop5[2], "others:before");
}

Test(elf_file, nops_that_harm_nobody_are_not_counted)
{
	compile_sites(SITE("plain", "0x90" MORE) SITE("stub", NOP5 RET) SITE("ours", "0x90," NOP5 "," NOP10 RET)
			      SITE("wide", NOP10 MORE) SITE("plain_and_wide", "0x90," NOP10 MORE)
				      SITE("nops", "0x90,0x90," NOP5 MORE) SITE("almost", "0x0f,0x1f,0x44,0,1" MORE));
	cr_assert_eq(elf.n_inline_nop5, 0);
	cr_assert_str_eq(elf.inline_nop5[0], "");
}

Test(elf_file, faster_nops_of_a_stub_that_goes_on_are_left_alone)
{
	char *ret;

	cr_assert_eq(read_library(), 0);
	cr_assert(elf.probes[0].has_sites);
	ret = library + elf.probes[0].offset + 17;
	cr_assert_eq((unsigned char)*ret, 0xc3);
	*ret = 0x31;
	cr_assert_eq(read_library(), 0);
	cr_assert_not(elf.probes[0].has_sites);
	cr_assert(elf.probes[1].has_sites);
	cr_assert_eq(elf.n_inline_nop5, 1);
}
#endif

Test(elf_file, notes_of_a_prelinked_file_are_moved_with_it)
{
	uint64_t offset, semaphore, nop;

	cr_assert_eq(read_library(), 0);
	offset = elf.probes[0].offset;
	semaphore = elf.probes[0].semaphore;
	nop = elf.probes[0].address;
	for (int i = 0; i < 3; i++)
		set_address(0, i, get_address(0, i) - 0x10000);
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.probes[0].offset, offset);
	cr_assert_eq(elf.probes[0].semaphore, semaphore);
	cr_assert_eq(elf.probes[0].address, nop);
}

Test(elf_file, note_that_names_no_base_stays_where_it_is)
{
	uint64_t nop;

	cr_assert_eq(read_library(), 0);
	nop = elf.probes[0].address;
	set_address(0, 1, 0);
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.probes[0].address, nop);
}

Test(elf_file, what_is_no_elf_file_is_refused)
{
	static const char zeros[4096];
	int other;

	cr_assert_eq(read_bytes("", 0), -ENOEXEC);
	cr_assert_eq(read_bytes("#!/bin/sh\necho\n", 15), -ENOEXEC);
	cr_assert_eq(read_bytes("\177ELF", 4), -ENOEXEC);
	cr_assert_eq(read_bytes(zeros, sizeof(zeros)), -ENOEXEC);
	cr_assert_eq(read_bytes("!<arch>\n", 8), -ENOEXEC);
	other = open("/dev/null", O_RDONLY);
	cr_assert_eq(elf_file__read(&elf, other), -ENOEXEC);
	close(other);
	other = open("/", O_RDONLY);
	cr_assert_eq(elf_file__read(&elf, other), -ENOEXEC);
	close(other);
	cr_assert_eq(elf_file__read(&elf, -1), -ENOEXEC);
}

Test(elf_file, other_machines_are_refused)
{
	header()->e_ident[EI_CLASS] = ELFCLASS32;
	cr_assert_eq(read_library(), -ENOEXEC);
	header()->e_ident[EI_CLASS] = ELFCLASS64;
	header()->e_machine = EM_S390;
	cr_assert_eq(read_library(), -ENOEXEC);
	header()->e_machine = EM_NONE;
	cr_assert_eq(read_library(), -ENOEXEC);
}

Test(elf_file, other_byte_order_is_refused)
{
	header()->e_ident[EI_DATA] = ELFDATA2MSB;
	cr_assert_eq(read_library(), -ENOEXEC);
}

Test(elf_file, note_that_contradicts_itself_is_refused)
{
	Elf64_Nhdr *h = note(0);
	uint32_t size = h->n_descsz;
	char *end = address(0, 0) + size - 1;
	uint64_t nop = get_address(0, 0), semaphore = get_address(0, 2);

	*end = 'x';
	cr_assert_eq(read_library(), -EBADMSG, "a string without end");
	*end = 0;
	set_address(0, 0, 0x7fffffff0000);
	cr_assert_eq(read_library(), -EBADMSG, "a nop that is not in the file");
	set_address(0, 0, UINT64_MAX);
	cr_assert_eq(read_library(), -EBADMSG);
	set_address(0, 0, nop);
	set_address(0, 2, 0);
	cr_assert_eq(read_library(), -EBADMSG, "no semaphore");
	set_address(0, 2, 0x7fffffff0000);
	cr_assert_eq(read_library(), -EBADMSG, "a semaphore that is not in the file");
	set_address(0, 2, semaphore);
	/* Cut short: the rest of it is then the next note, of whatever kind. */
	h->n_descsz = 8;
	cr_assert_eq(read_library(), -EBADMSG, "no room for the addresses");
	h->n_descsz = size;
	memset(address(0, 3), 'v', size - 25);
	cr_assert_eq(read_library(), -EBADMSG, "one string in place of three");
}

Test(elf_file, short_note_at_the_end_of_its_section_is_refused)
{
	Elf64_Shdr *s = section(".note.stapsdt");
	Elf64_Nhdr *h = note(EVENT_PROBES + 2);

	for (uint32_t size = 0; size <= 24; size += 8) {
		h->n_descsz = size;
		s->sh_size = (uint64_t)((char *)h - library) + sizeof(*h) + 8 + size - s->sh_offset;
		cr_assert_eq(read_library(), -EBADMSG, "%u bytes", size);
	}
}

Test(elf_file, note_larger_than_its_section_harms_nobody)
{
	Elf64_Nhdr *h = note(0);
	uint32_t sizes[] = { 0, 1, 7, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff };
	uint32_t name = h->n_namesz, desc = h->n_descsz;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		h->n_descsz = sizes[i];
		read_library();
		h->n_descsz = desc;
		h->n_namesz = sizes[i];
		read_library();
		h->n_namesz = name;
		note(3)->n_namesz = sizes[i];
		read_library();
		note(3)->n_namesz = name;
	}
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.n_probes, EVENT_PROBES);
}

Test(elf_file, damaged_class_is_left_out_and_the_next_one_found)
{
	struct viz_class *c = first_class(), whole = *c;
	const char *other = strcmp(c->tag, "lim") ? "lim" : "gauge";
	uint32_t sizes[] = { 0, 1, sizeof(*c) - 1, 0x10000, 0x7fffffff, 0xffffffff };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		c->size = sizes[i];
		cr_assert_eq(read_library(), 0);
		cr_assert_eq(elf.n_classes, 1, "size %u", sizes[i]);
		cr_assert(class_of(other));
	}
	*c = whole;
	c->magic ^= 1;
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.n_classes, 1);
}

Test(elf_file, classes_lie_within_their_section)
{
	Elf64_Shdr *s = section("viz_classes");
	uint64_t whole = s->sh_size;

	for (uint64_t size = 0; size <= whole; size++) {
		s->sh_size = size;
		cr_assert_eq(read_library(), 0);
		for (size_t i = 0; i < elf.n_classes; i++) {
			const char *at = elf.classes[i].bytes;

			cr_assert_geq(at, (const char *)elf.data);
			cr_assert_leq(at + elf.classes[i].size, (const char *)elf.data + size);
		}
	}
	cr_assert_eq(elf.n_classes, 2);
}

Test(elf_file, sections_without_bytes_in_the_file_harm_nobody)
{
	section("viz_classes")->sh_type = SHT_NOBITS;
	read_library();
	section("viz_classes")->sh_offset = UINT64_MAX - 8;
	read_library();
}

/* The file is a hole for the most part: it would take what the headers say. */
static int read_with_a_hole(void)
{
	cr_assert_eq(ftruncate(fd, 0), 0);
	cr_assert_eq(pwrite(fd, library, library_size, 0), (ssize_t)library_size);
	cr_assert_eq(ftruncate(fd, 8ll << 30), 0);
	return elf_file__read(&elf, fd);
}

#define HUGE_SIZE (4ull << 30)

Test(elf_file, sizes_that_no_linker_makes_are_not_believed)
{
	char *copy = malloc(library_size);
	Elf64_Shdr *sections;
	Elf64_Phdr *segments;

	memcpy(copy, library, library_size);
	sections = (void *)(library + header()->e_shoff);
	segments = (void *)(library + header()->e_phoff);
	for (int i = 0; i < 9; i++) {
		memcpy(library, copy, library_size);
		switch (i) {
		case 0: section(".note.stapsdt")->sh_size = HUGE_SIZE; break;
		case 1: section("viz_classes")->sh_size = HUGE_SIZE; break;
		case 2: sections[header()->e_shstrndx].sh_size = HUGE_SIZE; break;
		case 3: sections[header()->e_shstrndx].sh_flags |= SHF_COMPRESSED; break;
		case 4:
			header()->e_shnum = 0;
			sections[0].sh_size = 1 << 26;
			break;
		case 5:
			header()->e_phnum = PN_XNUM;
			sections[0].sh_info = 1 << 26;
			break;
		case 6:
		case 7:
			for (int k = 0; k < header()->e_phnum; k++)
				if (segments[k].p_type == (i == 6 ? PT_NOTE : PT_DYNAMIC))
					segments[k].p_filesz = HUGE_SIZE;
			break;
		/* Each is small enough, but not all of them. */
		case 8:
			for (int k = 1; k < header()->e_shnum; k++) {
				sections[k].sh_type = SHT_NOTE;
				sections[k].sh_size = ELF_NOTES_MAX / 4;
			}
		}
		cr_expect_eq(read_with_a_hole(), -E2BIG, "case %d", i);
		cr_expect_eq(elf.n_probes, 0);
	}
	memcpy(library, copy, library_size);
	cr_expect_eq(read_with_a_hole(), 0);
	cr_expect_eq(elf.n_probes, EVENT_PROBES);
	free(copy);
}

/* `n` descriptors in a library that has room for them. */
static void compile_classes(unsigned n, bool alike)
{
	char flags[128];

	snprintf(flags, sizeof(flags), "-DROOM=%zu", n * sizeof(struct viz_class));
	compile(flags, "classes.so");
	for (unsigned i = 0; i < n; i++) {
		struct viz_class c = { .magic = VIZ_CLASS_MAGIC, .size = sizeof(c), .line = alike ? 1 : i };

		memcpy(library + section("viz_classes")->sh_offset + i * sizeof(c), &c, sizeof(c));
	}
}

Test(elf_file, more_classes_than_any_program_has_are_counted)
{
	compile_classes(ELF_CLASSES_MAX + 1000, false);
	cr_assert_eq(read_library(), 0);
	cr_expect_eq(elf.n_classes, ELF_CLASSES_MAX);
	cr_expect_geq(elf.n_beyond, 1000);
	for (size_t i = 0; i < elf.n_classes; i++)
		cr_assert_not(elf.classes[i].repeated);
}

Test(elf_file, a_class_of_many_object_files_is_known_for_it)
{
	compile_classes(3000, true);
	cr_assert_eq(read_library(), 0);
	cr_expect_not(elf.classes[0].repeated);
	for (size_t i = 1; i < 3000; i++)
		cr_assert(elf.classes[i].repeated);
}

Test(elf_file, failure_leaves_the_result_alone)
{
	struct elf_file before;

	memset(&before, 0xa5, sizeof(before));
	memcpy(&elf, &before, sizeof(elf));
	set_address(EVENT_PROBES - 1, 0, UINT64_MAX); /* when the others have been taken */
	cr_assert_eq(pwrite(fd, library, library_size, 0), (ssize_t)library_size);
	cr_assert_eq(elf_file__read(&elf, fd), -EBADMSG);
	cr_assert_eq(memcmp(&elf, &before, sizeof(elf)), 0);
	memset(&elf, 0, sizeof(elf));
}

/* Whatever comes out lies within the file. */
static void check_sane(size_t size)
{
	for (size_t i = 0; i < elf.n_probes; i++)
		cr_assert_lt(strlen(elf.probes[i].args), sizeof(elf.probes[i].args));
	for (size_t i = 0; i < elf.n_classes; i++) {
		const unsigned char *bytes = elf.classes[i].bytes;

		cr_assert_leq(elf.classes[i].size, size);
		/* The sanitizer looks at whether they are there. */
		for (size_t j = 0; j < elf.classes[i].size; j += elf.classes[i].size - 1)
			*(const volatile unsigned char *)&bytes[j];
	}
	cr_assert_lt(strlen(elf.build_id), sizeof(elf.build_id));
	for (int i = 0; i < ELF_EXAMPLES; i++)
		cr_assert_lt(strlen(elf.inline_nop5[i]), ELF_EXAMPLE_SIZE);
}

Test(elf_file, file_cut_at_any_length_harms_nobody)
{
	for (size_t size = library_size; size-- > 0;) {
		elf_file__free(&elf);
		/* Shorter each time. */
		if (size == library_size - 1)
			cr_assert_eq(pwrite(fd, library, size, 0), (ssize_t)size);
		cr_assert_eq(ftruncate(fd, (off_t)size), 0);
		lseek(fd, 0, SEEK_SET);
		if (!elf_file__read(&elf, fd))
			check_sane(size);
	}
}

Test(elf_file, flipped_bytes_harm_nobody)
{
	char *whole = malloc(library_size);

	memcpy(whole, library, library_size);
	for (int i = 0; i < 6000; i++) {
		/* Half of them where it hurts: headers of the file, of segments and sections, notes, classes. */
		const struct {
			size_t at, size;
		} places[] = { { 0, sizeof(Elf64_Ehdr) },
			       { header()->e_phoff, header()->e_phnum * sizeof(Elf64_Phdr) },
			       { header()->e_shoff, header()->e_shnum * sizeof(Elf64_Shdr) },
			       { section(".note.stapsdt")->sh_offset, section(".note.stapsdt")->sh_size },
			       { section("viz_classes")->sh_offset, section("viz_classes")->sh_size },
			       { 0, library_size },
			       { 0, library_size },
			       { 0, library_size } };
		size_t place = any() % 8;

		for (uint64_t n = 1 + any() % 4; n; n--)
			library[places[place].at + any() % places[place].size] = (char)any();
		if (!read_library())
			check_sane(library_size);
		memcpy(library, whole, library_size);
	}
	free(whole);
	cr_assert_eq(read_library(), 0);
	cr_assert_eq(elf.n_probes, EVENT_PROBES);
}

Test(elf_file, free_takes_null_and_twice)
{
	elf_file__free(NULL);
	cr_assert_eq(read_library(), 0);
	elf_file__free(&elf);
	elf_file__free(&elf);
}
