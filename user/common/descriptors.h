/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors: those that we were started with, and how many there may be. */
#ifndef VIZTRACE_DESCRIPTORS_H
#define VIZTRACE_DESCRIPTORS_H

/* Where stdin, stdout or stderr is closed the next file that is opened would be it, and messages would go into the
 * trace. Takes their places with what cannot be used either, and is closed again in another program. */
void descriptors__hold_standard(void);

/* Each library, process and ring takes some: as many as we may have. */
void descriptors__raise_limit(void);

/* All from `first` on but `kept`, in a child that goes on by itself: what we hold open, it must not. */
void descriptors__close_all(int first, int kept);

/* As it was, for a child that is about to run another program: select() knows 1024. */
void descriptors__restore_limit(void);

#endif
