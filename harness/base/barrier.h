/* barrier.h: a place where threads wait until all of them have arrived, any number of times. A thread that will not
 * come any more leaves, and the others go on without it. Waiting threads let others run a few
 * times, then sleep: they burn no CPU time. */
#ifndef PRONY_BASE_BARRIER_H
#define PRONY_BASE_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

struct barrier {
    _Atomic uint64_t members; /* expected << 32 | arrived */
    _Atomic uint32_t phase;   /* one more for every time that all have arrived */
    _Atomic uint32_t sleepers;
};

void barrier_start(struct barrier *barrier, int thread_count);
/* Says that the calling thread is there; the result is for barrier_wait. */
uint32_t barrier_arrive(struct barrier *barrier);
/* Sleeps until all have arrived, at least limit_ns long (<= 0: without a limit). False: not all are there yet; wait
 * again, do not arrive again. */
bool barrier_wait(struct barrier *barrier, uint32_t phase, int64_t limit_ns);
/* So many threads, which have not arrived, are not expected any more. */
void barrier_leave(struct barrier *barrier, int thread_count);

#endif
