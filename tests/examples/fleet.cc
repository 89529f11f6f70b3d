/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects of C++ in a vector that grows: fleet [VANS]
 *
 *     c++ -o fleet fleet.cc $(pkg-config --cflags viztrace)
 *     sudo viztrace-bpf -o fleet.json -- ./fleet 8
 *
 * When the vector moves its vans, each goes on at its new place under its name, as an object of its own: the one at the old
 * place ends right after that.
 */
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <viztrace.hpp>

class van : public viz::object<van> {
public:
	explicit van(int number) : object("van-" + std::to_string(number))
	{
	}
	void load(const std::string &what, int kilos)
	{
		viz::scope scope("load");

		last = what;
		/* What a vector holds changes in here, then all of the van is reported. */
		parcels.change([kilos](std::vector<int> &all) { all.push_back(kilos); });
	}
	void drive(double km)
	{
		if (!trip)
			trip = std::unique_ptr<double>(new double(0));
		trip.change([km](std::unique_ptr<double> &p) { *p += km; });
		trips_++;
		VIZ_PROBE_CHANGED(this, trips_);
	}

	VIZ_ATTR(std::string, last) = "nothing";
	VIZ_ATTR(std::vector<int>, parcels);
	VIZ_ATTR(std::unique_ptr<double>, trip); /* null until there is one */

private:
	int trips_ = 0;
	VIZ_MEMBER(trips_);
};

class depot : public viz::counter<depot> {
public:
	VIZ_ATTR(size_t, vans);
	VIZ_ATTR(size_t, room);
};

int main(int argc, char **argv)
{
	const int n = argc > 1 ? std::atoi(argv[1]) : 5;
	std::vector<van> fleet;
	depot all;

	for (int i = 0; i < n; i++) {
		fleet.emplace_back(i);
		all.room = fleet.capacity();
		all.vans = fleet.size();
		for (int k = 0; k < 3; k++)
			fleet[0].load("parcel " + std::to_string(i), 10 * i + k);
		fleet.back().drive(1.5);
	}
	std::swap(fleet.front().last, fleet.back().last);
	fleet.pop_back();
	std::printf("%zu vans\n", fleet.size());
}
