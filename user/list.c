// SPDX-License-Identifier: BSD-2-Clause
/* list: see list.h. */
#include "list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VIZ_PROBE_DISABLE /* the types, no probes */
#include "viztrace.h"
#include "decode/classes.h"
#include "common/log.h"
#include "attach/target.h"

static const char *const type_names[] = {
	[VIZ_TYPE_I8] = "int8",     [VIZ_TYPE_U8] = "uint8",   [VIZ_TYPE_I16] = "int16",  [VIZ_TYPE_U16] = "uint16",
	[VIZ_TYPE_I32] = "int32",   [VIZ_TYPE_U32] = "uint32", [VIZ_TYPE_I64] = "int64",  [VIZ_TYPE_U64] = "uint64",
	[VIZ_TYPE_BOOL] = "bool",   [VIZ_TYPE_F32] = "float",  [VIZ_TYPE_F64] = "double", [VIZ_TYPE_STR] = "string",
	[VIZ_TYPE_STRP] = "string", [VIZ_TYPE_JSON] = "JSON",  [VIZ_TYPE_JSONP] = "JSON", [VIZ_TYPE_DICT] = "dict",
};

static void print_class(const struct layout *c)
{
	static const char *const kinds[] = {
		[VIZ_KIND_COUNTER] = "counter",
		[VIZ_KIND_OBJECT] = "object",
		[VIZ_KIND_DICT] = "dict",
	};

	printf("  %s %s\n", kinds[c->kind], c->tag);
	for (unsigned i = 0; i < c->n_attrs; i++) {
		const struct layout_attr *a = &c->attrs[i];

		printf("    %-24s %s", a->key, type_names[a->type]);
		if (a->type == VIZ_TYPE_DICT)
			printf(" %s", a->dict_tag);
		if (a->list)
			printf("[%u]", a->count);
		puts(c->visible >> i & 1 ? "" : "  (private: never reported)");
	}
}

/* A class that a header declares is in each object file that includes it. */
static bool seen_before(const struct elf_file *f, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (f->classes[j].size == f->classes[i].size &&
		    !memcmp(f->classes[j].bytes, f->classes[i].bytes, f->classes[i].size))
			return true;
	return false;
}

/* "a:b, c:d, ..."; the names are a file's, so nothing of them may command the terminal. */
static void name_examples(char *ret, size_t size, const struct elf_file *f)
{
	size_t at = 0, named = 0;

	for (int i = 0; i < ELF_EXAMPLES && f->inline_nop5[i][0]; i++, named++)
		at += (size_t)snprintf(ret + at, size - at, "%s%s", i ? ", " : "", f->inline_nop5[i]);
	if (f->n_inline_nop5 > named)
		snprintf(ret + at, size - at, ", ...");
	for (; *ret; ret++)
		if ((unsigned char)*ret < ' ' || *ret == 0x7f)
			*ret = '?';
}

static void warn_of_inline_nops(const char *path, const struct elf_file *f)
{
	char examples[ELF_EXAMPLES * (ELF_EXAMPLE_SIZE + 2) + 8];

	if (!f->n_inline_nop5)
		return;
	name_examples(examples, sizeof(examples), f);
	log_warn(
		"%s has %zu inline USDT site%s with a 5-byte nop (%s). Linux 6.18 and some kernels after it make a call of "
		"it for a tracer, which overwrites locals of functions that call nobody. viztrace-bpf attaches to none of "
		"them; before another tool does, build that code with -mno-red-zone or with 1-byte nops",
		path, f->n_inline_nop5, f->n_inline_nop5 == 1 ? "" : "s", examples);
}

static void print_file(const char *path, const struct elf_file *f)
{
	printf("%s\n", path);
	if (f->n_probes)
		printf("  probes ");
	for (size_t i = 0; i < f->n_probes; i++)
		printf(" %s", probe_names[f->probes[i].probe]);
	if (f->n_probes)
		puts("");
	if (f->n_foreign)
		printf("  %zu viz probes of a kind that this version does not know\n", f->n_foreign);
	for (size_t i = 0; i < f->n_classes; i++) {
		struct classes one = { 0 };
		const struct elf_class *c = &f->classes[i];

		if (seen_before(f, i))
			continue;
		if (classes__add(&one, 0, c->address, c->bytes, c->size))
			printf("  a class descriptor at 0x%" PRIx64 " that is not understood\n", c->address);
		else
			print_class(classes__find(&one, 0, c->address));
		classes__clear(&one);
	}
}

static enum exit_code list_file(const char *path)
{
	enum exit_code code = EXIT_TRACED;
	struct elf_file f;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;

	if (fd < 0) {
		log_error("cannot open %s: %s", path, strerror(errno));
		return errno == EACCES ? EXIT_PERMISSION : EXIT_NO_PROBES;
	}
	err = elf_file__read(&f, fd);
	close(fd);
	if (err == -ENOEXEC) {
		log_error("%s is no executable or shared library of this machine (ELF, 64 bit)", path);
		return EXIT_NO_PROBES;
	}
	if (err) {
		log_error("%s: its probe notes are damaged (%s)", path, strerror(-err));
		return EXIT_NO_PROBES;
	}
	warn_of_inline_nops(path, &f);
	if (!f.n_probes && !f.n_classes) {
		log_error("%s has no viz probes; build it with viztrace.h and VIZ_PROBE_* macros", path);
		code = EXIT_NO_PROBES;
	} else {
		print_file(path, &f);
	}
	elf_file__free(&f);
	return code;
}

static enum exit_code list_process(pid_t pid)
{
	struct binaries binaries = { 0 };
	struct target *t;
	enum exit_code code = target__open_or_explain(&t, &binaries, pid, false);

	/* Also those without probes of ours. */
	for (const struct binary *b = binaries.first; !code && b; b = b->next)
		warn_of_inline_nops(b->path, &b->elf);
	for (size_t i = 0; !code && i < t->n_files; i++)
		print_file(t->files[i].binary->path, &t->files[i].binary->elf);
	if (!code)
		target__free(t);
	binaries__clear(&binaries);
	return code;
}

enum exit_code list__run(const struct opts *o)
{
	return o->file ? list_file(o->file) : list_process(o->pids[0]);
}
