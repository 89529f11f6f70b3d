// SPDX-License-Identifier: BSD-2-Clause
/* methods: see methods.h. */
#include "methods.h"

#include <string.h>

#include "../../bpf/record.h"
#include "../common/hash.h"
#include "../common/pretty.h"

#define SOME_TIMES 1024 /* as many may be on their way when the kernel is told */

/* Of an instance of a template, fib<2>, a pattern may also name the template. */
static bool want_instance(struct patterns *methods, char *name)
{
	size_t n;

	if (patterns__match(methods, name))
		return true;
	n = pretty__template(name);
	if (!n)
		return false;
	name[n] = '\0';
	return patterns__match(methods, name);
}

bool methods__want(struct rules *r, const struct event *e)
{
	struct patterns *methods = &r->lists[RULE_METHODS];
	char name[PRETTY_MAX];

	if (r->no_methods)
		return false;
	if (!methods->n || !e->name)
		return true;
	if (!e->pretty)
		return patterns__match(methods, e->name);
	pretty__name(e->name, name);
	return want_instance(methods, name);
}

bool methods__hash(const struct event *e, uint64_t *ret)
{
	uint64_t words[DECIDED_BYTES / 8] = { 0 };
	size_t size = e->name ? strnlen(e->name, DECIDED_BYTES) + 1 : 0;

	if (!size || size > DECIDED_BYTES - 1)
		return false;
	memcpy(words, e->name, size - 1);
	*ret = e->pretty ? REC_HASH_PRETTY : 0;
	for (size_t i = 0; 8 * i < size; i++)
		*ret = rec_hash_word(*ret, words[i]);
	return true;
}

bool methods__is_due(struct methods_unwanted *u, uint32_t pid, uint64_t hash, uint32_t epoch)
{
	size_t i = hash__pair(hash, pid) % METHODS_UNWANTED;

	if (u->slots[i].hash != hash || u->slots[i].pid != pid || u->slots[i].epoch != epoch) {
		u->slots[i].hash = hash;
		u->slots[i].pid = pid;
		u->slots[i].epoch = epoch;
		u->slots[i].times = 0;
	}
	return ++u->slots[i].times % SOME_TIMES == 2;
}
