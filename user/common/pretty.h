/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pretty: a C++ function's signature (__PRETTY_FUNCTION__ of gcc or clang) in, its qualified name out.
 *
 *   void ns::account::deposit(int) [with T = int]     ns::account::deposit
 *   bool ns::operator<(const A&, const A&)            ns::operator<
 *   main(int, char**)::<lambda(int)>                  the same: a lambda's name is its signature
 *
 * What is not understood stays as it is: a long name is better than a wrong one.
 */
#ifndef VIZTRACE_PRETTY_H
#define VIZTRACE_PRETTY_H

#include <stddef.h>

/* The name is a part of `signature`: *ret_size bytes from what is returned. */
const char *pretty__name(const char *signature, size_t *ret_size);

#endif
