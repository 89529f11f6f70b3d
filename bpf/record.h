/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records that the eBPF programs put into the ring buffers.
 *
 * Shared by bpf/ and by the two stages that touch raw records, collect and decode; nobody else
 * may include it. Fixed-width fields, explicit padding. Kinds are append-only. `size` in the
 * head is what is used of a record; the ring's own length may be larger. User space takes all of it
 * for untrusted bytes.
 *
 *   0        8          16      20     24         40
 *   | size   | ts       | tgid  | tid  | comm[16] | the kind's own fields ...
 *   | kind   |
 *   | flags  |
 */
#ifndef VIZTRACE_RECORD_H
#define VIZTRACE_RECORD_H

#ifdef __bpf__
#include <linux/types.h>
typedef __u8 rec_u8;
typedef __u16 rec_u16;
typedef __u32 rec_u32;
typedef __s32 rec_s32;
typedef __u64 rec_u64;
#else
#include <stdint.h>
typedef uint8_t rec_u8;
typedef uint16_t rec_u16;
typedef uint32_t rec_u32;
typedef int32_t rec_s32;
typedef uint64_t rec_u64;
#endif

/* Limits that the programs and their loader share. */
#define OBJECTS_MAX 65536 /* objects known to the kernel at once; more are introduced again and again */
#define CLASSES_MAX 4096
#define VERDICTS_MAX 65536 /* of the filter, in the kernel; what is beyond them is filtered in user space */
#define RINGS_MAX 512      /* ring buffers; CPUs beyond that share them */
#define TRACEES_MAX 32768  /* processes that are traced at once */
#define BATCHED_MAX 1024   /* processes with batches at once */
#define POOLS_MAX 16       /* of batches, in one of them: a linked object has one */
#define POOL_SLOTS 64      /* VIZ_SLOTS */
#define LOSSES_MAX 65536   /* slots that lost a lap */
#define UNTOLD_MAX 65536   /* threads that there was no room to tell of, between two looks */
#define LAP_KINDS 8        /* enum viz_record is below that */
#define NAME_BYTES 512     /* of an object's, slice's or value's name, with the NUL */
#define DECIDED_BYTES 256  /* with the NUL; slices with longer names are filtered in user space */
#define TEXT_BYTES 4096    /* of one string, with the NUL */
#define TEXTS_BYTES 8192   /* of all strings of a report */

enum rec_kind {
	REC_CLASS = 1,    /* definition: struct rec_class, before the first record that names the class */
	REC_OBJECT = 2,   /* definition: struct rec_object, an object that was there before; no event */
	REC_INIT = 3,     /* struct rec_object: VIZ_PROBE_INIT */
	REC_DESTROY = 4,  /* struct rec_destroy */
	REC_SNAPSHOT = 5, /* struct rec_snapshot: SET, CHANGED, LOG, TRIGGERLOG */
	REC_ENTER = 6,    /* struct rec_slice */
	REC_EXIT = 7,     /* struct rec_slice */
	REC_VALUE = 8,    /* struct rec_value */
	REC_INSTANT = 9,  /* struct rec_slice */

	/* Of batches; no events, and for the collector alone. */
	REC_LAP = 10,    /* struct rec_lap: what is in a slot's lap */
	REC_THREAD = 11, /* struct rec_thread */

	REC_ASYNC = 12, /* struct rec_slice */
};

/* What the counts are kept for; REC_CLASS and REC_OBJECT are no probes. */
enum rec_probe {
	PROBE_INIT = 0,
	PROBE_DESTROY = 1,
	PROBE_SET = 2,
	PROBE_LOG = 3,
	PROBE_ENTER = 4,
	PROBE_EXIT = 5,
	PROBE_VALUE = 6,
	PROBE_INSTANT = 7,
	PROBE_QUIET = 8, /* a write that the app itself makes silent */
	PROBE_ASYNC = 9,
	PROBE_COUNT = 10,
};

/* What a probe is attached with, where the kernel hands that to the program. */
#define COOKIE_PROBE 0xff  /* mask: enum rec_probe */
#define COOKIE_JOINS 0x100 /* a process in which it fires is traced from then on */

/* A process that is traced. */
struct rec_tracee {
	rec_u32 generation; /* how often it has replaced its memory by exec */
	rec_u32 pad;
};

/* A process that a signal has ended. */
struct rec_death {
	rec_u64 ts; /* ns, CLOCK_MONOTONIC */
	rec_u32 signal;
	rec_u32 pad;
};

enum rec_flags {
	REC_TRUNCATED = 1,  /* a string was cut */
	REC_UNREADABLE = 2, /* memory that the record should hold could not be read */
	REC_NEW = 4,        /* REC_OBJECT: its REC_INIT was lost, so this is a new object at that address */
	REC_NO_CLOCK = 8,   /* REC_THREAD: it may not read the processor's clock */
	REC_ARGS = 16,      /* struct rec_slice: behind it is a struct rec_args */
};

