// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attaches one of floor.bpf.c's programs to a process and throws its records away, until stdin is closed.
 *
 *	floor PROGRAM nop1|nop5|sdt PID FILE	stdout: "attached 3", in the end "records 1000 lost 0"
 *	floor where FILE			stdout: one line for each of the tool's probes: set OFFSET
 *SEMAPHORE
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/elf_file.h"
#include "common/site.h"
#include "floor.skel.h"

#define PROBES_MAX 8

struct links {
	struct bpf_link *all[PROBES_MAX];
	size_t n;
};

static unsigned long long records;

static int on_record(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	records++;
	return 0;
}

static int read_elf(struct elf_file *ret, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = elf_file__read(ret, fd);
	close(fd);
	return err;
}

static bool is_measured(enum probe probe)
{
	return probe == EVENT_PROBE_SET || probe == EVENT_PROBE_ENTER || probe == EVENT_PROBE_EXIT;
}

static int attach_stubs(struct links *links, struct bpf_program *prog, enum site site, pid_t pid, const char *path)
{
	struct elf_file elf;
	int err = read_elf(&elf, path);

	if (err)
		return err;
	for (size_t i = 0; i < elf.n_probes && links->n < PROBES_MAX; i++) {
		const struct elf_probe *p = &elf.probes[i];
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .ref_ctr_offset = p->semaphore);
		struct bpf_link *link;

		if (!is_measured(p->probe))
			continue;
		link = bpf_program__attach_uprobe_opts(prog, pid, path, p->offset + site__offset(site), &opts);
		if (!link) {
			err = -errno;
			break;
		}
		links->all[links->n++] = link;
	}
	elf_file__free(&elf);
	return err;
}

static int attach_sdt(struct links *links, struct bpf_program *prog, pid_t pid, const char *path)
{
	static const char *const names[] = { "write", "enter", "exit" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct bpf_link *link = bpf_program__attach_usdt(prog, pid, path, "vizbench", names[i], NULL);

		if (!link)
			return -errno;
		links->all[links->n++] = link;
	}
	return 0;
}

static int where(const char *path)
{
	struct elf_file elf;
	int err = read_elf(&elf, path);

	if (err)
		return err;
	for (size_t i = 0; i < elf.n_probes; i++)
		if (is_measured(elf.probes[i].probe))
			printf("%s 0x%llx 0x%llx\n", probe_names[elf.probes[i].probe],
			       (unsigned long long)elf.probes[i].offset, (unsigned long long)elf.probes[i].semaphore);
	elf_file__free(&elf);
	return 0;
}

static enum site site_of(const char *name)
{
	for (int i = 0; i < SITES; i++)
		if (!strcmp(site_names[i], name))
			return (enum site)i;
	return SITE_AUTO;
}

static int run(struct floor_bpf *skel, struct links *links, char **argv)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct bpf_program *prog = bpf_object__find_program_by_name(skel->obj, argv[1]), *p;
	pid_t pid = (pid_t)atoi(argv[3]);
	struct ring_buffer *ring;
	int err;

	if (!prog)
		return -ENOENT;
	bpf_object__for_each_program(p, skel->obj)
		bpf_program__set_autoload(p, p == prog);
	err = floor_bpf__load(skel);
	if (err)
		return err;
	ring = ring_buffer__new(bpf_map__fd(skel->maps.ring), on_record, NULL, NULL);
	if (!ring)
		return -errno;
	err = strcmp(argv[2], "sdt") ? attach_stubs(links, prog, site_of(argv[2]), pid, argv[4]) :
				       attach_sdt(links, prog, pid, argv[4]);
	if (!err) {
		printf("attached %zu\n", links->n);
		fflush(stdout);
		while (poll(&in, 1, 1) == 0)
			ring_buffer__consume(ring);
		ring_buffer__consume(ring);
		printf("records %llu lost %llu\n", records, (unsigned long long)skel->bss->lost);
		fflush(stdout);
	}
	ring_buffer__free(ring);
	return err;
}

int main(int argc, char **argv)
{
	struct links links = { .n = 0 };
	struct floor_bpf *skel;
	int err;

	if (argc == 3 && !strcmp(argv[1], "where"))
		return where(argv[2]) ? 1 : 0;
	if (argc != 5) {
		fprintf(stderr, "usage: floor empty|record|usdt_bare|usdt_args nop1|nop5|sdt PID FILE\n"
				"       floor where FILE\n");
		return 2;
	}
	skel = floor_bpf__open();
	err = skel ? run(skel, &links, argv) : -errno;
	if (err)
		fprintf(stderr, "floor: %s\n", err == -524 ? "this kernel does not take that site" : strerror(-err));
	for (size_t i = 0; i < links.n; i++)
		bpf_link__destroy(links.all[i]);
	floor_bpf__destroy(skel);
	return err ? 1 : 0;
}
