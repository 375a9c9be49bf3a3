/* SPDX-License-Identifier: MIT */
/*
 * VMs and templates in the making whose maker has died: a folder that was not published, perhaps with a QEMU
 * that runs in it and that nobody knows of. It is known by the maker's lock, which the dead do not hold.
 */
#ifndef AQ_VM_LEFTOVER_H
#define AQ_VM_LEFTOVER_H

/* Ends what runs in such folders below the open folder, and removes them. Errors do not matter: the next
   sweep tries again. */
void aq_leftovers_sweep(int parent);

#endif
