/* SPDX-License-Identifier: BSD-2-Clause */
#include "classes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VIZ_PROBE_DISABLE /* the types, no probes */
#include "viztrace.h"

/* Bytes of a number, 0 for what is none. */
static uint32_t number_size(unsigned type)
{
	switch (type) {
	case VIZ_TYPE_I8:
	case VIZ_TYPE_U8:
	case VIZ_TYPE_BOOL: return 1;
	case VIZ_TYPE_I16:
	case VIZ_TYPE_U16: return 2;
	case VIZ_TYPE_I32:
	case VIZ_TYPE_U32:
	case VIZ_TYPE_F32: return 4;
	case VIZ_TYPE_I64:
	case VIZ_TYPE_U64:
	case VIZ_TYPE_F64: return 8;
	default: return 0;
	}
}

/* Identifiers may hold UTF-8, so only control characters are out. */
static bool is_name(const char name[VIZ_NAME_MAX + 1])
{
	size_t i;

	for (i = 0; i <= VIZ_NAME_MAX; i++) {
		if (!name[i])
			return i > 0;
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	}
	return false;
}

/* What a VIZ_KIND_NAMES has, of which some may be "". One that was too long is cut, as C cuts it. */
static bool take_names(char *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *name = names + i * (VIZ_NAME_MAX + 1);

		name[VIZ_NAME_MAX] = 0;
		if (*name && !is_name(name))
			return false;
	}
	return true;
}

static const char *plain_name(const char *name)
{
	while (!strncmp(name, "viz.", 4))
		name += 4;
	return name;
}

static uint32_t range_of(const struct viz_class *head, const struct viz_attr *a)
{
	struct viz_path path;

	memcpy(&path, a->dict, sizeof(path));
	return head->version >= 3 && a->type & VIZ_TYPE_FOLLOWED ? path.range : VIZ_RANGE_NONE;
}

/* Only a counter or an object begins a path, and in its own memory. */
static bool check_path(const struct viz_class *head, const struct viz_attr *a)
{
	const unsigned type = a->type & ~(unsigned)VIZ_TYPE_FOLLOWED;
	const bool list = a->flags & VIZ_ATTR_LIST;
	struct viz_path path;

	memcpy(&path, a->dict, sizeof(path));
	/* The eBPF programs would obey it. */
	if (head->version < 3 && path.range)
		return false;
	if (range_of(head, a) && (path.range > VIZ_RANGE_SIZED || path.n != 1 || path.hops[0] ||
				  !(list ? number_size(type) : type == VIZ_TYPE_STR || type == VIZ_TYPE_JSON)))
		return false;
	return head->version >= 2 && head->kind != VIZ_KIND_DICT && path.n >= 1 && path.n <= VIZ_HOPS_MAX &&
	       (uint64_t)a->stride * a->count <= VIZ_SPAN_MAX;
}

/* Bytes of the object that it takes. */
static int64_t extent_of(const struct viz_class *head, const struct viz_attr *a)
{
	if (a->type & VIZ_TYPE_FOLLOWED)
		return range_of(head, a) ? 16 : 8;
	return (int64_t)a->stride * a->count + (a->flags & VIZ_ATTR_OPTIONAL ? 1 : 0);
}

/* What is no name there is taken for none: the tools of before know of no notes at all. */
static uint8_t note_of(const struct viz_attr *a)
{
	unsigned type = a->type & ~(unsigned)VIZ_TYPE_FOLLOWED;

	if (!number_size(type) || (!(a->type & VIZ_TYPE_FOLLOWED) && a->dict[0] && !is_name(a->dict)))
		return 0;
	return a->flags & VIZ_ATTR_ENUM ? VIZ_ATTR_ENUM : a->flags & VIZ_ATTR_UNIT;
}

static bool check_attr(const struct viz_class *head, const struct viz_attr *a)
{
	int64_t end = (int64_t)head->span_offset + head->span_size;
	bool list = a->flags & VIZ_ATTR_LIST, followed = a->type & VIZ_TYPE_FOLLOWED;
	unsigned type = a->type & ~(unsigned)VIZ_TYPE_FOLLOWED;
	uint32_t number = number_size(type);

	if (!is_name(a->name) || !*plain_name(a->name))
		return false;
	if (type == VIZ_TYPE_NONE || type > VIZ_TYPE_DICT)
		return false;
	if (type == VIZ_TYPE_DICT && (followed || !is_name(a->dict)))
		return false;
	if (number && a->stride != number)
		return false;
	if ((type == VIZ_TYPE_STRP || type == VIZ_TYPE_JSONP) && (a->stride != 8 || (followed && list)))
		return false;
	if (!a->stride || a->stride > VIZ_SPAN_MAX)
		return false;
	if (!list && a->count != 1)
		return false;
	if (a->flags & VIZ_ATTR_OPTIONAL && (head->version < 3 || !number || list || followed))
		return false;
	if (head->kind == VIZ_KIND_COUNTER && (!number || list))
		return false;
	if (followed && !check_path(head, a))
		return false;
	return a->offset >= head->span_offset &&
	       a->offset + extent_of(head, a) <= end; /* no overflow: 2^31 + 2^12 * 2^16 */
}

