/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viztrace.h - put a program's counters, objects and methods on a timeline.
 *
 * C99 to C23 and C++11 to C++23, gcc and clang, x86-64 and aarch64 Linux. Nothing to link.
 * Each macro is a USDT probe of the provider `viz`. While nobody traces it costs one load and
 * one branch; `sudo viztrace-bpf -p PID` switches it on in the running process.
 *
 * 1. DECLARE, at file scope, once the struct is defined
 *
 *     struct pool { struct viz_counter viz; int64_t open, idle; double load; int _waiters; };
 *     VIZ_PROBE_COUNTER(pool, open, idle, load, _waiters);
 *
 *     struct limits { int soft, hard; };
 *     VIZ_PROBE_DICT(limits, soft, hard);
 *
 *     struct account { struct viz_object viz; int64_t balance; const char *owner;
 *                      double rates[4]; struct limits lim; const char *extra; };
 *     VIZ_PROBE_OBJECT(account, balance, owner, rates, VIZ_DICT(lim, limits), VIZ_JSON(extra));
 *
 *   The struct embeds its base as a member that is called `viz`. A counter's attributes are
 *   numbers (integers, bool, enum, float, double); an object's may also be
 *     char[N], char *         a string (NULL is null)
 *     T[N] of any of these    a list; also char[M][N] and char *[N]
 *     VIZ_DICT(name, tag)     a struct, or an array of structs, with a VIZ_PROBE_DICT of its own
 *     VIZ_JSON(name)          a char[N] or char * that holds JSON text
 *
 *   What is behind pointers, of a counter's as of an object's: VIZ_AT(cmd, fullname) is cmd->fullname, and so on up
 *   to VIZ_AT(a, b, c, d), shown as cmd.fullname. The tool follows them at the moment of the report, the program
 *   never does: NULL on the way is null, a pointer to nowhere is unreadable. At the end is a number, a string, or a
 *   list of numbers or char[N]. So a handle of one's own shows a struct that cannot be changed:
 *     struct item_trace { struct viz_object viz; struct item *of; };
 *     VIZ_PROBE_OBJECT(item_trace, VIZ_AT(of, refcount), VIZ_AT(of, key));
 *     VIZ_PROBE_SET(&t, of->refcount, 3);                      as always, with the path as C has it
 *     VIZ_PROBE_SET(&t, of, other);                            all that is behind it is another thing's from here on
 *   The same in short, also for a typedef without a tag, and shown as refcount, key, owner.id:
 *     VIZ_PROBE_OBJECT_OF(item_trace, struct item, refcount, key, VIZ_AT(owner, id));
 *     VIZ_PROBE_COUNTER_OF(load_trace, struct load, now);
 *     struct item_trace t = { .of = item };
 *
 *   More of a number: VIZ_UNIT(open, "connections"), which viewers show that can; in objects VIZ_ENUM(state, "idle",
 *   "busy"), names for the values 0, 1, ... of an integer or an enum, which are shown instead. Also of what is followed:
 *   VIZ_UNIT(VIZ_AT(of, size), "bytes").
 *
 *   Up to VIZ_ATTRS_MAX attributes within VIZ_SPAN_MAX bytes, names up to VIZ_NAME_MAX characters.
 *   A leading `_` makes an attribute private: it never triggers and is never reported.
 *
 *   To inherit, embed the other struct as `viz`; its own `viz` must be its first member:
 *     struct savings { struct account viz; double interest; };
 *     VIZ_PROBE_OBJECT(savings, viz.balance, viz.owner, interest);   shown as balance, owner, ...
 *   Code that knows just the `struct account *` then reports the whole of a savings object.
 *
 * 2. USE
 *
 *     VIZ_PROBE_INIT(&p, pool, "db pool")     the object exists from here on; NULL: the tag is its name.
 *                                             The name is not copied: it must live as long as the object.
 *     VIZ_PROBE_NAME(&p, "pool-%d", n)        as printf: into the struct's own `char viz_name[48]`, or as long as you
 *                                             like, which is cut to fit. INIT(&p, pool, p.viz_name) comes next; an
 *                                             object that exists is renamed: it ends, and goes on under that name
 *     VIZ_PROBE_INIT(&p, pool, NULL, (trigger_on_change, false), (exclude_attributes, "idle"))
 *     VIZ_PROBE_SET(&p, open, 3)              assign, then report all included attributes
 *                                             (a char[N] takes a string, cut to fit)
 *     VIZ_PROBE_CHANGED(&p, open)             report: p.open was changed in another way
 *     VIZ_PROBE_LOG(&p)                       report now, whatever trigger_on_change says
 *     VIZ_PROBE_CONFIG(&p, enabled, false)                    no event at all from this object
 *     VIZ_PROBE_CONFIG(&p, trigger_on_change, false)          writes are silent
 *     VIZ_PROBE_CONFIG(&p, include_attributes, "open", "idle")  only these; none: all
 *     VIZ_PROBE_CONFIG(&p, exclude_attributes, "open")        all but these; include wins over it
 *     VIZ_PROBE_TRIGGERLOG(&p, after)         report at the end of this scope, on every way out;
 *                                             `before`: now; `both`. The object must outlive the scope.
 *     VIZ_PROBE_DESTROY(&p)                   the object is no more; later macros on it do nothing
 *
 *     VIZ_PROBE_METHOD()                      a slice as long as this function runs
 *     VIZ_PROBE_METHOD(n, path)               the same with arguments, shown as n and path
 *     return VIZ_PROBE_RETURN(result);        and with what it returns: a number, a string or a pointer
 *     VIZ_PROBE_SCOPE("parse")                a slice to the end of this scope, on every way out; its name too must
 *                                             live as long as that
 *     VIZ_PROBE_SCOPE("parse", VIZ_ARG("bytes", n), VIZ_ARG("path", p))
 *     VIZ_PROBE_ENTER("load"); VIZ_PROBE_EXIT("load", VIZ_ARG("result", r));
 *     VIZ_PROBE_VALUE("queue", "depth", n)    one value, no struct needed
 *     VIZ_PROBE_INSTANT("reloaded")           a moment
 *     VIZ_PROBE_INSTANT("reloaded", n, VIZ_ARG("from", path))
 *                                             up to VIZ_ARGS_MAX arguments: numbers, strings and pointers, which are
 *                                             evaluated while somebody traces, and only then. Macros in them are
 *                                             expanded first, and what then begins with a parenthesis (a cast,
 *                                             errno, NULL) needs VIZ_ARG, whose name is a literal
 *
 *     VIZ_PROBE_BEGIN("request", id)          a slice of no thread: it may end on another one. `id`, an integer or a
 *     VIZ_PROBE_END("request", id)            pointer, tells those apart that are open in this process at one time;
 *                                             what begins with the id of one that is open is inside of that
 *     VIZ_PROBE_FLOW_OUT(id)                  an arrow from the slice of this thread in which this is to the one
 *     VIZ_PROBE_FLOW_IN(id)                   in which that is, later: one IN for each OUT of an id in this process
 *
 *   INIT and CONFIG are expressions of type int: 0, or VIZ_ENOENT for an attribute name that the
 *   class does not have (nothing is changed then), or VIZ_EINVAL for an object without INIT.
 *   METHOD, SCOPE and TRIGGERLOG are declarations; every other macro is one statement.
 *   Names of slices, values and instants are any NUL-terminated strings; they are read at once, that of a SCOPE
 *   also at its end.
 *   All of them are thread-safe against the tool coming and going, and all but NAME async-signal-safe. Two
 *   threads that write one object need the lock that they need without these macros.
 *   A copy of a struct is not an object until it has had an INIT of its own.
 *
 * 3. ADJUST, before including
 *
 *     VIZ_PROBE_DISABLE    no code and no notes; everything is still type-checked, SET still assigns.
 *                          Implied on other systems and processors.
 *     VIZ_PROBE_NO_BATCH   each event is a probe of its own, none goes through the batches (below): for
 *                          code that runs before its thread has a thread pointer, where that would crash.
 *
 * The probes, for any USDT tool (bpftrace -l 'usdt:./app:viz:*'):
 *
 *     viz:init     obj, class, name           viz:enter    name, frame, flags, args, words
 *     viz:destroy  obj                        viz:exit     name, frame, flags, args, words
 *     viz:set      obj, index, bits, attr     viz:value    name, attr, bits, type
 *     viz:log      obj, why                   viz:instant  name, args, words, check
 *     viz:async    name, id, what             BEGIN, END; FLOW_OUT, FLOW_IN, with the name "flow"
 *     viz:quiet    obj, index, bits, attr     a write that the program itself makes silent; it takes
 *                                             no trap unless a tool asks for just these
 *     viz:batch    slot, data, thread         a lap of a thread's batch is full, or (nothing in it) the
 *                                             thread has just taken the slot: struct viz_slot
 *
 *   obj    address of the struct's base        class  address of its struct viz_class
 *   index  the attribute's place in the list    attr   its name
 *   bits   the value: sign-extended, or the bits of a double, or the address of a string or of what is followed; of an
 *          optional without a value: whatever is there
 *   why    enum viz_why    type  enum viz_type    flags  enum viz_slice_flags    what  enum viz_async
 *   frame  the function's frame address
 *   args   the names of arguments, each behind a "\n"    words  what they are: VIZ_ARGS_COUNT; both NULL: none
 *   check  VIZ_CHECK ^ args ^ words: there are some
 */
#ifndef VIZTRACE_H
#define VIZTRACE_H

#include <stddef.h>
#include <stdint.h>

#define VIZTRACE_VERSION 100 /* 0.1.0: major * 10000 + minor * 100 + patch */
#define VIZ_ABI_VERSION 4
#define VIZ_ATTRS_MAX 64  /* attributes of a class */
#define VIZ_NAME_MAX 39   /* characters of a tag or an attribute's name */
#define VIZ_SPAN_MAX 4096 /* bytes from the base or first attribute to the end of the last */
#define VIZ_STRINGS_MAX 32 /* char * in an object, those inside its dicts and lists included, and VIZ_AT */
#define VIZ_HOPS_MAX 3     /* pointers that a VIZ_AT follows */
#define VIZ_ARGS_MAX 8     /* arguments of a slice or an instant */

#define VIZ_ENOENT (-2)
#define VIZ_EINVAL (-22)

/* ---- What the collector reads. Append-only; its version is VIZ_ABI_VERSION. What a struct viz_class says of
 * itself is the oldest version that describes it, so that older tools go on to understand what is not new. ---- */

enum viz_kind {
	VIZ_KIND_COUNTER = 1,
	VIZ_KIND_OBJECT = 2,
	VIZ_KIND_DICT = 3,
	/* Behind the head are no attributes but char[n_attrs][VIZ_NAME_MAX + 1]: which attribute of the class with that tag
	 * and line they are of, or "", and then the names (version 4). */
	VIZ_KIND_NAMES = 4
};

enum viz_type {
	VIZ_TYPE_NONE = 0,
	VIZ_TYPE_I8 = 1,
	VIZ_TYPE_U8 = 2,
	VIZ_TYPE_I16 = 3,
	VIZ_TYPE_U16 = 4,
	VIZ_TYPE_I32 = 5,
	VIZ_TYPE_U32 = 6,
	VIZ_TYPE_I64 = 7,
	VIZ_TYPE_U64 = 8,
	VIZ_TYPE_BOOL = 9,
	VIZ_TYPE_F32 = 10,
	VIZ_TYPE_F64 = 11,
	VIZ_TYPE_STR = 12,   /* char[stride] */
	VIZ_TYPE_STRP = 13,  /* char * */
	VIZ_TYPE_JSON = 14,  /* char[stride] */
	VIZ_TYPE_JSONP = 15, /* char * */
	VIZ_TYPE_DICT = 16,  /* a struct of `stride` bytes, described by the class `dict` */
	VIZ_TYPE_FOLLOWED = 64 /* with one of 1 to 15: behind a pointer, and `dict` is a struct viz_path (version 2) */
};

enum viz_attr_flags {
	VIZ_ATTR_LIST = 1,
	VIZ_ATTR_OPTIONAL = 2, /* a number, and behind it a byte that is 0 if there is none (version 3) */
	/* A number of which a VIZ_KIND_NAMES of that line says more: one with `dict` as its tag and of no attribute, or, if
	 * that is "" or a path, of this one. Tools that do not know of it show the number. */
	VIZ_ATTR_ENUM = 4, /* what its values 0, 1, ... are called */
	VIZ_ATTR_UNIT = 8  /* one: its unit. With a line of 0 it is `dict` itself */
};
enum viz_base_flags { VIZ_ENABLED = 1, VIZ_TRIGGER = 2 };
enum viz_why { VIZ_WHY_LOG = 0, VIZ_WHY_BEFORE = 1, VIZ_WHY_AFTER = 2 };

enum viz_slice_flags {
	VIZ_SLICE_SCOPED = 1, /* ends with its scope: `frame` tells whether that is still alive */
	VIZ_SLICE_PRETTY = 2, /* the name is a C++ function's whole signature */
	VIZ_SLICE_ARGS = 4,   /* has arguments */
	VIZ_SLICE_RESULT = 8  /* EXIT: the slice has not ended yet; the argument is what it will return */
};
/* ENTER, scoped: where in the code the slice begins, 0: not told. The same place in a frame that comes once more has
 * left its last slice, by longjmp; another place is inside of it, as in recursion that was inlined. */
#define VIZ_SLICE_SITE(flags) ((flags) >> 16)

/* The arguments of a slice or an instant: one word that says what they are, and one for each. */
#define VIZ_ARGS_TYPE(head, n, i) ((unsigned)((head) >> 4 * ((n) - 1 - (i)) & 15)) /* of the i-th of n: enum viz_type */
#define VIZ_ARGS_COUNT(head) ((unsigned)((head) >> 32 & 15))
#define VIZ_ARGS_STRINGS 0x1000000000u /* of the head: there are strings among them */
#define VIZ_TYPE_POINTER 0             /* of an argument, as are I64, U64, BOOL, F64 and STRP: shown as an address */

enum viz_async {
	VIZ_ASYNC_BEGIN = 1,
	VIZ_ASYNC_END = 2,
	VIZ_ASYNC_OUT = 3,
	VIZ_ASYNC_IN = 4,
	VIZ_ASYNC_POINTER = 0x100 /* with any of them: the id is one */
};

struct viz_attr {
	char name[VIZ_NAME_MAX + 1]; /* as declared: an inherited one keeps its "viz." */
	char dict[VIZ_NAME_MAX + 1]; /* tag of the VIZ_PROBE_DICT, or "", or by the flags; or a struct viz_path */
	int32_t offset;              /* bytes from the base; in a dict from the struct's start; of the first pointer */
	uint32_t stride;             /* bytes of one element */
	uint16_t count;              /* elements; 1 if not a list */
	uint8_t type;                /* enum viz_type */
	uint8_t flags;               /* enum viz_attr_flags */
	uint32_t line;               /* of that one's declaration: tells those of one tag apart */
};

/* How to get to a followed attribute: the pointer at `offset`, plus hops[0], is where it is or where the next pointer
 * is, and so on. With a range: what the two words at `offset` say, up to `count` elements, of a string up to `stride`
 * characters; hops[0] is 0. */
enum viz_range {
	VIZ_RANGE_NONE = 0,
	VIZ_RANGE_END = 1,   /* the first one, and one behind the last (version 3, as the rest) */
	VIZ_RANGE_SIZE = 2,  /* the first one; how many */
	VIZ_RANGE_SIZED = 3  /* how many; the first one */
};
struct viz_path {
	uint32_t n; /* 1 to VIZ_HOPS_MAX */
	uint32_t hops[VIZ_HOPS_MAX];
	uint32_t range; /* enum viz_range */
};

/* One for each declaration, in the section `viz_classes`: constant, without pointers, its
 * attributes right behind it, so that one read fetches it and a file on disk can be listed. */
struct viz_class {
	uint32_t magic;       /* VIZ_CLASS_MAGIC */
	uint16_t version;     /* 1 to VIZ_ABI_VERSION: what a tool must know to read it */
	uint8_t kind;         /* enum viz_kind */
	uint8_t n_attrs;      /* or names */
	uint32_t size;        /* bytes, attributes or names included */
	uint32_t line;        /* where it was declared */
	int32_t span_offset;  /* from the base, a multiple of 8; 0 or negative */
	uint32_t span_size;   /* bytes from there to the end of the last attribute */
	uint64_t strings[VIZ_SPAN_MAX / 8 / 64]; /* bit i: the i-th 8 bytes of the span are a char * */
	char tag[VIZ_NAME_MAX + 1];
};

#define VIZ_CLASS_MAGIC 0x437a6956u /* "VizC" */
#define VIZ_CHECK 0x76697a7472616365u

/* The base of every object. `check` is VIZ_CHECK ^ its own address ^ `cls` while the object lives:
 * memory that is garbage, freed, or a copy of an object is not taken for one. */
struct viz_base {
	uint64_t check;
	const struct viz_class *cls;
	const char *name;
	uint64_t include; /* bit i: attribute i; 0: no whitelist */
	uint64_t exclude;
	uint64_t live;    /* bit (offset / 4 % 64): an included attribute may be there */
	uint32_t flags;   /* enum viz_base_flags */
	uint32_t stamp;   /* of the lap that holds a copy of this base as it is now; of the program alone */
};

struct viz_counter { struct viz_base base; };
struct viz_object { struct viz_base base; };

