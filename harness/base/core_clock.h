/* core_clock.h: the speed of the core that the caller runs on, also where the counter of cycles is hidden. */
#ifndef PRONY_BASE_CORE_CLOCK_H
#define PRONY_BASE_CORE_CLOCK_H

#include <stdint.h>

/* Times a chain of additions in which each needs the one before, so that one takes a cycle whatever the CPU's width:
 * additions per second are cycles per second. A reading takes cycles (a multiple of 16, else rounded down) of the
 * core. Whatever else runs on the core meanwhile makes a reading too low, never too high: the highest of several
 * readings is returned, in Hz. 0 = not on this CPU. */
double core_clock_read_hz(int readings, uint64_t cycles);

#endif
