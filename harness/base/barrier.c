/* barrier.c: see barrier.h.
 *
 * Who is expected and who has arrived lie in one word, so exactly one arrival or leave makes them equal, and that
 * thread ends the phase. Invariant: a sleeper registers before the kernel compares the phase once more, so no wake-up
 * is lost. */
#include "harness/base/barrier.h"
#include "harness/base/futex.h"

void barrier_start(struct barrier *barrier, int thread_count)
{
    atomic_store(&barrier->members, (uint64_t)thread_count << 32);
}

static void end_phase_if_complete(struct barrier *barrier, uint64_t members)
{
    uint32_t arrived = (uint32_t)members;
    if (!arrived || arrived != members >> 32)
        return;
    /* Everybody who is expected waits for the phase, so nobody arrives or leaves meanwhile. */
    atomic_fetch_sub(&barrier->members, arrived);
    atomic_fetch_add(&barrier->phase, 1);
    if (atomic_load(&barrier->sleepers))
        futex_wake(&barrier->phase, FUTEX_EVERYBODY);
}

uint32_t barrier_arrive(struct barrier *barrier)
{
    uint32_t phase = atomic_load(&barrier->phase);
    futex_publish(barrier);
    end_phase_if_complete(barrier, atomic_fetch_add(&barrier->members, 1) + 1);
    return phase;
}

bool barrier_wait(struct barrier *barrier, uint32_t phase, int64_t limit_ns)
{
    bool in_time = true;
    futex_yield(&barrier->phase, phase);
    while (in_time && atomic_load(&barrier->phase) == phase) {
        atomic_fetch_add(&barrier->sleepers, 1);
        in_time = futex_wait(&barrier->phase, phase, FUTEX_EVERYBODY, limit_ns);
        atomic_fetch_sub(&barrier->sleepers, 1);
    }
    futex_observe(barrier);
    return atomic_load(&barrier->phase) != phase;
}

void barrier_leave(struct barrier *barrier, int thread_count)
{
    uint64_t left = (uint64_t)thread_count << 32;
    futex_publish(barrier);
    end_phase_if_complete(barrier, atomic_fetch_sub(&barrier->members, left) - left);
}
