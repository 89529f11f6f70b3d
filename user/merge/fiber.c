// SPDX-License-Identifier: BSD-2-Clause
/* fiber: see fiber.h. */
#define _GNU_SOURCE
#include "fiber.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#define STACK (2u << 20) /* bytes, of which those are memory that are used: JSON may be 2048 levels deep */

struct fiber {
	ucontext_t here, caller;
	void (*run)(void *ctx);
	void *ctx;
	bool ended;
	char *stack; /* below its first page nobody may come */
	size_t guard;
	void *shadow, *caller_shadow; /* the sanitizer's */
	const void *caller_stack;
	size_t caller_size;
};

/* The sanitizer has to be told which stack is in use. */
static void leave(void **shadow, const void *stack, size_t size)
{
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_start_switch_fiber(shadow, stack, size);
#else
	(void)shadow, (void)stack, (void)size;
#endif
}

static void arrive(void *shadow, const void **ret_stack, size_t *ret_size)
{
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(shadow, ret_stack, ret_size);
#else
	(void)shadow, (void)ret_stack, (void)ret_size;
#endif
}

/* makecontext() passes on nothing but int. */
static void begin(unsigned high, unsigned low)
{
	struct fiber *f = (struct fiber *)(uintptr_t)((uint64_t)high << 32 | low);

	arrive(NULL, &f->caller_stack, &f->caller_size);
	f->run(f->ctx);
	f->ended = true;
	leave(NULL, f->caller_stack, f->caller_size);
	setcontext(&f->caller);
}

int fiber__new(struct fiber **ret, void (*run)(void *ctx), void *ctx)
{
	struct fiber *f = calloc(1, sizeof(*f));
	uint64_t self = (uintptr_t)f;

	if (!f)
		return -ENOMEM;
	f->run = run;
	f->ctx = ctx;
	f->guard = (size_t)sysconf(_SC_PAGESIZE);
	f->stack = mmap(NULL, f->guard + STACK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (f->stack == MAP_FAILED) {
		free(f);
		return -ENOMEM;
	}
	if (mprotect(f->stack, f->guard, PROT_NONE) || getcontext(&f->here)) {
		fiber__free(f);
		return -ENOMEM;
	}
	f->here.uc_stack.ss_sp = f->stack + f->guard;
	f->here.uc_stack.ss_size = STACK;
	f->here.uc_link = NULL;
	makecontext(&f->here, (void (*)(void))begin, 2, (unsigned)(self >> 32), (unsigned)self);
	*ret = f;
	return 0;
}

void fiber__free(struct fiber *f)
{
	if (!f)
		return;
	munmap(f->stack, f->guard + STACK);
	free(f);
}

bool fiber__resume(struct fiber *f)
{
	if (f->ended)
		return false;
	leave(&f->caller_shadow, f->stack + f->guard, STACK);
	swapcontext(&f->caller, &f->here);
	arrive(f->caller_shadow, NULL, NULL);
	return !f->ended;
}

void fiber__yield(struct fiber *f)
{
	leave(&f->shadow, f->caller_stack, f->caller_size);
	swapcontext(&f->here, &f->caller);
	arrive(f->shadow, &f->caller_stack, &f->caller_size);
}
