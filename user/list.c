// SPDX-License-Identifier: BSD-2-Clause
/* list: see list.h. */
#include "list.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VIZ_PROBE_DISABLE /* the types, no probes */
#include "viztrace.h"
#include "decode/classes.h"
#include "common/elf_apart.h"
#include "common/elf_bounds.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/regular.h"
#include "attach/explain.h"
#include "attach/target.h"

static const char *const type_names[] = {
	[VIZ_TYPE_I8] = "int8",     [VIZ_TYPE_U8] = "uint8",   [VIZ_TYPE_I16] = "int16",  [VIZ_TYPE_U16] = "uint16",
	[VIZ_TYPE_I32] = "int32",   [VIZ_TYPE_U32] = "uint32", [VIZ_TYPE_I64] = "int64",  [VIZ_TYPE_U64] = "uint64",
	[VIZ_TYPE_BOOL] = "bool",   [VIZ_TYPE_F32] = "float",  [VIZ_TYPE_F64] = "double", [VIZ_TYPE_STR] = "string",
	[VIZ_TYPE_STRP] = "string", [VIZ_TYPE_JSON] = "JSON",  [VIZ_TYPE_JSONP] = "JSON", [VIZ_TYPE_DICT] = "dict",
};

static void print_note(struct classes *names, const struct layout *c, struct layout_attr *a)
{
	const char *text = classes__unit(names, c, a);
	size_t n = classes__n_value_names(names, c, a);

	if (text)
		escape__print(stdout, "  (%s)", text);
	for (size_t i = 0; i < n; i++) {
		text = classes__value_name(names, c, a, i);
		escape__print(stdout, "%s%s%s", i ? ", " : "  (", text ? text : "-", i + 1 < n ? "" : ")");
	}
}

/* `names`: of the file. */
static void print_class(struct classes *names, struct layout *c)
{
	static const char *const kinds[] = {
		[VIZ_KIND_COUNTER] = "counter",
		[VIZ_KIND_OBJECT] = "object",
		[VIZ_KIND_DICT] = "dict",
	};

	if (c->kind == VIZ_KIND_NAMES)
		return;
	escape__print_line(stdout, "  %s %s", kinds[c->kind], c->tag);
	for (unsigned i = 0; i < c->n_attrs; i++) {
		struct layout_attr *a = &c->attrs[i];

		escape__print(stdout, "    %-24s %s", a->key, type_names[a->type]);
		if (a->type == VIZ_TYPE_DICT)
			escape__print(stdout, " %s", a->more_tag);
		if (a->list && a->range)
			escape__print(stdout, "[]");
		else if (a->list)
			escape__print(stdout, "[%u]", a->count);
		print_note(names, c, a);
		escape__print_line(stdout, "%s%s",
				   a->optional              ? "  (or none)" :
				   a->followed && !a->range ? "  (behind a pointer)" :
							      "",
				   c->visible >> i & 1 ? "" : "  (private: never reported)");
	}
}

