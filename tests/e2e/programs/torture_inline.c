// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the header must not be: the same leaf with the probe written inline, at a 5-byte nop, as torture:inline.
 * For the compiler this is no call; a kernel that makes a call of it writes into the leaf's red zone.
 */
#include "torture.h"

LEAF(bare, __asm__ volatile(
	"990: .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
	".pushsection .note.stapsdt, \"\", @note\n"
	".balign 4\n"
	".4byte 992f - 991f, 994f - 993f, 3\n"
	"991: .asciz \"stapsdt\"\n"
	"992: .balign 4\n"
	"993: .8byte 990b, 0, 0\n"
	".asciz \"torture\"\n"
	".asciz \"inline\"\n"
	".asciz \"\"\n"
	"994: .balign 4\n"
	".popsection\n"
	".globl torture_site\n"
	".set torture_site, 990b\n"))

const struct leaf leaves[] = { { "inline", bare } };
const unsigned n_leaves = 1;