static bool check_head(const struct viz_class *head, size_t size)
{
	if (head->magic != VIZ_CLASS_MAGIC || !head->version || head->version > VIZ_ABI_VERSION)
		return false;
	if (head->kind < VIZ_KIND_COUNTER || head->kind > VIZ_KIND_NAMES || head->n_attrs > VIZ_ATTRS_MAX)
		return false;
	if (head->kind == VIZ_KIND_NAMES)
		return head->version >= 4 && head->n_attrs && is_name(head->tag) && head->size <= size &&
		       head->size == sizeof(*head) + head->n_attrs * (VIZ_NAME_MAX + 1);
	if (head->size != sizeof(*head) + head->n_attrs * sizeof(struct viz_attr) || head->size > size)
		return false;
	if (!is_name(head->tag) || head->span_size > VIZ_SPAN_MAX)
		return false;
	if (head->kind == VIZ_KIND_DICT)
		return head->span_offset == 0;
	return head->span_offset <= 0 && head->span_offset > -VIZ_SPAN_MAX && head->span_offset % 8 == 0 &&
	       (uint32_t)-head->span_offset + sizeof(struct viz_base) <= head->span_size;
}

static uint64_t cost_of(const struct layout *layout)
{
	return sizeof(*layout) + layout->n_attrs * sizeof(layout->attrs[0]) + layout->size + BUDGET_SLOT;
}

static void layout__free(struct layout *layout)
{
	if (!layout)
		return;
	free(layout->bytes);
	free(layout);
}

/* A struct may have an attribute that is called like an inherited one: that one then keeps its "viz.". */
static void keep_keys_apart(struct layout *layout, const struct viz_attr *attrs)
{
	unsigned i, k;

	for (i = 0; i < layout->n_attrs; i++) {
		for (k = 0; k < layout->n_attrs; k++) {
			if (k != i && attrs[i].name != layout->attrs[i].key &&
			    !strcmp(layout->attrs[i].key, layout->attrs[k].key)) {
				layout->attrs[i].key = attrs[i].name;
				break;
			}
		}
	}
}

/* False: it is none. */
static bool take_attr(struct layout_attr *ret, const struct viz_class *head, const struct viz_attr *a)
{
	if (!check_attr(head, a))
		return false;
	ret->key = plain_name(a->name);
	ret->offset = a->offset;
	ret->stride = a->stride;
	ret->count = a->count;
	ret->type = a->type & ~VIZ_TYPE_FOLLOWED;
	ret->followed = a->type & VIZ_TYPE_FOLLOWED;
	ret->list = a->flags & VIZ_ATTR_LIST;
	ret->optional = a->flags & VIZ_ATTR_OPTIONAL;
	ret->range = (uint8_t)range_of(head, a);
	ret->more_tag = ret->followed ? "" : a->dict;
	ret->more_line = a->line;
	ret->note = note_of(a);
	ret->more_of = "";
	if (ret->note && !*ret->more_tag) {
		ret->more_tag = head->tag;
		ret->more_of = a->name;
	}
	ret->scalar = number_size(ret->type) && !ret->list && !ret->followed && !ret->optional && !ret->note;
	return true;
}

