// SPDX-License-Identifier: BSD-2-Clause
/*
 * Probes about memory that takes as long to come as the test likes (userfaultfd): slow_page. Commands on stdin:
 *   touch WHAT   a thread fires a probe about memory that is not there yet: "asleep" when it waits for it, "went on" if
 *                nobody made it wait. WHAT: string, span, base, name, slice, long, value, instant, class, init
 *   work N       N writes to a counter, on another thread than those
 *   serve        all memory is there from here on, and the threads have ended; so it is after 20 s in any case
 *   semaphores   the sum of all
 *   quit
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 32

struct sum {
	struct viz_counter viz;
	uint64_t value;
};
VIZ_PROBE_COUNTER(sum, value);

struct label {
	struct viz_object viz;
	int n;
	const char *text;
};
VIZ_PROBE_OBJECT(label, n, text);

struct wide {
	struct viz_object viz;
	int n;
	char filler[3000];
	int last;
};
VIZ_PROBE_OBJECT(wide, n, last);

static struct sum sum;
static int uffd;
static char *slow;      /* PAGES that nobody can read before they are served */
static int next_page;
static volatile int done;
static pthread_t threads[PAGES];
static int n_threads;

struct job {
	const char *what;
	char *page;
};

/* What a page will hold once it is served. */
static char contents[PAGES][PAGE];

/* What VIZ_PROBE_INIT writes, without touching what it points to. */
static void fill_base(void *memory, const void *address, const struct viz_class *cls, const char *name)
{
	struct viz_base *b = memory;

	b->check = VIZ_CHECK ^ (uintptr_t)address ^ (uintptr_t)cls;
	b->cls = cls;
	b->name = name;
	b->flags = VIZ_ENABLED | VIZ_TRIGGER;
}

static void fire(const char *what, char *page)
{
	static struct label l = { .n = 1 };
	char *copy = contents[(page - slow) / PAGE];

	if (!strcmp(what, "string")) {
		strcpy(copy, "came late");
		VIZ_PROBE_INIT(&l, label, "label");
		l.text = page;
		VIZ_PROBE_CHANGED(&l, text);
	} else if (!strcmp(what, "slice")) {
		strcpy(copy, "slice that came late");
		viz__probe_enter(page, NULL, 0, NULL, NULL);
	} else if (!strcmp(what, "long")) {
		memset(page - 100, 'n', 100);
		strcpy(copy, " and its end");
		viz__probe_enter(page - 100, NULL, 0, NULL, NULL);
	} else if (!strcmp(what, "value")) {
		strcpy(copy, "value that came late");
		viz__probe_value(page, "v", 7, VIZ_TYPE_I64);
	} else if (!strcmp(what, "instant")) {
		strcpy(copy, "instant that came late");
		viz__probe_instant(page, NULL, NULL, 0);
	} else if (!strcmp(what, "name")) {
		static struct label named = { .n = 2 };

		strcpy(copy, "name that came late");
		fill_base(&named, &named, VIZ__CLASS_OF(label), page);
		viz__probe_init(&named, VIZ__CLASS_OF(label), page);
	} else if (!strcmp(what, "base")) {
		/* All of it on the page; it was there before the tool came, so the base is not read before. */
		struct label *at = (struct label *)copy;

		fill_base(at, page, VIZ__CLASS_OF(label), "base");
		at->n = 3;
		viz__probe_log(page, VIZ_WHY_LOG);
	} else if (!strcmp(what, "init")) {
		struct label *at = (struct label *)copy;

		fill_base(at, page, VIZ__CLASS_OF(label), "made late");
		viz__probe_init(page, VIZ__CLASS_OF(label), "made late");
	} else if (!strcmp(what, "class")) {
		static struct label other = { .n = 4 };
		struct viz_class *cls = (struct viz_class *)page;

		memcpy(copy, VIZ__CLASS_OF(label), VIZ__CLASS_OF(label)->size);
		fill_base(&other, &other, cls, "other");
		viz__probe_init(&other, cls, "other");
	} else if (!strcmp(what, "span")) {
		/* The base before the page, the last attribute on it. */
		struct wide *w = (struct wide *)(page - PAGE / 4);

		memset(w, 0, PAGE / 4);
		*(int *)(copy + offsetof(struct wide, last) - PAGE / 4) = 12;
		VIZ_PROBE_INIT(w, wide, "wide");
		viz__probe_log(w, VIZ_WHY_LOG);
	}
}

static void *run(void *arg)
{
	struct job *job = arg;

	fire(job->what, job->page);
	free(job->page ? job : NULL);
	__sync_fetch_and_add(&done, 1);
	return NULL;
}

/* Pages with odd numbers are slow, those before them are not. */
static char *a_slow_page(void)
{
	next_page += 2;
	return slow + (next_page - 1) * PAGE;
}

static void serve_page(int i)
{
	struct uffdio_copy copy = { .dst = (uintptr_t)slow + (uintptr_t)i * PAGE, .src = (uintptr_t)contents[i], .len = PAGE };

	if (ioctl(uffd, UFFDIO_COPY, &copy) && errno != EEXIST)
		exit(95);
}

static bool begin(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register all = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	slow = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (uffd < 0 || slow == MAP_FAILED || ioctl(uffd, UFFDIO_API, &api))
		return false;
	all.range.start = (uintptr_t)slow;
	all.range.len = PAGES * PAGE;
	if (ioctl(uffd, UFFDIO_REGISTER, &all))
		return false;
	for (int i = 0; i < PAGES; i += 2)
		serve_page(i);
	return true;
}

static const char *touch(const char *what)
{
	struct pollfd fault = { .fd = uffd, .events = POLLIN };
	struct job *job = malloc(sizeof(*job));
	struct uffd_msg message;
	int before = done;

	*job = (struct job){ strdup(what), a_slow_page() };
	if (pthread_create(&threads[n_threads++], NULL, run, job))
		exit(94);
	while (done == before)
		if (poll(&fault, 1, 10) > 0 && read(uffd, &message, sizeof(message)) == sizeof(message))
			return "asleep";
	return "went on";
}

static void serve_all(void)
{
	for (int i = 1; i < PAGES; i += 2)
		serve_page(i);
}

/* As long as one sleeps in a probe nobody on this machine can attach or detach: never for much longer than a test takes. */
static void *do_not_wait_for_ever(void *arg)
{
	sleep(20);
	serve_all();
	return arg;
}

static void serve(void)
{
	serve_all();
	while (n_threads)
		pthread_join(threads[--n_threads], NULL);
}

int main(void)
{
	pthread_t watchdog;
	const char *line;

	if (!begin()) {
		puts("no userfaultfd");
		return 0;
	}
	VIZ_PROBE_INIT(&sum, sum, NULL);
	if (pthread_create(&watchdog, NULL, do_not_wait_for_ever, NULL))
		return 1;
	for (line = step("ready"); strcmp(line, "quit"); line = step("ok")) {
		if (!strncmp(line, "touch ", 6))
			puts(touch(line + 6));
		else if (!strncmp(line, "work ", 5))
			for (long n = atol(line + 5); n; n--)
				VIZ_PROBE_SET(&sum, value, sum.value + 1);
		else if (!strcmp(line, "serve"))
			serve();
		else if (!strcmp(line, "semaphores"))
			printf("%d\n", step_semaphores());
	}
	return 0;
}
