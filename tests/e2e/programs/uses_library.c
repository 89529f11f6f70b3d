// SPDX-License-Identifier: BSD-2-Clause
/*
 * Probes here and in a library: uses_library LIBRARY opens it before "ready". uses_library LIBRARY steps does what it is told:
 *   open, close    the library
 *   elsewhere      it will not fit into where it was
 *   use, put N     call it
 *   semaphores     of the library
 *   thread         one that comes and goes
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

struct app {
	struct viz_counter viz;
	int calls;
};
VIZ_PROBE_COUNTER(app, calls);

static struct app app;
static void *library;

static void *function(const char *name)
{
	void *f = library ? dlsym(library, name) : NULL;

	if (!f) {
		puts(dlerror());
		exit(1);
	}
	return f;
}

static void *nothing(void *arg)
{
	return arg;
}

static void obey(const char *line, const char *path)
{
	pthread_t id;

	if (!strcmp(line, "open")) {
		library = dlopen(path, RTLD_NOW);
		printf("%p\n", function("library_use"));
	} else if (!strcmp(line, "close")) {
		dlclose(library);
	} else if (!strcmp(line, "elsewhere")) {
		for (int i = 0; i < 64; i++)
			mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	} else if (!strcmp(line, "use")) {
		((void (*)(int))function("library_use"))(10);
	} else if (!strncmp(line, "put ", 4)) {
		((void (*)(int))function("library_put"))(atoi(line + 4));
	} else if (!strcmp(line, "semaphores")) {
		printf("%d\n", ((int (*)(void))function("library_semaphores"))());
	} else if (!strcmp(line, "thread")) {
		pthread_create(&id, NULL, nothing, NULL);
		pthread_join(id, NULL);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	VIZ_PROBE_INIT(&app, app, "app");
	if (argc > 2) {
		for (const char *line = step("ready"); strcmp(line, "quit"); line = step("ok"))
			obey(line, argv[1]);
		return 0;
	}
	library = dlopen(argv[1], RTLD_NOW);
	function("library_use");
	step("ready");
	for (int i = 0; i < 5; i++) {
		obey("use", argv[1]);
		VIZ_PROBE_SET(&app, calls, i + 1);
	}
	return 0;
}
