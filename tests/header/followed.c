/* SPDX-License-Identifier: BSD-2-Clause */
/* VIZ_AT: what the descriptors say, and what the macros find by their text. As C and as C++; 0 if all is well. */
#include "viztrace.h"

#include <stdio.h>
#include <string.h>

struct db { int id; char name[8]; };
struct command { const char *fullname; double weights[3]; struct db *db; const struct db *const constant; unsigned char level; };
struct client { struct viz_object viz; int n; struct command *cmd; const struct command *other; int last; };
VIZ_PROBE_OBJECT(client, VIZ_AT(cmd, fullname), VIZ_AT(cmd, weights), VIZ_AT(cmd, db, id), VIZ_AT(other, constant, name), last);

struct gauge { struct viz_counter viz; struct client *client; int own; };
VIZ_PROBE_COUNTER(gauge, own, VIZ_AT(client, cmd, level), VIZ_AT(client, cmd, db, id));

struct child { struct client viz; struct db *db; };
VIZ_PROBE_OBJECT(child, VIZ_AT(viz.cmd, db, id), VIZ_AT(db, id), viz.last);

struct node { struct node *next; int value; };
VIZ_PROBE_OBJECT_OF(node_trace, struct node, value, VIZ_AT(next, value), VIZ_AT(next, next, value));
typedef struct { int now; } load_t;
VIZ_PROBE_COUNTER_OF(load_trace, const load_t, now);

struct plain { struct viz_counter viz; int n; };
VIZ_PROBE_COUNTER(plain, n);

#ifndef VIZ_PROBE_DISABLE
#include "check.h"

static void check_attr(int line, const struct viz_class *c, unsigned i, const char *name, int type, size_t offset, size_t stride,
		       size_t count, uint32_t n, size_t h0, size_t h1, size_t h2)
{
	const struct viz_attr *a = viz__attrs(c) + i;
	struct viz_path p;

	memcpy(&p, a->dict, sizeof(p));
	CHECK_AT(line, !strcmp(a->name, name) && a->type == (type | VIZ_TYPE_FOLLOWED) && a->offset == (int32_t)offset);
	CHECK_AT(line, a->stride == stride && a->count == count && (a->flags == VIZ_ATTR_LIST) == (count > 1));
	CHECK_AT(line, p.n == n && p.hops[0] == h0 && p.hops[1] == h1 && p.hops[2] == h2);
}
#define ATTR(c, ...) check_attr(__LINE__, &viz__class_##c.head, __VA_ARGS__)

static void check_descriptors(void)
{
	const size_t cmd = offsetof(struct client, cmd), db = offsetof(struct command, db);

	ATTR(client, 0, "cmd.fullname", VIZ_TYPE_STRP, cmd, 8, 1, 1, 0, 0, 0);
	ATTR(client, 1, "cmd.weights", VIZ_TYPE_F64, cmd, 8, 3, 1, offsetof(struct command, weights), 0, 0);
	ATTR(client, 2, "cmd.db.id", VIZ_TYPE_I32, cmd, 4, 1, 2, db, 0, 0);
	ATTR(client, 3, "other.constant.name", VIZ_TYPE_STR, offsetof(struct client, other), 8, 1, 2,
	     offsetof(struct command, constant), offsetof(struct db, name), 0);
	ATTR(gauge, 1, "client.cmd.level", VIZ_TYPE_U8, offsetof(struct gauge, client), 1, 1, 2, cmd,
	     offsetof(struct command, level), 0);
	ATTR(gauge, 2, "client.cmd.db.id", VIZ_TYPE_I32, offsetof(struct gauge, client), 4, 1, 3, cmd, db, 0);
	ATTR(child, 0, "viz.cmd.db.id", VIZ_TYPE_I32, cmd, 4, 1, 2, db, 0, 0);
	ATTR(node_trace, 0, "value", VIZ_TYPE_I32, 56, 4, 1, 1, offsetof(struct node, value), 0, 0);
	ATTR(node_trace, 1, "next.value", VIZ_TYPE_I32, 56, 4, 1, 2, 0, offsetof(struct node, value), 0);
	ATTR(node_trace, 2, "next.next.value", VIZ_TYPE_I32, 56, 4, 1, 3, 0, 0, offsetof(struct node, value));
	ATTR(load_trace, 0, "now", VIZ_TYPE_I32, 56, 4, 1, 1, 0, 0, 0);
	CHECK(viz__class_client.head.version == 2 && viz__class_gauge.head.version == 2);
	/* What nobody follows is described as it ever was: older tools go on to understand it. */
	CHECK(viz__class_plain.head.version == 1);
	for (int i = 0; i < 8; i++)
		CHECK(viz__class_client.head.strings[i] == 0);
	CHECK(viz__class_client.head.span_size == offsetof(struct client, last) + sizeof(int));
}

static void check_paths(void)
{
	CHECK(viz__is_path("cmd.db.id", "cmd->db->id"));
	CHECK(viz__is_path("cmd.db.id", "cmd -> db -> id "));
	CHECK(viz__is_path("cmd.weights", "cmd->weights[2]"));
	CHECK(viz__is_path("cmd.name", "cmd->name.first"));
	CHECK(viz__is_path("cmd.db.id", "cmd->db"));
	CHECK(!viz__is_path("cmd.db.id", "cmd->d"));
	CHECK(!viz__is_path("cmd.db.id", "cmd->db->idle"));
	CHECK(!viz__is_path("cmd.db.idle", "cmd->db->id"));
	CHECK(!viz__is_path("cmd.db.id", "db->id"));
}
#endif

int main(int argc, char **argv)
{
	struct db db = { 1, "a" };
	struct command command = { "get", { 1, 2, 3 }, &db, &db, 4 };
	struct client client;

	(void)argv;
	memset(&client, 0, sizeof(client));
	client.cmd = argc > 5 ? (struct command *)0 : &command;
	VIZ_PROBE_INIT(&client, client, "c", (exclude_attributes, "cmd.weights"));
	VIZ_PROBE_SET(&client, cmd->db->id, 7);
	VIZ_PROBE_SET(&client, cmd->db->name, "longer than that");
	VIZ_PROBE_SET(&client, cmd->weights[1], 0.5);
	if (argc > 1)
		VIZ_PROBE_CHANGED(&client, cmd->fullname);
	VIZ_PROBE_DESTROY(&client);
#ifdef VIZ_PROBE_DISABLE
	return db.id != 7;
#else
	CHECK(db.id == 7 && !strcmp(db.name, "longer ") && command.weights[1] > 0.4);
	check_descriptors();
	check_paths();
	return failures ? 1 : 0;
#endif
}
