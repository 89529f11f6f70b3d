/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * regular: open what others say is a file, to read it. A path of theirs may lead to a device, of which to open it alone
 * can have an effect (a tape rewinds, a watchdog starts), or to a pipe that lets us wait. So it is looked at before it
 * is opened.
 */
#ifndef VIZTRACE_REGULAR_H
#define VIZTRACE_REGULAR_H

/* A descriptor to read from, or -errno: -ENXIO if it is no regular file. */
int regular__open(const char *path);

/* The same for what was opened with O_PATH, which is closed; a negative one is an error that is passed on. */
int regular__reopen(int path_fd);

/* What is under that path for who has `root` (a descriptor) for the root of all files: no link leads out of it. */
int regular__open_in(int root, const char *path);

#endif
