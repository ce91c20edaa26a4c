/* demangle.h: C++ names (and those of older Rust compilers) as people write them. */
#ifndef PRONY_PROBE_PROFILE_DEMANGLE_H
#define PRONY_PROBE_PROFILE_DEMANGLE_H

#include "harness/base/arena.h"

/* "_ZN4ggml3mulEiRf" -> "ggml::mul", without arguments. Returns name itself if it is not mangled or this machine has no
 * libstdc++; otherwise text in the arena. */
const char *demangle(struct arena *arena, const char *name);

#endif