struct rec_head {
	rec_u32 size; /* bytes, this head included */
	rec_u16 kind;
	rec_u16 flags;
	rec_u64 ts; /* ns, CLOCK_MONOTONIC */
	rec_u32 tgid;
	rec_u32 tid;
	char comm[16];
};

struct rec_class {
	struct rec_head head;
	rec_u64 address;
	rec_u8 bytes[]; /* struct viz_class and its attributes */
};

struct rec_object {
	struct rec_head head;
	rec_u64 address;
	rec_u64 cls;
	rec_u64 name_hash;  /* FNV-1a of the name without the NUL, or of none, begun with what the class says, which may
			     * be another one's address later: what was decided of that one's objects is not of this */
	rec_u32 name_size;  /* with its NUL; 0: no name (it is the class's tag), or unreadable by the head's flag */
	rec_u32 generation; /* of the process's memory, as in struct rec_verdict_key */
	char name[];
};

struct rec_destroy {
	struct rec_head head;
	rec_u64 address;
};

enum rec_text_status { REC_TEXT_OK = 0, REC_TEXT_TRUNCATED = 1, REC_TEXT_UNREADABLE = 2, REC_TEXT_NULL = 3 };

/* Also the bytes of what is behind a pointer, as they are there: those have no NUL, unless it is a char *. */
struct rec_text {
	rec_u16 word; /* which 8 bytes of the span hold the char *; or REC_FOLLOWED + the attribute's index */
	rec_u16 status;
	rec_u32 offset; /* of the characters, from the record's start */
	rec_u32 size;   /* with the NUL */
};

#define REC_FOLLOWED 0x8000

/* The span is the object's memory, its base (struct viz_base) included: masks and flags are those
 * in force at that moment. span_read is less than span_size where the rest was not readable. */
struct rec_snapshot {
	struct rec_head head;
	rec_u64 address; /* of the base */
	rec_u64 cls;
	rec_u32 probe; /* PROBE_SET, PROBE_QUIET or PROBE_LOG */
	rec_u32 index; /* PROBE_SET, PROBE_QUIET: the attribute that was written; PROBE_LOG: enum viz_why */
	rec_s32 span_offset;
	rec_u32 span_size;
	rec_u32 span_read;
	rec_u32 n_texts;
	rec_u32 texts; /* offset of struct rec_text[n_texts] from the record's start */
	rec_u32 epoch; /* of the filter that let it through; 0: none has decided yet */
	rec_u8 span[];
};

/* Also instants, without frame, and what is asynchronous. */
struct rec_slice {
	struct rec_head head;
	rec_u64 frame;     /* REC_ASYNC: the id */
	rec_u32 flags;     /* enum viz_slice_flags; REC_ASYNC: enum viz_async */
	rec_u32 name_size; /* with its NUL; 0: unreadable. With REC_ARGS it is in there */
	char name[];
};

#define ARGS_MAX 8 /* VIZ_ARGS_MAX */
#define ARGS_TEXTS (2 + ARGS_MAX)

/* The arguments of a slice or an instant, as its program has them (viztrace.h). Texts are one behind the other: the
 * name, the arguments' names, and those arguments that are strings. */
struct rec_args {
	rec_u64 words[1 + ARGS_MAX];
	rec_u16 sizes[ARGS_TEXTS]; /* of the texts, with their NUL; 0: unreadable, or none */
	rec_u32 used;              /* bytes of the texts */
	char text[];
};

struct rec_value {
	struct rec_head head;
	rec_u64 bits;
	rec_u32 type;      /* enum viz_type: I64, U64 or F64 */
	rec_u16 name_size; /* with their NULs; 0: unreadable */
	rec_u16 attr_size;
	char text[]; /* name, then attr */
};

enum rec_lap_flags {
	REC_LAP_FULL = 1, /* told of by its own thread: the head's */
	REC_LAP_DEAD = 2, /* nobody writes any more */
	REC_LAP_PART = 4, /* a library may be unmapped: what is in it so far, if all of it is complete */
};

/* A lap of a batch (viztrace.h); the head's tid and comm are of who had it copied. */
struct rec_lap {
	struct rec_head head;
	rec_u64 slot;      /* its address */
	rec_u64 owner;     /* thread pointer */
	rec_u64 head_word; /* the slot's: lap << 32 | bytes */
	rec_u64 pool;      /* address of the slot's pool */
	rec_u32 generation;
	rec_u32 flags; /* enum rec_lap_flags */
	rec_u32 file;  /* as in struct rec_pool */
	rec_u32 life;
	rec_u8 data[];
};

/* From the head's time on the thread pointer is this thread's. */
struct rec_thread {
	struct rec_head head;
	rec_u64 thread;
};

enum rec_pool_flags {
	REC_POOL_STAYS = 1, /* its file is the program: it is never unmapped */
};

