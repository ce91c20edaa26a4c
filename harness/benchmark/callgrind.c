/* callgrind.c: marks the timed part of a run for valgrind's callgrind, which then counts nothing else.
 *
 * A case runs once, with the iterations that it asks for, else with two turns of its loop. The first turn is executed
 * under callgrind's eyes but not counted: it binds symbols, fills tables and warms the simulated caches. Where there is
 * only one turn, the function is called once before instead. Nothing depends on the clock, so the counts are the same
 * every time.
 *
 * Invariant: callgrind collects between switch_on and switch_off only. These are the last and the first thing that the
 * slow path of the loop does, so that little of the library's own is counted: see the README. */
#include "harness/benchmark/internal.h"
#include <stdlib.h>
#include <sys/stat.h>
#ifdef PRONY_HAVE_VALGRIND
#include <valgrind/callgrind.h>
#define HAS_REQUESTS true
#else
#define HAS_REQUESTS                    false
#define RUNNING_ON_VALGRIND             0
#define CALLGRIND_START_INSTRUMENTATION ((void)0)
#define CALLGRIND_STOP_INSTRUMENTATION  ((void)0)
#define CALLGRIND_TOGGLE_COLLECT        ((void)0)
#endif

void benchmark_callgrind_prepare(const struct benchmark_registry *registry)
{
    const char *problem = NULL;
    if (!registry->flags.callgrind || registry->flags.list_tests)
        return;
    if (!HAS_REQUESTS)
        problem = "this libbenchmark was built without valgrind's header (apt-get install valgrind, and build it anew)";
    else if (!RUNNING_ON_VALGRIND)
        problem = "this program does not run under valgrind; prony run --counters=callgrind starts it so";
    if (!problem)
        return;
    fprintf(stderr, "--prony_callgrind: %s\n", problem);
    exit(1);
}

bool benchmark_is_counting_instructions(void)
{
    return benchmark_registry_get()->flags.callgrind;
}

/* The task directory has two links plus one a thread. */
static int count_threads(void)
{
    struct stat tasks;
    return stat("/proc/self/task", &tasks) == 0 ? (int)tasks.st_nlink - 2 : 1;
}

static void note_threads(struct benchmark_callgrind *callgrind)
{
    int count = count_threads();
    callgrind->thread_count = count > callgrind->thread_count ? count : callgrind->thread_count;
}

void benchmark_callgrind_begin(struct benchmark_state *state, int64_t turn_iterations)
{
    struct benchmark_callgrind *callgrind = &state->measurement->callgrind;
    if (callgrind->may_add_turn && state->max_iterations < 2 * turn_iterations)
        state->max_iterations = 2 * turn_iterations;
    int64_t first = turn_iterations < state->max_iterations ? turn_iterations : 0;
    state->remaining = first ? first : state->max_iterations;
    state->later = state->max_iterations - state->remaining;
    callgrind->is_counting = first == 0;
    callgrind->uncounted = first;
    note_threads(callgrind);
    CALLGRIND_START_INSTRUMENTATION;
}

void benchmark_callgrind_refill(struct benchmark_state *state)
{
    state->remaining += state->later;
    state->later = 0;
    state->measurement->callgrind.is_counting = true;
}

void benchmark_callgrind_switch_on(struct benchmark_callgrind *callgrind)
{
    if (!callgrind->is_counting || callgrind->is_collecting)
        return;
    callgrind->is_collecting = true;
    CALLGRIND_TOGGLE_COLLECT;
}

void benchmark_callgrind_switch_off(struct benchmark_callgrind *callgrind)
{
    if (!callgrind->is_collecting)
        return;
    CALLGRIND_TOGGLE_COLLECT;
    callgrind->is_collecting = false;
}

void benchmark_callgrind_finish(struct benchmark_state *state)
{
    struct benchmark_callgrind *callgrind = &state->measurement->callgrind;
    benchmark_callgrind_switch_off(callgrind);
    CALLGRIND_STOP_INSTRUMENTATION;
    note_threads(callgrind);
    callgrind->counted = callgrind->is_counting ? benchmark_state_iterations(state) - callgrind->uncounted : 0;
    callgrind->is_counting = false;
    if (callgrind->thread_count > 1)
        benchmark_state_skip_with_message(state,
                                          "the process has %d threads, and callgrind counts only the one that runs "
                                          "the loop",
                                          callgrind->thread_count);
}
