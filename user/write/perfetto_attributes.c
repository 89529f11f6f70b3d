// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_attributes: see perfetto_attributes.h. */
#include "perfetto_attributes.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* "events.lost" and its number; lists are left to the summary. */
static void put_attributes(struct proto *fields, const char *prefix, json_t *object)
{
	char name[128];
	const char *key;
	json_t *member;
	size_t begun;

	json_object_foreach(object, key, member)
	{
		if (strlen(prefix) + strlen(key) + 2 > sizeof(name))
			continue;
		strcpy(stpcpy(stpcpy(name, prefix), key), json_is_object(member) ? "." : "");
		if (json_is_object(member))
			put_attributes(fields, name, member);
		if (!json_is_integer(member) && !json_is_string(member))
			continue;
		begun = proto__begin(fields, ATTRIBUTES_ATTRIBUTE);
		proto__string(fields, ATTRIBUTE_KEY, name, strlen(name));
		if (json_is_integer(member))
			proto__int(fields, ATTRIBUTE_LONG, json_integer_value(member));
		else
			proto__string(fields, ATTRIBUTE_STRING, json_string_value(member), json_string_length(member));
		proto__end(fields, begun);
	}
}

int perfetto_attributes__write(struct perfetto_packets *packets, const char *metadata, size_t size)
{
	json_t *parsed = json_loadb(metadata, size, 0, NULL);
	struct proto *fields;
	size_t attributes;

	if (!parsed)
		return -EINVAL;
	fields = perfetto_packets__begin(packets, 1);
	attributes = proto__begin(fields, PACKET_TRACE_ATTRIBUTES);
	put_attributes(fields, "", parsed);
	proto__end(fields, attributes);
	json_decref(parsed);
	return perfetto_packets__end(packets);
}
