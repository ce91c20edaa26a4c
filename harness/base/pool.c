/* pool.c: see pool.h.
 *
 * A thread waits for a counter to change: it spins for a while, because the next piece of work usually comes within
 * microseconds, or where there are more threads than CPUs lets others run a few times; then it sleeps in a futex.
 * Invariant: whoever changes a counter wakes its sleepers, and a sleeper registers before the kernel compares the
 * counter once more, so no wake-up is lost. */
#include "harness/base/pool.h"
#include "harness/base/clock.h"
#include "harness/base/cpu.h"
#include "harness/base/futex.h"
#include "harness/base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { SPIN_NS = 200000, PAUSES_PER_LOOK = 32, CACHE_LINE = 64, MAX_THREADS = 1024 };

/* The start counter says who has to run, too: its low bits are the number of threads, or STOP. */
enum { COUNT_BITS = 11, COUNT_MASK = (1 << COUNT_BITS) - 1, STOP = COUNT_MASK };
/* The rest counts runs. Every so many runs all workers look, so that none sleeps through a whole cycle of the counter
 * and takes the new value for the one it knows. */
enum { RUNS_BETWEEN_LOOKS = 1 << 19 };

/* A counter that threads wait on, alone on its cache line. */
struct signal {
    _Alignas(CACHE_LINE) _Atomic uint32_t value;
    _Atomic uint32_t sleepers;
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    int index;
    uint32_t seen; /* the start counter when it was created */
};

struct pool {
    struct signal start;   /* changes with every pool_run */
    struct signal finish;  /* one more for every worker that has finished */
    struct signal barrier; /* one more for every completed barrier */
    _Alignas(CACHE_LINE) _Atomic uint32_t arrived;
    _Alignas(CACHE_LINE) _Atomic size_t next;
    _Alignas(CACHE_LINE) pool_function *function;
    void *context;
    uint32_t goal; /* of finish, when all workers of the current run are through */
    int thread_count;
    int active;      /* threads of the current run */
    int64_t spin_ns; /* 0 when there are more threads than CPUs: spinning would only steal from the others */
    int *cpus;       /* NULL = not pinned */
    int cpu_count;
    int *callers_cpus; /* what pinning the caller took from it */
    int callers_cpu_count;
    struct worker **workers; /* 1 to thread_count - 1 */
};

