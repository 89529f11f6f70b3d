/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks up its own symbols as crash reporters do: libdw maps each file a second time, privately and writable. */
#include <elfutils/libdwfl.h>
#include <stdint.h>
#include <unistd.h>

#include "viztrace.h"
#include "step.h"
#include "tick.h"

static void symbolize(void)
{
	static char *path;
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.debuginfo_path = &path,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Dwarf_Addr address = (uintptr_t)&tick_many;
	Dwfl_Module *module;

	dwfl_linux_proc_report(dwfl, getpid());
	dwfl_report_end(dwfl, NULL, NULL);
	module = dwfl_addrmodule(dwfl, address);
	printf("%s\n", module ? dwfl_module_addrname(module, address) : "?");
}

int main(void)
{
	const char *line;

	VIZ_PROBE_INIT(&gauge, gauge, "gauge");
	for (line = step("ready"); *line; line = step("ok")) {
		if (!strcmp(line, "symbolize"))
			symbolize();
		else if (!strncmp(line, "tick ", 5))
			tick_many(atoi(line + 5));
	}
	return 0;
}
