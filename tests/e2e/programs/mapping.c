/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps a file, private and writable as data of a program is, and another time as code is; says when asked whether it is
 * still what the file has.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define VIZ_PROBE_DISABLE /* it has none */
#include "step.h"

static void *map(int fd, size_t size, int protection)
{
	void *map = mmap(NULL, size, protection, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		exit(1);
	return map;
}

int main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_RDONLY);
	void *data, *code, *wanted;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return 1;
	data = map(fd, (size_t)st.st_size, PROT_READ | PROT_WRITE);
	code = map(fd, (size_t)st.st_size, PROT_READ | PROT_EXEC);
	wanted = map(fd, (size_t)st.st_size, PROT_READ);
	while (!strcmp(step("ok"), "same?"))
		puts(memcmp(data, wanted, (size_t)st.st_size) || memcmp(code, wanted, (size_t)st.st_size) ? "no" : "yes");
	return 0;
}
