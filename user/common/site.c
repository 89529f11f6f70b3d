// SPDX-License-Identifier: BSD-2-Clause
/* site: see site.h. */
#include "site.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "viztrace.h" /* not disabled: here is the stub that the kernel is tried on */

const char *const site_names[SITES] = { "auto", "nop1", "nop5", "nop10" };

#if defined(__x86_64__)
/* From the first nop on. */
/* clang-format off */
static const unsigned char code[SITE_CODE_SIZE] = {
	0x90,
	0x0f, 0x1f, 0x44, 0x00, 0x00,
	0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00,
};
/* clang-format on */
static const size_t offsets[SITES] = { [SITE_NOP5] = 1, [SITE_NOP10] = 6 };
static const size_t endbr_size = 4;
#define INT3 0xcc

size_t site__offset(enum site site)
{
	return offsets[site];
}

bool site__in(const void *bytes, size_t size)
{
	return size >= sizeof(code) && !memcmp(bytes, code, sizeof(code));
}

#define RET 0xc3

bool site__has_own(const void *bytes, size_t size)
{
	const unsigned char *own = (const unsigned char *)bytes + sizeof(code);

	return size >= SITE_OWN_CODE_SIZE && site__in(bytes, size) && own[0] == code[0] && own[1] == RET;
}

size_t site__own_offset(void)
{
	return sizeof(code);
}

bool site__is_patched(enum site site)
{
	const volatile unsigned char *stub = (const volatile unsigned char *)(void *)viz__probe_instant;
	unsigned char now = stub[endbr_size + offsets[site]];

	return now != code[offsets[site]] && now != INT3;
}
#else
size_t site__offset(enum site site)
{
	(void)site;
	return 0;
}

bool site__in(const void *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	return false;
}

bool site__has_own(const void *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	return false;
}

size_t site__own_offset(void)
{
	return 4;
}

bool site__is_patched(enum site site)
{
	(void)site;
	return false;
}
#endif

bool site__survives_fork(void)
{
	struct rlimit no_core = { 0 };
	pid_t child = fork();
	int status;

	if (child < 0)
		return false;
	if (!child) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGSEGV, SIG_DFL);
		site__hit();
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void site__hit(void)
{
	viz__probe_instant("", NULL, NULL, 0);
}
