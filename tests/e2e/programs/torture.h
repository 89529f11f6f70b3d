/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * torture.h: functions that notice when a tracer changes anything of theirs. The macro in the middle of a leaf is all
 * that it calls: where the compiler takes it for no call, locals are below the stack pointer, in the red zone.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdint.h>

/* What a leaf works on; each thread, and each thread's signal handler, has one of its own. */
struct context {
	_Alignas(16) unsigned char memory[1024];
	char name[32];
};

struct leaf {
	const char *macro;
	uint64_t (*run)(struct context *context, uint64_t seed); /* 0: all is as it was before the macro */
};

extern const struct leaf leaves[];
extern const unsigned n_leaves;

#define TORTURE_LOW 16 /* 8 bytes each: as large as the red zone */
#define TORTURE_VALUE(i) ((seed + (i)) * 0x9e3779b97f4a7c15u)
#define TORTURE_DOUBLE(i) ((double)(int64_t)(TORTURE_VALUE(i) >> 12))

/* The compiler cannot know these values any more, and has all of them in registers at this point. */
#if defined(__x86_64__)
#define TORTURE_VECTOR "+x"
#else
#define TORTURE_VECTOR "+w"
#endif
#define TORTURE_HOLD do { \
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h)); \
	__asm__ volatile("" : TORTURE_VECTOR(p), TORTURE_VECTOR(q), TORTURE_VECTOR(r), TORTURE_VECTOR(s), \
		TORTURE_VECTOR(t), TORTURE_VECTOR(u), TORTURE_VECTOR(v), TORTURE_VECTOR(w)); \
} while (0)

#define LEAF(function, ...) \
static __attribute__((noinline)) uint64_t function(struct context *context, uint64_t seed) \
{ \
	volatile uint64_t low[TORTURE_LOW]; \
	uint64_t a = TORTURE_VALUE(20), b = TORTURE_VALUE(21), c = TORTURE_VALUE(22), d = TORTURE_VALUE(23), \
		e = TORTURE_VALUE(24), f = TORTURE_VALUE(25), g = TORTURE_VALUE(26), h = TORTURE_VALUE(27), changed; \
	double p = TORTURE_DOUBLE(30), q = TORTURE_DOUBLE(31), r = TORTURE_DOUBLE(32), s = TORTURE_DOUBLE(33), \
		t = TORTURE_DOUBLE(34), u = TORTURE_DOUBLE(35), v = TORTURE_DOUBLE(36), w = TORTURE_DOUBLE(37); \
	(void)context; \
	for (int i = 0; i < TORTURE_LOW; i++) \
		low[i] = TORTURE_VALUE(i); \
	TORTURE_HOLD; \
	{ \
		__VA_ARGS__; \
		TORTURE_HOLD; \
	} \
	TORTURE_HOLD; \
	changed = (a ^ TORTURE_VALUE(20)) | (b ^ TORTURE_VALUE(21)) | (c ^ TORTURE_VALUE(22)) | \
		(d ^ TORTURE_VALUE(23)) | (e ^ TORTURE_VALUE(24)) | (f ^ TORTURE_VALUE(25)) | \
		(g ^ TORTURE_VALUE(26)) | (h ^ TORTURE_VALUE(27)); \
	changed |= p != TORTURE_DOUBLE(30) || q != TORTURE_DOUBLE(31) || r != TORTURE_DOUBLE(32) || \
		s != TORTURE_DOUBLE(33) || t != TORTURE_DOUBLE(34) || u != TORTURE_DOUBLE(35) || \
		v != TORTURE_DOUBLE(36) || w != TORTURE_DOUBLE(37); \
	for (int i = 0; i < TORTURE_LOW; i++) \
		changed |= low[i] ^ TORTURE_VALUE(i); \
	return changed; \
}

#endif
