// SPDX-License-Identifier: BSD-2-Clause
/* Each VIZ_PROBE_* macro in a leaf of its own (torture.h), and each stub called with all registers in use. */
#include "viztrace.h"
#include "torture.h"

#include <stdbool.h>
#include <string.h>

struct gauge {
	struct viz_counter viz;
	uint64_t n;
	double x;
};
VIZ_PROBE_COUNTER(gauge, n, x);

struct machine {
	struct viz_object viz;
	int64_t round;
	const char *name;
	char state[16];
	int list[3];
};
VIZ_PROBE_OBJECT(machine, round, name, state, list);

struct both {
	struct gauge gauge;
	struct machine machine;
};
_Static_assert(sizeof(struct both) <= sizeof(((struct context *)0)->memory), "struct context is too small");

#define BOTH ((struct both *)(void *)context->memory)
#define GAUGE (&BOTH->gauge)
#define MACHINE (&BOTH->machine)

LEAF(init, (void)VIZ_PROBE_INIT(GAUGE, gauge, context->name);
	(void)VIZ_PROBE_INIT(MACHINE, machine, NULL, (trigger_on_change, true)))
LEAF(config, (void)VIZ_PROBE_CONFIG(MACHINE, exclude_attributes, "list"); VIZ_PROBE_SET(MACHINE, list[0], (int)seed);
	(void)VIZ_PROBE_CONFIG(MACHINE, exclude_attributes); VIZ_PROBE_CHANGED(MACHINE, list))
LEAF(set, VIZ_PROBE_SET(GAUGE, n, seed); VIZ_PROBE_SET(MACHINE, state, "busy"); VIZ_PROBE_SET(MACHINE, name, context->name))
LEAF(changed, GAUGE->x = (double)seed; VIZ_PROBE_CHANGED(GAUGE, x))
LEAF(report, VIZ_PROBE_LOG(MACHINE))
LEAF(triggerlog, VIZ_PROBE_TRIGGERLOG(MACHINE, both))
LEAF(method, VIZ_PROBE_METHOD())
LEAF(scope, VIZ_PROBE_SCOPE("scope"))
LEAF(enter, VIZ_PROBE_ENTER("by hand"))
LEAF(leave, VIZ_PROBE_EXIT("by hand"))
LEAF(value, VIZ_PROBE_VALUE("torture", "seed", seed))
LEAF(value_of_double, VIZ_PROBE_VALUE("torture", "p", p))
LEAF(instant, VIZ_PROBE_INSTANT("instant"))
LEAF(destroy, VIZ_PROBE_DESTROY(MACHINE); VIZ_PROBE_DESTROY(GAUGE))

#if defined(__x86_64__)
/* More than the calling convention asks for: a stub is but nops, so whoever calls one finds every register as it was. */
enum { RDI, RSI, RDX, RCX, R8, R9, R10, R11, RAX, RBX, RBP, R12, R13, R14, R15, GENERAL };

struct registers {
	uint64_t general[GENERAL];
	uint64_t flags;
	uint64_t xmm[16][2];
};
_Static_assert(sizeof(struct registers) == 128 + 256, "torture_call knows where they are");

void torture_call(void (*stub)(void), const struct registers *before, struct registers *after)
	__attribute__((visibility("hidden")));
