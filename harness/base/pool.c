/* pool.c: see pool.h.
 *
 * A thread waits for a counter to change: it spins for a while, because the next piece of work usually comes within
 * microseconds, then sleeps in a futex. Invariant: whoever changes a counter wakes its sleepers, and a sleeper
 * registers before the kernel compares the counter once more, so no wake-up is lost. */
#include "harness/base/pool.h"
#include "harness/base/clock.h"
#include "harness/base/cpu.h"
#include "harness/base/mem.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { SPIN_NS = 200000, PAUSES_PER_LOOK = 32, CACHE_LINE = 64 };

/* A counter that threads wait on, alone on its cache line. */
struct signal {
    _Alignas(CACHE_LINE) _Atomic uint32_t value;
    _Atomic uint32_t sleepers;
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    int index;
};

struct pool {
    struct signal start;   /* one more for every pool_run */
    struct signal finish;  /* workers that finished, since the start of time */
    struct signal barrier; /* one more for every completed barrier */
    _Alignas(CACHE_LINE) _Atomic uint32_t arrived;
    _Alignas(CACHE_LINE) _Atomic size_t next;
    _Alignas(CACHE_LINE) pool_function *function;
    void *context;
    bool stop;
    int thread_count;
    int64_t spin_ns; /* 0 when there are more threads than CPUs: spinning would only steal from the others */
    int *cpus;       /* the caller's CPUs at creation; NULL = not pinned */
    int cpu_count;
    int started; /* workers that exist */
    struct worker *workers;
};

static void relax(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void wait_while(struct signal *signal, uint32_t old, int64_t spin_ns)
{
    if (spin_ns) {
        int64_t end_ns = 0;
        do {
            for (int i = 0; i < PAUSES_PER_LOOK; i++) {
                if (atomic_load_explicit(&signal->value, memory_order_acquire) != old)
                    return;
                relax();
            }
            int64_t now_ns = clock_wall_ns();
            if (!end_ns)
                end_ns = now_ns + spin_ns;
            else if (now_ns >= end_ns)
                break;
        } while (true);
    }
    while (atomic_load(&signal->value) == old) {
        atomic_fetch_add(&signal->sleepers, 1);
        syscall(SYS_futex, &signal->value, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
        atomic_fetch_sub(&signal->sleepers, 1);
    }
}

static void raise_signal(struct signal *signal)
{
    atomic_fetch_add(&signal->value, 1);
    if (atomic_load(&signal->sleepers))
        syscall(SYS_futex, &signal->value, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void pin_worker(const struct pool *pool, int index)
{
    /* A CPU may have gone offline since; running unpinned is better than not running. */
    if (pool->cpus)
        cpu_pin_thread(&pool->cpus[index % pool->cpu_count], 1, NULL);
}

static void *run_worker(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    pin_worker(pool, worker->index);
    uint32_t seen = 0;
    for (;;) {
        wait_while(&pool->start, seen, pool->spin_ns);
        seen++;
        if (pool->stop)
            return NULL;
        pool->function(pool->context, worker->index, pool->thread_count);
        raise_signal(&pool->finish);
    }
}

int pool_create(struct pool **result, int thread_count, int pin, struct error *error)
{
    *result = NULL;
    if (thread_count < 1 || thread_count > 1024)
        return error_set(error, ERROR_USAGE, "thread count %d is not between 1 and 1024", thread_count);
    struct pool *pool = mem_aligned(sizeof *pool);
    if (!pool)
        return error_set(error, ERROR_MEMORY, "out of memory for a thread pool");
    memset(pool, 0, sizeof *pool);
    pool->thread_count = thread_count;
    pool->workers = mem_array((size_t)thread_count, sizeof *pool->workers);
    pool->cpu_count = cpu_allowed(NULL, 0);
    pool->spin_ns = thread_count <= pool->cpu_count ? SPIN_NS : 0;
    if (pin && pool->cpu_count > 0) {
        pool->cpus = mem_array((size_t)pool->cpu_count, sizeof *pool->cpus);
        cpu_allowed(pool->cpus, pool->cpu_count);
    }
    for (int i = 1; i < thread_count; i++) {
        struct worker *worker = &pool->workers[i];
        *worker = (struct worker){ .pool = pool, .index = i };
        int reason = pthread_create(&worker->thread, NULL, run_worker, worker);
        if (reason) {
            pool_destroy(pool);
            return error_system(error, reason, "cannot start thread %d of %d", i + 1, thread_count);
        }
        pool->started++;
    }
    pin_worker(pool, 0);
    *result = pool;
    return 0;
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    pool->stop = true;
    raise_signal(&pool->start);
    for (int i = 1; i <= pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    if (pool->cpus)
        cpu_pin_thread(pool->cpus, pool->cpu_count, NULL);
    free(pool->cpus);
    free(pool->workers);
    free(pool);
}

int pool_thread_count(const struct pool *pool)
{
    return pool->thread_count;
}

void pool_run(struct pool *pool, pool_function *function, void *context)
{
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    if (pool->thread_count == 1) {
        function(context, 0, 1);
        return;
    }
    uint32_t workers = (uint32_t)pool->thread_count - 1;
    uint32_t goal = atomic_load(&pool->finish.value) + workers;
    pool->function = function;
    pool->context = context;
    raise_signal(&pool->start);
    function(context, 0, pool->thread_count);
    for (uint32_t finished; (finished = atomic_load_explicit(&pool->finish.value, memory_order_acquire)) != goal;)
        wait_while(&pool->finish, finished, pool->spin_ns);
}

void pool_barrier(struct pool *pool)
{
    if (pool->thread_count == 1) {
        atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
        return;
    }
    uint32_t generation = atomic_load_explicit(&pool->barrier.value, memory_order_relaxed);
    uint32_t arrived = atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) + 1;
    if (arrived < (uint32_t)pool->thread_count) {
        wait_while(&pool->barrier, generation, pool->spin_ns);
        return;
    }
    /* The last one: everybody else waits for the generation, so nobody claims work or arrives meanwhile. */
    atomic_store_explicit(&pool->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    raise_signal(&pool->barrier);
}

size_t pool_next(struct pool *pool)
{
    return atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
}
