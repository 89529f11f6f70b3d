// SPDX-License-Identifier: BSD-2-Clause
/* notify: see notify.h. */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify__send(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t size = name ? strlen(name) : 0;
	int fd, err = 0;

	if (!size)
		return 0;
	if (size >= sizeof(to.sun_path) || (*name != '/' && *name != '@'))
		return -EINVAL;
	memcpy(to.sun_path, name, size);
	/* A name without a file: the rest of it, to the last byte. */
	if (*name == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Whoever does not read it does not hold us up. */
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) < 0)
		err = -errno;
	close(fd);
	return err;
}