/*
 * Batches. While a tool asks for them (viz:batch has a tracer, and each of them is one of those of the event's own
 * probe), what can wait is written into memory of the thread's own, and just a full lap fires a probe: viz:batch.
 * Each linked object has one pool, described by a loaded note of type VIZ_NOTE_POOL, owner "viz":
 *
 *     s64 from here to the pool | u32 slots | u32 bytes of a lap
 *
 *     struct viz_slot[slots] | the lap of slot 0 | the lap of slot 1 | ...
 *
 * A thread's slot is the first that it finds with its thread pointer as the owner, or takes, from
 * VIZ_SLOT_OF(thread pointer) on. A record in a lap is made of 8-byte words:
 *
 *     0  bytes, this word included | kind << 16 | (lap & 255) << 24 | more << 32; while it is written the kind is 0
 *     1  the processor's clock: rdtsc, or cntvct_el0
 *     2  address of the object's base, or of the name: a literal
 *     3  words by kind:
 *
 *     VIZ_RECORD_SET       more: the attribute's index. The object's span, rounded up to whole words; its base, which
 *                          the span then begins with, is left out if it is in this lap already (no VIZ_RECORD_WHOLE)
 *     VIZ_RECORD_LOG       more: enum viz_why. The same words
 *     VIZ_RECORD_ENTER     more: enum viz_slice_flags. The frame's address; a slice with arguments (a flag) has
 *                          the address of their names, a literal, and their words behind that
 *     VIZ_RECORD_EXIT      the same
 *     VIZ_RECORD_VALUE     more: enum viz_type. Address of the attribute's name, a literal; the bits
 *     VIZ_RECORD_INSTANT   no more words, or those of arguments, as above
 *     VIZ_RECORD_ASYNC     more: enum viz_async. The id
 *
 * What a program cannot copy by itself without a risk fires its own probe as ever: char *, also as arguments, pointers
 * that are followed, and classes of version 3 (optional numbers) with them; names that are no literals, spans above
 * VIZ_BATCH_SPAN; INIT, DESTROY, and `quiet`; and whatever finds no slot, or is on top (a signal handler) of a record
 * that fills its lap.
 */
#define VIZ_NOTE_POOL 2
#define VIZ_SLOTS 64
#define VIZ_LAP_BYTES 8192
#define VIZ_BATCH_SPAN 512
#define VIZ_RECORD_WHOLE 0x80u
#define VIZ_SLOT_HASH 0x9E3779B97F4A7C15u
#define VIZ_SLOT_OF(thread) ((uint32_t)(((uint64_t)(thread) * VIZ_SLOT_HASH) >> 58))

enum viz_record {
	VIZ_RECORD_SET = 1,
	VIZ_RECORD_LOG = 2,
	VIZ_RECORD_ENTER = 3,
	VIZ_RECORD_EXIT = 4,
	VIZ_RECORD_VALUE = 5,
	VIZ_RECORD_INSTANT = 6,
	VIZ_RECORD_ASYNC = 7
};

struct viz_slot {
	uint64_t owner; /* its thread pointer; 0: nobody's yet */
	uint64_t head;  /* lap << 32 | bytes taken in it */
	uint64_t done;  /* records since ever << 32 | bytes complete in the lap */
	uint64_t pad[5];
};

#if !defined(__linux__) || !(defined(__x86_64__) || defined(__aarch64__)) || defined(__ILP32__)
#ifndef VIZ_PROBE_DISABLE
#define VIZ_PROBE_DISABLE
#endif
#endif

/* ==== From here on nothing is for callers: names that start with viz__ or VIZ__ may change. ==== */

/* ---- Preprocessor: count arguments, and apply m(c, k, k + 1, argument) to each of them, with k
 * counting down to 1. Passing k + 1 as well lets a row of enum constants build on the one before. */

#define VIZ__CAT(a, b) VIZ__CAT_(a, b)
#define VIZ__CAT_(a, b) a##b
#define VIZ__EXPAND(...) __VA_ARGS__
#define VIZ__CALL(m, args) m args
#define VIZ__FIRST(a, ...) a
#define VIZ__REST(a, ...) __VA_ARGS__
#define VIZ__SECOND(a, b, ...) b
#define VIZ__THIRD(a, b, c, ...) c
#define VIZ__APPLY(m, args) m args
#define VIZ__PAREN(...) ~, 1
#define VIZ__IS_PAREN(x) VIZ__CALL(VIZ__SECOND, (VIZ__PAREN x, 0, ~))

#define VIZ__PICK(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, \
	a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, \
	a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, \
	a57, a58, a59, a60, a61, a62, a63, a64, a65, a66, a67, a68, a69, a70, a71, a72, n, ...) n
#define VIZ__NARGS(...) VIZ__EXPAND(VIZ__PICK(__VA_ARGS__, too_many_attributes, \
	too_many_attributes, too_many_attributes, too_many_attributes, too_many_attributes, \
	too_many_attributes, too_many_attributes, too_many_attributes, 64, 63, 62, 61, 60, 59, 58, 57, \
	56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, \
	32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, \
	7, 6, 5, 4, 3, 2, 1, 0))
#define VIZ__NARGS_PLUS_1(...) VIZ__EXPAND(VIZ__PICK(__VA_ARGS__, too_many_attributes, \
	too_many_attributes, too_many_attributes, too_many_attributes, too_many_attributes, \
	too_many_attributes, too_many_attributes, too_many_attributes, 65, 64, 63, 62, 61, 60, 59, 58, \
	57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, \
	33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, \
	9, 8, 7, 6, 5, 4, 3, 2, 0))

#define VIZ__NARGS_MINUS_1(...) VIZ__EXPAND(VIZ__PICK(__VA_ARGS__, too_many_attributes, \
	too_many_attributes, too_many_attributes, too_many_attributes, too_many_attributes, \
	too_many_attributes, too_many_attributes, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, \
	50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, \
	26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0))

#define VIZ__FE(m, c, ...) VIZ__CAT(VIZ__FE_, VIZ__NARGS(__VA_ARGS__))(m, c, __VA_ARGS__, )
/* The same for arguments that end with an empty one, which is left out: there may be none at all. */
#define VIZ__FE_REST(m, c, ...) VIZ__CAT(VIZ__FE_, VIZ__NARGS_MINUS_1(__VA_ARGS__))(m, c, __VA_ARGS__, )
#define VIZ__FE_0(m, c, ...)
#define VIZ__FE_too_many_attributes(m, c, ...) VIZ__ASSERT(0, "more than VIZ_ATTRS_MAX attributes");
#define VIZ__FE_1(m, c, x, ...) m(c, 1, 2, x)
#define VIZ__FE_2(m, c, x, ...) m(c, 2, 3, x) VIZ__FE_1(m, c, __VA_ARGS__)
#define VIZ__FE_3(m, c, x, ...) m(c, 3, 4, x) VIZ__FE_2(m, c, __VA_ARGS__)
#define VIZ__FE_4(m, c, x, ...) m(c, 4, 5, x) VIZ__FE_3(m, c, __VA_ARGS__)
#define VIZ__FE_5(m, c, x, ...) m(c, 5, 6, x) VIZ__FE_4(m, c, __VA_ARGS__)
#define VIZ__FE_6(m, c, x, ...) m(c, 6, 7, x) VIZ__FE_5(m, c, __VA_ARGS__)
#define VIZ__FE_7(m, c, x, ...) m(c, 7, 8, x) VIZ__FE_6(m, c, __VA_ARGS__)
#define VIZ__FE_8(m, c, x, ...) m(c, 8, 9, x) VIZ__FE_7(m, c, __VA_ARGS__)
#define VIZ__FE_9(m, c, x, ...) m(c, 9, 10, x) VIZ__FE_8(m, c, __VA_ARGS__)
#define VIZ__FE_10(m, c, x, ...) m(c, 10, 11, x) VIZ__FE_9(m, c, __VA_ARGS__)
#define VIZ__FE_11(m, c, x, ...) m(c, 11, 12, x) VIZ__FE_10(m, c, __VA_ARGS__)
#define VIZ__FE_12(m, c, x, ...) m(c, 12, 13, x) VIZ__FE_11(m, c, __VA_ARGS__)
#define VIZ__FE_13(m, c, x, ...) m(c, 13, 14, x) VIZ__FE_12(m, c, __VA_ARGS__)
#define VIZ__FE_14(m, c, x, ...) m(c, 14, 15, x) VIZ__FE_13(m, c, __VA_ARGS__)
#define VIZ__FE_15(m, c, x, ...) m(c, 15, 16, x) VIZ__FE_14(m, c, __VA_ARGS__)
#define VIZ__FE_16(m, c, x, ...) m(c, 16, 17, x) VIZ__FE_15(m, c, __VA_ARGS__)
#define VIZ__FE_17(m, c, x, ...) m(c, 17, 18, x) VIZ__FE_16(m, c, __VA_ARGS__)
#define VIZ__FE_18(m, c, x, ...) m(c, 18, 19, x) VIZ__FE_17(m, c, __VA_ARGS__)
#define VIZ__FE_19(m, c, x, ...) m(c, 19, 20, x) VIZ__FE_18(m, c, __VA_ARGS__)
#define VIZ__FE_20(m, c, x, ...) m(c, 20, 21, x) VIZ__FE_19(m, c, __VA_ARGS__)
#define VIZ__FE_21(m, c, x, ...) m(c, 21, 22, x) VIZ__FE_20(m, c, __VA_ARGS__)
#define VIZ__FE_22(m, c, x, ...) m(c, 22, 23, x) VIZ__FE_21(m, c, __VA_ARGS__)
#define VIZ__FE_23(m, c, x, ...) m(c, 23, 24, x) VIZ__FE_22(m, c, __VA_ARGS__)
#define VIZ__FE_24(m, c, x, ...) m(c, 24, 25, x) VIZ__FE_23(m, c, __VA_ARGS__)
#define VIZ__FE_25(m, c, x, ...) m(c, 25, 26, x) VIZ__FE_24(m, c, __VA_ARGS__)
#define VIZ__FE_26(m, c, x, ...) m(c, 26, 27, x) VIZ__FE_25(m, c, __VA_ARGS__)
#define VIZ__FE_27(m, c, x, ...) m(c, 27, 28, x) VIZ__FE_26(m, c, __VA_ARGS__)
#define VIZ__FE_28(m, c, x, ...) m(c, 28, 29, x) VIZ__FE_27(m, c, __VA_ARGS__)
#define VIZ__FE_29(m, c, x, ...) m(c, 29, 30, x) VIZ__FE_28(m, c, __VA_ARGS__)
#define VIZ__FE_30(m, c, x, ...) m(c, 30, 31, x) VIZ__FE_29(m, c, __VA_ARGS__)
#define VIZ__FE_31(m, c, x, ...) m(c, 31, 32, x) VIZ__FE_30(m, c, __VA_ARGS__)
#define VIZ__FE_32(m, c, x, ...) m(c, 32, 33, x) VIZ__FE_31(m, c, __VA_ARGS__)
#define VIZ__FE_33(m, c, x, ...) m(c, 33, 34, x) VIZ__FE_32(m, c, __VA_ARGS__)
#define VIZ__FE_34(m, c, x, ...) m(c, 34, 35, x) VIZ__FE_33(m, c, __VA_ARGS__)
#define VIZ__FE_35(m, c, x, ...) m(c, 35, 36, x) VIZ__FE_34(m, c, __VA_ARGS__)
#define VIZ__FE_36(m, c, x, ...) m(c, 36, 37, x) VIZ__FE_35(m, c, __VA_ARGS__)
#define VIZ__FE_37(m, c, x, ...) m(c, 37, 38, x) VIZ__FE_36(m, c, __VA_ARGS__)
#define VIZ__FE_38(m, c, x, ...) m(c, 38, 39, x) VIZ__FE_37(m, c, __VA_ARGS__)
#define VIZ__FE_39(m, c, x, ...) m(c, 39, 40, x) VIZ__FE_38(m, c, __VA_ARGS__)
#define VIZ__FE_40(m, c, x, ...) m(c, 40, 41, x) VIZ__FE_39(m, c, __VA_ARGS__)
#define VIZ__FE_41(m, c, x, ...) m(c, 41, 42, x) VIZ__FE_40(m, c, __VA_ARGS__)
#define VIZ__FE_42(m, c, x, ...) m(c, 42, 43, x) VIZ__FE_41(m, c, __VA_ARGS__)
#define VIZ__FE_43(m, c, x, ...) m(c, 43, 44, x) VIZ__FE_42(m, c, __VA_ARGS__)
#define VIZ__FE_44(m, c, x, ...) m(c, 44, 45, x) VIZ__FE_43(m, c, __VA_ARGS__)
#define VIZ__FE_45(m, c, x, ...) m(c, 45, 46, x) VIZ__FE_44(m, c, __VA_ARGS__)
#define VIZ__FE_46(m, c, x, ...) m(c, 46, 47, x) VIZ__FE_45(m, c, __VA_ARGS__)
#define VIZ__FE_47(m, c, x, ...) m(c, 47, 48, x) VIZ__FE_46(m, c, __VA_ARGS__)
#define VIZ__FE_48(m, c, x, ...) m(c, 48, 49, x) VIZ__FE_47(m, c, __VA_ARGS__)
#define VIZ__FE_49(m, c, x, ...) m(c, 49, 50, x) VIZ__FE_48(m, c, __VA_ARGS__)
#define VIZ__FE_50(m, c, x, ...) m(c, 50, 51, x) VIZ__FE_49(m, c, __VA_ARGS__)
#define VIZ__FE_51(m, c, x, ...) m(c, 51, 52, x) VIZ__FE_50(m, c, __VA_ARGS__)
#define VIZ__FE_52(m, c, x, ...) m(c, 52, 53, x) VIZ__FE_51(m, c, __VA_ARGS__)
#define VIZ__FE_53(m, c, x, ...) m(c, 53, 54, x) VIZ__FE_52(m, c, __VA_ARGS__)
#define VIZ__FE_54(m, c, x, ...) m(c, 54, 55, x) VIZ__FE_53(m, c, __VA_ARGS__)
#define VIZ__FE_55(m, c, x, ...) m(c, 55, 56, x) VIZ__FE_54(m, c, __VA_ARGS__)
#define VIZ__FE_56(m, c, x, ...) m(c, 56, 57, x) VIZ__FE_55(m, c, __VA_ARGS__)
#define VIZ__FE_57(m, c, x, ...) m(c, 57, 58, x) VIZ__FE_56(m, c, __VA_ARGS__)
#define VIZ__FE_58(m, c, x, ...) m(c, 58, 59, x) VIZ__FE_57(m, c, __VA_ARGS__)
#define VIZ__FE_59(m, c, x, ...) m(c, 59, 60, x) VIZ__FE_58(m, c, __VA_ARGS__)
#define VIZ__FE_60(m, c, x, ...) m(c, 60, 61, x) VIZ__FE_59(m, c, __VA_ARGS__)
#define VIZ__FE_61(m, c, x, ...) m(c, 61, 62, x) VIZ__FE_60(m, c, __VA_ARGS__)
#define VIZ__FE_62(m, c, x, ...) m(c, 62, 63, x) VIZ__FE_61(m, c, __VA_ARGS__)
#define VIZ__FE_63(m, c, x, ...) m(c, 63, 64, x) VIZ__FE_62(m, c, __VA_ARGS__)
#define VIZ__FE_64(m, c, x, ...) m(c, 64, 65, x) VIZ__FE_63(m, c, __VA_ARGS__)

/* An attribute as the caller wrote it -> (form, name, dict tag, path, note, texts); a path is (hops, "a.b", a, b), and
 * the note says what the texts are. */
#define VIZ_DICT(name, tag) (dict, name, tag, ~, viz__bare, ~)
#define VIZ_JSON(name) (json, name, viz__none, ~, viz__bare, ~)
#define VIZ_UNIT(name, text) VIZ__NOTED(name, viz__unit, (text))
#define VIZ_ENUM(name, ...) VIZ__NOTED(name, viz__enum, (__VA_ARGS__))
#define VIZ__NOTED(x, note, texts) VIZ__CAT(VIZ__NOTED_, VIZ__IS_PAREN(x))(x, note, texts)
#define VIZ__NOTED_0(x, note, texts) (plain, x, viz__none, ~, note, texts)
#define VIZ__NOTED_1(x, note, texts) VIZ__CALL(VIZ__NOTE_IT, (VIZ__EXPAND x, note, texts))
#define VIZ__NOTE_IT(form, name, d, path, inner, nothing, note, texts) (form, name, d, path, VIZ__ONLY_##inner(note), texts)
#define VIZ__ONLY_viz__bare(note) note
#define VIZ__ONLY_viz__unit(note) viz__several
#define VIZ__ONLY_viz__enum(note) viz__several
#define VIZ__ONLY_viz__several(note) viz__several
#define VIZ_AT(...) \
	VIZ__EXPAND(VIZ__AT_PICK(__VA_ARGS__, VIZ__AT_NO, VIZ__AT_NO, VIZ__AT_NO, VIZ__AT_NO, \
		VIZ__AT_3, VIZ__AT_2, VIZ__AT_1, VIZ__AT_NO, ~))(__VA_ARGS__)
#define VIZ__AT_PICK(a, b, c, d, e, f, g, h, m, ...) m
#define VIZ__AT_1(a, b) (at, a->b, viz__none, (1, #a "." #b, a, b), viz__bare, ~)
#define VIZ__AT_2(a, b, c) (at, a->b->c, viz__none, (2, #a "." #b "." #c, a, b, c), viz__bare, ~)
#define VIZ__AT_3(a, b, c, d) (at, a->b->c->d, viz__none, (3, #a "." #b "." #c "." #d, a, b, c, d), viz__bare, ~)
#define VIZ__AT_NO(...) VIZ_AT_takes_two_to_four_names
#define VIZ__SPEC(x) VIZ__CAT(VIZ__SPEC_, VIZ__IS_PAREN(x))(x)
#define VIZ__SPEC_0(x) plain, x, viz__none, ~, viz__bare, ~
#define VIZ__SPEC_1(x) VIZ__EXPAND x

/* ---- Language: what C and C++ say differently. ---- */

#if defined(__has_attribute)
#if __has_attribute(retain)
#define VIZ__RETAIN retain,
#endif
#endif
#ifndef VIZ__RETAIN
#define VIZ__RETAIN
#endif

#define VIZ__CONST(name, value) enum { name = (int)(value) };
struct viz__id { uint64_t bits; uint32_t flags; };
#define VIZ__COLD inline __attribute__((cold, unused))
#define VIZ__HIDDEN __attribute__((visibility("hidden")))
#define VIZ__BASE(p) ((struct viz_base *)(void *)&(p)->viz)

