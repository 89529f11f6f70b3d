// SPDX-License-Identifier: BSD-2-Clause
/* host: see host.h. */
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

void host__copy(char *to, size_t room, const char *text, size_t size)
{
	if (size >= room)
		size = room - 1;
	memcpy(to, text, size);
	to[size] = 0;
}

void host__read(struct host *ret)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	char line[64];
	struct stat st;
	struct utsname u;

	*ret = (struct host){ 0 };
	if (f && fgets(line, sizeof(line), f))
		host__copy(ret->boot_id, sizeof(ret->boot_id), line, strcspn(line, "\n"));
	if (f)
		fclose(f);
	if (!uname(&u))
		host__copy(ret->name, sizeof(ret->name), u.nodename, strlen(u.nodename));
	if (!stat("/proc/self/ns/pid", &st))
		ret->pid_namespace = st.st_ino;
}