static int layout__new(struct layout **ret, const void *bytes, size_t size)
{
	const struct viz_attr *attrs;
	const struct viz_class *head;
	struct viz_class copy;
	struct layout *layout;
	uint8_t n_attrs;
	unsigned i;

	if (size < sizeof(copy))
		return -EINVAL;
	memcpy(&copy, bytes, sizeof(copy));
	if (copy.magic == VIZ_CLASS_MAGIC && copy.version > VIZ_ABI_VERSION)
		return -EPROTO;
	if (!check_head(&copy, size))
		return -EINVAL;

	n_attrs = copy.kind == VIZ_KIND_NAMES ? 0 : copy.n_attrs;
	layout = calloc(1, sizeof(*layout) + n_attrs * sizeof(layout->attrs[0]));
	if (!layout)
		return -ENOMEM;
	layout->bytes = malloc(copy.size);
	if (!layout->bytes) {
		layout__free(layout);
		return -ENOMEM;
	}
	memcpy(layout->bytes, bytes, copy.size);
	head = layout->bytes;
	if (head->kind == VIZ_KIND_NAMES && !take_names((char *)layout->bytes + sizeof(*head), head->n_attrs)) {
		layout__free(layout);
		return -EINVAL;
	}
	attrs = (const struct viz_attr *)(head + 1);
	layout->size = head->size;
	layout->kind = head->kind;
	layout->n_attrs = n_attrs;
	layout->n_names = n_attrs ? 0 : head->n_attrs - (head->kind == VIZ_KIND_NAMES);
	layout->span_offset = head->span_offset;
	layout->span_size = head->span_size;
	layout->tag = head->tag;
	layout->line = head->line;

	for (i = 0; i < n_attrs; i++) {
		if (!take_attr(&layout->attrs[i], head, &attrs[i])) {
			layout__free(layout);
			return -EINVAL;
		}
		if (layout->attrs[i].key[0] != '_')
			layout->visible |= (uint64_t)1 << i;
	}
	keep_keys_apart(layout, attrs);
	*ret = layout;
	return 0;
}

static bool says_more(const struct layout *layout)
{
	return layout->kind == VIZ_KIND_DICT || layout->kind == VIZ_KIND_NAMES;
}

static void unlink_more(struct classes *c, struct layout *layout)
{
	if (!says_more(layout))
		return;
	if (layout->next_more)
		layout->next_more->prev_more = layout->prev_more;
	if (layout->prev_more)
		layout->prev_more->next_more = layout->next_more;
	else
		c->mores = layout->next_more;
}

/* The classes of a process, in no order. */
struct class_set {
	struct layout *first;
	size_t n;
};

static struct class_set *set_of(struct classes *c, uint32_t pid)
{
	struct class_set *set = table__get(&c->sets, pid, 0);

	if (set)
		return set;
	set = calloc(1, sizeof(*set));
	if (set && table__put(&c->sets, pid, 0, set)) {
		free(set);
		set = NULL;
	}
	return set;
}

/* It is in the table already. */
static void link_layout(struct classes *c, struct class_set *set, struct layout *layout)
{
	layout->set = set;
	layout->next_own = set->first;
	if (set->first)
		set->first->prev_own = layout;
	set->first = layout;
	set->n++;
	if (!says_more(layout))
		return;
	layout->next_more = c->mores;
	if (c->mores)
		c->mores->prev_more = layout;
	c->mores = layout;
}

static void unlink_layout(struct classes *c, struct layout *layout)
{
	if (layout->next_own)
		layout->next_own->prev_own = layout->prev_own;
	if (layout->prev_own)
		layout->prev_own->next_own = layout->next_own;
	else
		layout->set->first = layout->next_own;
	layout->set->n--;
	unlink_more(c, layout);
	budget__give(c->budget, cost_of(layout));
	c->epoch++;
	c->last = NULL;
}

static int add(struct classes *c, uint32_t pid, uint64_t address, const void *bytes, size_t size, bool was_told)
{
	struct layout *known = table__get(&c->by_address, pid, address), *layout;
	struct class_set *set;
	int err;

	if (known && size >= known->size && !memcmp(known->bytes, bytes, known->size)) {
		known->old = false;
		return 0;
	}
	set = set_of(c, pid);
	if (!set)
		return -ENOMEM;
	if (!known &&
	    (set->n >= CLASSES_OF_PROCESS || c->by_address.used >= CLASSES_KEPT || budget__is_spent(c->budget)))
		return -ENOSPC;
	err = layout__new(&layout, bytes, size);
	if (err)
		return err;
	if (!was_told && known && !says_more(known) && !says_more(layout)) {
		layout__free(layout);
		return 0;
	}
	layout->pid = pid;
	layout->address = address;
	err = table__put(&c->by_address, pid, address, layout);
	if (err) {
		layout__free(layout);
		return err;
	}
	if (known)
		unlink_layout(c, known);
	layout__free(known);
	link_layout(c, set, layout);
	budget__take(c->budget, cost_of(layout));
	c->epoch++;
	c->last = NULL;
	return 0;
}

int classes__add(struct classes *c, uint32_t pid, uint64_t address, const void *bytes, size_t size)
{
	return add(c, pid, address, bytes, size, true);
}

int classes__offer(struct classes *c, uint32_t pid, uint64_t address, const void *bytes, size_t size)
{
	return add(c, pid, address, bytes, size, false);
}

