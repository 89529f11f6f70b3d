/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structs with an attribute of every kind, declared in a header that several units of C and C++ share, as
 * users do.
 */
#ifndef TESTS_HEADER_TYPES_H
#define TESTS_HEADER_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#include <atomic>
#define ATOMIC(T) std::atomic<T>
extern "C" {
#elif __STDC_VERSION__ >= 201112L
#define ATOMIC(T) _Atomic T
#else
#define ATOMIC(T) T
#endif

#include "viztrace.h"

enum colour { RED = 1, GREEN, BLUE };

struct numbers {
	struct viz_counter viz;
	char c;
	signed char sc;
	unsigned char uc;
	short s;
	unsigned short us;
	int i;
	unsigned int u;
	long l;
	unsigned long ul;
	long long ll;
	unsigned long long ull;
	int8_t i8;
	uint8_t u8;
	int16_t i16;
	uint16_t u16;
	int32_t i32;
	uint32_t u32;
	int64_t i64;
	uint64_t u64;
	size_t size;
	bool b;
	enum colour e;
	float f;
	double d;
	volatile int v;
	ATOMIC(int) a;
	int _private;
};
VIZ_PROBE_COUNTER(numbers, c, sc, uc, s, us, i, u, l, ul, ll, ull, i8, u8, i16, u16, i32, u32, i64, u64, size,
                  b, e, f, d, v, a, _private);

struct limits {
	int soft, hard;
};
VIZ_PROBE_DICT(limits, soft, hard);

struct origin {
	char zone[8];
	const char *host;
	struct limits lim;
	double weights[2];
	bool up;
};
VIZ_PROBE_DICT(origin, zone, host, VIZ_DICT(lim, limits), weights, up);

/* The base is not the first member, one attribute comes before it. */
struct everything {
	int64_t early;
	struct viz_object viz;
	int number;
	bool flag;
	enum colour colour;
	float ratio;
	double exact;
	char text[24];
	char *pointer;
	const char *constant;
	int ints[3];
	double doubles[2];
	bool flags[5];
	char texts[3][8];
	const char *pointers[2];
	struct limits lim;
	struct limits lims[2];
	struct origin origin;
	char json[40];
	const char *json_pointer;
	volatile unsigned short careful;
	ATOMIC(long) atomic;
	const int fixed;
	const char fixed_texts[2][4];
	volatile int careful_ints[2];
	long _private;
};
VIZ_PROBE_OBJECT(everything, early, number, flag, colour, ratio, exact, text, pointer, constant, ints,
                 doubles, flags, texts, pointers, VIZ_DICT(lim, limits), VIZ_DICT(lims, limits),
                 VIZ_DICT(origin, origin), VIZ_JSON(json), VIZ_JSON(json_pointer), careful, atomic, fixed,
                 fixed_texts, careful_ints, _private);

struct account {
	struct viz_object viz;
	long balance;
	const char *owner;
	double rates[4];
	struct limits lim;
	int _pin;
};
VIZ_PROBE_OBJECT(account, balance, owner, rates, VIZ_DICT(lim, limits), _pin);

/* Inherits from account, and once more. */
struct savings {
	struct account viz;
	double interest;
};
VIZ_PROBE_OBJECT(savings, viz.balance, viz.owner, interest);

struct bonus {
	struct savings viz;
	int points;
};
VIZ_PROBE_OBJECT(bonus, viz.viz.balance, viz.interest, points);

/* The other unit of the program, or the shared library: uses all macros on what it is given. */
int other_unit(struct account *a, int on);

#ifdef __cplusplus
}
#endif

#endif
