// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_packets: see perfetto_packets.h. */
#include "perfetto_packets.h"

struct proto *perfetto_packets__begin(struct perfetto_packets *p, uint32_t sequence)
{
	proto__clear(&p->fields);
	p->begun = proto__begin(&p->fields, TRACE_PACKET);
	proto__uint(&p->fields, PACKET_SEQUENCE, sequence);
	return &p->fields;
}

struct proto *perfetto_packets__begin_at(struct perfetto_packets *p, uint32_t sequence, uint64_t ts)
{
	struct proto *fields = perfetto_packets__begin(p, sequence);

	proto__uint(fields, PACKET_TIMESTAMP, p->start + ts);
	return fields;
}

int perfetto_packets__sequence(struct perfetto_packets *p, uint32_t sequence, bool first, const struct proto *event)
{
	struct proto *fields = perfetto_packets__begin(p, sequence);
	size_t defaults;

	proto__uint(fields, PACKET_FLAGS, 1);
	if (first)
		proto__uint(fields, PACKET_FIRST_ON_SEQUENCE, 1);
	defaults = proto__begin(fields, PACKET_DEFAULTS);
	proto__uint(fields, DEFAULTS_CLOCK, CLOCK_IS_MONOTONIC);
	if (event)
		proto__bytes(fields, DEFAULTS_EVENT, event->data, event->size);
	proto__end(fields, defaults);
	return perfetto_packets__end(p);
}

int perfetto_packets__end(struct perfetto_packets *p)
{
	int err;

	proto__end(&p->fields, p->begun);
	err = p->fields.error;
	if (!err)
		err = output__write(p->out, p->fields.data, p->fields.size);
	if (!err)
		output__mark(p->out);
	return err;
}

/*
 * One packet that says again and again of which sequence it is. Perfetto refuses a file with an empty packet, and
 * reads five bytes before it knows how long one is. In the end a number of three bytes if that is needed:
 *
 *	0a length  50 01  50 01 ... 50 81 00
 */
void perfetto_packets__fill(char *to, size_t size)
{
	size_t left = size - 2;

	*to++ = TRACE_PACKET << 3 | 2;
	if (left > 0x7f) {
		left--;
		*to++ = (char)(left | 0x80);
		*to++ = (char)(left >> 7);
	} else {
		*to++ = (char)left;
	}
	for (; left > 3; left -= 2) {
		*to++ = PACKET_SEQUENCE << 3;
		*to++ = 1;
	}
	*to++ = PACKET_SEQUENCE << 3;
	*to++ = left == 3 ? (char)0x81 : 1;
	if (left == 3)
		*to = 0;
}
