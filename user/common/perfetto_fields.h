/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto_fields: numbers of the fields that we write, by the message that they are in. */
#ifndef VIZTRACE_PERFETTO_FIELDS_H
#define VIZTRACE_PERFETTO_FIELDS_H

enum { TRACE_PACKET = 1 };

/* A track's number ends with what it is. */
#define PERFETTO_TRACK_KINDS 3   /* bits */
#define PERFETTO_COUNTER_TRACK 4 /* with these, a counter or a series of one, and nothing else */
#define PERFETTO_ASYNC_TRACK 6   /* a track of asynchronous slices, and nothing else */

#define PERFETTO_CHUNK 9 /* series in a packet: Perfetto drops one with more */

enum {
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE = 10,
	PACKET_EVENT = 11,
	PACKET_INTERNED = 12,
	PACKET_FLAGS = 13, /* 1: what was interned and the defaults before are forgotten */
	PACKET_CLOCK = 58,
	PACKET_DEFAULTS = 59,
	PACKET_TRACK = 60,
	PACKET_FIRST_ON_SEQUENCE = 87,
	PACKET_TRACE_ATTRIBUTES = 126,
};

/*
 * What this tool needs to read a file of its own once more, and what Perfetto has no word for. That decodes fields of a
 * packet below 1000 and gives away 1000 to 1999; it passes over all others. Up to 2047 a number takes two bytes.
 */
enum {
	PACKET_OUR_HOST = 2037, /* with the clocks, and so are the next two */
	PACKET_OUR_BOOT_ID = 2038,
	PACKET_OUR_PID_NAMESPACE = 2039,
	PACKET_OUR_THREAD =
		2040, /* who writes to the track, or to the counter's tracks, from here on; else the first one */
	PACKET_OUR_NOTE = 2041,    /* see below */
	PACKET_OUR_ZEROS = 2042,   /* which of the chunk's zeros are of the other type than their series, as bits */
	PACKET_OUR_ADDRESS = 2043, /* with an object's track, */
	PACKET_OUR_CLASS = 2044,
	PACKET_OUR_ID = 2045,      /* and with a counter's */
	PACKET_OUR_DELETED = 2046, /* the track of an object that is destroyed, at the packet's time */
	PACKET_OUR_FORMAT = 2047,  /* 1; with the clocks: a file of ours */
};
enum {
	NOTE_AGAIN = 1, /* this end of a state is none: the next one has the same name */
	NOTE_EMPTY = 2, /* a report without attributes */
};

enum { SNAPSHOT_CLOCKS = 1, SNAPSHOT_PRIMARY = 2 };
enum { CLOCK_ID = 1, CLOCK_TIME = 2 };
enum { CLOCK_IS_REALTIME = 1, CLOCK_IS_MONOTONIC = 3, CLOCK_IS_BOOTTIME = 6 };

enum { DEFAULTS_EVENT = 11, DEFAULTS_CLOCK = 58 };

enum {
	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_THREAD = 4,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
	TRACK_MERGE = 15, /* 1: with others of its name, where they do not overlap; 2: never */
	TRACK_STATE = 18,
};
enum { COUNTER_UNIT_NAME = 6 };
enum { PROCESS_PID = 1, PROCESS_NAME = 6 };
enum { THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };

enum {
	EVENT_FIELD_ANNOTATION = 4,
	EVENT_FIELD_TYPE = 9,
	EVENT_FIELD_NAME_IID = 10,
	EVENT_FIELD_TRACK = 11, /* of the defaults, too, and so are the lists of further tracks */
	EVENT_FIELD_MORE_INTS = 12,
	EVENT_FIELD_CATEGORY = 22,
	EVENT_FIELD_NAME = 23,
	EVENT_FIELD_INT = 30,
	EVENT_FIELD_MORE_INT_TRACKS = 31,
	EVENT_FIELD_DOUBLE = 44,
	EVENT_FIELD_MORE_DOUBLE_TRACKS = 45,
	EVENT_FIELD_MORE_DOUBLES = 46,
	EVENT_FIELD_FLOW = 47, /* fixed64, as is the last one of a flow: */
	EVENT_FIELD_FLOW_END = 48,
};
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4, TYPE_STATE = 5 };

enum {
	ANNOTATION_NAME_IID = 1,
	ANNOTATION_BOOL = 2,
	ANNOTATION_INT = 4,
	ANNOTATION_DOUBLE = 5,
	ANNOTATION_STRING = 6,
	ANNOTATION_POINTER = 7,
	ANNOTATION_NAME = 10,
	ANNOTATION_DICT = 11,
	ANNOTATION_ARRAY = 12,
	ANNOTATION_WORD = 17, /* interned: "null" where no text is meant; no other text is */
};

/* Of the interned data; each is a message of a number and a text. */
enum { INTERNED_EVENT_NAME = 2, INTERNED_ANNOTATION_NAME = 3, INTERNED_WORD = 29 };
enum { INTERNED_IID = 1, INTERNED_TEXT = 2 };

enum { ATTRIBUTES_ATTRIBUTE = 1 };
enum { ATTRIBUTE_KEY = 1, ATTRIBUTE_LONG = 2, ATTRIBUTE_STRING = 3 };

#endif
