/* SPDX-License-Identifier: BSD-2-Clause */
/* trusted: where root goes for another user. Who owns a folder can make another one of what is in it, at any time. */
#ifndef VIZTRACE_TRUSTED_H
#define VIZTRACE_TRUSTED_H

#include "../common/caller.h"

/* As open() of a folder, but never through one, or through a link, that is neither root's nor the user's: -EACCES. A
 * descriptor (O_PATH) or -errno. */
int trusted__open_folder(const char *path, struct caller owner);

#endif
