/* SPDX-License-Identifier: BSD-2-Clause */
/* No probes of its own: loads a library that has some, on request. */
#include <dlfcn.h>
#include <stdint.h>

#define VIZ_PROBE_DISABLE
#include "step.h"

int main(void)
{
	const char *line = step("ready");

	while (*line) {
		void *library = dlopen(line + 5, RTLD_NOW);
		void (*run)(int) = library ? (void (*)(int))(uintptr_t)dlsym(library, "lib_run") : NULL;
		long *const *counts = library ? dlsym(library, "lib_counts") : NULL;

		if (!run)
			exit(97);
		run(100);
		printf("%ld %ld\n", (*counts)[0], (*counts)[1]);
		line = step("ok");
	}
	return 0;
}
