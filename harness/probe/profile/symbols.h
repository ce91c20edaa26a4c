/* symbols.h: addresses -> functions, those inlined there included.
 *
 * Names come from debug information (also in separate files, where the distribution puts them, and from debuginfod
 * where DEBUGINFOD_URLS is set) and from symbol tables; C++ names are demangled where the machine has libstdc++. */
#ifndef PRONY_PROBE_PROFILE_SYMBOLS_H
#define PRONY_PROBE_PROFILE_SYMBOLS_H

#include "harness/base/error.h"
#include "harness/base/stacks.h"
#include "harness/probe/profile/maps.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More functions than that inlined at one address are left out, the innermost first. */
enum { SYMBOLS_DEPTH = 32 };

struct symbols;
/* maps_text: /proc/PID/maps of the process that the addresses are from. Files are opened when needed. */
int symbols_open(struct symbols **symbols, const char *maps_text, struct error *error);
/* The functions at an address, innermost first: all but the last are inlined (STACKS_INLINE). is_return_address: the
 * call before it is meant. Returns how many were written, at least 1: what is not known is a mark or "object+0x1234".
 * Texts live until symbols_close. */
size_t symbols_resolve(struct symbols *symbols, uint64_t address, bool is_return_address, struct stacks_frame *frames,
                       size_t limit);
void symbols_close(struct symbols *symbols); /* NULL is allowed */

/* For those who keep maps and modules themselves: as symbols_resolve. Texts live as long as modules. */
size_t symbols_of(const struct maps *maps, struct modules *modules, uint64_t address, bool is_return_address,
                  struct stacks_frame *frames, size_t limit);

#endif
