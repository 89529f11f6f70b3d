// SPDX-License-Identifier: BSD-2-Clause
/* hash: see hash.h. */
#include "hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#define PRIME ((1ull << 61) - 1)
#define WORD 7 /* bytes that make a number below PRIME */

struct hash_seed hash_seed;

static __attribute__((constructor)) void draw(void)
{
	struct timespec now;

	/* It fails on no kernel that has what else we need; then there is one seed that is hard to guess still. */
	if (getrandom(&hash_seed, sizeof(hash_seed), 0) != sizeof(hash_seed)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		for (size_t i = 0; i < 6; i++)
			hash_seed.pair[i] ^= ((uint64_t)now.tv_nsec + i) * 0x9e3779b97f4a7c15u;
		hash_seed.text ^= (uint64_t)now.tv_nsec * 0xd6e8feb86659fd93u;
	}
	hash_seed.text = hash_seed.text % (PRIME - 1) + 1;
}

/* a * b modulo PRIME but for one PRIME too many; both are below 2^62. */
static inline uint64_t multiply(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;
	uint64_t sum = ((uint64_t)product & PRIME) + (uint64_t)(product >> 61);

	return (sum & PRIME) + (sum >> 61);
}

/* The bytes are the coefficients, WORD at a time: a C++ signature is long, and comes with each call of the method. */
uint64_t hash__text(const char *text, size_t size)
{
	uint64_t h = size, word;

	for (; size > WORD; size -= WORD, text += WORD) {
		memcpy(&word, text, sizeof(word));
		h = multiply(h + (word & ((1ull << 8 * WORD) - 1)), hash_seed.text);
	}
	word = 0;
	memcpy(&word, text, size);
	h = multiply(h + word, hash_seed.text);
	return h >= PRIME ? h - PRIME : h;
}
