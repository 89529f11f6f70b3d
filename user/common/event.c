/* SPDX-License-Identifier: BSD-2-Clause */
#include "event.h"

const char *const probe_names[EVENT_PROBES] = {
	[EVENT_PROBE_INIT] = "init",   [EVENT_PROBE_DESTROY] = "destroy", [EVENT_PROBE_SET] = "set",
	[EVENT_PROBE_LOG] = "log",     [EVENT_PROBE_ENTER] = "enter",     [EVENT_PROBE_EXIT] = "exit",
	[EVENT_PROBE_VALUE] = "value", [EVENT_PROBE_INSTANT] = "instant", [EVENT_PROBE_QUIET] = "quiet",
	[EVENT_PROBE_ASYNC] = "async",
};
