/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pretty: a C++ function's signature (__PRETTY_FUNCTION__) in, its qualified name out. gcc and clang write
 * signatures in ways of their own; the names are the same, and tell instances of a template apart.
 *
 *   void ns::account::deposit(int)                              ns::account::deposit
 *   void ns::box<T>::put(U) [with U = long int; T = int]        ns::box<int>::put<long>
 *   void ns::box<int>::put(U) [T = int, U = long]               the same
 *   bool ns::operator<(const A&, const A&)                      ns::operator<
 *   main(int, char**)::<lambda(int)>                            main::<lambda(int)>
 *   auto main(int, char **)::(anonymous class)::operator()(int) const    the same
 *
 * What is not understood stays as it is: a long name is better than a wrong one. Where clang says less than gcc
 * (arguments that are defaults) or more (where a lambda stands that is a template's argument), names differ.
 */
#ifndef VIZTRACE_PRETTY_H
#define VIZTRACE_PRETTY_H

#include <stddef.h>

#define PRETTY_MAX 1024 /* bytes of a name, with the NUL: what would be longer stays a signature, cut there */

/* The name, NUL-terminated, in ret[PRETTY_MAX]. */
void pretty__name(const char *signature, char *ret);

/* Of an instance of a template, fib<2>: the bytes of the template's own name, here 3. 0: it is none. */
size_t pretty__template(const char *name);

#endif
