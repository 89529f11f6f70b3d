// SPDX-License-Identifier: BSD-2-Clause
/* packets: see packets.h. */
#include "packets.h"

#include <errno.h>

#include "../common/perfetto_fields.h"
#include "wire.h"

/* How long the packet is with its tag and length, and without: *ret_whole is 0 if that is not known yet. -EINVAL: it is
 * none. */
static int measure(const struct stream *s, uint64_t *ret_whole, uint64_t *ret_size)
{
	const char *data = s->data + s->at, *at = data + 1, *end = s->data + s->size;
	int got;

	*ret_whole = 0;
	if (data == end)
		return 0;
	if (*data != (TRACE_PACKET << 3 | WIRE_LENGTH))
		return -EINVAL;
	got = wire__varint(&at, end, ret_size);
	if (got == -EINVAL)
		return got;
	if (!got && *ret_size > STREAM_MAX)
		return -E2BIG;
	*ret_whole = got ? 0 : (uint64_t)(at - data) + *ret_size;
	return 0;
}

int packets__next(struct packets *p, const char **ret, size_t *ret_size)
{
	struct stream *s = p->from;
	uint64_t whole, size;
	int err;

	p->offset = p->next;
	for (;;) {
		err = measure(s, &whole, &size);
		if (err)
			return err;
		if (whole && whole <= s->size - s->at)
			break;
		if (s->ended) {
			p->is_cut = s->is_cut || s->at < s->size;
			return 0;
		}
		err = stream__more(s);
		if (err)
			return err;
	}
	*ret = s->data + s->at + (whole - size);
	*ret_size = size;
	s->at += whole;
	p->next += whole;
	return 1;
}
