/* probe_recording.h: call stacks of allocations, sampled by bytes, and the text that holds them until somebody looks up
 * the functions (harness/probe/profile/allocations.h; the format is in docs/FORMATS.md).
 *
 * An allocation of s bytes is sampled with probability p = 1 - exp(-s / interval), as tcmalloc and Go's heap profile do
 * it, and stands for s / p bytes in 1 / p allocations: sums over many samples are unbiased (Horvitz, Thompson 1952).
 * Needs the counting malloc: check probe_allocations_problem. One recording at a time. */
#ifndef PRONY_PROBE_RECORDING_H
#define PRONY_PROBE_RECORDING_H

#include "harness/base/error.h"
#include "harness/base/str.h"
#include <stdint.h>

enum { PROBE_RECORDING_INTERVAL = 512 * 1024 }; /* bytes, that of tcmalloc and Go */

/* What a recording holds. */
struct probe_recording {
    uint64_t interval_bytes, seed;
    uint64_t sample_count, lost_count; /* lost: there was no room for more */
};

/* interval_bytes 1: every allocation. The same seed samples the same allocations of a thread, if threads come in the
 * same order. Fails where memory for the samples cannot be mapped. */
int probe_recording_start(uint64_t interval_bytes, uint64_t seed, struct error *error);
/* What is freed from here on still counts as living. */
void probe_recording_stop(struct probe_recording *recording);
/* Appends the stopped recording: the lines from "maps" to "end". */
int probe_recording_write(struct str *text, struct error *error);

#endif
