// SPDX-License-Identifier: BSD-2-Clause
/* A file at random, as a target may have mapped it: reading its probes and classes may not crash. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/elf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t sum = 0;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct elf_file f;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (elf_file__read(&f, fd) == 0) {
		/* The sanitizer looks at whether they are there. */
		for (size_t i = 0; i < f.n_classes; i++)
			for (size_t j = 0; j < f.classes[i].size; j++)
				sum ^= ((const uint8_t *)f.classes[i].bytes)[j];
		__asm__ volatile("" : : "r"(sum));
		elf_file__free(&f);
	}
	close(fd);
	return 0;
}
