/* SPDX-License-Identifier: BSD-2-Clause */
#include "attributes.h"

namespace {
/* Of the same name as one in attributes.cc. */
class counted : public viz::counter<counted> {
public:
	VIZ_ATTR(int, here);
};
}

void write_elsewhere(shop::till &t, shop::shelf<short, 5> &s)
{
	counted c;
	shop::shelf<unsigned, 9> mine;

	t.customers = 99;
	s.put(2);
	c.here = 3;
	mine.put(1);
}

const void *class_elsewhere()
{
#ifdef VIZ_PROBE_DISABLE
	return nullptr;
#else
	shop::till t("elsewhere");

	return t.viz.base.cls;
#endif
}
