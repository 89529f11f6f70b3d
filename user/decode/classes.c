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
	if (head->kind < VIZ_KIND_COUNTER || head->kind > VIZ_KIND_DICT || head->n_attrs > VIZ_ATTRS_MAX)
		return false;
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

static int layout__new(struct layout **ret, const void *bytes, size_t size)
{
	const struct viz_attr *attrs;
	const struct viz_class *head;
	struct viz_class copy;
	struct layout *layout;
	unsigned i;

	if (size < sizeof(copy))
		return -EINVAL;
	memcpy(&copy, bytes, sizeof(copy));
	if (copy.magic == VIZ_CLASS_MAGIC && copy.version > VIZ_ABI_VERSION)
		return -EPROTO;
	if (!check_head(&copy, size))
		return -EINVAL;

	layout = calloc(1, sizeof(*layout) + copy.n_attrs * sizeof(layout->attrs[0]));
	if (!layout)
		return -ENOMEM;
	layout->bytes = malloc(copy.size);
	if (!layout->bytes) {
		layout__free(layout);
		return -ENOMEM;
	}
	memcpy(layout->bytes, bytes, copy.size);
	head = layout->bytes;
	attrs = (const struct viz_attr *)(head + 1);
	layout->size = head->size;
	layout->kind = head->kind;
	layout->n_attrs = head->n_attrs;
	layout->span_offset = head->span_offset;
	layout->span_size = head->span_size;
	layout->tag = head->tag;
	layout->line = head->line;

	for (i = 0; i < head->n_attrs; i++) {
		struct layout_attr *a = &layout->attrs[i];

		if (!check_attr(head, &attrs[i])) {
			layout__free(layout);
			return -EINVAL;
		}
		a->key = plain_name(attrs[i].name);
		a->offset = attrs[i].offset;
		a->stride = attrs[i].stride;
		a->count = attrs[i].count;
		a->type = attrs[i].type & ~VIZ_TYPE_FOLLOWED;
		a->followed = attrs[i].type & VIZ_TYPE_FOLLOWED;
		a->list = attrs[i].flags & VIZ_ATTR_LIST;
		a->optional = attrs[i].flags & VIZ_ATTR_OPTIONAL;
		a->range = (uint8_t)range_of(head, &attrs[i]);
		a->scalar = number_size(a->type) && !a->list && !a->followed && !a->optional;
		a->dict_tag = a->followed ? "" : attrs[i].dict;
		a->dict_line = attrs[i].line;
		if (a->key[0] != '_')
			layout->visible |= (uint64_t)1 << i;
	}
	keep_keys_apart(layout, attrs);
	*ret = layout;
	return 0;
}

static void unlink_dict(struct classes *c, struct layout *layout)
{
	if (layout->kind != VIZ_KIND_DICT)
		return;
	if (layout->next_dict)
		layout->next_dict->prev_dict = layout->prev_dict;
	if (layout->prev_dict)
		layout->prev_dict->next_dict = layout->next_dict;
	else
		c->dicts = layout->next_dict;
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
	if (layout->kind != VIZ_KIND_DICT)
		return;
	layout->next_dict = c->dicts;
	if (c->dicts)
		c->dicts->prev_dict = layout;
	c->dicts = layout;
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
	unlink_dict(c, layout);
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
	if (!was_told && known && known->kind != VIZ_KIND_DICT && layout->kind != VIZ_KIND_DICT) {
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

struct layout *classes__dict(struct classes *c, const struct layout *owner, struct layout_attr *a)
{
	uint64_t best_distance = 0;
	struct layout *dict;
	int best_rank = 0;

	if (a->dict_epoch == c->epoch)
		return a->dict;
	a->dict = NULL;
	for (dict = c->dicts; dict; dict = dict->next_dict) {
		int rank = dict->pid == owner->pid ? 3 : dict->pid == 0 ? 2 : 1;
		uint64_t distance = dict->address > owner->address ? dict->address - owner->address :
								     owner->address - dict->address;

		if (dict->line != a->dict_line || dict->span_size > a->stride || strcmp(dict->tag, a->dict_tag) != 0)
			continue;
		if (rank < best_rank || (rank == best_rank && distance >= best_distance))
			continue;
		best_rank = rank;
		best_distance = distance;
		a->dict = dict;
	}
	a->dict_epoch = c->epoch;
	return a->dict;
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
