/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pool of connections and the account that is charged for them: pool [ROUNDS]
 *
 *     cc -o pool pool.c $(pkg-config --cflags viztrace)
 *     sudo viztrace-bpf -o pool.json -- ./pool
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <viztrace.h>

/* Numbers only; a leading underscore is private. */
struct pool { struct viz_counter viz; int open, idle; double load; int _waiters; };
VIZ_PROBE_COUNTER(pool, open, idle, load, _waiters);

/* A dict in an object; lists, strings and JSON text go as well. */
struct limits { int soft, hard; };
VIZ_PROBE_DICT(limits, soft, hard);

/* Somebody else's, behind a pointer. */
struct bank { int id; const char *city; };

struct account {
	struct viz_object viz;
	long balance;
	const char *owner;
	char state[16];
	double rates[3];
	struct limits limits;
	const char *extra;
	const struct bank *bank;
};
VIZ_PROBE_OBJECT(account, balance, owner, state, rates, VIZ_DICT(limits, limits), VIZ_JSON(extra), VIZ_AT(bank, city));

static void charge(struct account *a, long amount)
{
	VIZ_PROBE_METHOD();             /* a slice as long as this function runs */
	VIZ_PROBE_TRIGGERLOG(a, after); /* and a report on every way out of it */
	a->balance -= amount;
	if (a->balance < a->limits.hard) {
		VIZ_PROBE_INSTANT("the account is empty");
		a->balance = 1000;
		VIZ_PROBE_SET(a, state, "filled up");
		return;
	}
	VIZ_PROBE_SET(a, state, a->balance < a->limits.soft ? "low" : "fine");
}

int main(int argc, char **argv)
{
	static const struct bank bank = { 7, "london" };
	int rounds = argc > 1 ? atoi(argv[1]) : 200;
	static struct pool pool;
	static struct account account = {
		.balance = 1000, .owner = "ada", .rates = { 0.5, 1, 2 }, .limits = { 500, 0 },
		.extra = "{\"plan\": \"small\", \"since\": 2026}", .bank = &bank,
	};

	VIZ_PROBE_INIT(&pool, pool, NULL);
	VIZ_PROBE_INIT(&account, account, "ada's account", (exclude_attributes, "rates"));
	for (int i = 0; i < rounds; i++) {
		VIZ_PROBE_SET(&pool, open, i % 10); /* assign, and report all attributes */
		pool.load = (i % 10) / 10.0;
		pool.idle = 10 - i % 10;
		VIZ_PROBE_CHANGED(&pool, idle); /* changed in another way */
		charge(&account, 7);
		VIZ_PROBE_VALUE("round", "number", i); /* no struct needed */
		usleep(5000);
	}
	VIZ_PROBE_DESTROY(&account);
	VIZ_PROBE_DESTROY(&pool);
	printf("%d rounds\n", rounds);
	return 0;
}