struct layout *classes__lookup(struct classes *c, uint32_t pid, uint64_t address)
{
	struct layout *layout = table__get(&c->by_address, pid, address);

	if (layout)
		c->last = layout;
	return layout;
}

static const char *names_of(const struct layout *layout)
{
	return (const char *)layout->bytes + sizeof(struct viz_class);
}

static bool is_more(const struct layout *m, uint8_t kind, const struct layout_attr *a)
{
	if (m->kind != kind || m->line != a->more_line || strcmp(m->tag, a->more_tag) != 0)
		return false;
	return kind == VIZ_KIND_DICT ? m->span_size <= a->stride : !strcmp(names_of(m), a->more_of);
}

/* The nearest one of that kind which the attribute names. */
static struct layout *find_more(struct classes *c, const struct layout *owner, struct layout_attr *a, uint8_t kind)
{
	uint64_t best_distance = 0;
	int best_rank = 0;

	if (a->more_epoch == c->epoch)
		return a->more;
	a->more = NULL;
	for (struct layout *m = c->mores; m; m = m->next_more) {
		int rank = m->pid == owner->pid ? 3 : m->pid == 0 ? 2 : 1;
		uint64_t distance = m->address > owner->address ? m->address - owner->address :
								  owner->address - m->address;

		if (!is_more(m, kind, a))
			continue;
		if (rank < best_rank || (rank == best_rank && distance >= best_distance))
			continue;
		best_rank = rank;
		best_distance = distance;
		a->more = m;
	}
	a->more_epoch = c->epoch;
	return a->more;
}

struct layout *classes__dict(struct classes *c, const struct layout *owner, struct layout_attr *a)
{
	return find_more(c, owner, a, VIZ_KIND_DICT);
}

bool layout__is_of_objects(const struct layout *layout)
{
	return layout->kind == VIZ_KIND_COUNTER || layout->kind == VIZ_KIND_OBJECT;
}

/* Behind the first one, which is the attribute's. */
static const char *name_of(const struct layout *names, uint64_t i)
{
	const char *name;

	if (!names || i >= names->n_names)
		return NULL;
	name = names_of(names) + (i + 1) * (VIZ_NAME_MAX + 1);
	return *name ? name : NULL;
}

static const struct layout *value_names(struct classes *c, const struct layout *owner, struct layout_attr *a)
{
	return a->note == VIZ_ATTR_ENUM ? find_more(c, owner, a, VIZ_KIND_NAMES) : NULL;
}

const char *classes__value_name(struct classes *c, const struct layout *owner, struct layout_attr *a, uint64_t value)
{
	return name_of(value_names(c, owner, a), value);
}

size_t classes__n_value_names(struct classes *c, const struct layout *owner, struct layout_attr *a)
{
	const struct layout *names = value_names(c, owner, a);

	return names ? names->n_names : 0;
}

const char *classes__unit(struct classes *c, const struct layout *owner, struct layout_attr *a)
{
	if (a->note != VIZ_ATTR_UNIT)
		return NULL;
	return a->more_line ? name_of(find_more(c, owner, a, VIZ_KIND_NAMES), 0) : a->more_tag;
}

void classes__age(struct classes *c, uint32_t pid)
{
	struct class_set *set = table__get(&c->sets, pid, 0);

	for (struct layout *layout = set ? set->first : NULL; layout; layout = layout->next_own)
		layout->old = true;
}

static void forget(struct classes *c, struct class_set *set, bool only_old)
{
	struct layout *layout, *next;

	for (layout = set->first; layout; layout = next) {
		next = layout->next_own;
		if (only_old && !layout->old)
			continue;
		table__remove(&c->by_address, layout->pid, layout->address);
		unlink_layout(c, layout);
		layout__free(layout);
	}
}

void classes__forget_old(struct classes *c, uint32_t pid)
{
	struct class_set *set = table__get(&c->sets, pid, 0);

	if (set)
		forget(c, set, true);
}

void classes__forget(struct classes *c, uint32_t pid)
{
	struct class_set *set = table__remove(&c->sets, pid, 0);

	if (set)
		forget(c, set, false);
	free(set);
}

void classes__clear(struct classes *c)
{
	struct class_set *set;
	struct layout *layout;
	size_t pos = 0;

	while ((layout = table__next(&c->by_address, &pos)))
		layout__free(layout);
	pos = 0;
	while ((set = table__next(&c->sets, &pos)))
		free(set);
	table__clear(&c->by_address);
	table__clear(&c->sets);
	*c = (struct classes){ 0 };
}
