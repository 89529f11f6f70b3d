/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf_apart: elf_file__read() of a file that nobody vouches for, by a process that can be spared (apart.h). libelf is
 * well kept, and has had its faults; the tool is root.
 */
#ifndef VIZTRACE_ELF_APART_H
#define VIZTRACE_ELF_APART_H

#include "elf_file.h"

/* "PATH is not read: ..." */
#define ELF_ENDED_ITS_READER "the process that did so was ended by it"

/* As elf_file__read(); -ELIBBAD: the file was the end of its reader, or has it say what cannot be. Where no process can
 * be had it is read here. */
int elf_file__read_apart(struct elf_file *ret, int fd);

#endif
