/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trial: single things that loading needs of the kernel, each tried for real. Out: what the kernel said to that one
 * call. It speaks to the kernel without libbpf, which tries several ways and tells only the last error. What an
 * error means is the doctor's to say.
 */
#ifndef VIZTRACE_TRIAL_H
#define VIZTRACE_TRIAL_H

/*
 * Does the system call get to the kernel at all? Asked with arguments that the kernel itself answers with EINVAL
 * and nothing else (given CAP_BPF): any other answer is that of a filter before it. 0; -ECANCELED: whoever makes the
 * call is killed; or the filter's -errno.
 */
int trial__reach_bpf(void);
int trial__reach_perf_event_open(void);

/* Does the kernel give us one? 0 or -errno. */
int trial__make_ring(void);
int trial__load_program(void); /* for uprobes */

#endif
