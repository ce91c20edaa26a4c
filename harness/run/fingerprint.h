/* fingerprint.h: which machine this is, and in what condition.
 *
 * Compiler and flags belong to the build, whose facts have a digest of their own (fingerprint_build); which kernels
 * were chosen is in the suites' contexts. Here is what the machine offers.
 *
 * Hardware makes the machine: CPU, topology, caches, virtual machine, instruction sets. Runs with the same key compare
 * and share a history. Its environment changes by itself now and then: kernel, libc, microcode, mitigations, settings.
 * It is stored with the hardware, marked where it changes in a history, and warned of in a comparison. Condition is
 * what differs from hour to hour: it is recorded, and no more. */
#ifndef PRONY_RUN_FINGERPRINT_H
#define PRONY_RUN_FINGERPRINT_H

#include "harness/run/facts.h"

struct fingerprint {
    char key[17];           /* 16 hexadecimal digits over the hardware (store_machine_key) */
    char hash[17];          /* the same over hardware and environment: a row of the store */
    struct facts machine;   /* hardware first, then the environment */
    size_t hardware_count;  /* so many of them are hardware */
    struct facts condition; /* load, memory, clock, bandwidth, pressure, heat */
};

/* root is put before /proc and /sys: "" in real life, a made-up tree in tests. Never fails: what cannot be read is left
 * out. Strings live in the arena; release with fingerprint_release. */
void fingerprint_collect(struct fingerprint *fingerprint, const char *root, struct arena *arena);
void fingerprint_release(struct fingerprint *fingerprint);

/* git_commit, git_branch and git_dirty of the repository that directory lies in: that of the measured program (left out
 * where git or a repository is missing); and compiler, flags and version of this prony. */
void fingerprint_build(struct facts *facts, const char *directory);

#endif
