// SPDX-License-Identifier: BSD-2-Clause
/* What is behind pointers (VIZ_AT), traced: follow MODE. Says "ready", waits, reports, says "done". */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

/* Of somebody else: none of these may be changed. */
struct db {
	int id;
	char name[8];
	char tags[2][4];
	const char *owner;
};

struct command {
	const char *fullname;
	double weights[3];
	struct db *db;
	bool quick;
	int16_t level;
	char big[4096 - 64];
};

struct client {
	struct viz_object viz;
	struct command *cmd;
	int last;
	const char *note;
	struct db *db, *_hidden;
};
VIZ_PROBE_OBJECT(client, VIZ_AT(cmd, fullname), VIZ_AT(cmd, weights), VIZ_AT(cmd, db, id), VIZ_AT(cmd, db, owner), last, note,
		 VIZ_AT(cmd, quick), VIZ_AT(db, name), VIZ_AT(db, tags), VIZ_AT(_hidden, id));

struct gauge {
	struct viz_counter viz;
	struct command *cmd;
	int own;
	struct db *db;
};
VIZ_PROBE_COUNTER(gauge, own, VIZ_AT(cmd, level), VIZ_AT(db, id));

static struct db db = { .id = 7, .name = "orders", .tags = { "ab", "cd" }, .owner = "ann" };
static struct db other = { .id = 8, .name = "12345678", .tags = { "ef", "ghij" }, .owner = NULL };
static struct command command = { .fullname = "get", .weights = { 0.5, 1, 2 }, .db = &db, .quick = true, .level = -3 };
static struct client client;
static struct gauge gauge;

static void *nowhere(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || munmap(p, PAGE))
		exit(98);
	return p;
}

/* Each way to change something; the pointer itself, too. */
static void run_values(void)
{
	VIZ_PROBE_SET(&client, cmd->db->id, 70);
	VIZ_PROBE_SET(&client, cmd->weights[1], 1.5);
	VIZ_PROBE_SET(&client, db->name, "a name that is longer");
	client.cmd->fullname = "set";
	VIZ_PROBE_CHANGED(&client, cmd->fullname);
	VIZ_PROBE_SET(&client, last, 1);
	VIZ_PROBE_SET(&client, cmd -> db, &other);
	VIZ_PROBE_SET(&client, db, &other);
	VIZ_PROBE_SET(&client, cmd->level, 4); /* not declared: silent */
	command.db->id++;
	VIZ_PROBE_LOG(&client);
}

static void run_null(void)
{
	command.fullname = NULL;
	VIZ_PROBE_LOG(&client);
	command.db = NULL;
	VIZ_PROBE_LOG(&client);
	VIZ_PROBE_SET(&client, cmd, NULL);
	VIZ_PROBE_CHANGED(&client, cmd->fullname); /* the program follows nothing to say that */
	client.db = NULL;
	VIZ_PROBE_LOG(&client);
}

static void run_garbage(void)
{
	static struct command *bad[4];

	bad[0] = nowhere();
	bad[1] = (struct command *)0x4141414141414141;
	bad[2] = (struct command *)8;
	bad[3] = (struct command *)-8;
	for (int i = 0; i < 4; i++)
		VIZ_PROBE_SET(&client, cmd, bad[i]);
	client.cmd = &command;
	command.db = nowhere();
	command.fullname = nowhere();
	VIZ_PROBE_LOG(&client);
}

/* Pages that nobody has touched, and what reaches across them. */
static void run_cold(void)
{
	int fd = memfd_create("follow", 0);
	struct command *cold;
	char *p;

	if (fd < 0 || ftruncate(fd, 4 * PAGE))
		exit(97);
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		exit(96);
	cold = (struct command *)(void *)(p + PAGE - offsetof(struct command, weights) - 4); /* across two pages */
	*cold = command;
	strcpy(p + 3 * PAGE, "cold");
	cold->fullname = p + 3 * PAGE;
	client.cmd = cold;
	if (madvise(p, 4 * PAGE, MADV_DONTNEED))
		exit(95);
	VIZ_PROBE_LOG(&client);
}

static void run_excluded(void)
{
	if (VIZ_PROBE_CONFIG(&client, exclude_attributes, "cmd.fullname", "cmd.weights", "note") ||
	    VIZ_PROBE_CONFIG(&client, exclude_attributes, "cmd.unknown") != VIZ_ENOENT)
		exit(94);
	VIZ_PROBE_SET(&client, cmd->weights[0], 9);  /* silent */
	VIZ_PROBE_SET(&client, cmd->db->id, 71);
	VIZ_PROBE_SET(&client, cmd, &command);       /* some that is behind it is not excluded */
	VIZ_PROBE_CONFIG(&client, trigger_on_change, false);
	VIZ_PROBE_SET(&client, cmd->db->id, 72);     /* silent */
}

static void run_counter(void)
{
	VIZ_PROBE_SET(&gauge, cmd->level, 5);
	VIZ_PROBE_SET(&gauge, db, NULL);
	VIZ_PROBE_SET(&gauge, own, 2);
	VIZ_PROBE_SET(&gauge, db, nowhere());
	VIZ_PROBE_SET(&gauge, db, &other);
}

static void run_many(void)
{
	for (int i = 0; i < 20000; i++)
		VIZ_PROBE_SET(&client, cmd->db->id, i);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } modes[] = {
		{ "values", run_values }, { "null", run_null }, { "garbage", run_garbage }, { "cold", run_cold },
		{ "excluded", run_excluded }, { "counter", run_counter }, { "many", run_many },
	};
	const char *mode = argc > 1 ? argv[1] : "";

	client.cmd = &command;
	client.db = &db;
	gauge.cmd = &command;
	gauge.db = &db;
	VIZ_PROBE_INIT(&client, client, "c1");
	VIZ_PROBE_INIT(&gauge, gauge, "g1");
	step("ready");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(mode, modes[i].name))
			modes[i].run();
	puts("done");
	return 0;
}