/* "a:b, c:d, ..." */
static void name_examples(char *ret, size_t size, const struct elf_file *f)
{
	size_t at = 0, named = 0;

	for (int i = 0; i < ELF_EXAMPLES && f->inline_nop5[i][0]; i++, named++)
		at += (size_t)snprintf(ret + at, size - at, "%s%s", i ? ", " : "", f->inline_nop5[i]);
	if (f->n_inline_nop5 > named)
		snprintf(ret + at, size - at, ", ...");
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

/* What says more of attributes that are numbers, as far as there is room. */
static void take_names(struct classes *ret, const struct elf_file *f)
{
	for (size_t i = 0; i < f->n_classes; i++) {
		const struct viz_class *c = f->classes[i].bytes;

		if (c->kind == VIZ_KIND_NAMES)
			classes__add(ret, 0, f->classes[i].address, c, f->classes[i].size);
	}
}

static void print_file(const char *path, const struct elf_file *f)
{
	struct classes names = { 0 };
	size_t bad = 0, newer = 0;
	int err;

	escape__print_line(stdout, "%s", path);
	if (f->n_probes)
		escape__print(stdout, "  probes ");
	for (size_t i = 0; i < f->n_probes; i++)
		escape__print(stdout, " %s", probe_names[f->probes[i].probe]);
	if (f->n_probes)
		escape__print_line(stdout, "%s", "");
	if (f->n_foreign)
		escape__print_line(stdout, "  %zu viz probes of a kind that this version does not know", f->n_foreign);
	take_names(&names, f);
	for (size_t i = 0; i < f->n_classes; i++) {
		struct classes one = { 0 };
		const struct elf_class *c = &f->classes[i];

		if (c->repeated)
			continue;
		err = classes__add(&one, 0, c->address, c->bytes, c->size);
		newer += err == -EPROTO;
		bad += err && err != -EPROTO;
		if (!err)
			print_class(&names, classes__find(&one, 0, c->address));
		classes__clear(&one);
	}
	classes__clear(&names);
	if (bad)
		escape__print_line(stdout, "  %zu class descriptors that are not understood", bad);
	if (newer)
		escape__print_line(stdout, "  %zu class descriptors that only a later viztrace-bpf understands", newer);
	if (f->n_beyond)
		escape__print_line(stdout, "  %zu more class descriptors than are read from one file", f->n_beyond);
}

static enum exit_code list_file(const char *path)
{
	enum exit_code code = EXIT_TRACED;
	struct elf_file f;
	int fd = regular__open(path), err = -ENOEXEC;

	if (fd < 0 && fd != -ENXIO) {
		log_error("cannot open %s: %s", path, strerror(-fd));
		return fd == -EACCES ? EXIT_PERMISSION : EXIT_NO_PROBES;
	}
	if (fd >= 0) {
		err = elf_file__read_apart(&f, fd);
		close(fd);
	}
	if (err == -ENOEXEC) {
		log_error("%s is no executable or shared library of this machine (ELF, 64 bit)", path);
		return EXIT_NO_PROBES;
	}
	if (err == -E2BIG) {
		log_error("%s is not read: " ELF_TOO_LARGE, path);
		return EXIT_NO_PROBES;
	}
	if (err == -ELIBBAD) {
		log_error("%s is not read: " ELF_ENDED_ITS_READER, path);
		return EXIT_NO_PROBES;
	}
	if (err) {
		log_error("%s: its probe notes are damaged (%s)", path, strerror(-err));
		return EXIT_NO_PROBES;
	}
	warn_of_inline_nops(path, &f);
	if (f.is_stripped) {
		log_error("%s was stripped of its probes' notes (.note.stapsdt, .note.viz); strip it with `strip`, or "
			  "llvm-strip --keep-section=.note.stapsdt",
			  path);
		code = EXIT_NO_PROBES;
	} else if (!f.n_probes && !f.n_classes) {
		log_error("%s has no viz probes; build it with viztrace.h and VIZ_PROBE_* macros", path);
		code = EXIT_NO_PROBES;
	} else {
		print_file(path, &f);
	}
	elf_file__free(&f);
	return code;
}

static void print_finding(void *ctx, const struct binary *b, const char *text)
{
	(void)ctx;
	(void)b;
	escape__print_line(stdout, "  %s", text);
}

static enum exit_code list_process(pid_t pid)
{
	struct binaries binaries = { 0 };
	struct target *t;
	enum exit_code code = target__open_or_explain(&t, &binaries, pid, TARGET_NEEDS_PROBES);

	/* Also those without probes of ours. */
	for (const struct binary *b = binaries.first; !code && b; b = b->next)
		warn_of_inline_nops(b->path, &b->elf);
	for (size_t i = 0; !code && i < t->n_files; i++)
		if (binary__is_of_use(t->files[i].binary))
			print_file(t->files[i].binary->path, &t->files[i].binary->elf);
	if (!code)
		explain__probes(t, print_finding, NULL);
	if (!code)
		target__free(t);
	binaries__clear(&binaries);
	return code;
}

/* ---- every process ---- */

#define TAGS_SIZE 48

struct survey {
	struct binaries binaries;
	struct stat own; /* our file: it has probes for `doctor`, which nobody wants to see */
	size_t n_listed, n_denied;
};

/* Append the names of a file's counters and objects: "queue, worker, ..."; false when there is no more room. */
static bool name_classes(char *text, size_t size, const struct elf_file *f)
{
	for (size_t i = 0; i < f->n_classes; i++) {
		const struct elf_class *c = &f->classes[i];
		struct classes one = { 0 };
		const struct layout *l = NULL;
		size_t at = strlen(text);
		bool fits = true;

		if (!c->repeated && !classes__add(&one, 0, c->address, c->bytes, c->size))
			l = classes__find(&one, 0, c->address);
		if (l && layout__is_of_objects(l)) {
			fits = at + strlen(l->tag) + sizeof(", , ...") <= size;
			snprintf(text + at, size - at, "%s%s", at ? ", " : "", fits ? l->tag : "...");
		}
		classes__clear(&one);
		if (!fits)
			return false;
	}
	return true;
}

static void print_process(const struct target *t)
{
	char tags[TAGS_SIZE] = "";

	for (size_t i = 0; i < t->n_files; i++)
		if (!name_classes(tags, sizeof(tags), &t->files[i].binary->elf))
			break;
	escape__print_line(stdout, "%7d  %-16s %-*s %s", t->pid, t->comm, TAGS_SIZE - 1, *tags ? tags : "-", t->exe);
}

static bool is_ours(const struct survey *s, pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return !stat(path, &st) && st.st_dev == s->own.st_dev && st.st_ino == s->own.st_ino;
}

/* 0 or -errno; a process that ends meanwhile is none. */
static int survey_process(struct survey *s, pid_t pid)
{
	struct target *t;
	pid_t leader;
	int err = target__open(&t, &s->binaries, pid, &leader);

	if (err == -EACCES || err == -EPERM)
		s->n_denied++;
	if (err)
		return err == -ENOMEM ? err : 0;
	if (target__count_probes(t) && !is_ours(s, pid)) {
		if (!s->n_listed++)
			escape__print_line(stdout, "%7s  %-16s %-*s %s", "PID", "NAME", TAGS_SIZE - 1,
					   "COUNTERS AND OBJECTS", "PROGRAM");
		print_process(t);
	} else if (t->n_denied) {
		s->n_denied++;
	}
	target__free(t);
	return 0;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	int x = atoi((*a)->d_name), y = atoi((*b)->d_name);

	return (x > y) - (x < y);
}

static int is_process(const struct dirent *entry)
{
	return entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
}

static enum exit_code list_all(void)
{
	struct survey s = { 0 };
	struct dirent **entries;
	int n = scandir("/proc", &entries, is_process, by_number), err = n < 0 ? -errno : 0;

	if (stat("/proc/self/exe", &s.own))
		err = -errno;
	for (int i = 0; i < n; i++) {
		if (!err)
			err = survey_process(&s, atoi(entries[i]->d_name));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	binaries__clear(&s.binaries);
	if (err) {
		log_error("cannot look at the processes in /proc: %s", strerror(-err));
		return EXIT_INTERNAL;
	}
	if (s.n_denied)
		log_info("%zu process%s may not be looked at; use sudo, or give CAP_SYS_PTRACE", s.n_denied,
			 s.n_denied == 1 ? "" : "es");
	if (s.n_listed)
		return EXIT_TRACED;
	log_error("no process%s has viz probes; build one with viztrace.h and VIZ_PROBE_* macros",
		  s.n_denied ? " that may be looked at" : "");
	return EXIT_NO_PROBES;
}

enum exit_code list__run(const struct opts *o)
{
	return o->file ? list_file(o->file) : o->n_pids ? list_process(o->pids[0]) : list_all();
}
