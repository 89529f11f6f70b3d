/* SPDX-License-Identifier: BSD-2-Clause */
/* As somebody else's header would be: nothing in here knows of probes, and nothing in here may be changed. */
#ifndef FOREIGN_H
#define FOREIGN_H

#include <stdint.h>

/* An item of a slab: its key is right behind it. */
typedef struct __attribute__((packed)) item {
	uint8_t slab;
	struct item *next;
	uint32_t refcount;
	uint16_t bytes;
	char key[6];
} item_t;

/* A typedef without a tag. */
typedef struct {
	int level;
	double rates[2];
	const char *label;
} meter_t;

struct stats {
	long long calls, microseconds;
};

struct command {
	const char *name;
	int arity;
	struct stats *stats;
	void (*run)(struct command *, long long);
};

struct buffer {
	char *data;
	unsigned used;
};

struct loop {
	int ready;
	const char *backend;
};

struct connection {
	int fd;
	struct buffer *out;
	struct command *command;
	struct loop *loop;
	char state[8];
};

#endif
