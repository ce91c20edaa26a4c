/* near.h: what somebody may have meant. */
#ifndef PRONY_BASE_NEAR_H
#define PRONY_BASE_NEAR_H

#include "harness/base/arena.h"
#include <stddef.h>

/* "; did you mean A, B or C?" of the names that are nearest to text (parts of it, or few letters apart), at most three;
 * "" if none is near. In the arena. */
const char *near_names(const char *text, const char *const *names, size_t count, struct arena *arena);

#endif
