/* pool.h: the one thread pool. The caller is thread 0; a pool of one thread runs everything in the caller.
 *
 * pool_run starts the same function on every thread and returns when all have finished. Inside, pool_barrier waits for
 * all threads of the pool and pool_next hands out work items, so a whole forward pass is one pool_run with barriers
 * between operations. Threads spin briefly, then sleep in the kernel; nothing allocates. */
#ifndef PRONY_BASE_POOL_H
#define PRONY_BASE_POOL_H

#include "harness/base/error.h"
#include <stddef.h>

struct pool;

/* thread_count >= 1. pin: nonzero pins thread i to the i-th CPU allowed to the process. */
int pool_create(struct pool **pool, int thread_count, int pin, struct error *error);
void pool_destroy(struct pool *pool); /* NULL is allowed */
int pool_thread_count(const struct pool *pool);

/* A pool of one thread that pool_reserve makes larger. Its threads do not spin, they let others
 * run a few times before they sleep. Thread i is pinned to cpus[i % cpu_count]; cpu_count 0 = not pinned. */
int pool_create_growing(struct pool **pool, const int *cpus, int cpu_count, struct error *error);
/* At least thread_count threads. Not inside pool_run. */
int pool_reserve(struct pool *pool, int thread_count, struct error *error);

typedef void pool_function(void *context, int thread_index, int thread_count);
void pool_run(struct pool *pool, pool_function *function, void *context);
/* On the first thread_count threads of the pool; the others sleep on. */
void pool_run_on(struct pool *pool, int thread_count, pool_function *function, void *context);

/* Callable only inside pool_run, by every thread the same number of times. It also resets the work counter. */
void pool_barrier(struct pool *pool);
/* The next unclaimed work item (0, 1, 2, ...) since the last barrier or the start of pool_run. */
size_t pool_next(struct pool *pool);

#endif