static void relax(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Returns the new value. bits: which wake-ups are for this thread. */
static uint32_t wait_while(struct signal *signal, uint32_t old, int64_t spin_ns, uint32_t bits)
{
    uint32_t value;
    if (spin_ns) {
        int64_t end_ns = 0;
        do {
            for (int i = 0; i < PAUSES_PER_LOOK; i++) {
                if ((value = atomic_load_explicit(&signal->value, memory_order_acquire)) != old)
                    return value;
                relax();
            }
            int64_t now_ns = clock_wall_ns();
            if (!end_ns)
                end_ns = now_ns + spin_ns;
            else if (now_ns >= end_ns)
                break;
        } while (true);
    } else {
        futex_yield(&signal->value, old);
    }
    while ((value = atomic_load(&signal->value)) == old) {
        atomic_fetch_add(&signal->sleepers, 1);
        futex_wait(&signal->value, old, bits, 0);
        atomic_fetch_sub(&signal->sleepers, 1);
    }
    return value;
}

static void set_signal(struct signal *signal, uint32_t value, uint32_t bits)
{
    futex_publish(signal);
    atomic_store(&signal->value, value);
    if (atomic_load(&signal->sleepers))
        futex_wake(&signal->value, bits);
}

/* The bit that wakes worker index; all from 31 on share one. */
static uint32_t worker_bit(int index)
{
    return 1u << (index < 31 ? index : 31);
}

static uint32_t start_value(const struct pool *pool, uint32_t count)
{
    return ((atomic_load_explicit(&pool->start.value, memory_order_relaxed) >> COUNT_BITS) + 1) << COUNT_BITS | count;
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
    uint32_t seen = worker->seen;
    for (;;) {
        seen = wait_while(&pool->start, seen, pool->spin_ns, worker_bit(worker->index));
        futex_observe(&pool->start);
        uint32_t count = seen & COUNT_MASK;
        if (count == STOP)
            return NULL;
        if (worker->index >= (int)count)
            continue;
        pool->function(pool->context, worker->index, (int)count);
        /* Read before: the next run may begin, and set another, as soon as this one has reached its own. */
        uint32_t goal = pool->goal;
        futex_publish(&pool->finish);
        if (atomic_fetch_add(&pool->finish.value, 1) + 1 == goal && atomic_load(&pool->finish.sleepers))
            futex_wake(&pool->finish.value, FUTEX_EVERYBODY);
    }
}

static struct pool *new_pool(struct error *error)
{
    struct pool *pool = mem_aligned(sizeof *pool);
    if (!pool) {
        error_set(error, ERROR_MEMORY, "out of memory for a thread pool");
        return NULL;
    }
    memset(pool, 0, sizeof *pool);
    pool->thread_count = 1;
    return pool;
}

static int *allowed_cpus(int *count)
{
    *count = cpu_allowed(NULL, 0);
    int *cpus = mem_array((size_t)*count, sizeof *cpus);
    cpu_allowed(cpus, *count);
    return cpus;
}

/* The caller becomes thread 0. */
static void pin_pool(struct pool *pool, const int *cpus, int cpu_count)
{
    pool->callers_cpus = allowed_cpus(&pool->callers_cpu_count);
    pool->cpus = mem_array((size_t)cpu_count, sizeof *pool->cpus);
    memcpy(pool->cpus, cpus, (size_t)cpu_count * sizeof *cpus);
    pool->cpu_count = cpu_count;
    pin_worker(pool, 0);
}

int pool_create(struct pool **result, int thread_count, int pin, struct error *error)
{
    *result = NULL;
    struct pool *pool = new_pool(error);
    if (!pool)
        return ERROR_MEMORY;
    int cpu_count, *cpus = allowed_cpus(&cpu_count);
    pool->spin_ns = thread_count <= cpu_count ? SPIN_NS : 0;
    if (pin && cpu_count > 0)
        pin_pool(pool, cpus, cpu_count);
    free(cpus);
    int code = pool_reserve(pool, thread_count, error);
    if (code)
        pool_destroy(pool);
    else
        *result = pool;
    return code;
}

int pool_create_growing(struct pool **result, const int *cpus, int cpu_count, struct error *error)
{
    struct pool *pool = *result = new_pool(error);
    if (!pool)
        return ERROR_MEMORY;
    if (cpu_count > 0)
        pin_pool(pool, cpus, cpu_count);
    return 0;
}

int pool_reserve(struct pool *pool, int thread_count, struct error *error)
{
    if (thread_count < 1 || thread_count > MAX_THREADS)
        return error_set(error, ERROR_USAGE, "thread count %d is not between 1 and %d", thread_count, MAX_THREADS);
    if (thread_count <= pool->thread_count)
        return 0;
    pool->workers = mem_resize(pool->workers, (size_t)thread_count, sizeof *pool->workers);
    while (pool->thread_count < thread_count) {
        struct worker *worker = mem_alloc(sizeof *worker);
        *worker = (struct worker){ .pool = pool,
                                   .index = pool->thread_count,
                                   .seen = atomic_load_explicit(&pool->start.value, memory_order_relaxed) };
        int reason = pthread_create(&worker->thread, NULL, run_worker, worker);
        if (reason) {
            free(worker);
            return error_system(error, reason, "cannot start thread %d of %d", pool->thread_count + 1, thread_count);
        }
        pool->workers[pool->thread_count++] = worker;
    }
    return 0;
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    set_signal(&pool->start, start_value(pool, STOP), FUTEX_EVERYBODY);
    for (int i = 1; i < pool->thread_count; i++) {
        pthread_join(pool->workers[i]->thread, NULL);
        free(pool->workers[i]);
    }
    if (pool->cpus)
        cpu_pin_thread(pool->callers_cpus, pool->callers_cpu_count, NULL);
    free(pool->callers_cpus);
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
    pool_run_on(pool, pool->thread_count, function, context);
}

void pool_run_on(struct pool *pool, int thread_count, pool_function *function, void *context)
{
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    pool->active = thread_count;
    if (thread_count == 1) {
        function(context, 0, 1);
        return;
    }
    uint32_t start = start_value(pool, (uint32_t)thread_count);
    bool all_look = (start >> COUNT_BITS) % RUNS_BETWEEN_LOOKS == 0;
    uint32_t bits = thread_count <= 31 && !all_look ? (1u << thread_count) - 1 : FUTEX_EVERYBODY;
    uint32_t finished = atomic_load(&pool->finish.value);
    pool->goal = finished + (uint32_t)thread_count - 1;
    pool->function = function;
    pool->context = context;
    set_signal(&pool->start, start, bits);
    function(context, 0, thread_count);
    while ((finished = atomic_load_explicit(&pool->finish.value, memory_order_acquire)) != pool->goal)
        wait_while(&pool->finish, finished, pool->spin_ns, FUTEX_EVERYBODY);
    futex_observe(&pool->finish);
}

void pool_barrier(struct pool *pool)
{
    if (pool->active == 1) {
        atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
        return;
    }
    uint32_t generation = atomic_load_explicit(&pool->barrier.value, memory_order_relaxed);
    uint32_t arrived = atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) + 1;
    if (arrived < (uint32_t)pool->active) {
        wait_while(&pool->barrier, generation, pool->spin_ns, FUTEX_EVERYBODY);
        return;
    }
    /* The last one: everybody else waits for the generation, so nobody claims work or arrives meanwhile. */
    atomic_store_explicit(&pool->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    set_signal(&pool->barrier, generation + 1, FUTEX_EVERYBODY);
}

size_t pool_next(struct pool *pool)
{
    return atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
}
