/* fingerprint.h: which machine this is, and in what condition.
 *
 * Compiler and flags belong to the build, whose facts have a digest of their own (fingerprint_build); which kernels
 * were chosen is in the suites' contexts. Here is what the machine offers: CPU, topology, caches, kernel, libc,
 * policies.
 *
 * Identity is hashed: two runs with the same fingerprint may be compared. So it holds only what stays the same for
 * weeks. Condition is recorded beside it and never hashed: a jittery fingerprint splits history. */
#ifndef PRONY_RUN_FINGERPRINT_H
#define PRONY_RUN_FINGERPRINT_H

#include "harness/run/facts.h"

struct fingerprint {
    char hash[17];          /* 16 hexadecimal digits over identity */
    struct facts identity;  /* CPU, cores, caches, kernel, libc, memory policy, mitigations, instruction sets */
    struct facts condition; /* load, governor, memory, clock, bandwidth, pressure, heat */
};

/* root is put before /proc and /sys: "" in real life, a made-up tree in tests. Never fails: what cannot be read is left
 * out. Strings live in the arena; release with fingerprint_release. */
void fingerprint_collect(struct fingerprint *fingerprint, const char *root, struct arena *arena);
void fingerprint_release(struct fingerprint *fingerprint);

/* git_commit, git_branch and git_dirty of the repository that directory lies in: that of the measured program (left out
 * where git or a repository is missing); and compiler, flags and version of this prony. */
void fingerprint_build(struct facts *facts, const char *directory);

#endif
