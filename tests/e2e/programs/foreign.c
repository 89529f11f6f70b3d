// SPDX-License-Identifier: BSD-2-Clause
/*
 * The shapes that real programs have, with structs of theirs that stay as they are: foreign MODE. Says "ready", waits,
 * works, says "done".
 */
#include "viztrace.h"
#include "foreign.h"
#include "step.h"

/* A slab of packed items; who is looked at is a handle's business. */
VIZ_PROBE_OBJECT_OF(item_trace, item_t, slab, refcount, bytes, key, VIZ_AT(next, key));

/* A library's struct. */
VIZ_PROBE_OBJECT_OF(meter_trace, meter_t, level, rates, label);

/* A table of commands, each with its figures behind one more pointer. */
VIZ_PROBE_COUNTER_OF(command_trace, struct command, arity, VIZ_AT(stats, calls), VIZ_AT(stats, microseconds));

/* An event loop's clients: the program's own struct, which embeds the base, and leads to what is not its own. */
struct client {
	struct viz_object viz;
	struct connection *conn;
	int requests;
};
VIZ_PROBE_OBJECT(client, requests, VIZ_AT(conn, fd), VIZ_AT(conn, state), VIZ_AT(conn, out, used), VIZ_AT(conn, command, name),
		 VIZ_AT(conn, command, stats, calls), VIZ_AT(conn, loop, backend));

static item_t slab[4];

static void run_slab(void)
{
	struct item_trace trace = { .of = &slab[1] };

	for (int i = 0; i < 4; i++) {
		slab[i].slab = 3;
		slab[i].refcount = 1;
		slab[i].bytes = (uint16_t)(100 * i);
		snprintf(slab[i].key, sizeof(slab[i].key), "key%d", i);
	}
	slab[1].next = &slab[2];
	VIZ_PROBE_INIT(&trace, item_trace, "item");
	slab[1].refcount++;
	VIZ_PROBE_CHANGED(&trace, of->refcount); /* in C++ nothing refers to a member of a packed struct */
	VIZ_PROBE_SET(&trace, of->key, "renamed");
	VIZ_PROBE_SET(&trace, of, &slab[3]);
	VIZ_PROBE_SET(&trace, of, NULL);
	VIZ_PROBE_DESTROY(&trace);
}

static void run_library(void)
{
	meter_t meter = { .level = 1, .rates = { 0.25, 0.5 }, .label = "in" };
	struct meter_trace trace = { .of = &meter };

	VIZ_PROBE_INIT(&trace, meter_trace, NULL);
	VIZ_PROBE_SET(&trace, of->level, 2);
	VIZ_PROBE_SET(&trace, of->rates[1], 0.75);
	VIZ_PROBE_SET(&trace, of->label, "out");
	VIZ_PROBE_DESTROY(&trace);
}

static void count_call(struct command *c, long long microseconds)
{
	c->stats->calls++;
	c->stats->microseconds += microseconds;
}

static struct stats get_stats, set_stats;
static struct command commands[] = { { "get", 2, &get_stats, count_call }, { "set", 3, &set_stats, count_call } };

static void run_commands(void)
{
	static struct command_trace traces[2];

	for (int i = 0; i < 2; i++) {
		traces[i].of = &commands[i];
		VIZ_PROBE_INIT(&traces[i], command_trace, commands[i].name);
	}
	for (int i = 0; i < 4; i++) {
		commands[i % 2].run(&commands[i % 2], 10 * i);
		VIZ_PROBE_LOG(&traces[i % 2]);
	}
}

static void run_clients(void)
{
	static struct loop loop = { .ready = 1, .backend = "epoll" };
	static struct buffer buffers[2];
	static struct connection connections[2];
	static struct client clients[2];
	static const char *const names[] = { "client-0", "client-1" };

	for (int i = 0; i < 2; i++) {
		connections[i] = (struct connection){ .fd = 7 + i, .out = &buffers[i], .loop = &loop, .state = "idle" };
		clients[i].conn = &connections[i];
		VIZ_PROBE_INIT(&clients[i], client, names[i]);
	}
	for (int turn = 0; turn < 4; turn++) {
		struct client *c = &clients[turn % 2];

		c->conn->command = &commands[turn / 2];
		c->conn->command->run(c->conn->command, 1);
		VIZ_PROBE_SET(c, conn->state, turn < 2 ? "reading" : "writing");
		VIZ_PROBE_SET(c, conn->out->used, c->conn->out->used + 100);
		VIZ_PROBE_SET(c, requests, c->requests + 1);
	}
	VIZ_PROBE_SET(&clients[1], conn->command, NULL);
	VIZ_PROBE_DESTROY(&clients[0]);
	VIZ_PROBE_DESTROY(&clients[1]);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } modes[] = {
		{ "slab", run_slab }, { "library", run_library }, { "commands", run_commands }, { "clients", run_clients },
	};
	const char *mode = argc > 1 ? argv[1] : "";

	step("ready");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(mode, modes[i].name))
			modes[i].run();
	puts("done");
	return 0;
}
