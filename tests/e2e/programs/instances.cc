// SPDX-License-Identifier: BSD-2-Clause
/* Methods of C++ whose names are signatures. A line on stdin says how often all are called, or "quit". */
#include "viztrace.h"
#include "step.h"

template <int N> static int fib(int x)
{
	VIZ_PROBE_METHOD(x);
	return x + N;
}

namespace bank {

struct account {
	static int deposit(int n)
	{
		VIZ_PROBE_METHOD(n);
		return n;
	}
};

} // namespace bank

int main()
{
	const char *line = step("ready");
	int sum = 0;

	while (strcmp(line, "quit")) {
		for (long n = atol(line); n > 0; n--) {
			sum += fib<2>(1) + fib<3>(1);
			sum += bank::account::deposit(3);
		}
		line = step("ok");
	}
	return sum == 1;
}
