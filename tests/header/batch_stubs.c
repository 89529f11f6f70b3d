/* SPDX-License-Identifier: BSD-2-Clause */
/* What batch.c has in place of the header's stubs, in a unit of its own, so that these are the weak ones. */
#if defined(__x86_64__)
extern int batch_stubs;
int batch_stubs;

/* A stub changes no register, and neither do these in its place. */
#define IN_PLACE_OF_A_STUB(name, callee) __asm__( \
	".pushsection .text\n" \
	".globl " name "\n" \
	name ":\n" \
	"push %rax\n push %rcx\n push %rdx\n push %rsi\n push %rdi\n push %r8\n push %r9\n push %r10\n push %r11\n" \
	"push %rbp\n mov %rsp, %rbp\n and $-16, %rsp\n" \
	"call " callee "\n" \
	"mov %rbp, %rsp\n pop %rbp\n" \
	"pop %r11\n pop %r10\n pop %r9\n pop %r8\n pop %rdi\n pop %rsi\n pop %rdx\n pop %rcx\n pop %rax\n" \
	"ret\n" \
	".popsection\n")
IN_PLACE_OF_A_STUB("viz__probe_batch", "keep");
IN_PLACE_OF_A_STUB("viz__probe_set", "trap");
IN_PLACE_OF_A_STUB("viz__probe_enter", "trap");
IN_PLACE_OF_A_STUB("viz__probe_exit", "trap");
IN_PLACE_OF_A_STUB("viz__probe_value", "trap");
IN_PLACE_OF_A_STUB("viz__probe_instant", "trap");
IN_PLACE_OF_A_STUB("viz__probe_async", "trap");
#endif
