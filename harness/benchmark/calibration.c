/* calibration.c: what measuring costs here, measured once before the first run: an empty timed window on both clocks,
 * the rate of the time stamp counter, and what a cheap pause leaves behind. And whether a run was one of an empty loop.
 *
 * Nothing of it is ever taken off a reported time. */
#include "harness/benchmark/internal.h"
#include "harness/base/clock.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>

enum { WINDOW_COUNT = 101, PAUSE_COUNT = 200, EMPTY_TURNS = 20000, EMPTY_ATTEMPTS = 5 };

static void measure_windows(struct benchmark_calibration *calibration)
{
    double real_ns[WINDOW_COUNT], cpu_ns[WINDOW_COUNT];
    for (int i = 0; i < WINDOW_COUNT; i++) {
        struct benchmark_measurement measurement = { 0 };
        benchmark_timer_start(&measurement);
        benchmark_timer_finish(&measurement);
        real_ns[i] = (double)measurement.real_ns;
        cpu_ns[i] = (double)measurement.cpu_ns;
    }
    stats_sort(real_ns, WINDOW_COUNT);
    stats_sort(cpu_ns, WINDOW_COUNT);
    calibration->real_ns = real_ns[WINDOW_COUNT / 2];
    calibration->cpu_ns = cpu_ns[WINDOW_COUNT / 2];
}

/* What one pair of readings takes beside the ticks between them: that much of a cheap pause stays in the time. */
static void measure_pause(struct benchmark_calibration *calibration)
{
    uint64_t excluded = 0;
    int64_t start_ns = clock_wall_ns();
    for (int i = 0; i < PAUSE_COUNT; i++) {
        uint64_t before = clock_tsc();
        excluded += clock_tsc() - before;
    }
    double all_ns = (double)(clock_wall_ns() - start_ns);
    calibration->pause_ns = fmax(all_ns - (double)excluded * calibration->ns_per_tick, 0) / PAUSE_COUNT;
}

void benchmark_calibration_measure(struct benchmark_calibration *calibration)
{
    *calibration = (struct benchmark_calibration){ .is_done = true };
    calibration->ns_per_tick = clock_tsc_calibrate(BENCHMARK_CALIBRATION_TSC_NS);
    measure_windows(calibration);
    if (calibration->ns_per_tick > 0)
        measure_pause(calibration);
}

/* ---- the empty loop ---- */

/* Aligned, so that the loop lies within one line of the instruction cache: across two it may take two cycles. */
__attribute__((noinline, aligned(64))) static void turn_keep_running(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}

__attribute__((noinline, aligned(64))) static void turn_register(struct benchmark_state *state)
{
    BENCHMARK_LOOP(state)
    {
    }
}

/* The fastest of some short runs: the clock speed of now, without what else goes on. 0 = the clock stood still. */
static double empty_turn_ns(enum benchmark_loop_form form)
{
    double best_ns = INFINITY;
    for (int i = 0; i < EMPTY_ATTEMPTS; i++) {
        struct benchmark_measurement measurement = { 0 };
        struct benchmark_state state = { .max_iterations = EMPTY_TURNS, .threads = 1, .measurement = &measurement };
        if (form == BENCHMARK_FORM_REGISTER)
            turn_register(&state);
        else
            turn_keep_running(&state);
        best_ns = fmin(best_ns, (double)measurement.real_ns / EMPTY_TURNS);
    }
    return best_ns;
}

enum benchmark_emptiness benchmark_calibration_judge(double turn_ns, double empty_ns, double turns,
                                                     int64_t turn_iterations)
{
    if (turns < 10000 || !(empty_ns > 0))
        return BENCHMARK_LOOP_FULL;
    /* More iterations a cycle than the widest vectors hold bytes, or turns that take no time: that cannot be. */
    if (turn_ns * 256 < empty_ns * (double)turn_iterations || turn_ns < empty_ns / 4)
        return BENCHMARK_LOOP_DELETED;
    /* An empty turn takes a cycle, so this lies between it and two cycles of real work. */
    if (turn_ns >= 1.5 * empty_ns)
        return BENCHMARK_LOOP_FULL;
    if (turn_iterations >= 64)
        return BENCHMARK_LOOP_DELETED;
    return BENCHMARK_LOOP_INDISTINGUISHABLE;
}

/* Only a run that is suspiciously fast is compared with an empty loop, right after it and so at the same clock speed.
 */
enum benchmark_emptiness benchmark_calibration_find_emptiness(const struct benchmark_measurement *measurement,
                                                              int64_t iterations, double seconds)
{
    int64_t turn_iterations = measurement->turn_iterations > 0 ? measurement->turn_iterations : 1;
    double turns = (double)iterations / (double)turn_iterations, turn_ns = seconds * 1e9 / turns;
    if (turns < 10000 || turn_ns > 10)
        return BENCHMARK_LOOP_FULL;
    return benchmark_calibration_judge(turn_ns, empty_turn_ns(measurement->form), turns, turn_iterations);
}