#ifdef __cplusplus
#define VIZ__ASSERT(cond, text) static_assert(cond, text)
#define VIZ__NIL(type) static_cast<type *>(nullptr)
#define VIZ__QUIET_BEGIN \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Winvalid-offsetof\"") VIZ__QUIET_TAGS
#define VIZ__QUIET_END _Pragma("GCC diagnostic pop")
#ifdef __clang__
#define VIZ__QUIET_TAGS _Pragma("GCC diagnostic ignored \"-Wmismatched-tags\"")
#else
#define VIZ__QUIET_TAGS
#endif
#else
#define VIZ__ASSERT(cond, text) __extension__ _Static_assert(cond, text)
#define VIZ__NIL(type) ((type *)0)
#define VIZ__QUIET_BEGIN
#define VIZ__QUIET_END
#endif

/* ---- The type of an attribute, as constants: type code, bytes of an element, elements, list or not.
 * Type code 0 stands for a type that we cannot report. ---- */

#define VIZ__SIZE(t) \
	((t) == 1 || (t) == 2 || (t) == 9 ? 1 : (t) == 3 || (t) == 4 ? 2 : \
	 (t) == 5 || (t) == 6 || (t) == 10 ? 4 : 8)
#define VIZ__IS_POINTER(t) ((t) == VIZ_TYPE_STRP || (t) == VIZ_TYPE_JSONP)
#define VIZ__IS_NUMBER(t) ((t) >= VIZ_TYPE_I8 && (t) <= VIZ_TYPE_F64)
#define VIZ__AS_JSON(t) ((t) == VIZ_TYPE_STR ? VIZ_TYPE_JSON : (t) == VIZ_TYPE_STRP ? VIZ_TYPE_JSONP : 0)

#ifdef __cplusplus
extern "C++" {
namespace viz__cpp {

template <class T> struct plain { typedef T type; };
template <class T> struct plain<T &> : plain<T> {};
template <class T> struct plain<const T> : plain<T> {};
template <class T> struct plain<volatile T> : plain<T> {};
template <class T> struct plain<const volatile T> : plain<T> {};
template <class T> T make();
template <class T> struct is_reference { static constexpr bool value = false; };
template <class T> struct is_reference<T &> { static constexpr bool value = true; };
template <class T> struct is_reference<T &&> { static constexpr bool value = true; };
template <class T> struct is_pointer { static constexpr bool value = false; };
template <class T> struct is_pointer<const T> : is_pointer<T> {};
template <class T> struct is_pointer<volatile T> : is_pointer<T> {};
template <class T> struct is_pointer<const volatile T> : is_pointer<T> {};
template <class T> struct is_pointer<T *> { static constexpr bool value = true; };

template <bool Enum, class T> struct underlying { typedef T type; };
template <class T> struct underlying<true, T> { typedef __underlying_type(T) type; };

template <class T> struct code { static constexpr int value = 0; };
template <> struct code<bool> { static constexpr int value = VIZ_TYPE_BOOL; };
template <> struct code<float> { static constexpr int value = VIZ_TYPE_F32; };
template <> struct code<double> { static constexpr int value = VIZ_TYPE_F64; };
template <class T> struct integer {
	static constexpr int value = (sizeof(T) == 1 ? VIZ_TYPE_I8 : sizeof(T) == 2 ? VIZ_TYPE_I16 :
		sizeof(T) == 4 ? VIZ_TYPE_I32 : VIZ_TYPE_I64) + (static_cast<T>(-1) > static_cast<T>(0));
};
template <> struct code<char> : integer<char> {};
template <> struct code<signed char> : integer<signed char> {};
template <> struct code<unsigned char> : integer<unsigned char> {};
template <> struct code<short> : integer<short> {};
template <> struct code<unsigned short> : integer<unsigned short> {};
template <> struct code<int> : integer<int> {};
template <> struct code<unsigned int> : integer<unsigned int> {};
template <> struct code<long> : integer<long> {};
template <> struct code<unsigned long> : integer<unsigned long> {};
template <> struct code<long long> : integer<long long> {};
template <> struct code<unsigned long long> : integer<unsigned long long> {};
template <> struct code<wchar_t> : integer<wchar_t> {};
template <> struct code<char16_t> : integer<char16_t> {};
template <> struct code<char32_t> : integer<char32_t> {};
template <> struct code<char *> { static constexpr int value = VIZ_TYPE_STRP; };
template <> struct code<const char *> : code<char *> {};

/* std::atomic<number> without including <atomic>: a class as large as what its load() gives. */
template <class T> auto loaded(int) -> typename plain<decltype(make<const T &>().load())>::type;
template <class T> T loaded(...);
template <bool Class, class T> struct unwrap { typedef T type; };
template <class T> struct unwrap<true, T> { typedef decltype(loaded<T>(0)) type; };

template <class T> struct element {
	typedef typename plain<T>::type bare;
	typedef typename unwrap<__is_class(bare), bare>::type inner;
	static constexpr int value = sizeof(inner) == sizeof(bare) ?
		code<typename underlying<__is_enum(inner), inner>::type>::value : 0;
};
template <class T> struct attr {
	static constexpr int type = element<T>::value;
	static constexpr bool list = false;
	static constexpr unsigned row = sizeof(T);
};
template <class T> struct is_char { static constexpr bool value = false; };
template <> struct is_char<char> { static constexpr bool value = true; };
template <class T, unsigned long N> struct attr<T[N]> {
	static constexpr bool text = is_char<typename plain<T>::type>::value;
	static constexpr int type = text ? static_cast<int>(VIZ_TYPE_STR) : element<T>::value;
	static constexpr bool list = !text;
	static constexpr unsigned row = text ? N : sizeof(T);
};
template <class T, unsigned long M, unsigned long N> struct attr<T[M][N]> {
	static constexpr int type = attr<T[N]>::text ? VIZ_TYPE_STR : VIZ_TYPE_NONE;
	static constexpr bool list = true;
	static constexpr unsigned row = sizeof(T[N]);
};
template <class T, class D> struct dict { static constexpr bool match = false, list = false; };
template <class D> struct dict<D, D> { static constexpr bool match = true, list = false; };
template <class D, unsigned long N> struct dict<D[N], D> { static constexpr bool match = true, list = true; };

/* What SET keeps the value in, and how it stores it. */
template <class T> struct stored { typedef typename unwrap<__is_class(T), T>::type type; };
template <class T> struct stored<volatile T> : stored<T> {};
template <unsigned long N> struct stored<char[N]> { typedef const char *type; };
template <class T, class V> inline void store(T &to, const V &value) { to = value; }
template <unsigned long N> inline void store(char (&to)[N], const char *value)
{
	unsigned long i = 0;
	for (; value && i + 1 < N && value[i]; i++)
		to[i] = value[i];
	to[i] = 0;
}

template <class T> inline uint64_t bits(const T &v)
{
	static_assert(element<T>::value != 0 && element<T>::value <= VIZ_TYPE_F64,
		"VIZ_PROBE_VALUE: the value is not a number");
	union { double d; uint64_t u; } both = {};
	if (element<T>::value == VIZ_TYPE_F32 || element<T>::value == VIZ_TYPE_F64)
		both.d = static_cast<double>(v);
	else
		both.u = static_cast<uint64_t>(v);
	return both.u;
}
template <class T> inline uint32_t value_type(const T &)
{
	constexpr int t = element<T>::value;
	return t == VIZ_TYPE_F32 || t == VIZ_TYPE_F64 ? VIZ_TYPE_F64 :
		t == VIZ_TYPE_U64 ? VIZ_TYPE_U64 : VIZ_TYPE_I64;
}

template <class T> inline viz__id id(T *pointer)
{
	return { reinterpret_cast<uintptr_t>(pointer), VIZ_ASYNC_POINTER };
}
template <class T> inline viz__id id(const T &v)
{
	constexpr int t = element<T>::value;
	static_assert(t != 0 && t <= VIZ_TYPE_BOOL, "VIZ_PROBE_*: the id is neither an integer nor a pointer");
	return { static_cast<uint64_t>(v), 0 };
}
inline uint64_t bits(const long double &v) { return bits(static_cast<double>(v)); }
inline uint32_t value_type(const long double &) { return VIZ_TYPE_F64; }

/* An argument of a slice: its type, added to the others', and its word. */
inline uint64_t argument(uint64_t &head, unsigned type, uint64_t word)
{
	head = (head & ~static_cast<uint64_t>(0xffffffff)) | (head << 4 & 0xffffffff) | type;
	head += static_cast<uint64_t>(1) << 32;
	if (type == VIZ_TYPE_STRP)
		head |= VIZ_ARGS_STRINGS;
	return word;
}
inline uint64_t arg(uint64_t &head, const char *v)
{
	return argument(head, VIZ_TYPE_STRP, reinterpret_cast<uintptr_t>(v));
}
inline uint64_t arg(uint64_t &head, char *v) { return arg(head, static_cast<const char *>(v)); }
inline uint64_t arg(uint64_t &head, decltype(nullptr)) { return argument(head, VIZ_TYPE_POINTER, 0); }
template <class T> inline uint64_t arg(uint64_t &head, T *v)
{
	return argument(head, VIZ_TYPE_POINTER, reinterpret_cast<uintptr_t>(v));
}
template <class T> inline auto arg_of(uint64_t &head, const T &v, int) -> decltype(arg(head, v.c_str()))
{
	return arg(head, v.c_str());
}
template <class T> inline uint64_t arg_of(uint64_t &head, const T &v, long)
{
	static_assert(element<T>::value != 0 && element<T>::value <= VIZ_TYPE_F64,
		"VIZ_ARG: an argument is a number, a string or a pointer");
	constexpr bool is_bool = element<T>::value == VIZ_TYPE_BOOL;
	return argument(head, is_bool ? static_cast<unsigned>(VIZ_TYPE_BOOL) : value_type(v), bits(v));
}
inline uint64_t arg(uint64_t &head, const long double &v) { return argument(head, VIZ_TYPE_F64, bits(v)); }
template <class T> inline uint64_t arg(uint64_t &head, const T &v) { return arg_of(head, v, 0); }

template <unsigned long N> struct words {
	uint64_t list[N];
	operator const uint64_t *() const { return list; }
};
template <class... T> inline words<1 + sizeof...(T)> pack(const T &...v)
{
	uint64_t head = 0;
	words<1 + sizeof...(T)> w = { { 0, arg(head, v)... } };
	w.list[0] = head;
	return w;
}

} /* namespace viz__cpp */
} /* extern "C++" */

#define VIZ__ATTR(lv) viz__cpp::attr<__typeof__(lv)>
#define VIZ__IS_TEXT(lv) (VIZ__ATTR(lv)::type == VIZ_TYPE_STR && !VIZ__ATTR(lv)::list)
#define VIZ__FACTS(tag, k, lv)
#define VIZ__TYPE_plain(lv, tag, k, d) (VIZ__ATTR(lv)::type)
#define VIZ__LIST_plain(lv, tag, k, d) (VIZ__ATTR(lv)::list)
#define VIZ__STRIDE_plain(lv, tag, k, d) (VIZ__ATTR(lv)::row)
#define VIZ__TYPE_dict(lv, tag, k, d) (viz__cpp::dict<__typeof__(lv), VIZ__TYPE(d)>::match ? VIZ_TYPE_DICT : 0)
#define VIZ__LIST_dict(lv, tag, k, d) (viz__cpp::dict<__typeof__(lv), VIZ__TYPE(d)>::list)
#else

#define VIZ__CHAR (((char)-1) < 0 ? VIZ_TYPE_I8 : VIZ_TYPE_U8)
#define VIZ__SCALAR(lv) __extension__ _Generic((lv), \
	_Bool: VIZ_TYPE_BOOL, char: VIZ__CHAR, signed char: VIZ_TYPE_I8, unsigned char: VIZ_TYPE_U8, \
	short: VIZ_TYPE_I16, unsigned short: VIZ_TYPE_U16, int: VIZ_TYPE_I32, unsigned int: VIZ_TYPE_U32, \
	long: VIZ_TYPE_I64, unsigned long: VIZ_TYPE_U64, long long: VIZ_TYPE_I64, \
	unsigned long long: VIZ_TYPE_U64, float: VIZ_TYPE_F32, double: VIZ_TYPE_F64, default: 0)
/* What an array decays to, or a pointer points to: a row of characters counts as a string. */
#define VIZ__P(T, code) T *: code, const T *: code, volatile T *: code
#define VIZ__POINTED(lv) __extension__ _Generic((lv), \
	VIZ__P(_Bool, VIZ_TYPE_BOOL), VIZ__P(char, VIZ_TYPE_STR), VIZ__P(signed char, VIZ_TYPE_I8), \
	VIZ__P(unsigned char, VIZ_TYPE_U8), VIZ__P(short, VIZ_TYPE_I16), VIZ__P(unsigned short, VIZ_TYPE_U16), \
	VIZ__P(int, VIZ_TYPE_I32), VIZ__P(unsigned int, VIZ_TYPE_U32), VIZ__P(long, VIZ_TYPE_I64), \
	VIZ__P(unsigned long, VIZ_TYPE_U64), VIZ__P(long long, VIZ_TYPE_I64), \
	VIZ__P(unsigned long long, VIZ_TYPE_U64), VIZ__P(float, VIZ_TYPE_F32), VIZ__P(double, VIZ_TYPE_F64), \
	char **: VIZ_TYPE_STRP, const char **: VIZ_TYPE_STRP, char *const *: VIZ_TYPE_STRP, \
	const char *const *: VIZ_TYPE_STRP, char (*)[]: VIZ__ROWS, const char (*)[]: VIZ__ROWS, \
	volatile char (*)[]: VIZ__ROWS, default: 0)
#define VIZ__ROWS 100
/* The comma operator turns an array, and nothing else that gets here, into another type. */
#define VIZ__IS_ARRAY(lv) \
	(!VIZ__SCALAR(lv) && !__builtin_types_compatible_p(__typeof__(lv), __typeof__(((void)0, (lv)))))
#define VIZ__IS_TEXT(lv) (VIZ__IS_ARRAY(lv) && VIZ__POINTED(lv) == VIZ_TYPE_STR)
/* These are long when expanded, so they become constants before they are used: nK the code of a scalar or 0, aK array
 * or not, qK what it points to. */
#define VIZ__FACTS(tag, k, lv) \
	VIZ__CONST(VIZ__N(tag, n, k), VIZ__SCALAR(lv)) \
	VIZ__CONST(VIZ__N(tag, a, k), !VIZ__N(tag, n, k) && \
		!__builtin_types_compatible_p(__typeof__(lv), __typeof__(((void)0, (lv))))) \
	VIZ__CONST(VIZ__N(tag, q, k), VIZ__POINTED(lv))
#define VIZ__TYPE_plain(lv, tag, k, d) (VIZ__K(tag, n, k) ? VIZ__K(tag, n, k) : \
	!VIZ__K(tag, a, k) ? (VIZ__K(tag, q, k) == VIZ_TYPE_STR ? VIZ_TYPE_STRP : 0) : \
	VIZ__K(tag, q, k) == VIZ__ROWS ? VIZ_TYPE_STR : VIZ__K(tag, q, k))
#define VIZ__LIST_plain(lv, tag, k, d) (VIZ__K(tag, a, k) && VIZ__K(tag, q, k) != VIZ_TYPE_STR)
#define VIZ__STRIDE_plain(lv, tag, k, d) \
	(VIZ__K(tag, t, k) != VIZ_TYPE_STR && VIZ__K(tag, t, k) != VIZ_TYPE_JSON ? (size_t)VIZ__SIZE(VIZ__K(tag, t, k)) : \
	 !VIZ__K(tag, l, k) ? sizeof(lv) : \
	 sizeof(*__extension__ _Generic((lv), char (*)[]: (lv), const char (*)[]: (lv), volatile char (*)[]: (lv), \
		default: (char (*)[1])0)))
#define VIZ__LIST_dict(lv, tag, k, d) __builtin_types_compatible_p(__typeof__(lv), \
	VIZ__TYPE(d)[(sizeof(lv) + sizeof(VIZ__TYPE(d)) - 1) / sizeof(VIZ__TYPE(d))])
#define VIZ__TYPE_dict(lv, tag, k, d) (__builtin_types_compatible_p(__typeof__(lv), VIZ__TYPE(d)) || \
	VIZ__LIST_dict(lv, tag, k, d) ? VIZ_TYPE_DICT : 0)
#endif

#define VIZ__TYPE_json(lv, tag, k, d) VIZ__AS_JSON(VIZ__TYPE_plain(lv, tag, k, d))
#define VIZ__LIST_json(lv, tag, k, d) VIZ__LIST_plain(lv, tag, k, d)
#define VIZ__STRIDE_json(lv, tag, k, d) VIZ__STRIDE_plain(lv, tag, k, d)
#define VIZ__STRIDE_dict(lv, tag, k, d) sizeof(VIZ__TYPE(d))
#define VIZ__TYPE_at(lv, tag, k, d) VIZ__TYPE_plain(lv, tag, k, d)
#define VIZ__LIST_at(lv, tag, k, d) VIZ__LIST_plain(lv, tag, k, d)
#define VIZ__STRIDE_at(lv, tag, k, d) VIZ__STRIDE_plain(lv, tag, k, d)

/* ---- VIZ_PROBE_COUNTER, VIZ_PROBE_OBJECT, VIZ_PROBE_DICT: constants for attribute K of a class (viz__TAG_tK
 * its type, lK list or not, sK stride, cK count, oK offset; bK where the first attribute so far begins, eK where
 * the last one ends, pK how many char * so far; hK, iK, jK the hops of a VIZ_AT), checks that name what they reject,
 * then the descriptor. ---- */

/* The struct's type without its keyword, which may be `class`. */
#define VIZ__TYPE(tag) viz__type_##tag
#define VIZ__TYPEDEF(tag) VIZ__QUIET_BEGIN typedef struct tag VIZ__TYPE(tag); VIZ__QUIET_END
#define VIZ__LV(tag, name) (VIZ__NIL(VIZ__TYPE(tag))->name)
#define VIZ__N(tag, what, k) viz__##tag##_##what##k
#define VIZ__K(tag, what, k) ((int)VIZ__N(tag, what, k))
#define VIZ__T(tag, what) ((int)viz__##tag##_##what)
#define VIZ__DICT_WORDS(d) ((uint64_t)viz__##d##_str0 | (uint64_t)viz__##d##_str1 << 30)

VIZ__CONST(viz__viz__none_str0, 0)
VIZ__CONST(viz__viz__none_str1, 0)
VIZ__CONST(viz__viz__none_line, 0)