__asm__(
	".pushsection .text\n"
	".hidden torture_call\n"
	".type torture_call, @function\n"
	"torture_call:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"push %rdx; push %rdi; sub $8, %rsp\n"
	".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
	"movdqu 128 + 16 * \\n(%rsi), %xmm\\n\n"
	".endr\n"
	"push 120(%rsi); popfq\n"
	"mov 0(%rsi), %rdi; mov 16(%rsi), %rdx; mov 24(%rsi), %rcx; mov 32(%rsi), %r8; mov 40(%rsi), %r9\n"
	"mov 48(%rsi), %r10; mov 56(%rsi), %r11; mov 64(%rsi), %rax; mov 72(%rsi), %rbx; mov 80(%rsi), %rbp\n"
	"mov 88(%rsi), %r12; mov 96(%rsi), %r13; mov 104(%rsi), %r14; mov 112(%rsi), %r15; mov 8(%rsi), %rsi\n"
	"call *8(%rsp)\n"
	"pushfq; push %rax; mov 32(%rsp), %rax\n"
	"mov %rdi, 0(%rax); mov %rsi, 8(%rax); mov %rdx, 16(%rax); mov %rcx, 24(%rax); mov %r8, 32(%rax)\n"
	"mov %r9, 40(%rax); mov %r10, 48(%rax); mov %r11, 56(%rax); mov %rbx, 72(%rax); mov %rbp, 80(%rax)\n"
	"mov %r12, 88(%rax); mov %r13, 96(%rax); mov %r14, 104(%rax); mov %r15, 112(%rax)\n"
	"pop 64(%rax); pop 120(%rax)\n"
	".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
	"movdqu %xmm\\n, 128 + 16 * \\n(%rax)\n"
	".endr\n"
	"add $8, %rsp; pop %rdi; pop %rdx\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n"
	".size torture_call, . - torture_call\n"
	".popsection\n");

#define FLAGS_ALWAYS 0x202u /* interrupts are on, and a bit that is always 1 */
#define FLAGS_OF_RESULTS 0x8d5u /* overflow, sign, zero, adjust, parity, carry */

static uint64_t keeps(void (*stub)(void), unsigned short on, uint64_t seed, const void *a, const void *b, uint64_t c,
                      uint64_t d)
{
	struct registers before, after;

	if (!on)
		return 0;
	for (unsigned i = 0; i < sizeof(before) / 8; i++)
		((uint64_t *)&before)[i] = TORTURE_VALUE(i);
	before.general[RDI] = (uint64_t)(uintptr_t)a;
	before.general[RSI] = (uint64_t)(uintptr_t)b;
	before.general[RDX] = c;
	before.general[RCX] = d;
	before.flags = (before.flags & FLAGS_OF_RESULTS) | FLAGS_ALWAYS;
	torture_call(stub, &before, &after);
	return memcmp(&before, &after, sizeof(before)) != 0;
}

#define KEEPS(kind, a, b, c, d) \
	keeps((void (*)(void))viz__probe_##kind, viz_##kind##_semaphore, seed, a, b, (uint64_t)(uintptr_t)(c), \
	      (uint64_t)(uintptr_t)(d))

static uint64_t registers(struct context *context, uint64_t seed)
{
	const void *gauge = VIZ__BASE(GAUGE), *class = VIZ__CLASS_OF(gauge), *index = NULL;

	return KEEPS(init, gauge, class, context->name, seed) | KEEPS(set, gauge, index, seed, "n") |
	       KEEPS(log, gauge, index, seed, seed) | KEEPS(enter, "raw", context, 0, seed) |
	       KEEPS(exit, "raw", context, 0, seed) | KEEPS(value, "raw", "seed", seed, VIZ_TYPE_U64) |
	       KEEPS(instant, "raw", gauge, seed, seed) | KEEPS(destroy, gauge, class, seed, seed);
}
#endif

/* In the order of an object's life. */
const struct leaf leaves[] = {
	{ "INIT", init }, { "CONFIG", config }, { "SET", set }, { "CHANGED", changed }, { "LOG", report },
	{ "TRIGGERLOG", triggerlog }, { "METHOD", method }, { "SCOPE", scope }, { "ENTER", enter }, { "EXIT", leave },
	{ "VALUE", value }, { "VALUE of a double", value_of_double }, { "INSTANT", instant },
#if defined(__x86_64__)
	{ "a stub with all registers in use", registers },
#endif
	{ "DESTROY", destroy },
};
const unsigned n_leaves = sizeof(leaves) / sizeof(*leaves);
