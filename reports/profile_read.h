/* profile_read.h: the readers of profile files, on text in memory. For profile_read.c and the tests; everybody else
 * calls profile_read (profile.h). */
#ifndef PRONY_REPORTS_PROFILE_READ_H
#define PRONY_REPORTS_PROFILE_READ_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/base/stacks.h"
#include <stdbool.h>

/* Each changes text. Errors are ERROR_FORMAT and name the line. */

/* counted: the numbers are of samples; else their weight alone is known. */
int profile_read_folded(char *text, bool counted, struct stacks *stacks, struct error *error);
/* What `perf script` prints without options: a sample each stack, below a frame of its thread. *event: the first one's
 * name, in the arena, or NULL. */
int profile_read_perf(char *text, struct arena *arena, struct stacks *stacks, const char **event, struct error *error);
bool profile_is_perf(const char *text);

#endif
