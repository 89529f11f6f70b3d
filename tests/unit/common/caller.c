// SPDX-License-Identifier: BSD-2-Clause
/* Who is it for? What sudo says in the environment, if it may say so. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/caller.h"

#define NOBODY 65534

static void be_called_by_nobody(void)
{
	if (geteuid() != 0)
		cr_skip_test("not root");
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
}

Test(caller, is_who_called_sudo)
{
	static const char *const bad[] = {
		"", "-1", "+1", " 1", "1 ", "0x1", "4294967295", "4294967296", "18446744073709551617", "a"
	};
	struct caller owner;

	owner = caller__from_env();
	cr_expect_eq(owner.uid, geteuid());
	be_called_by_nobody();
	owner = caller__from_env();
	cr_expect_eq(owner.uid, NOBODY);
	cr_expect_eq(owner.gid, NOBODY);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("SUDO_UID", bad[i], 1);
		cr_expect_eq(caller__from_env().uid, 0, "%s", bad[i]);
	}
	setenv("SUDO_UID", "4294967294", 1);
	cr_expect_eq(caller__from_env().uid, 4294967294u);
	setenv("SUDO_GID", "x", 1);
	cr_expect_eq(caller__from_env().uid, 0, "both or none");
}

Test(caller, does_not_believe_the_environment_of_others)
{
	be_called_by_nobody();
	setenv("SUDO_UID", "0", 1);
	setenv("SUDO_GID", "0", 1);
	cr_assert_eq(seteuid(1000), 0);
	cr_expect_eq(caller__from_env().uid, 1000);
	cr_assert_eq(seteuid(0), 0);
}
