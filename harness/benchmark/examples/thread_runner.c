/* thread_runner.c: threads that come from elsewhere: OpenMP, a pool of the program, or, as here, plain pthreads.
 *
 * $ ./thread_runner --benchmark_min_time=10x
 * BM_work/threads:3 ... 30
 * 2 threads started by this program
 */
#include <prony/benchmark.h>
#include <pthread.h>

struct job {
    pthread_t thread;
    void (*run)(void *context, int thread_index);
    void *context;
    int index;
};

static void *start(void *argument)
{
    struct job *job = argument;
    job->run(job->context, job->index);
    return NULL;
}

static int started;

/* Calls run once for every index, each on a thread of its own, and waits for all. Index 0 may be the caller's. */
static void run_on_pthreads(void *user_data, int threads, void (*run)(void *context, int thread_index), void *context)
{
    struct job jobs[64];
    (void)user_data;
    for (int i = 1; i < threads; i++) {
        jobs[i] = (struct job){ .run = run, .context = context, .index = i };
        pthread_create(&jobs[i].thread, NULL, start, &jobs[i]);
    }
    started = threads - 1;
    run(context, 0);
    for (int i = 1; i < threads; i++)
        pthread_join(jobs[i].thread, NULL);
}

static void BM_work(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_clobber_memory();
}
BENCHMARK_WITH(BM_work, benchmark_threads(family, 3); benchmark_use_thread_runner(family, run_on_pthreads, NULL));

int main(int argc, char **argv)
{
    int status = benchmark_main(argc, argv);
    printf("%d threads started by this program\n", started);
    return status;
}
