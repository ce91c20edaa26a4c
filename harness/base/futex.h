/* futex.h: sleeping until a 32-bit counter changes, and waking who sleeps. Private to the process. */
#ifndef PRONY_BASE_FUTEX_H
#define PRONY_BASE_FUTEX_H

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FUTEX_EVERYBODY 0xffffffffu

/* For a thread sanitizer that came with the program into which this was linked: it sees neither our atomics nor the
 * futex. What was done before a publish was done before what follows the observe that sees it. */
extern void __tsan_release(void *address) __attribute__((weak));
extern void __tsan_acquire(void *address) __attribute__((weak));

static inline void futex_publish(const void *address)
{
    if (__tsan_release)
        __tsan_release((void *)(uintptr_t)address);
}

static inline void futex_observe(const void *address)
{
    if (__tsan_acquire)
        __tsan_acquire((void *)(uintptr_t)address);
}

/* Returns when a wake-up comes for one of the bits, at once if the value is not old any more, and for no reason at all:
 * look at the value again. limit_ns <= 0: none. False: the limit has passed. */
static inline bool futex_wait(const _Atomic uint32_t *value, uint32_t old, uint32_t bits, int64_t limit_ns)
{
    struct timespec end;
    if (limit_ns > 0) { /* FUTEX_WAIT_BITSET takes a point in time, on CLOCK_MONOTONIC */
        clock_gettime(CLOCK_MONOTONIC, &end);
        int64_t nanoseconds = end.tv_nsec + limit_ns;
        end.tv_sec += (time_t)(nanoseconds / 1000000000);
        end.tv_nsec = (long)(nanoseconds % 1000000000);
    }
    long code =
        syscall(SYS_futex, value, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, old, limit_ns > 0 ? &end : NULL, NULL, bits);
    return code == 0 || errno != ETIMEDOUT;
}

/* Before sleeping: lets others run a few times. What a thread waits for mostly comes within microseconds, and a CPU
 * that went idle needs tens of them to wake up, in a virtual machine above all. So few turns cost no more than going to
 * sleep does. True: the value is not old any more. */
static inline bool futex_yield(const _Atomic uint32_t *value, uint32_t old)
{
    enum { TURNS = 10 };
    for (int i = 0; i < TURNS && atomic_load(value) == old; i++)
        sched_yield();
    return atomic_load(value) != old;
}

static inline void futex_wake(const _Atomic uint32_t *value, uint32_t bits)
{
    syscall(SYS_futex, value, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, INT32_MAX, NULL, NULL, bits);
}

#endif
