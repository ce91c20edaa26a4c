/* environment.h: what changed around a program on one machine: kernel, libc, microcode, settings.
 *
 * Hardware makes a machine (harness/store/machines.c); what is said here may change by itself from one night to the
 * next, and explains steps that no commit does. */
#ifndef PRONY_JUDGE_ENVIRONMENT_H
#define PRONY_JUDGE_ENVIRONMENT_H

#include "harness/base/arena.h"
#include "harness/store/store.h"

/* "kernel 6.1.0 -> 6.6.2, CPU flags changed" in the arena; NULL if nothing changed that both know. *brief, unless NULL:
 * a few words for a chart, "kernel 6.6.2". */
const char *environment_change(const struct store_fact *before, size_t before_count, const struct store_fact *after,
                               size_t after_count, const char **brief, struct arena *arena);
/* The same of the hardware: why it is another machine. NULL if the facts do not tell. */
const char *environment_hardware_change(const struct store_fact *before, size_t before_count,
                                        const struct store_fact *after, size_t after_count, struct arena *arena);

#endif