#define VIZ__CONSTANTS(tag, k, k1, x) VIZ__CALL(VIZ__CONSTANTS_, (tag, k, k1, VIZ__SPEC(x)))
#define VIZ__CONSTANTS_(tag, k, k1, form, name, d, path, note, texts) \
	VIZ__FACTS(tag, k, VIZ__LV(tag, name)) \
	VIZ__CONST(VIZ__N(tag, t, k), VIZ__TYPE_##form(VIZ__LV(tag, name), tag, k, d)) \
	VIZ__CONST(VIZ__N(tag, l, k), VIZ__LIST_##form(VIZ__LV(tag, name), tag, k, d)) \
	VIZ__CONST(VIZ__N(tag, s, k), VIZ__STRIDE_##form(VIZ__LV(tag, name), tag, k, d)) \
	VIZ__CONST(VIZ__N(tag, c, k), sizeof(VIZ__LV(tag, name)) / (size_t)VIZ__K(tag, s, k)) \
	VIZ__CONST(VIZ__N(tag, o, k), (int)__builtin_offsetof(VIZ__TYPE(tag), VIZ__PLACE_##form(name, path)) - \
		VIZ__T(tag, base)) \
	VIZ__CONST(VIZ__N(tag, b, k), \
		VIZ__K(tag, o, k) < VIZ__K(tag, b, k1) ? VIZ__K(tag, o, k) : VIZ__K(tag, b, k1)) \
	VIZ__CONST(VIZ__N(tag, e, k), VIZ__K(tag, o, k) + (int)sizeof(VIZ__SPAN_##form(tag, name)) > \
		VIZ__K(tag, e, k1) ? VIZ__K(tag, o, k) + (int)sizeof(VIZ__SPAN_##form(tag, name)) : VIZ__K(tag, e, k1)) \
	VIZ__CONST(VIZ__N(tag, p, k), VIZ__K(tag, p, k1) + VIZ__TEXTS_##form(tag, k, d)) \
	VIZ__HOPS_##form(tag, k, path)

/* What is different of what is followed: it takes a pointer in the object, and a place among the texts. */
#define VIZ__PLACE_plain(name, path) name
#define VIZ__PLACE_dict(name, path) name
#define VIZ__PLACE_json(name, path) name
#define VIZ__PLACE_at(name, path) VIZ__THIRD path
#define VIZ__SPAN_plain(tag, name) VIZ__LV(tag, name)
#define VIZ__SPAN_dict(tag, name) VIZ__LV(tag, name)
#define VIZ__SPAN_json(tag, name) VIZ__LV(tag, name)
#define VIZ__SPAN_at(tag, name) void *
#define VIZ__TEXTS_plain(tag, k, d) (VIZ__IS_POINTER(VIZ__K(tag, t, k)) ? VIZ__K(tag, c, k) : 0)
#define VIZ__TEXTS_json(tag, k, d) VIZ__TEXTS_plain(tag, k, d)
#define VIZ__TEXTS_dict(tag, k, d) \
	__builtin_popcount((unsigned)viz__##d##_str0) + __builtin_popcount((unsigned)viz__##d##_str1)
#define VIZ__TEXTS_at(tag, k, d) (VIZ__FOLLOWS | 1)
#define VIZ__FOLLOWS 0x10000
#define VIZ__LABEL_plain(name, path) #name
#define VIZ__LABEL_dict(name, path) #name
#define VIZ__LABEL_json(name, path) #name
#define VIZ__LABEL_at(name, path) VIZ__SECOND path
#define VIZ__HOPS_plain(tag, k, path)
#define VIZ__HOPS_dict(tag, k, path)
#define VIZ__HOPS_json(tag, k, path)
#define VIZ__HOPS_at(tag, k, path) VIZ__APPLY(VIZ__CAT(VIZ__HOPS_, VIZ__FIRST path), (tag, k, VIZ__REST path))
#define VIZ__HOPS_1(tag, k, label, a, b) \
	VIZ__CONST(VIZ__N(tag, h, k), VIZ__HOP(VIZ__LV(tag, a), b)) \
	VIZ__CONST(VIZ__N(tag, i, k), 0) \
	VIZ__CONST(VIZ__N(tag, j, k), 0)
#define VIZ__HOPS_2(tag, k, label, a, b, c) \
	VIZ__CONST(VIZ__N(tag, h, k), VIZ__HOP(VIZ__LV(tag, a), b)) \
	VIZ__CONST(VIZ__N(tag, i, k), VIZ__HOP(VIZ__LV(tag, a->b), c)) \
	VIZ__CONST(VIZ__N(tag, j, k), 0)
#define VIZ__HOPS_3(tag, k, label, a, b, c, d) \
	VIZ__CONST(VIZ__N(tag, h, k), VIZ__HOP(VIZ__LV(tag, a), b)) \
	VIZ__CONST(VIZ__N(tag, i, k), VIZ__HOP(VIZ__LV(tag, a->b), c)) \
	VIZ__CONST(VIZ__N(tag, j, k), VIZ__HOP(VIZ__LV(tag, a->b->c), d))
#define VIZ__HOP(pointer, name) __builtin_offsetof(VIZ__POINTEE(pointer), name)

/* Which 8-byte words, from the attribute's first one on, hold a char *. */
#define VIZ__PATTERN(tag, k, d) \
	(!VIZ__IS_POINTER(VIZ__K(tag, t, k)) ? VIZ__DICT_WORDS(d) : \
	 VIZ__K(tag, c, k) > 63 ? ~(uint64_t)0 : ((uint64_t)1 << (VIZ__K(tag, c, k) & 63)) - 1)
#define VIZ__PATTERN_plain(tag, k, d) VIZ__PATTERN(tag, k, d)
#define VIZ__PATTERN_dict(tag, k, d) VIZ__PATTERN(tag, k, d)
#define VIZ__PATTERN_json(tag, k, d) VIZ__PATTERN(tag, k, d)
#define VIZ__PATTERN_at(tag, k, d) 0
#define VIZ__SHIFT(p, n) \
	((n) >= 64 || (n) <= -64 ? (uint64_t)0 : (n) >= 0 ? (p) << ((n) & 63) : (p) >> (-(n) & 63))
/* Its parts as constants, since an enum constant may be no wider than int; wK is the attribute's first word. */
#define VIZ__PLACES(tag, k, k1, x) VIZ__CALL(VIZ__PLACES_, (tag, k, VIZ__SPEC(x)))
#define VIZ__PLACES_(tag, k, form, name, d, path, note, texts) \
	VIZ__CONST(VIZ__N(tag, x, k), VIZ__PATTERN_##form(tag, k, d) & 0x3fffffff) \
	VIZ__CONST(VIZ__N(tag, y, k), VIZ__PATTERN_##form(tag, k, d) >> 30 & 0x3fffffff) \
	VIZ__CONST(VIZ__N(tag, w, k), (VIZ__K(tag, o, k) - VIZ__T(tag, span)) / 8)
#define VIZ__WORDS(c, k, k1, x) VIZ__CALL(VIZ__WORDS_, (VIZ__EXPAND c, k, VIZ__SPEC(x)))
#define VIZ__WORDS_(tag, word, k, form, name, d, path, note, texts) \
	| VIZ__SHIFT(((uint64_t)VIZ__N(tag, x, k) | (uint64_t)VIZ__N(tag, y, k) << 30), VIZ__K(tag, w, k) - 64 * word)

#define VIZ__CHECKS(c, k, k1, x) VIZ__CALL(VIZ__CHECKS_, (VIZ__EXPAND c, k, VIZ__SPEC(x)))
#ifdef __cplusplus
#define VIZ__CHECK_REFERENCE(tag, what, name) \
	VIZ__ASSERT(!viz__cpp::is_reference<decltype(VIZ__TYPE(tag)::name)>::value, \
		what "(" #tag "): attribute `" #name "` is a reference: what it refers to is not in the object");
#define VIZ__POINTEE(lv) viz__cpp::plain<decltype(*(lv))>::type
#define VIZ__IS_PLAIN_POINTER(tag, name) viz__cpp::is_pointer<decltype(VIZ__TYPE(tag)::name)>::value
#else
#define VIZ__CHECK_REFERENCE(tag, what, name)
#define VIZ__POINTEE(lv) __typeof__(*(lv))
#define VIZ__IS_PLAIN_POINTER(tag, name) \
	__builtin_types_compatible_p(__typeof__(VIZ__LV(tag, name)), __typeof__(&*VIZ__LV(tag, name)))
#endif
#define VIZ__CHECK_plain(tag, what, k, name, path) \
	VIZ__ASSERT(!VIZ__IS_POINTER(VIZ__K(tag, t, k)) || VIZ__K(tag, o, k) % 8 == 0, \
		what "(" #tag "): attribute `" #name "` is a char * that is not aligned");
#define VIZ__CHECK_json(tag, what, k, name, path) VIZ__CHECK_plain(tag, what, k, name, path)
#define VIZ__CHECK_dict(tag, what, k, name, path)
#define VIZ__CHECK_at(tag, what, k, name, path) \
	VIZ__APPLY(VIZ__CAT(VIZ__POINTERS_, VIZ__FIRST path), (tag, what, VIZ__REST path)) \
	VIZ__ASSERT(VIZ__K(tag, o, k) % 8 == 0, \
		what "(" #tag "): attribute `" #name "` begins with a pointer that is not aligned"); \
	VIZ__ASSERT(!VIZ__IS_POINTER(VIZ__K(tag, t, k)) || !VIZ__K(tag, l, k), \
		what "(" #tag "): attribute `" #name "` is a list of char *, which is not followed; use char[N] there"); \
	VIZ__ASSERT(VIZ__K(tag, s, k) * VIZ__K(tag, c, k) <= VIZ_SPAN_MAX, \
		what "(" #tag "): attribute `" #name "` is larger than VIZ_SPAN_MAX");
#define VIZ__POINTERS_1(tag, what, label, a, b) VIZ__CHECK_POINTER(tag, what, a)
#define VIZ__POINTERS_2(tag, what, label, a, b, c) VIZ__CHECK_POINTER(tag, what, a) VIZ__CHECK_POINTER(tag, what, a->b)
#define VIZ__POINTERS_3(tag, what, label, a, b, c, d) \
	VIZ__POINTERS_2(tag, what, label, a, b, c) VIZ__CHECK_POINTER(tag, what, a->b->c)
#define VIZ__CHECK_POINTER(tag, what, name) \
	VIZ__ASSERT(VIZ__IS_PLAIN_POINTER(tag, name), what "(" #tag "): VIZ_AT: `" #name "` is not a plain pointer");
#define VIZ__CHECKS_(tag, what, k, form, name, d, path, note, texts) \
	VIZ__CHECK_REFERENCE(tag, what, name) \
	VIZ__ASSERT(VIZ__K(tag, t, k) != 0, \
		what "(" #tag "): attribute `" #name "` has a type that cannot be reported (" #form ")"); \
	VIZ__ASSERT(sizeof(VIZ__LABEL_##form(name, path)) <= VIZ_NAME_MAX + 1, \
		what "(" #tag "): the name of attribute `" #name "` is longer than VIZ_NAME_MAX"); \
	VIZ__ASSERT(VIZ__K(tag, c, k) <= 65535, \
		what "(" #tag "): attribute `" #name "` has more than 65535 elements"); \
	VIZ__CHECK_##form(tag, what, k, name, path) \
	VIZ__ASSERT(!VIZ__K(tag, l, k) || VIZ__DICT_WORDS(d) == 0, \
		what "(" #tag "): attribute `" #name "` is a list of dicts with char * in them; use char[N] there"); \
	VIZ__NOTE_##note(tag, what, k, name, VIZ__LABEL_##form(name, path), texts)
#define VIZ__NOTE_viz__bare(tag, what, k, name, label, texts)
#define VIZ__NOTE_viz__several(tag, what, k, name, label, texts) \
	VIZ__ASSERT(0, what "(" #tag "): attribute `" #name "` has more than one VIZ_UNIT or VIZ_ENUM");
#define VIZ__NOTE_viz__unit(tag, what, k, name, label, texts) \
	VIZ__ASSERT(VIZ__IS_NUMBER(VIZ__K(tag, t, k)), what "(" #tag "): VIZ_UNIT: attribute `" #name "` is not a number"); \
	VIZ__ASSERT(sizeof texts <= VIZ_NAME_MAX + 1, \
		what "(" #tag "): the unit of attribute `" #name "` is longer than VIZ_NAME_MAX"); \
	VIZ__NAMES(VIZ__N(tag, u, k), #tag, viz__##tag##_line, (label, VIZ__EXPAND texts));
#define VIZ__NOTE_viz__enum(tag, what, k, name, label, texts) \
	VIZ__ASSERT(VIZ__IS_NUMBER(VIZ__K(tag, t, k)) && VIZ__K(tag, t, k) < VIZ_TYPE_F32, \
		what "(" #tag "): VIZ_ENUM: attribute `" #name "` is not an integer"); \
	VIZ__NAMES(VIZ__N(tag, u, k), #tag, viz__##tag##_line, (label, VIZ__EXPAND texts));
#define VIZ__CHECKS_COUNTER(tag, k, k1, x) VIZ__CALL(VIZ__CHECKS_COUNTER_, (tag, k, VIZ__SPEC(x)))
#define VIZ__CHECKS_COUNTER_(tag, k, form, name, d, path, note, texts) \
	VIZ__ASSERT(VIZ__IS_NUMBER(VIZ__K(tag, t, k)) && !VIZ__K(tag, l, k), \
		"VIZ_PROBE_COUNTER(" #tag "): attribute `" #name "` is not a number; " \
		"a counter takes numbers only, VIZ_PROBE_OBJECT takes the rest"); \
	VIZ__ASSERT(VIZ__FLAG_##note != VIZ_ATTR_ENUM, \
		"VIZ_PROBE_COUNTER(" #tag "): VIZ_ENUM: values of a counter have no names, those of a VIZ_PROBE_OBJECT have");
#define VIZ__CHECKS_DICT(tag, k, k1, x) VIZ__CALL(VIZ__CHECKS_DICT_, (tag, k, VIZ__SPEC(x)))
#define VIZ__CHECKS_DICT_(tag, k, form, name, d, path, note, texts) \
	VIZ__ASSERT(VIZ__TEXTS_##form(tag, k, d) < VIZ__FOLLOWS, \
		"VIZ_PROBE_DICT(" #tag "): `" #name "` is behind a pointer: VIZ_AT is for counters and objects"); \
	VIZ__ASSERT(VIZ__PATTERN_##form(tag, k, d) == 0 || VIZ__K(tag, o, k) + 8 * VIZ__K(tag, c, k) <= 480, \
		"VIZ_PROBE_DICT(" #tag "): attribute `" #name "` is a char * beyond the first 480 bytes");

#define VIZ__ENTRIES(tag, k, k1, x) VIZ__CALL(VIZ__ENTRIES_, (tag, k, VIZ__SPEC(x)))
#define VIZ__ENTRIES_(tag, k, form, name, d, path, note, texts) { VIZ__LABEL_##form(name, path), \
	VIZ__TAG_##form(#d, tag, k, path), VIZ__K(tag, o, k), \
	(uint32_t)VIZ__K(tag, s, k), (uint16_t)VIZ__K(tag, c, k), (uint8_t)VIZ__CODE_##form(VIZ__K(tag, t, k)), \
	(VIZ__K(tag, l, k) ? VIZ_ATTR_LIST : 0) | VIZ__FLAG_##note, (uint32_t)VIZ__LINE_##note(tag, d) },
#define VIZ__FLAG_viz__bare 0
#define VIZ__FLAG_viz__several 0
#define VIZ__FLAG_viz__unit VIZ_ATTR_UNIT
#define VIZ__FLAG_viz__enum VIZ_ATTR_ENUM
#define VIZ__LINE_viz__bare(tag, d) viz__##d##_line
#define VIZ__LINE_viz__several(tag, d) 0
#define VIZ__LINE_viz__unit(tag, d) viz__##tag##_line
#define VIZ__LINE_viz__enum(tag, d) viz__##tag##_line
#define VIZ__TAG_plain(d, tag, k, path) ""
#define VIZ__TAG_json(d, tag, k, path) ""
#define VIZ__TAG_dict(d, tag, k, path) d
#define VIZ__TAG_at(d, tag, k, path) { VIZ__FIRST path, 0, 0, 0, VIZ__BYTES(VIZ__K(tag, h, k)), \
	VIZ__BYTES(VIZ__K(tag, i, k)), VIZ__BYTES(VIZ__K(tag, j, k)) }
#define VIZ__BYTES(x) \
	(char)((x) & 0xff), (char)((x) >> 8 & 0xff), (char)((x) >> 16 & 0xff), (char)((x) >> 24 & 0xff)
#define VIZ__CODE_plain(t) t
#define VIZ__CODE_json(t) t
#define VIZ__CODE_dict(t) t
#define VIZ__CODE_at(t) (VIZ_TYPE_FOLLOWED | t)

/* `origin` is what offsets count from; `first` and `end` are the base's own, so that a span holds it too. */
#define VIZ__CLASS(tag, what, n1, origin, first, end, ...) \
	VIZ__CONST(viz__##tag##_line, __LINE__) \
	VIZ__QUIET_BEGIN VIZ__CONST(viz__##tag##_base, origin) VIZ__QUIET_END \
	VIZ__CONST(VIZ__CAT(viz__##tag##_b, n1), first) \
	VIZ__CONST(VIZ__CAT(viz__##tag##_e, n1), end) \
	VIZ__CONST(VIZ__CAT(viz__##tag##_p, n1), 0) \
	VIZ__QUIET_BEGIN VIZ__FE(VIZ__CONSTANTS, tag, __VA_ARGS__) VIZ__QUIET_END \
	VIZ__CONST(viz__##tag##_span, -((7 - VIZ__T(tag, b1)) / 8 * 8)) \
	VIZ__FE(VIZ__PLACES, tag, __VA_ARGS__) \
	VIZ__FE(VIZ__CHECKS, (tag, what), __VA_ARGS__) \
	VIZ__ASSERT(sizeof(#tag) <= VIZ_NAME_MAX + 1, what "(" #tag "): the tag is longer than VIZ_NAME_MAX"); \
	VIZ__ASSERT(VIZ__T(tag, e1) - VIZ__T(tag, span) <= VIZ_SPAN_MAX, \
		what "(" #tag "): attributes are more than VIZ_SPAN_MAX bytes apart; move them closer together"); \
	VIZ__ASSERT((VIZ__T(tag, p1) & (VIZ__FOLLOWS - 1)) <= VIZ_STRINGS_MAX, \
		what "(" #tag "): more than VIZ_STRINGS_MAX char * and VIZ_AT");

#define VIZ__DESCRIPTOR(tag, kind, ...) \
	VIZ__CLASS_STORAGE struct { \
		struct viz_class head; \
		struct viz_attr attrs[VIZ__NARGS(__VA_ARGS__)]; \
	} viz__class_##tag __attribute__((VIZ__RETAIN used, aligned(8), section("viz_classes"))) = { { \
		VIZ_CLASS_MAGIC, VIZ__T(tag, p1) < VIZ__FOLLOWS ? 1 : 2, kind, VIZ__NARGS(__VA_ARGS__), \
		sizeof(struct viz_class) + VIZ__NARGS(__VA_ARGS__) * sizeof(struct viz_attr), \
		(uint32_t)VIZ__T(tag, line), VIZ__T(tag, span), (uint32_t)(VIZ__T(tag, e1) - VIZ__T(tag, span)), { \
			0 VIZ__FE(VIZ__WORDS, (tag, 0), __VA_ARGS__), 0 VIZ__FE(VIZ__WORDS, (tag, 1), __VA_ARGS__), \
			0 VIZ__FE(VIZ__WORDS, (tag, 2), __VA_ARGS__), 0 VIZ__FE(VIZ__WORDS, (tag, 3), __VA_ARGS__), \
			0 VIZ__FE(VIZ__WORDS, (tag, 4), __VA_ARGS__), 0 VIZ__FE(VIZ__WORDS, (tag, 5), __VA_ARGS__), \
			0 VIZ__FE(VIZ__WORDS, (tag, 6), __VA_ARGS__), 0 VIZ__FE(VIZ__WORDS, (tag, 7), __VA_ARGS__), \
		}, #tag }, { VIZ__FE(VIZ__ENTRIES, tag, __VA_ARGS__) } }

#define VIZ__NAMES(id, text, at_line, names_) \
	VIZ__CLASS_STORAGE struct { \
		struct viz_class head; \
		char names[VIZ__NARGS names_][VIZ_NAME_MAX + 1]; \
	} id __attribute__((VIZ__RETAIN used, aligned(8), section("viz_classes"))) = { { \
		VIZ_CLASS_MAGIC, 4, VIZ_KIND_NAMES, VIZ__NARGS names_, \
		sizeof(struct viz_class) + VIZ__NARGS names_ * (VIZ_NAME_MAX + 1), (uint32_t)(at_line), 0, 0, \
		{ 0, 0, 0, 0, 0, 0, 0, 0 }, text }, { VIZ__EXPAND names_ } }

#ifdef VIZ_PROBE_DISABLE
#define VIZ__ON(probe) 0
#define VIZ__ALIVE_BUILD 0
#undef VIZ__DESCRIPTOR
#define VIZ__DESCRIPTOR(tag, kind, ...) enum { viz__class_##tag }
#undef VIZ__NAMES
#define VIZ__NAMES(id, text, at_line, names_) enum { id = VIZ__NARGS names_ }
#define VIZ__CLASS_OF(tag) ((const struct viz_class *)(uintptr_t)viz__class_##tag)
#else
#define VIZ__CLASS_OF(tag) (&viz__class_##tag.head)
#define VIZ__ON(probe) __builtin_expect(viz_##probe##_semaphore != 0, 0)
#define VIZ__ALIVE_BUILD 1
#if defined(__x86_64__) && !defined(VIZ_PROBE_NO_BATCH)
#define VIZ__BATCHES
#endif
#endif

/* Of slice flags, within the program: the name is a literal. */
#define VIZ__LITERAL 0x8000u
#define VIZ__LITERAL_IF(name) (__builtin_constant_p(name) ? VIZ__LITERAL : 0u)
#define VIZ__NO_ARGS VIZ__NIL(const char), VIZ__NIL(const uint64_t)

/* As many tracers of batches as of the probe: none wants its events one by one. */
#ifdef VIZ__BATCHES
#define VIZ__BATCHED(probe) (viz_batch_semaphore && viz_batch_semaphore == viz_##probe##_semaphore)
#define VIZ__RECORD(kind, more) ((uint64_t)(kind) << 16 | (uint64_t)(uint32_t)(more) << 32)
#define VIZ__APPEND(probe, words, size, what, ident) \
	(VIZ__BATCHED(probe) && viz__append(words, size, what, ident, VIZ__NIL(uint32_t)))
#define VIZ__APPEND_REPORT(probe, b, what) (VIZ__BATCHED(probe) && viz__append_report(b, what))
#else
#define VIZ__APPEND(probe, words, size, what, ident) ((void)(words), 0)
#define VIZ__APPEND_REPORT(probe, b, what) 0
#endif

/* The member `viz` is the base itself, or a struct of ours that starts with its own `viz`. */
#ifdef __cplusplus
extern "C++" {
namespace viz__cpp {
template <class T> constexpr auto nested(int) -> decltype(make<T &>().viz, bool()) { return true; }
template <class T> constexpr bool nested(...) { return false; }
template <class T, class Base, bool Nested> struct root { static constexpr bool match = false; };
template <class Base> struct root<Base, Base, false> { static constexpr bool match = true; };
VIZ__QUIET_BEGIN
template <class T, class Base> struct root<T, Base, true> {
	typedef __typeof__(make<T &>().viz) inner;
	static constexpr bool match = __builtin_offsetof(T, viz) == 0 && root<inner, Base, nested<inner>(0)>::match;
};
VIZ__QUIET_END
template <class T, class Base> constexpr bool is_base() { return root<T, Base, nested<T>(0)>::match; }
}
}
#define VIZ__HAS_BASE(tag, base) (viz__cpp::is_base<__typeof__(VIZ__LV(tag, viz)), struct base>())
#define VIZ__CLASS_STORAGE static constexpr
#else
#define VIZ__HAS_BASE(tag, kind) __extension__ _Generic(VIZ__LV(tag, viz), \
	struct viz_counter: VIZ__SAME_##kind(counter), struct viz_object: VIZ__SAME_##kind(object), \
	default: sizeof(VIZ__LV(tag, viz)) > sizeof(struct viz_base))
#define VIZ__SAME_viz_counter(x) VIZ__SAME_counter_##x
#define VIZ__SAME_viz_object(x) VIZ__SAME_object_##x
#define VIZ__SAME_counter_counter 1
#define VIZ__SAME_counter_object 0
#define VIZ__SAME_object_counter 0
#define VIZ__SAME_object_object 1
#define VIZ__CLASS_STORAGE static const
#endif

#define VIZ_PROBE_COUNTER(tag, ...) \
	VIZ__TYPEDEF(tag) \
	VIZ__ASSERT(VIZ__HAS_BASE(tag, viz_counter), \
		"VIZ_PROBE_COUNTER(" #tag "): its member `viz` must be a struct viz_counter, or a struct that begins with one"); \
	VIZ__CLASS(tag, "VIZ_PROBE_COUNTER", VIZ__NARGS_PLUS_1(__VA_ARGS__), VIZ__ORIGIN(tag), 0, \
		(int)sizeof(struct viz_base), __VA_ARGS__) \
	VIZ__FE(VIZ__CHECKS_COUNTER, tag, __VA_ARGS__) \
	VIZ__DESCRIPTOR(tag, VIZ_KIND_COUNTER, __VA_ARGS__)

#define VIZ_PROBE_OBJECT(tag, ...) \
	VIZ__TYPEDEF(tag) \
	VIZ__ASSERT(VIZ__HAS_BASE(tag, viz_object), \
		"VIZ_PROBE_OBJECT(" #tag "): its member `viz` must be a struct viz_object, or a struct that begins with one"); \
	VIZ__CLASS(tag, "VIZ_PROBE_OBJECT", VIZ__NARGS_PLUS_1(__VA_ARGS__), VIZ__ORIGIN(tag), 0, \
		(int)sizeof(struct viz_base), __VA_ARGS__) \
	VIZ__DESCRIPTOR(tag, VIZ_KIND_OBJECT, __VA_ARGS__)

#define VIZ_PROBE_DICT(tag, ...) \
	VIZ__TYPEDEF(tag) \
	VIZ__CLASS(tag, "VIZ_PROBE_DICT", VIZ__NARGS_PLUS_1(__VA_ARGS__), 0, 0, 0, __VA_ARGS__) \
	VIZ__FE(VIZ__CHECKS_DICT, tag, __VA_ARGS__) \
	VIZ__CONST(viz__##tag##_str0, (0 VIZ__FE(VIZ__WORDS, (tag, 0), __VA_ARGS__)) & 0x3fffffff) \
	VIZ__CONST(viz__##tag##_str1, (0 VIZ__FE(VIZ__WORDS, (tag, 0), __VA_ARGS__)) >> 30) \
	VIZ__DESCRIPTOR(tag, VIZ_KIND_DICT, __VA_ARGS__)

/* Names of the values 0, 1, ... of attributes that are declared elsewhere (viztrace.hpp). */
#define VIZ_PROBE_ENUM(tag, ...) \
	VIZ__CONST(viz__##tag##_line, __LINE__) \
	VIZ__ASSERT(sizeof(#tag) <= VIZ_NAME_MAX + 1, "VIZ_PROBE_ENUM(" #tag "): the tag is longer than VIZ_NAME_MAX"); \
	VIZ__NAMES(viz__names_##tag, #tag, viz__##tag##_line, ("", __VA_ARGS__))

/* The handle of a struct that stays as it is, with all attributes behind `of`. */
#define VIZ_PROBE_COUNTER_OF(tag, type, ...) \
	struct tag { struct viz_counter viz; __typeof__(type) *of; }; \
	VIZ__DECLARE(VIZ_PROBE_COUNTER, (tag VIZ__FE(VIZ__OF, ~, __VA_ARGS__)))
#define VIZ_PROBE_OBJECT_OF(tag, type, ...) \
	struct tag { struct viz_object viz; __typeof__(type) *of; }; \
	VIZ__DECLARE(VIZ_PROBE_OBJECT, (tag VIZ__FE(VIZ__OF, ~, __VA_ARGS__)))
#define VIZ__DECLARE(m, args) m args
#define VIZ__OF(c, k, k1, x) VIZ__CAT(VIZ__OF_, VIZ__IS_PAREN(x))(x)
#define VIZ__OF_0(x) , (at, of->x, viz__none, (1, #x, of, x), viz__bare, ~)
#define VIZ__OF_1(x) VIZ__OF_SPEC x
#define VIZ__OF_SPEC(form, name, d, path, note, texts) VIZ__OF_##form(name, path, note, texts)
#define VIZ__OF_plain(x, path, note, texts) , (at, of->x, viz__none, (1, #x, of, x), note, texts)
#define VIZ__OF_dict(name, path, note, texts) , VIZ_DICT_is_not_behind_a_pointer
#define VIZ__OF_json(name, path, note, texts) , VIZ_JSON_is_not_behind_a_pointer
#define VIZ__OF_at(name, path, note, texts) VIZ__CALL(VIZ__OF_PATH, (note, texts, VIZ__EXPAND path))
#define VIZ__OF_PATH(note, texts, n, ...) VIZ__OF_PATH_##n(note, texts, __VA_ARGS__)
#define VIZ__OF_PATH_1(note, texts, label, a, b) , (at, of->a->b, viz__none, (2, label, of, a, b), note, texts)
#define VIZ__OF_PATH_2(note, texts, label, a, b, c) , (at, of->a->b->c, viz__none, (3, label, of, a, b, c), note, texts)
#define VIZ__OF_PATH_3(...) , VIZ_AT_takes_two_or_three_names_here

#define VIZ__ORIGIN(tag) __builtin_offsetof(VIZ__TYPE(tag), viz)

/* ---- The probes. One stub for each kind in each linked object, whatever the number of uses: to attach costs the
 * same for all programs, arguments are in the ABI's registers, and since a stub was called nobody's red
 * zone is live below it: kernels that patch the 5- or 10-byte nop into a call push onto the stack there.
 * The note names the 1-byte nop, which every tool and kernel handles; the others follow it. The last one is for a tool
 * that takes batches: the kernel counts tracers by their places, so on one of its own it is told from all others.
 * The kind's name behind the end keeps the stubs apart for linkers that fold what is alike. ---- */

#ifndef VIZ_PROBE_DISABLE
#if defined(__x86_64__)
#define VIZ__STUB_CODE \
	".byte 0xf3, 0x0f, 0x1e, 0xfa\n" /* endbr64 */ \
	"990: nop\n" \
	".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n" /* nopl 0(%rax,%rax): 5 bytes */ \
	".byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n" /* nopw %cs:0(%rax,%rax): 10 bytes */ \
	"nop\n" \
	"ret\n"
#define VIZ__ARGS1 "8@%rdi"
#define VIZ__ARGS2 "8@%rdi 8@%rsi"
#define VIZ__ARGS2I "8@%rdi 4@%esi"
#define VIZ__ARGS3 "8@%rdi 8@%rsi 8@%rdx"
#define VIZ__ARGS3I "8@%rdi 8@%rsi 4@%edx"
#define VIZ__ARGS4I "8@%rdi 8@%rsi 8@%rdx 4@%ecx"
#define VIZ__ARGS4A "8@%rdi 4@%esi 8@%rdx 8@%rcx"
#define VIZ__ARGS4 "8@%rdi 8@%rsi 8@%rdx 8@%rcx"
#define VIZ__ARGS5I "8@%rdi 8@%rsi 4@%edx 8@%rcx 8@%r8"
#else
#define VIZ__STUB_CODE \
	"hint #34\n" /* bti c */ \
	"990: nop\n" \
	"nop\n" \
	"ret\n"
#define VIZ__ARGS1 "8@x0"
#define VIZ__ARGS2 "8@x0 8@x1"
#define VIZ__ARGS2I "8@x0 4@x1"
#define VIZ__ARGS3 "8@x0 8@x1 8@x2"
#define VIZ__ARGS3I "8@x0 8@x1 4@x2"
#define VIZ__ARGS4I "8@x0 8@x1 8@x2 4@x3"
#define VIZ__ARGS4A "8@x0 4@x1 8@x2 8@x3"
#define VIZ__ARGS4 "8@x0 8@x1 8@x2 8@x3"
#define VIZ__ARGS5I "8@x0 8@x1 4@x2 8@x3 8@x4"
#endif

/* -flto puts the top-level asm of many files into one unit: hence .ifndef. The semaphore is data
 * with a place in the file, since the kernel finds it by its file offset. The kind's name behind the `ret` keeps
 * linkers that fold identical code (--icf) from making one stub of all. The second note says the same as the first
 * (distances, not addresses, so that nothing has to be relocated), and is loaded into memory: what strips a file of all
 * that is not leaves it there, in a segment of its own (PT_NOTE). */
#define VIZ__STUB(kind, args) __asm__( \
	".ifndef viz__probe_" kind "\n" \
	".pushsection .text.viz__probe_" kind ", \"axG\", %progbits, viz__probe_" kind ", comdat\n" \
	".weak viz__probe_" kind "\n" \
	".hidden viz__probe_" kind "\n" \
	".type viz__probe_" kind ", %function\n" \
	".balign 32\n" \
	"viz__probe_" kind ":\n" \
	VIZ__STUB_CODE \
	".asciz \"" kind "\"\n" \
	".balign 4\n" \
	".size viz__probe_" kind ", . - viz__probe_" kind "\n" \
	".pushsection .note.stapsdt, \"?\", %note\n" \
	".balign 4\n" \
	".4byte 992f - 991f, 994f - 993f, 3\n" \
	"991: .asciz \"stapsdt\"\n" \
	"992: .balign 4\n" \
	"993: .8byte 990b, _.stapsdt.base, viz_" kind "_semaphore\n" \
	".asciz \"viz\"\n" \
	".asciz \"" kind "\"\n" \
	".asciz \"" args "\"\n" \
	"994: .balign 4\n" \
	".popsection\n" \
	".pushsection .note.viz, \"a?\", %note\n" \
	".balign 4\n" \
	".4byte 992f - 991f, 994f - 993f, 1\n" \
	"991: .asciz \"viz\"\n" \
	"992: .balign 4\n" \
	"993: .8byte 990b - 993b\n" \
	"995: .8byte viz_" kind "_semaphore - 995b\n" \
	".asciz \"" kind "\"\n" \
	"994: .balign 4\n" \
	".popsection\n" \
	".popsection\n" \
	".pushsection .probes, \"awG\", %progbits, viz__probe_" kind ", comdat\n" \
	".weak viz_" kind "_semaphore\n" \
	".hidden viz_" kind "_semaphore\n" \
	".type viz_" kind "_semaphore, %object\n" \
	".size viz_" kind "_semaphore, 2\n" \
	".balign 2\n" \
	"viz_" kind "_semaphore: .2byte 0\n" \
	".popsection\n" \
	".endif\n")

__asm__(
	".ifndef _.stapsdt.base\n"
	".pushsection .stapsdt.base, \"aG\", %progbits, .stapsdt.base, comdat\n"
	".weak _.stapsdt.base\n"
	".hidden _.stapsdt.base\n"
	"_.stapsdt.base: .space 1\n"
	".size _.stapsdt.base, 1\n"
	".popsection\n"
	".endif\n");
VIZ__STUB("init", VIZ__ARGS3);
VIZ__STUB("destroy", VIZ__ARGS1);
VIZ__STUB("set", VIZ__ARGS4A);
VIZ__STUB("log", VIZ__ARGS2I);
VIZ__STUB("enter", VIZ__ARGS5I);
VIZ__STUB("exit", VIZ__ARGS5I);
VIZ__STUB("value", VIZ__ARGS4I);
VIZ__STUB("instant", VIZ__ARGS4);
VIZ__STUB("async", VIZ__ARGS3I);
VIZ__STUB("quiet", VIZ__ARGS4A);

#ifdef VIZ__BATCHES
VIZ__STUB("batch", VIZ__ARGS3);

/* All zeros, so it takes no memory until a thread comes to it. */
__asm__(
	".ifndef viz__pool\n"
	".pushsection .bss.viz__pool, \"awG\", %nobits, viz__pool, comdat\n"
	".weak viz__pool\n"
	".hidden viz__pool\n"
	".type viz__pool, %object\n"
	".size viz__pool, 64 * (64 + 8192)\n"
	".balign 4096\n"
	"viz__pool: .zero 64 * (64 + 8192)\n"
	".pushsection .note.viz, \"a?\", %note\n"
	".balign 4\n"
	".4byte 992f - 991f, 994f - 993f, 2\n"
	"991: .asciz \"viz\"\n"
	"992: .balign 4\n"
	"993: .8byte viz__pool - 993b\n"
	".4byte 64, 8192\n"
	"994: .balign 4\n"
	".popsection\n"
	".popsection\n"
	".endif\n");

/*
 * int viz__append(const void *words, uint32_t size, uint64_t what, const void *ident, uint32_t *stamp)
 *
 * Append a record of `size` bytes at `words` (whole words); `what` is the first word's kind and more. With a stamp,
 * these words begin with a base, which is left out if the lap has it. 0: fire the probe instead.
 *
 * Room is taken by one cmpxchg, before it is known when: a signal handler on top of this gets room behind it. The
 * stamp is cleared by those who change the base: so it first says that the base is about to be copied (the upper
 * bit is 0 then), and that it is in the lap only if nobody has touched it since.
 */
#if defined(__x86_64__)
#define VIZ__FIRE_BATCH /* viz:batch(slot r10, data r11, its owner) */ \
	"push %rdi\n .cfi_adjust_cfa_offset 8\n" \
	"push %rsi\n .cfi_adjust_cfa_offset 8\n" \
	"push %rdx\n .cfi_adjust_cfa_offset 8\n" \
	"mov %r10, %rdi\n" \
	"mov %r11, %rsi\n" \
	"mov (%r10), %rdx\n" \
	"call viz__probe_batch\n" \
	"pop %rdx\n .cfi_adjust_cfa_offset -8\n" \
	"pop %rsi\n .cfi_adjust_cfa_offset -8\n" \
	"pop %rdi\n .cfi_adjust_cfa_offset -8\n"
__asm__(
	".ifndef viz__append\n"
	".pushsection .text.viz__append, \"axG\", %progbits, viz__append, comdat\n"
	".weak viz__append\n"
	".hidden viz__append\n"
	".type viz__append, %function\n"
	".balign 32\n"
	"viz__append:\n"
	".cfi_startproc\n"
	".byte 0xf3, 0x0f, 0x1e, 0xfa\n" /* endbr64 */
	"push %rbx\n .cfi_adjust_cfa_offset 8\n .cfi_rel_offset %rbx, 0\n"
	"push %rbp\n .cfi_adjust_cfa_offset 8\n .cfi_rel_offset %rbp, 0\n"
	/* The slot: r10, its lap's memory: r11. */
	"mov %fs:0, %r9\n"
	"movabs $0x9E3779B97F4A7C15, %rax\n"
	"imul %r9, %rax\n"
	"shr $58, %rax\n"
	"lea viz__pool(%rip), %r11\n"
	"mov $64, %ebx\n"
	"1: mov %eax, %r10d\n"
	"shl $6, %r10\n"
	"add %r11, %r10\n"
	"cmp %r9, (%r10)\n"
	"jne 6f\n"
	"shl $13, %rax\n"
	"lea 4096(%r11, %rax), %r11\n"
	/* Room: rbx bytes. rax is the head, rbp the stamp. */
	"2: mov 8(%r10), %rax\n"
	"3: lea 24(%rsi), %ebx\n"
	"test %r8, %r8\n"
	"jz 4f\n"
	"mov %rax, %rbp\n"
	"shr $32, %rbp\n"
	"shl $8, %ebp\n"
	"mov %r10, %r9\n"
	"shr $6, %r9\n"
	"xor %r9d, %ebp\n"
	"or $0x80000000, %ebp\n"
	"cmp %ebp, (%r8)\n"
	"jne 4f\n"
	"sub $56, %ebx\n"
	"4: mov %eax, %r9d\n"
	"add %ebx, %r9d\n"
	"cmp $8192, %r9d\n"
	"ja 8f\n"
	"lea (%rax, %rbx), %r9\n"
	"lock cmpxchg %r9, 8(%r10)\n"
	"jne 3b\n"
	/* The record: r11. Should we die in it, its size is known from here on. */
	"mov %eax, %r9d\n"
	"add %r9, %r11\n"
	"shr $32, %rax\n"
	"shl $24, %eax\n"
	"or %ebx, %eax\n"
	"mov %rax, (%r11)\n"
	"mov %rax, %r9\n"
	"or %rdx, %r9\n"
	"mov %rcx, 16(%r11)\n"
	"test %r8, %r8\n"
	"jz 5f\n"
	"cmp %esi, %ebx\n"
	"jb 10f\n"
	"or $0x800000, %r9\n"
	"mov %ebp, %eax\n"
	"and $0x7fffffff, %eax\n"
	"xchg %eax, (%r8)\n"
	"jmp 5f\n"
	"10: add $56, %rdi\n"
	"5: rdtsc\n"
	"shl $32, %rdx\n"
	"or %rdx, %rax\n"
	"mov %rax, 8(%r11)\n"
	"lea -24(%rbx), %ecx\n"
	"add %rcx, %rdi\n"
	"lea 24(%r11, %rcx), %rdx\n"
	"neg %rcx\n"
	"jz 12f\n"
	"11: mov (%rdi, %rcx), %rax\n"
	"mov %rax, (%rdx, %rcx)\n"
	"add $8, %rcx\n"
	"jnz 11b\n"
	/* Complete. */
	"12: mov %r9, (%r11)\n"
	"mov %ebx, %eax\n"
	"bts $32, %rax\n"
	"lock add %rax, 16(%r10)\n"
	"test %r8, %r8\n"
	"jz 13f\n"
	"cmp %esi, %ebx\n"
	"jb 13f\n"
	"mov %ebp, %eax\n"
	"and $0x7fffffff, %eax\n"
	"lock cmpxchg %ebp, (%r8)\n"
	"13: mov $1, %eax\n"
	".cfi_remember_state\n"
	"14: pop %rbp\n .cfi_adjust_cfa_offset -8\n .cfi_restore %rbp\n"
	"pop %rbx\n .cfi_adjust_cfa_offset -8\n .cfi_restore %rbx\n"
	"ret\n"
	".cfi_restore_state\n"
	/* Not our slot: take it if it is nobody's, or look at the next one. */
	"6: cmpq $0, (%r10)\n"
	"jne 7f\n"
	"mov %rax, %rbp\n"
	"xor %eax, %eax\n"
	"lock cmpxchg %r9, (%r10)\n"
	"xchg %rax, %rbp\n"
	"je 9f\n"
	"cmp %r9, %rbp\n" /* a signal handler took it for us */
	"je 1b\n"
	"7: inc %eax\n"
	"and $63, %eax\n"
	"dec %ebx\n"
	"jnz 1b\n"
	"xor %eax, %eax\n" /* 64 threads have been here */
	"jmp 14b\n"
	"9: shl $13, %rax\n"
	"lea 4096(%r11, %rax), %r11\n"
	VIZ__FIRE_BATCH
	"jmp 2b\n"
	/* The lap is full. Who is in the middle of a record below us goes on with it later. */
	"8: mov %rax, %rbp\n"
	"xor %eax, %eax\n"
	"cmp %ebp, 16(%r10)\n"
	"jne 14b\n"
	VIZ__FIRE_BATCH
	"mov %rbp, %rax\n"
	"mov %rbp, %r9\n"
	"shr $32, %r9\n"
	"inc %r9d\n"
	"shl $32, %r9\n"
	"lock cmpxchg %r9, 8(%r10)\n"
	"jne 3b\n" /* a signal handler has done it */
	"mov %ebp, %ebp\n"
	"neg %rbp\n"
	"lock add %rbp, 16(%r10)\n"
	"jmp 2b\n"
	".cfi_endproc\n"
	".size viz__append, . - viz__append\n"
	".popsection\n"
	".endif\n");
#undef VIZ__FIRE_BATCH
#endif
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif
extern volatile unsigned short viz_init_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_destroy_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_set_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_log_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_enter_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_exit_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_value_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_instant_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_async_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_quiet_semaphore VIZ__HIDDEN;
extern volatile unsigned short viz_batch_semaphore VIZ__HIDDEN;

void viz__probe_init(const void *obj, const struct viz_class *cls, const char *name) VIZ__HIDDEN;
void viz__probe_destroy(const void *obj) VIZ__HIDDEN;
void viz__probe_set(const void *obj, uint32_t index, uint64_t bits, const char *attr) VIZ__HIDDEN;
void viz__probe_log(const void *obj, uint32_t why) VIZ__HIDDEN;
void viz__probe_enter(const char *name, const void *frame, uint32_t flags, const char *args, const uint64_t *words)
	VIZ__HIDDEN;
void viz__probe_exit(const char *name, const void *frame, uint32_t flags, const char *args, const uint64_t *words)
	VIZ__HIDDEN;
void viz__probe_value(const char *name, const char *attr, uint64_t bits, uint32_t type) VIZ__HIDDEN;
void viz__probe_instant(const char *name, const char *args, const uint64_t *words, uint64_t check) VIZ__HIDDEN;
void viz__probe_async(const char *name, uint64_t id, uint32_t what) VIZ__HIDDEN;
void viz__probe_quiet(const void *obj, uint32_t index, uint64_t bits, const char *attr) VIZ__HIDDEN;
void viz__probe_batch(struct viz_slot *slot, const void *data, uint64_t thread) VIZ__HIDDEN;

int viz__append(const void *words, uint32_t size, uint64_t what, const void *ident, uint32_t *stamp) VIZ__HIDDEN;

/* ---- What runs in the program. Only what is named `on` or `VIZ__COLD` may cost anything. ---- */

static inline const struct viz_attr *viz__attrs(const struct viz_class *cls)
{
	return (const struct viz_attr *)(const void *)(cls + 1);
}

static inline const char *viz__plain_name(const char *name)
{
	while (name[0] == 'v' && name[1] == 'i' && name[2] == 'z' && name[3] == '.')
		name += 4;
	return name;
}

/* Bytes of an attribute in the object. */
static inline int32_t viz__extent(const struct viz_attr *a)
{
	return a->type & VIZ_TYPE_FOLLOWED ? 8 : (int32_t)(a->stride * a->count);
}

static inline int viz__alive(const struct viz_base *b)
{
	return b->check == (VIZ_CHECK ^ (uint64_t)(uintptr_t)b ^ (uint64_t)(uintptr_t)b->cls);
}

/* A page that nobody has touched yet cannot be read by an eBPF program of older kernels. */
static inline const char *viz__touch(const char *text)
{
	if (text)
		(void)*(const volatile char *)text;
	return text;
}

static VIZ__COLD int viz__included(const struct viz_base *b, unsigned i, const char *name)
{
	uint64_t include = __atomic_load_n(&b->include, __ATOMIC_RELAXED);

	if (viz__plain_name(name)[0] == '_')
		return 0;
	if (include)
		return (include >> i & 1) != 0;
	return !(__atomic_load_n(&b->exclude, __ATOMIC_RELAXED) >> i & 1);
}

/* What can be told silent by its offset alone: the quick way past writes that the program itself excluded. */
static VIZ__COLD void viz__refresh(struct viz_base *b)
{
	const struct viz_attr *a = viz__attrs(b->cls);
	uint64_t live = 0;
	unsigned i;

	for (i = 0; i < b->cls->n_attrs; i++) {
		int32_t first = a[i].offset >> 2;
		int32_t last = (int32_t)(a[i].offset + viz__extent(&a[i]) - 1) >> 2;

		if (!viz__included(b, i, a[i].name))
			continue;
		if (last - first >= 63)
			live = ~(uint64_t)0;
		for (; first <= last; first++)
			live |= (uint64_t)1 << (first & 63);
	}
	__atomic_store_n(&b->live, live, __ATOMIC_RELAXED);
}

static inline uint64_t viz__load(const volatile char *from, unsigned type)
{
	switch (type) {
	case VIZ_TYPE_I8: return (uint64_t)(int64_t)*(const volatile int8_t *)from;
	case VIZ_TYPE_BOOL:
	case VIZ_TYPE_U8: return *(const volatile uint8_t *)from;
	case VIZ_TYPE_I16: return (uint64_t)(int64_t)*(const volatile int16_t *)(const volatile void *)from;
	case VIZ_TYPE_U16: return *(const volatile uint16_t *)(const volatile void *)from;
	case VIZ_TYPE_I32: return (uint64_t)(int64_t)*(const volatile int32_t *)(const volatile void *)from;
	case VIZ_TYPE_U32: return *(const volatile uint32_t *)(const volatile void *)from;
	case VIZ_TYPE_F32: {
		union { double d; uint64_t u; } both;
		both.d = (double)*(const volatile float *)(const volatile void *)from;
		return both.u;
	}
	case VIZ_TYPE_I64:
	case VIZ_TYPE_U64:
	case VIZ_TYPE_F64:
	case VIZ_TYPE_STRP:
	case VIZ_TYPE_JSONP: return *(const volatile uint64_t *)(const volatile void *)from;
	default: return (uint64_t)(uintptr_t)from;
	}
}

#ifdef VIZ__BATCHES
/* The object's span into the thread's batch, or 0: it has parts that only an eBPF program can read without a risk, or
 * it is large. */
static VIZ__COLD int viz__append_report(const struct viz_base *b, uint64_t what)
{
	const struct viz_class *cls = b->cls;
	uint32_t size = (cls->span_size + 7u) & ~7u;
	uint64_t strings = 0;
	unsigned i;

	if (size > VIZ_BATCH_SPAN || cls->version > 1)
		return 0;
	for (i = 0; i < VIZ_BATCH_SPAN / 8 / 64; i++)
		strings |= cls->strings[i];
	if (strings)
		return 0;
	if (cls->span_offset)
		return viz__append((const char *)b + cls->span_offset, size, what | VIZ_RECORD_WHOLE << 16, b, VIZ__NIL(uint32_t));
	return viz__append(b, size, what, b, (uint32_t *)(uintptr_t)&b->stamp);
}
#endif

/* A write to attribute i, of which `bits` is told to other tools. */
static VIZ__COLD void viz__report_set(const struct viz_base *b, unsigned i, int loud, uint64_t bits)
{
	const char *name = viz__plain_name(viz__attrs(b->cls)[i].name);

	if (name[0] == '_')
		return;
	loud = loud && viz__included(b, i, name);
	if (loud && VIZ__APPEND_REPORT(set, b, VIZ__RECORD(VIZ_RECORD_SET, i)))
		return;
	if (loud)
		viz__probe_set(b, i, bits, name);
	else if (VIZ__ON(quiet))
		viz__probe_quiet(b, i, bits, name);
}

static VIZ__COLD void viz__on_set(const struct viz_base *b, const volatile void *attr)
{
	const uint32_t flags = __atomic_load_n(&b->flags, __ATOMIC_RELAXED);
	const struct viz_attr *a;
	ptrdiff_t offset = (const volatile char *)attr - (const volatile char *)b;
	int loud = (flags & VIZ_TRIGGER) && (__atomic_load_n(&b->live, __ATOMIC_RELAXED) >> ((offset >> 2) & 63) & 1);
	unsigned i, found = VIZ_ATTRS_MAX;

	if (!(flags & VIZ_ENABLED) || !(loud || VIZ__ON(quiet)) || !viz__alive(b))
		return;
	a = viz__attrs(b->cls);
	for (i = 0; i < b->cls->n_attrs; i++) {
		if (offset < a[i].offset || offset >= a[i].offset + viz__extent(&a[i]))
			continue;
		found = i;
		/* Of those behind one pointer any that is not left out. */
		if (!(a[i].type & VIZ_TYPE_FOLLOWED) || viz__included(b, i, a[i].name))
			break;
	}
	if (found < VIZ_ATTRS_MAX)
		viz__report_set(b, found, loud, viz__load((const volatile char *)b + a[found].offset, a[found].type));
}

/* Does what a macro was given ("cmd->names[2]") name the attribute (cmd.names), a part of it, or a pointer
 * on the way to it? */
static VIZ__COLD int viz__is_path(const char *name, const char *text)
{
	for (; *text; text++) {
		if (*text == ' ' || (*text == '-' && text[1] == '>'))
			continue;
		if (!*name)
			return *text == '.' || *text == '[';
		if (*name++ != (*text == '>' ? '.' : *text))
			return 0;
	}
	return !*name || *name == '.';
}

/* What is written is behind a pointer, or so it looks: `text` has an arrow. By its text, since nothing is followed here:
 * another pointer of the object may be garbage. */
static VIZ__COLD void viz__on_path(const struct viz_base *b, const volatile void *place, const char *text)
{
	const uint32_t flags = __atomic_load_n(&b->flags, __ATOMIC_RELAXED);
	const struct viz_attr *a;
	const char *own;
	unsigned i;

	if (!(flags & VIZ_ENABLED) || !viz__alive(b))
		return;
	a = viz__attrs(b->cls);
	text = viz__plain_name(text);
	own = text[0] == 'o' && text[1] == 'f' && text[2] == '-' ? text + 4 : text; /* of->key may be called just key */
	for (i = 0; i < b->cls->n_attrs; i++) {
		const char *name = viz__plain_name(a[i].name);

		if (a[i].type & VIZ_TYPE_FOLLOWED && (viz__is_path(name, text) || viz__is_path(name, own))) {
			viz__report_set(b, i, (flags & VIZ_TRIGGER) != 0, (uint64_t)(uintptr_t)place);
			return;
		}
	}
	viz__on_set(b, place);
}

static inline int viz__enabled(const struct viz_base *b)
{
	return (__atomic_load_n(&b->flags, __ATOMIC_RELAXED) & VIZ_ENABLED) != 0;
}

static VIZ__COLD void viz__on_log(const struct viz_base *b, uint32_t why)
{
	if (!viz__enabled(b) || !viz__alive(b) || VIZ__APPEND_REPORT(log, b, VIZ__RECORD(VIZ_RECORD_LOG, why)))
		return;
	viz__probe_log(b, why);
}

static VIZ__COLD void viz__on_init(const struct viz_base *b)
{
	if (!viz__enabled(b))
		return;
	viz__touch((const char *)b->cls);
	viz__touch((const char *)b->cls + b->cls->size - 1);
	viz__probe_init(b, b->cls, viz__touch(b->name));
}

static VIZ__COLD void viz__on_destroy(const struct viz_base *b)
{
	if (viz__enabled(b) && viz__alive(b))
		viz__probe_destroy(b);
}

/* Where this is in the code, as VIZ_SLICE_SITE has it: in each copy of a function that is inlined another place. Places
 * in one function are apart in these bits. Where there are coroutines several may wait in one scope, and be resumed in
 * the same frame. */
static inline __attribute__((always_inline)) uint32_t viz__site(void)
{
	uintptr_t here = 0;

#if defined(__cpp_impl_coroutine) || defined(__cpp_coroutines)
	return (uint32_t)here;
#elif defined(__x86_64__)
	__asm__ volatile("lea 0(%%rip), %0" : "=r"(here));
#else
	__asm__ volatile("adr %0, ." : "=r"(here));
#endif
	here &= 0xffff;
	return (uint32_t)(here ? here : 1) << 16;
}

/* What follows of a record, if there are arguments: its bytes; 1: it cannot be in a batch. */
static inline uint32_t viz__put_args(uint64_t *to, const char *args, const uint64_t *words, uint32_t flags)
{
	unsigned i, n = args ? VIZ_ARGS_COUNT(words[0]) : 0;

	if (!(flags & VIZ__LITERAL) || (args && (words[0] & VIZ_ARGS_STRINGS)))
		return 1;
	to[0] = (uint64_t)(uintptr_t)args;
	for (i = 0; args && i <= n; i++)
		to[1 + i] = words[i];
	return args ? 8 * (n + 2) : 0;
}

/* `flags` with VIZ__LITERAL, as in all of these. Small enough to be inlined, for what gcc then makes of who calls it is
 * faster while nobody traces. */
static VIZ__COLD const char *viz__on_enter(const char *name, const void *frame, uint32_t flags)
{
	uint64_t word = (uint64_t)(uintptr_t)frame;
	uint32_t plain = flags & ~VIZ__LITERAL;

	if (!(flags & VIZ__LITERAL) || !VIZ__APPEND(enter, &word, 8, VIZ__RECORD(VIZ_RECORD_ENTER, plain), name))
		viz__probe_enter(viz__touch(name), frame, plain, VIZ__NO_ARGS);
	return name;
}

static VIZ__COLD const char *viz__on_enter_args(const char *name, const void *frame, uint32_t flags, const char *args,
	const uint64_t *words)
{
	uint64_t record[VIZ_ARGS_MAX + 3];
	uint32_t plain = (flags & ~VIZ__LITERAL) | VIZ_SLICE_ARGS;
	uint32_t size = viz__put_args(record + 1, args, words, flags);

	record[0] = (uint64_t)(uintptr_t)frame;
	if (size == 1 || !VIZ__APPEND(enter, record, size + 8, VIZ__RECORD(VIZ_RECORD_ENTER, plain), name))
		viz__probe_enter(viz__touch(name), frame, plain, viz__touch(args), words);
	return name;
}

static VIZ__COLD void viz__on_exit_args(const char *name, const void *frame, uint32_t flags, const char *args,
	const uint64_t *words)
{
	uint64_t record[VIZ_ARGS_MAX + 3];
	uint32_t plain = (flags & ~VIZ__LITERAL) | (args ? VIZ_SLICE_ARGS : 0);
	uint32_t size = viz__put_args(record + 1, args, words, flags);

	record[0] = (uint64_t)(uintptr_t)frame;
	if (size == 1 || !VIZ__APPEND(exit, record, size + 8, VIZ__RECORD(VIZ_RECORD_EXIT, plain), name))
		viz__probe_exit(viz__touch(name), frame, plain, viz__touch(args), words);
}

static VIZ__COLD void viz__on_exit(const char *name, const void *frame, uint32_t flags)
{
	viz__on_exit_args(name, frame, flags, VIZ__NO_ARGS);
}

static VIZ__COLD void viz__on_instant(const char *name, uint32_t flags, const char *args, const uint64_t *words)
{
	uint64_t record[VIZ_ARGS_MAX + 2];
	uint32_t size = viz__put_args(record, args, words, flags);

	if (size == 1 || !VIZ__APPEND(instant, args ? record : words, size, VIZ__RECORD(VIZ_RECORD_INSTANT, 0), name))
		viz__probe_instant(viz__touch(name), viz__touch(args), words,
			args ? VIZ_CHECK ^ (uint64_t)(uintptr_t)args ^ (uint64_t)(uintptr_t)words : 0);
}

static inline uint64_t viz__double_bits(double d)
{
	union { double d; uint64_t u; } both;

	both.d = d;
	return both.u;
}

static VIZ__COLD void viz__on_async(const char *name, struct viz__id id, uint32_t what)
{
	uint32_t plain = (what & ~VIZ__LITERAL) | id.flags;

	if ((what & VIZ__LITERAL) && VIZ__APPEND(async, &id.bits, 8, VIZ__RECORD(VIZ_RECORD_ASYNC, plain), name))
		return;
	viz__probe_async(viz__touch(name), id.bits, plain);
}

static VIZ__COLD void viz__on_value(const char *name, const char *attr, uint64_t bits, uint32_t type, uint32_t flags)
{
	uint64_t words[2];

	words[0] = (uint64_t)(uintptr_t)attr;
	words[1] = bits;
	if (flags && VIZ__APPEND(value, words, 16, VIZ__RECORD(VIZ_RECORD_VALUE, type), name))
		return;
	viz__probe_value(viz__touch(name), viz__touch(attr), bits, type);
}

static inline void viz__init(struct viz_base *b, const struct viz_class *cls, const char *name)
{
	b->cls = cls;
	b->name = name;
	b->include = 0;
	b->exclude = 0;
	b->live = ~(uint64_t)0;
	b->flags = VIZ_ENABLED | VIZ_TRIGGER;
	b->stamp = 0;
	b->check = VIZ_CHECK ^ (uint64_t)(uintptr_t)b ^ (uint64_t)(uintptr_t)cls;
}

/* It ends; it may go on as another one. */
static inline void viz__leave(const struct viz_base *b)
{
	if (VIZ__ON(destroy))
		viz__on_destroy(b);
}

static inline void viz__destroy(struct viz_base *b)
{
	viz__leave(b);
	b->check = 0;
}

/* The base is another one now: whoever reports the object next has to copy it. */
static inline void viz__unstamp(struct viz_base *b)
{
	__atomic_store_n(&b->stamp, 0, __ATOMIC_SEQ_CST);
}

/* Behind viz__leave(). */
static inline void viz__rename(struct viz_base *b, const char *name)
{
	b->name = name;
	if (!viz__alive(b))
		return;
	viz__unstamp(b);
	if (VIZ__ON(init))
		viz__on_init(b);
}

/* Not snprintf in the macro: compilers would warn of each name that may be cut. */
__attribute__((format(printf, 4, 5)))
static VIZ__COLD void viz__print_name(struct viz_base *b, char *room, size_t size, const char *format, ...)
{
	__builtin_va_list args;
	int written;

	viz__leave(b);
	__builtin_va_start(args, format);
	written = __builtin_vsnprintf(room, size, format, args);
	__builtin_va_end(args);
	viz__rename(b, written < 0 ? VIZ__NIL(const char) : room);
}

static inline int viz__result(int first, int next)
{
	return first ? first : next;
}

static VIZ__COLD int viz__config_flag(struct viz_base *b, uint32_t flag, int on)
{
	if (!viz__alive(b))
		return VIZ_EINVAL;
	if (on)
		__atomic_fetch_or(&b->flags, flag, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&b->flags, ~flag, __ATOMIC_RELAXED);
	viz__unstamp(b);
	return 0;
}

static VIZ__COLD int viz__config_list(struct viz_base *b, uint64_t *list, const char *const *names, size_t n)
{
	uint64_t mask = 0;
	size_t i;

	if (!viz__alive(b))
		return VIZ_EINVAL;
	for (i = 0; i < n; i++) {
		const struct viz_attr *a = viz__attrs(b->cls);
		unsigned j;

		for (j = 0; j < b->cls->n_attrs; j++) {
			const char *x = viz__plain_name(a[j].name);
			const char *y = names[i];

			while (y && *x && *x == *y) {
				x++;
				y++;
			}
			if (y && *x == *y)
				break;
		}
		if (j == b->cls->n_attrs)
			return VIZ_ENOENT;
		mask |= (uint64_t)1 << j;
	}
	__atomic_store_n(list, mask, __ATOMIC_RELAXED);
	viz__refresh(b);
	viz__unstamp(b);
	return 0;
}

struct viz__scope { const char *name; const void *frame; uint32_t flags; };
struct viz__log_scope { const struct viz_base *base; };
enum { viz__when_after = 1, viz__when_before = 2, viz__when_both = 3 };

#ifndef VIZ_PROBE_DISABLE
/* Nothing for who found no tracer at the beginning: compilers then leave the end out of that path. To look once more,
 * for a tracer that came since, would be another load and branch. */
static inline void viz__scope_end(struct viz__scope *s)
{
	if (s->name && VIZ__ON(exit))
		viz__on_exit(s->name, s->frame, s->flags);
}

static VIZ__COLD const struct viz_base *viz__log_begin(const struct viz_base *b, int when)
{
	if (when & viz__when_before)
		viz__on_log(b, VIZ_WHY_BEFORE);
	return when & viz__when_after ? b : VIZ__NIL(const struct viz_base);
}

static inline void viz__log_end(struct viz__log_scope *s)
{
	if (s->base && VIZ__ON(log))
		viz__on_log(s->base, VIZ_WHY_AFTER);
}
#endif
#ifdef __cplusplus
}
#endif

/* ---- The macros. Each use gets a number of its own, so that one inside an argument of another shadows nothing. ---- */

#define VIZ_PROBE_SET(p, attr, ...) VIZ__SET(__COUNTER__, p, attr, __VA_ARGS__)
#define VIZ__SET(id, p, attr, ...) VIZ__SET_(id, p, attr, __VA_ARGS__)
#ifdef __cplusplus
#define VIZ__SET_(id, p, attr, ...) __extension__({ \
	auto &&viz__o##id = (p); \
	auto &viz__a##id = viz__o##id->attr; \
	typename viz__cpp::stored<__typeof__(viz__a##id)>::type viz__v##id = (__VA_ARGS__); \
	viz__cpp::store(viz__a##id, viz__v##id); \
	VIZ__TRIGGER(viz__o##id, attr, &viz__a##id); \
})
#else
#define VIZ__SET_(id, p, attr, ...) __extension__({ \
	__auto_type viz__o##id = (p); \
	__auto_type viz__a##id = &viz__o##id->attr; \
	__typeof__(((void)0, __builtin_choose_expr(VIZ__IS_TEXT(*viz__a##id), (const char *)0, *viz__a##id))) \
		viz__v##id = (__VA_ARGS__); \
	if (VIZ__IS_TEXT(*viz__a##id)) \
		viz__copy((char *)(uintptr_t)viz__a##id, sizeof(*viz__a##id), (const void *)&viz__v##id); \
	else \
		*__builtin_choose_expr(VIZ__IS_TEXT(*viz__a##id), &viz__v##id, viz__a##id) = viz__v##id; \
	VIZ__TRIGGER(viz__o##id, attr, viz__a##id); \
})
/* `from` points to the string's address; the caller has it in a variable whose type depends on the attribute. */
static inline void viz__copy(char *to, size_t size, const void *from)
{
	const char *text = *(const char *const *)from;
	size_t i = 0;

	for (; text && i + 1 < size && text[i]; i++)
		to[i] = text[i];
	to[i] = 0;
}
#endif
#define VIZ__TRIGGER(o, attr, place) do { \
	if (VIZ__ON(set) && #attr[0] != '_') \
		VIZ__ON_SET(VIZ__BASE(o), attr, place); \
} while (0)
#define VIZ__ON_SET(b, attr, place) \
	(__builtin_strchr(#attr, '>') ? viz__on_path(b, place, #attr) : viz__on_set(b, place))

#define VIZ_PROBE_CHANGED(p, attr) VIZ__CHANGED(__COUNTER__, p, attr)
#define VIZ__CHANGED(id, p, attr) VIZ__CHANGED_(id, p, attr)
#define VIZ__CHANGED_(id, p, attr) do { \
	if (VIZ__ON(set) && #attr[0] != '_') { \
		VIZ__POINTER(viz__o##id, p); \
		VIZ__ON_SET(VIZ__BASE(viz__o##id), attr, &viz__o##id->attr); \
	} \
} while (0)

/* C converts almost anything to a pointer with no more than a warning. */
#ifdef __cplusplus
#define VIZ__POINTER(o, p) auto &&o = (p)
#define VIZ__POINTER_TO(tag, o, p) VIZ__TYPE(tag) *o = (p)
#define VIZ__NAME(c, k, k1, x) , (x)
#else
#define VIZ__POINTER(o, p) __extension__ __auto_type o = (p)
#define VIZ__POINTER_TO(tag, o, p) \
	VIZ__POINTER(o, p); \
	VIZ__ASSERT(__builtin_types_compatible_p(__typeof__(*o), VIZ__TYPE(tag)), \
		"VIZ_PROBE_INIT(" #tag "): the object is not a struct " #tag)
#define VIZ__NAME(c, k, k1, x) , __extension__ _Generic((x), char *: (x), const char *: (x))
#endif

#define VIZ_PROBE_LOG(p) do { \
	if (VIZ__ON(log)) \
		viz__on_log(VIZ__BASE(p), VIZ_WHY_LOG); \
} while (0)

#define VIZ_PROBE_NAME(p, ...) VIZ__RENAME(__COUNTER__, p, __VA_ARGS__)
#define VIZ__RENAME(id, p, ...) VIZ__RENAME_(id, p, __VA_ARGS__)
#define VIZ__RENAME_(id, p, ...) do { \
	if (VIZ__ALIVE_BUILD) { \
		VIZ__POINTER(viz__o##id, p); \
		VIZ__ASSERT(VIZ__IS_TEXT(viz__o##id->viz_name), "VIZ_PROBE_NAME: the struct's viz_name is no char[N]"); \
		viz__print_name(VIZ__BASE(viz__o##id), viz__o##id->viz_name, sizeof(viz__o##id->viz_name), __VA_ARGS__); \
	} \
} while (0)

#define VIZ_PROBE_DESTROY(p) do { \
	if (VIZ__ALIVE_BUILD) \
		viz__destroy(VIZ__BASE(p)); \
} while (0)

#define VIZ_PROBE_INIT(p, tag, ...) \
	VIZ__INIT(__COUNTER__, p, tag, VIZ__FIRST(__VA_ARGS__, ), VIZ__REST(__VA_ARGS__, ))
#define VIZ__INIT(id, p, tag, name, ...) VIZ__INIT_(id, p, tag, name, __VA_ARGS__)
#define VIZ__INIT_(id, p, tag, name, ...) __extension__({ \
	int viz__r##id = 0; \
	if (VIZ__ALIVE_BUILD) { \
		VIZ__POINTER_TO(tag, viz__o##id, p); \
		viz__init(VIZ__BASE(viz__o##id), VIZ__CLASS_OF(tag), name); \
		VIZ__CAT(VIZ__GROUPS_, VIZ__NARGS_MINUS_1(__VA_ARGS__))((viz__o##id, viz__r##id), __VA_ARGS__, ) \
		if (VIZ__ON(init)) \
			viz__on_init(VIZ__BASE(viz__o##id)); \
	} \
	viz__r##id; \
})
/* One for each setting: not VIZ__FE, which is needed for the list within one. */
#define VIZ__GROUPS_0(c, ...)
#define VIZ__GROUPS_1(c, x, ...) VIZ__GROUP(c, x)
#define VIZ__GROUPS_2(c, x, ...) VIZ__GROUP(c, x) VIZ__GROUPS_1(c, __VA_ARGS__)
#define VIZ__GROUPS_3(c, x, ...) VIZ__GROUP(c, x) VIZ__GROUPS_2(c, __VA_ARGS__)
#define VIZ__GROUPS_4(c, x, ...) VIZ__GROUP(c, x) VIZ__GROUPS_3(c, __VA_ARGS__)
#define VIZ__GROUPS_5(c, x, ...) VIZ__GROUP(c, x) VIZ__GROUPS_4(c, __VA_ARGS__)
#define VIZ__GROUPS_6(c, x, ...) VIZ__GROUP(c, x) VIZ__GROUPS_5(c, __VA_ARGS__)
#define VIZ__GROUPS_7(c, x, ...) VIZ__GROUP(c, x) VIZ__GROUPS_6(c, __VA_ARGS__)
#define VIZ__GROUPS_8(c, x, ...) VIZ__GROUP(c, x) VIZ__GROUPS_7(c, __VA_ARGS__)
#define VIZ__GROUP(c, x) VIZ__CAT(VIZ__GROUP_, VIZ__IS_PAREN(x))(c, x)
#define VIZ__GROUP_0(c, x) VIZ__ASSERT(0, "VIZ_PROBE_INIT: a setting is a group in parentheses: (key, value)");
#define VIZ__GROUP_1(c, x) VIZ__CALL(VIZ__GROUP_2, (VIZ__EXPAND c, VIZ__EXPAND x))
#define VIZ__GROUP_2(o, r, ...) r = viz__result(r, VIZ_PROBE_CONFIG(o, __VA_ARGS__));

#define VIZ_PROBE_CONFIG(p, ...) \
	VIZ__CONFIG(__COUNTER__, p, VIZ__FIRST(__VA_ARGS__, ), VIZ__REST(__VA_ARGS__, ))
#define VIZ__CONFIG(id, p, key, ...) VIZ__CONFIG_(id, p, key, __VA_ARGS__)
#define VIZ__CONFIG_(id, p, key, ...) __extension__({ \
	int viz__r##id = viz__key_##key; \
	if (VIZ__ALIVE_BUILD) { \
		struct viz_base *viz__b##id = VIZ__BASE(p); \
		viz__r##id = VIZ__CONFIG_##key(id, viz__b##id, __VA_ARGS__); \
	} \
	viz__r##id; \
})
enum {
	viz__key_enabled = 0,
	viz__key_trigger_on_change = 0,
	viz__key_include_attributes = 0,
	viz__key_exclude_attributes = 0
};
#define VIZ__CONFIG_enabled(id, b, on, ...) viz__config_flag(b, VIZ_ENABLED, (on) ? 1 : 0)
#define VIZ__CONFIG_trigger_on_change(id, b, on, ...) viz__config_flag(b, VIZ_TRIGGER, (on) ? 1 : 0)
#define VIZ__CONFIG_include_attributes(id, b, ...) VIZ__CONFIG_LIST(id, b, include, __VA_ARGS__)
#define VIZ__CONFIG_exclude_attributes(id, b, ...) VIZ__CONFIG_LIST(id, b, exclude, __VA_ARGS__)
#define VIZ__CONFIG_LIST(id, b, which, ...) __extension__({ \
	const char *const viz__l##id[] = { "" VIZ__FE_REST(VIZ__NAME, ~, __VA_ARGS__) }; \
	viz__config_list(b, &(b)->which, viz__l##id + 1, sizeof(viz__l##id) / sizeof(viz__l##id[0]) - 1); \
})

/* ---- Arguments: VIZ__WITH(x, args..., ) is x0(args..., ) or, if there are some, x1(args..., ). An argument is (form,
 * label, value). Its names are one literal, its words an array that lives as long as the call. ---- */

#define VIZ_ARG(name, ...) (arg, name, __VA_ARGS__)
#define VIZ__ARG(x) VIZ__CAT(VIZ__ARG_, VIZ__IS_PAREN(x))(x)
#define VIZ__ARG_0(x) plain, #x, x
#define VIZ__ARG_1(x) VIZ__EXPAND x
#define VIZ__WITH(x, ...) VIZ__CAT(x, VIZ__ARGS_PICK(__VA_ARGS__, _many, _many, _many, _many, _many, _many, _many, \
	1, 1, 1, 1, 1, 1, 1, 1, 0, ~))
#define VIZ__ARGS_PICK(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, n, ...) n
#define VIZ__TOO_MANY VIZ__ASSERT(0, "more than VIZ_ARGS_MAX arguments")
#define VIZ__ARG_NAMES(...) VIZ__FE_REST(VIZ__ARG_NAME, ~, __VA_ARGS__)
#define VIZ__ARG_NAME(c, k, k1, x) VIZ__CALL(VIZ__ARG_NAME_, (VIZ__ARG(x)))
#define VIZ__ARG_NAME_(form, label, ...) "\n" label
#ifdef __cplusplus
#define VIZ__ARG_WORDS(...) viz__cpp::pack VIZ__CALL(VIZ__CALLED, (VIZ__FE_REST(VIZ__ARG_VALUE, ~, __VA_ARGS__)))
#define VIZ__CALLED(a, ...) (__VA_ARGS__)
#define VIZ__ARG_VALUE(c, k, k1, x) VIZ__CALL(VIZ__ARG_VALUE_, (VIZ__ARG(x)))
#define VIZ__ARG_VALUE_(form, label, ...) , (__VA_ARGS__)
#else
#define VIZ__ARG_WORDS(...) (const uint64_t[]){ \
	(uint64_t)VIZ__NARGS_MINUS_1(__VA_ARGS__) << 32 | \
	((0 VIZ__FE_REST(VIZ__ARG_IS_STRING, ~, __VA_ARGS__)) ? (uint64_t)VIZ_ARGS_STRINGS : 0) \
	VIZ__FE_REST(VIZ__ARG_TYPE, ~, __VA_ARGS__) VIZ__FE_REST(VIZ__ARG_VALUE, ~, __VA_ARGS__) }
#define VIZ__ARG_IS_STRING(c, k, k1, x) VIZ__CALL(VIZ__ARG_IS_STRING_, (VIZ__ARG(x)))
#define VIZ__ARG_IS_STRING_(form, label, ...) || VIZ__ARG_CODE((__VA_ARGS__)) == VIZ_TYPE_STRP
#define VIZ__ARG_TYPE(c, k, k1, x) VIZ__CALL(VIZ__ARG_TYPE_, (k, VIZ__ARG(x)))
#define VIZ__ARG_TYPE_(k, form, label, ...) | (uint64_t)VIZ__ARG_CODE((__VA_ARGS__)) << 4 * (k - 1)
#define VIZ__ARG_VALUE(c, k, k1, x) VIZ__CALL(VIZ__ARG_VALUE_, (VIZ__ARG(x)))
#define VIZ__ARG_VALUE_(form, label, ...) , VIZ__ARG_BITS((__VA_ARGS__))
/* What promotes bit-fields and small integers, and lets pointers be what they are (5: of which class gcc has those). */
#define VIZ__ARG_CODE(x) __extension__ _Generic(x, _Bool: VIZ_TYPE_BOOL, default: _Generic((0 ? x : x), \
	int: VIZ_TYPE_I64, long: VIZ_TYPE_I64, long long: VIZ_TYPE_I64, unsigned: VIZ_TYPE_U64, \
	unsigned long: VIZ_TYPE_U64, unsigned long long: VIZ_TYPE_U64, float: VIZ_TYPE_F64, double: VIZ_TYPE_F64, \
	long double: VIZ_TYPE_F64, char *: VIZ_TYPE_STRP, const char *: VIZ_TYPE_STRP, \
	default: (int)(__builtin_classify_type(x) == 5 ? VIZ_TYPE_POINTER : VIZ_TYPE_I64)))
/* Only one of the two is evaluated, once. */
#define VIZ__ARG_BITS(x) __builtin_choose_expr(VIZ__ARG_CODE(x) == VIZ_TYPE_F64, \
	viz__double_bits((double)__extension__ _Generic(x, float: x, double: x, long double: x, default: 0.0)), \
	(uint64_t)x)
#endif

#define VIZ_PROBE_ENTER(...) do { \
	if (VIZ__ON(enter)) \
		VIZ__WITH(VIZ__SLICE_, VIZ__REST(__VA_ARGS__, ))(enter, VIZ__FIRST(__VA_ARGS__, ), \
			VIZ__LITERAL_IF(VIZ__FIRST(__VA_ARGS__, )), VIZ__REST(__VA_ARGS__, )); \
} while (0)
#define VIZ_PROBE_EXIT(...) do { \
	if (VIZ__ON(exit)) \
		VIZ__WITH(VIZ__SLICE_, VIZ__REST(__VA_ARGS__, ))(exit, VIZ__FIRST(__VA_ARGS__, ), \
			VIZ__LITERAL_IF(VIZ__FIRST(__VA_ARGS__, )), VIZ__REST(__VA_ARGS__, )); \
} while (0)
#define VIZ__SLICE_0(probe, name, flags, ...) viz__on_##probe(name, __builtin_frame_address(0), flags)
#define VIZ__SLICE_1(probe, name, flags, ...) viz__on_##probe##_args(name, __builtin_frame_address(0), flags, \
	VIZ__ARG_NAMES(__VA_ARGS__), VIZ__ARG_WORDS(__VA_ARGS__))
#define VIZ__SLICE__many(...) { VIZ__TOO_MANY; }
#define VIZ_PROBE_INSTANT(...) do { \
	if (VIZ__ON(instant)) \
		VIZ__WITH(VIZ__INSTANT_, VIZ__REST(__VA_ARGS__, ))(VIZ__FIRST(__VA_ARGS__, ), VIZ__REST(__VA_ARGS__, )); \
} while (0)
#define VIZ__INSTANT_0(name, ...) viz__on_instant(name, VIZ__LITERAL_IF(name), VIZ__NO_ARGS)
#define VIZ__INSTANT_1(name, ...) viz__on_instant(name, VIZ__LITERAL_IF(name), VIZ__ARG_NAMES(__VA_ARGS__), \
	VIZ__ARG_WORDS(__VA_ARGS__))
#define VIZ__INSTANT__many(...) { VIZ__TOO_MANY; }

#define VIZ_PROBE_BEGIN(name, id) VIZ__ASYNC(name, id, VIZ_ASYNC_BEGIN | VIZ__LITERAL_IF(name))
#define VIZ_PROBE_END(name, id) VIZ__ASYNC(name, id, VIZ_ASYNC_END | VIZ__LITERAL_IF(name))
#define VIZ_PROBE_FLOW_OUT(id) VIZ__ASYNC("flow", id, VIZ_ASYNC_OUT | VIZ__LITERAL)
#define VIZ_PROBE_FLOW_IN(id) VIZ__ASYNC("flow", id, VIZ_ASYNC_IN | VIZ__LITERAL)
#define VIZ__ASYNC(name, id, what) do { \
	VIZ__CHECK_ID(id); \
	if (VIZ__ON(async)) \
		viz__on_async(name, VIZ__ID(id), what); \
} while (0)
#ifdef __cplusplus
#define VIZ__CHECK_ID(x) (void)0
#define VIZ__ID(x) viz__cpp::id(x)
#else
#define VIZ__CHECK_ID(x) VIZ__ASSERT(VIZ__SCALAR(x) != VIZ_TYPE_F32 && VIZ__SCALAR(x) != VIZ_TYPE_F64, \
	"VIZ_PROBE_*: the id is neither an integer nor a pointer")
#define VIZ__ID(x) __extension__(struct viz__id){ (uint64_t)(x), VIZ__SCALAR(x) ? 0 : VIZ_ASYNC_POINTER }
#endif

#define VIZ_PROBE_VALUE(name, attr, ...) VIZ__VALUE(__COUNTER__, name, attr, __VA_ARGS__)
#define VIZ__VALUE(id, name, attr, ...) VIZ__VALUE_(id, name, attr, __VA_ARGS__)
#ifdef __cplusplus
#define VIZ__VALUE_(id, name, attr, ...) do { \
	if (VIZ__ON(value)) { \
		const auto viz__v##id = (__VA_ARGS__); \
		viz__on_value(name, attr, viz__cpp::bits(viz__v##id), viz__cpp::value_type(viz__v##id), \
			VIZ__LITERAL_IF(name) & VIZ__LITERAL_IF(attr)); \
	} \
} while (0)
#else
#define VIZ__VALUE_TYPE(v) __extension__ _Generic((v), float: VIZ_TYPE_F64, double: VIZ_TYPE_F64, \
	long double: VIZ_TYPE_F64, int: VIZ_TYPE_I64, long: VIZ_TYPE_I64, long long: VIZ_TYPE_I64, \
	unsigned: VIZ_TYPE_U64, unsigned long: VIZ_TYPE_U64, unsigned long long: VIZ_TYPE_U64, default: 0)
#define VIZ__VALUE_(id, name, attr, ...) do { \
	VIZ__ASSERT(VIZ__VALUE_TYPE((__VA_ARGS__) + 0) != 0, "VIZ_PROBE_VALUE: the value is not a number"); \
	if (VIZ__ON(value)) { \
		__typeof__((__VA_ARGS__) + 0) viz__v##id = (__VA_ARGS__); \
		union { double d; uint64_t u; } viz__u##id; \
		if (VIZ__VALUE_TYPE(viz__v##id) == VIZ_TYPE_F64) \
			viz__u##id.d = (double)viz__v##id; \
		else \
			viz__u##id.u = (uint64_t)viz__v##id; \
		viz__on_value(name, attr, viz__u##id.u, VIZ__VALUE_TYPE(viz__v##id), \
			VIZ__LITERAL_IF(name) & VIZ__LITERAL_IF(attr)); \
	} \
} while (0)
#endif

#ifdef VIZ_PROBE_DISABLE
#ifdef __cplusplus
extern "C++" {
char (*viz__arguments(const char *name, const char *args, const uint64_t *words))[1];
#else
char (*viz__arguments(const char *name, const char *args, size_t words))[1];
#endif
char (*viz__text(const char *name))[1];
char (*viz__object(const void *base))[1];
#ifdef __cplusplus
}
#endif
/* What still looks at its arguments and has no code: a declaration in C, where scopes are declarations, too;
 * a statement in C++, for which a lambda's captures count as used. */
#ifdef __cplusplus
#define VIZ__NOTHING(id, x) do { \
	if (0) \
		(void)(x); \
} while (0)
#define VIZ__NO_WORDS(...) VIZ__ARG_WORDS(__VA_ARGS__)
#else
#define VIZ__NOTHING(id, x) enum { VIZ__CAT(viz__n, id) = 0 * sizeof(x) }
#define VIZ__NO_WORDS(...) 0 VIZ__FE_REST(VIZ__ARG_SIZE, ~, __VA_ARGS__)
#define VIZ__ARG_SIZE(c, k, k1, x) VIZ__CALL(VIZ__ARG_SIZE_, (VIZ__ARG(x)))
#define VIZ__ARG_SIZE_(form, label, ...) + sizeof(VIZ__ARG_BITS((__VA_ARGS__)))
#endif
#define VIZ__METHOD_NAME ""
#define VIZ__METHOD_FLAGS 0
#define VIZ__SCOPE_0(id, name, flags, ...) VIZ__NOTHING(id, *viz__text(name))
#define VIZ__SCOPE_1(id, name, flags, ...) \
	VIZ__NOTHING(id, *viz__arguments(name, VIZ__ARG_NAMES(__VA_ARGS__), VIZ__NO_WORDS(__VA_ARGS__)))
#define VIZ_PROBE_TRIGGERLOG(p, when) VIZ__NOTHING(__COUNTER__, *viz__object(VIZ__BASE(p) + 0 * viz__when_##when))
#else
#define VIZ_PROBE_TRIGGERLOG(p, when) VIZ__LOG_SCOPE(__COUNTER__, p, viz__when_##when)
#ifdef __cplusplus
#define VIZ__METHOD_NAME __PRETTY_FUNCTION__
#define VIZ__METHOD_FLAGS (VIZ_SLICE_SCOPED | VIZ_SLICE_PRETTY | VIZ__LITERAL)
#else
#define VIZ__METHOD_NAME __func__
#define VIZ__METHOD_FLAGS (VIZ_SLICE_SCOPED | VIZ__LITERAL)
#endif
#define VIZ__SCOPE_0(id, name, flags, ...) \
	VIZ__SCOPE_IS(id, name, flags, VIZ__SLICE_0(enter, name, (flags) | viz__site(), ))
#define VIZ__SCOPE_1(id, name, flags, ...) \
	VIZ__SCOPE_IS(id, name, flags, VIZ__SLICE_1(enter, name, (flags) | viz__site(), __VA_ARGS__))
#define VIZ__SCOPE_IS(id, name, flags, ...) \
	struct viz__scope VIZ__CAT(viz__s, id) __attribute__((cleanup(viz__scope_end), unused)) = { \
		VIZ__ON(enter) ? __VA_ARGS__ : VIZ__NIL(const char), __builtin_frame_address(0), flags }
#define VIZ__LOG_SCOPE(id, p, when) \
	struct viz__log_scope VIZ__CAT(viz__s, id) __attribute__((cleanup(viz__log_end), unused)) = { \
		VIZ__ON(log) ? viz__log_begin(VIZ__BASE(p), when) : VIZ__NIL(const struct viz_base) }
#endif

#define VIZ_PROBE_SCOPE(...) VIZ__SCOPE(__COUNTER__, VIZ__FIRST(__VA_ARGS__, ), \
	VIZ_SLICE_SCOPED | VIZ__LITERAL_IF(VIZ__FIRST(__VA_ARGS__, )), VIZ__REST(__VA_ARGS__, ))
#define VIZ__SCOPE(id, name, flags, ...) VIZ__WITH(VIZ__SCOPE_, __VA_ARGS__)(id, name, flags, __VA_ARGS__)
#define VIZ__SCOPE__many(...) VIZ__TOO_MANY
/* Without arguments there is an empty one. */
#define VIZ_PROBE_METHOD(...) VIZ__METHOD(__COUNTER__, VIZ__FIRST(__VA_ARGS__, ), __VA_ARGS__)
#define VIZ__METHOD(id, first, ...) \
	VIZ__CAT(VIZ__METHOD_, VIZ__CAT(VIZ__IS_EMPTY_, VIZ__IS_PAREN(first))(first))(id, __VA_ARGS__)
#define VIZ__METHOD_1(id, ...) VIZ__SCOPE(id, VIZ__METHOD_NAME, VIZ__METHOD_FLAGS, )
#define VIZ__METHOD_0(id, ...) VIZ__SCOPE(id, VIZ__METHOD_NAME, VIZ__METHOD_FLAGS, __VA_ARGS__, )
#define VIZ__IS_EMPTY_1(x) 0
#define VIZ__IS_EMPTY_0(x) VIZ__CALL(VIZ__SECOND, (VIZ__PAREN x (), 0, ~))
#ifdef __cplusplus
/* What it is given, also a reference. */
extern "C++" {
namespace viz__cpp {
template <class T> inline T &&returned(const char *name, const void *frame, uint32_t flags, T &&v)
{
	if (VIZ__ON(exit))
		viz__on_exit_args(name, frame, flags, "\nreturn", pack(v));
	(void)name, (void)frame, (void)flags;
	return static_cast<T &&>(v);
}
}
}
#define VIZ_PROBE_RETURN(...) viz__cpp::returned(VIZ__METHOD_NAME, __builtin_frame_address(0), \
	VIZ__METHOD_FLAGS | VIZ_SLICE_RESULT, __VA_ARGS__)
#else
#define VIZ_PROBE_RETURN(...) VIZ__RETURN(__COUNTER__, (__VA_ARGS__))
#define VIZ__RETURN(id, x) VIZ__RETURN_(id, x)
/* The comma makes a value of a bit-field, or of what is _Atomic. */
#define VIZ__RETURN_(id, x) __extension__({ \
	__extension__ __auto_type viz__r##id = ((void)0, x); \
	if (VIZ__ON(exit)) \
		viz__on_exit_args(VIZ__METHOD_NAME, __builtin_frame_address(0), VIZ__METHOD_FLAGS | VIZ_SLICE_RESULT, \
			"\nreturn", VIZ__ARG_WORDS(viz__r##id, )); \
	viz__r##id; \
})
#endif

#endif /* VIZTRACE_H */