#define REC_TENANT(file, life) ((rec_u64)(file) << 32 | (life))
#define REC_TENANT_FILE(tenant) ((rec_u32)((tenant) >> 32))
#define REC_TENANT_LIFE(tenant) ((rec_u32)(tenant))

/* Where batches are, in one linked object. */
struct rec_pool {
	rec_u64 address; /* 0: there is none */
	/* Whose memory it is at the moment, changed as one: REC_TENANT(user space's number of the file, or 0: it is
	 * unmapped; life). The number with the flags << 32 is the cookie of the file's probe. A life is a number that
	 * no other pool ever has: memory at an address may be unmapped, and the same file or another one come to be
	 * there. */
	rec_u64 tenant;
	rec_u64 flags;            /* enum rec_pool_flags */
	rec_u32 told[POOL_SLOTS]; /* the life in which the slot's thread, or we, were there last; of another: no head */
	rec_u64 heads[POOL_SLOTS]; /* as they were when their lap was taken last, and enum rec_head_flags */
};

/* In a head, where its size has no bits. */
enum rec_head_flags {
	REC_HEAD_PART = 1 << 29, /* as a part */
	REC_HEAD_LOST = 1 << 30, /* there was no room for it */
	REC_HEAD_FLAGS = REC_HEAD_PART | REC_HEAD_LOST,
};

/* A process with batches. */
struct rec_batched {
	rec_u32 generation; /* of its memory: counts up with each exec */
	rec_u32 unmaps;     /* how often libraries may have been mapped or unmapped */
	struct rec_pool pools[POOLS_MAX];
};

struct rec_loss_key {
	rec_u64 slot;
	rec_u32 tgid, generation, life;
	rec_u32 pad;
};

/* What a slot had that there was no room for. */
struct rec_loss {
	rec_u32 lost_lap, lost_bytes; /* the last lap that was counted as lost, as far as it went; 0 bytes: none was */
	/* The last one of which only a part had none, which may come yet: from which byte on, and how many records of
	 * each kind. */
	rec_u32 part_lap, part_from;
	rec_u32 records[LAP_KINDS];
};

/* What user space hands to the program that adds a pool: only if nothing has changed since it looked. */
struct rec_new_pool {
	rec_u64 address;
	rec_u32 tgid, generation, unmaps;
	rec_u32 file, flags;
	rec_u32 pad;
};

/* What the filter says about the objects of one class and name; or, without a class, about slices of one name. */
struct rec_verdict_key {
	rec_u64 cls;
	rec_u64 name_hash; /* of a slice's: as below */
	rec_u32 tgid;
	rec_u32 generation;
};

/* In the `allowed` of a slice's name. */
enum rec_slice_verdict {
	REC_SLICE_BEGINS = 1,
	REC_SLICE_ENDS = 2,
	REC_SLICE_ALL = REC_SLICE_BEGINS | REC_SLICE_ENDS,
};

/* What the words of a slice's name are added to one after the other, up to that with its NUL, and with zeros behind
 * that. Begins with 0, or that if it is a C++ signature: no text differs from another one in it. */
#define REC_HASH_PRETTY 0xd1b54a32d192ed03ull
static inline __attribute__((always_inline)) rec_u64 rec_hash_word(rec_u64 hash, rec_u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

enum rec_trigger { REC_TRIGGER_AS_APP = 0, REC_TRIGGER_ON = 1, REC_TRIGGER_OFF = 2 };

struct rec_verdict {
	rec_u64 allowed; /* bit i: attribute i may be reported; of slices: enum rec_slice_verdict */
	rec_u32 epoch;   /* the rules that it was made from */
	rec_u32 trigger; /* enum rec_trigger */
};

struct rec_counts {
	rec_u64 seen;       /* the probe fired */
	rec_u64 filtered;   /* the tool's filter did not let it through */
	rec_u64 lost;       /* no room in the ring buffer, or: */
	rec_u64 invalid;    /* of the lost: no valid object at the address, or no valid class */
	rec_u64 truncated;  /* strings cut */
	rec_u64 unreadable; /* records with memory that could not be read */
};

_Static_assert(sizeof(struct rec_head) == 40, "rec_head");
_Static_assert(sizeof(struct rec_class) == 48, "rec_class");
_Static_assert(sizeof(struct rec_object) == 72, "rec_object");
_Static_assert(sizeof(struct rec_destroy) == 48, "rec_destroy");
_Static_assert(sizeof(struct rec_text) == 12, "rec_text");
_Static_assert(sizeof(struct rec_snapshot) == 88, "rec_snapshot");
_Static_assert(sizeof(struct rec_slice) == 56, "rec_slice");
_Static_assert(sizeof(struct rec_args) == 96, "rec_args");
_Static_assert(sizeof(struct rec_value) == 56, "rec_value");
_Static_assert(sizeof(struct rec_lap) == 88, "rec_lap");
_Static_assert(sizeof(struct rec_thread) == 48, "rec_thread");

#endif
