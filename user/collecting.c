// SPDX-License-Identifier: BSD-2-Clause
/* collecting: see collecting.h. */
#include "collecting.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"

static void use_batches(struct collector *c, const char *why)
{
	int err = why ? -ENOTSUP : collector__use_batches(c, &why);

	if (err)
		log_warn("no batches, each event is a trap: %s", err == -ENOTSUP ? why : strerror(-err));
}

/* Why there is no collector, and the way out. */
static enum exit_code refuse(int err, const char *missing)
{
	if (err == -EPERM) {
		log_error("no permission to load eBPF programs (CAP_BPF, CAP_PERFMON); use sudo; `viztrace-bpf doctor` "
			  "names what is missing");
		return EXIT_PERMISSION;
	}
	if (err == -ENOTSUP) {
		log_error("this kernel does not give us %s; -v says more", missing);
		return EXIT_KERNEL;
	}
	if (err == -E2BIG) {
		log_error(
			"a ring buffer of that --ring-size for each CPU would take more than a quarter of this machine's "
			"memory; choose a smaller one");
		return EXIT_USAGE;
	}
	if (err == -EMFILE || err == -ENFILE) {
		log_error("cannot set up eBPF: %s; a ring buffer for each CPU and %s", strerror(-err),
			  err == -EMFILE ?
				  "what the targets run take some: raise the limit (ulimit -Hn, LimitNOFILE=)" :
				  "what all others have open are too many for this machine (fs.file-max)");
		return EXIT_INTERNAL;
	}
	log_error("cannot set up eBPF: %s", strerror(-err));
	return EXIT_INTERNAL;
}

enum exit_code collecting__open(struct collector **ret, const struct opts *o, bool several, const char *no_batches)
{
	const struct collect_options options = {
		.ring_size = o->ring_size,
		.several = several,
		.no_faults = o->no_faults,
		.signals = triggers__need_signals(&o->triggers),
	};
	const char *missing = NULL;
	int err = collector__new(ret, &options, &missing);

	if (err)
		return refuse(err, missing);
	if (o->collect == COLLECT_BATCH)
		use_batches(*ret, no_batches);
	err = collector__choose_site(*ret, o->site);
	if (err)
		log_verbose("cannot find out which probe site is fast here: %s", strerror(-err));
	return EXIT_TRACED;
}
