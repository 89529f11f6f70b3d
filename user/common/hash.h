/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash: keys that a target invents, such as addresses and names, spread over a table. With a seed that nobody knows,
 * drawn at the start: else a target could choose keys that all fall into one place, and 100,000 of them would keep the
 * tool busy for ever.
 *
 * Both are polynomials in secret numbers, so that how often two different keys collide can be told whoever chose them.
 * The results differ from run to run: nothing that is written may depend on them.
 */
#ifndef VIZTRACE_HASH_H
#define VIZTRACE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Not to be changed once a table is in use. */
struct hash_seed {
	uint64_t text;    /* below 2^61 - 1 */
	uint64_t pair[6]; /* three numbers of 128 bits */
};
extern struct hash_seed hash_seed;

/* Below 2^61. Two texts of up to n bytes collide with a probability of n / 2^63. */
uint64_t hash__text(const char *text, size_t size);

/* Two pairs collide in the lowest n bits with a probability of 2^-n (multilinear hashing). */
static inline uint64_t hash__pair(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	const uint64_t *k = hash_seed.pair;
	wide sum = ((wide)k[0] << 64 | k[1]) + ((wide)k[2] << 64 | k[3]) * a + ((wide)k[4] << 64 | k[5]) * b;

	/* The low bits alone would be a progression for keys that are one. */
	return (uint64_t)(sum >> 64) ^ (uint64_t)(sum >> 93);
}

#endif
