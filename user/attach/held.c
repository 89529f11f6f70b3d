// SPDX-License-Identifier: BSD-2-Clause
/* held: see held.h. */
#include "held.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The rest of the line that begins so, in a file of the kernel; false: there is none. */
static bool find_line(const char *path, const char *begin, char *ret, size_t size)
{
	char line[PATH_MAX + 64];
	FILE *file = fopen(path, "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		found = !strncmp(line, begin, strlen(begin));
		if (found)
			snprintf(ret, size, "%s", line + strlen(begin));
	}
	if (file)
		fclose(file);
	return found;
}

/* In the file of a cgroup, as its hierarchy is mounted mostly. */
static bool says(const char *mount, const char *group, const char *file, const char *line)
{
	char path[2 * PATH_MAX], rest[64];

	snprintf(path, sizeof(path), "%s%s/%s", mount, group, file);
	return find_line(path, line, rest, sizeof(rest));
}

/* As `docker pause` does. */
static bool is_frozen(pid_t pid)
{
	char path[64], line[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (find_line(path, "0::", line, sizeof(line)) &&
	    (says("/sys/fs/cgroup", line, "cgroup.events", "frozen 1") ||
	     says("/sys/fs/cgroup/unified", line, "cgroup.events", "frozen 1")))
		return true;
	/* The first version numbers its hierarchies: "7:freezer:/docker/4711". */
	for (int i = 1; i < 32; i++) {
		char begin[24];

		snprintf(begin, sizeof(begin), "%d:freezer:", i);
		if (find_line(path, begin, line, sizeof(line)))
			return says("/sys/fs/cgroup/freezer", line, "freezer.state", "FROZEN");
	}
	return false;
}

bool held__by(pid_t pid, char text[HELD_TEXT])
{
	char path[64], state[64], tracer[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (!find_line(path, "State:\t", state, sizeof(state)))
		return false;
	if (state[0] == 'T')
		snprintf(text, HELD_TEXT, "is stopped by a signal; kill -CONT %d continues it", pid);
	else if (state[0] == 't' && find_line(path, "TracerPid:\t", tracer, sizeof(tracer)))
		snprintf(text, HELD_TEXT, "is held by its debugger, process %.20s", tracer);
	else if (is_frozen(pid))
		snprintf(text, HELD_TEXT, "is frozen with its cgroup, as docker pause does; docker unpause thaws it");
	else
		return false;
	return true;
}
