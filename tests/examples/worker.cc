/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads that take jobs from a queue, in C++: worker [MILLISECONDS]
 *
 *     c++ -pthread -o worker worker.cc $(pkg-config --cflags viztrace)
 *     ./worker 10000 & sudo viztrace-bpf -p $! -d 2 -o worker.json
 */
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <viztrace.h>

struct queue { viz_counter viz; std::atomic<int> depth; unsigned long taken; };
VIZ_PROBE_COUNTER(queue, depth, taken);

/* Inheritance: what is derived embeds what it is derived from, and names what it inherits. */
struct task { viz_object viz; int number; bool done; };
VIZ_PROBE_OBJECT(task, number, done);
struct upload { task viz; double progress; const char *host; };
VIZ_PROBE_OBJECT(upload, viz.number, viz.done, progress, host);

static queue jobs;
static std::mutex lock;

static void finish(upload &u)
{
	VIZ_PROBE_METHOD(); /* ends on every way out, an exception too */
	if (u.viz.number % 5 == 4)
		throw std::runtime_error("no answer");
	VIZ_PROBE_SET(&u, progress, 1.0);
}

static void work(int number)
{
	VIZ_PROBE_METHOD();
	upload u{};

	VIZ_PROBE_INIT(&u, upload, NULL, (exclude_attributes, "host"));
	u.viz.number = number;
	try {
		finish(u);
	} catch (const std::exception &) {
		VIZ_PROBE_INSTANT("a job has failed");
	}
	u.viz.done = true;
	VIZ_PROBE_LOG(&u);
	VIZ_PROBE_DESTROY(&u);
}

int main(int argc, char **argv)
{
	auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(argc > 1 ? std::atoi(argv[1]) : 1000);

	VIZ_PROBE_INIT(&jobs, queue, NULL);
	auto run = [end] {
		for (int i = 0; std::chrono::steady_clock::now() < end; i++) {
			{
				/* Who writes one object needs the lock that it needs without these macros. */
				std::lock_guard<std::mutex> guard(lock);
				VIZ_PROBE_SET(&jobs, depth, (jobs.depth + 7) % 10);
				jobs.taken++;
				VIZ_PROBE_CHANGED(&jobs, taken);
			}
			work(i);
			std::this_thread::sleep_for(std::chrono::milliseconds(5));
		}
	};
	std::thread other(run);
	run();
	other.join();
	VIZ_PROBE_DESTROY(&jobs);
	std::printf("%lu jobs\n", jobs.taken);
}
