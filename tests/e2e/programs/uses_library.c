// SPDX-License-Identifier: BSD-2-Clause
/* uses_library LIBRARY [late]: probes here and in a library that is opened before "ready", or after it. */
#include "viztrace.h"
#include "step.h"

#include <dlfcn.h>
#include <stdbool.h>

struct app {
	struct viz_counter viz;
	int calls;
};
VIZ_PROBE_COUNTER(app, calls);

static struct app app;

int main(int argc, char **argv)
{
	void (*use)(int) = NULL;
	void *library;

	if (argc < 2)
		return 2;
	VIZ_PROBE_INIT(&app, app, "app");
	library = argc > 2 ? NULL : dlopen(argv[1], RTLD_NOW);
	if (argc > 2)
		step("ready");
	if (!library)
		library = dlopen(argv[1], RTLD_NOW);
	if (!library || !(use = (void (*)(int))dlsym(library, "library_use"))) {
		puts(dlerror());
		return 1;
	}
	if (argc == 2)
		step("ready");
	for (int i = 0; i < 5; i++) {
		use(10);
		VIZ_PROBE_SET(&app, calls, i + 1);
	}
	return 0;
}
