/* timer.c: the timed window of a run, and the pauses in it.
 *
 * Invariant: the timer runs only between the start of the loop and its end, except while paused. A window is what lies
 * between two readings of the real and the CPU clock.
 *
 * Exact pauses close the window and open another: two readings of the CPU clock, a system call of 0.5 us each, so about
 * 1.1 us a pause. Where the time stamp counter can be trusted, pauses that were short and spent on the CPU make way for
 * cheap ones: the window stays open and the ticks between pause and resume are taken off both clocks. A cheap pause
 * that turns out long, where the thread may have slept, ends the window, and the next pauses are exact again.
 *
 * What a cheap pause does not know is how much of it the thread was off the CPU. Both clocks together say how much that
 * was in the whole window, so CPU time is wrong by no more than that: see close_window. Four windows a millisecond keep
 * that little on a busy machine, too. */
#include "harness/benchmark/internal.h"
#include "harness/base/clock.h"
#include "harness/probe/probe_allocations.h"
#include <math.h>

enum {
    EXACT_PAUSES = 4,        /* in a row that must be short before the cheap clock takes over */
    SWITCH_NS = 2000,        /* no pause below this can have held a switch to another thread and back */
    SHORT_PAUSE_NS = 20000,  /* longer ones gain nothing by it */
    CLOCK_JITTER_NS = 50,    /* of one reading of both clocks */
    REFRESH_NS = 250000,     /* after which an exact pause tells what happened in the window so far */
    LONG_ENOUGH_NS = 1000000 /* of looking at both clocks gives the rate of the counter better than the calibration */
};

static int64_t cpu_clock_ns(const struct benchmark_measurement *measurement)
{
    return measurement->process_cpu ? clock_process_cpu_ns() : clock_thread_cpu_ns();
}

static void hold_allocations(struct benchmark_measurement *measurement)
{
    measurement->allocations += probe_allocations_count() - measurement->allocation_start;
}

/* ---- windows ---- */

/* The real clock last at the start and first at the end: real time contains no reading of the CPU clock. */
static void open_window(struct benchmark_measurement *measurement)
{
    measurement->running = true;
    measurement->allocation_start = probe_allocations_count();
    measurement->cpu_start_ns = cpu_clock_ns(measurement);
    measurement->real_start_ns = clock_wall_ns();
}

/* Performance counters, where they are asked for, are read outside the clocks: they make no time longer. */
static void start_counters(struct benchmark_measurement *measurement)
{
    if (measurement->metrics_set)
        probe_metrics_start(measurement->metrics_set);
    if (measurement->perf_set)
        probe_counters_start(measurement->perf_set);
}

static void stop_counters(struct benchmark_measurement *measurement)
{
    if (measurement->perf_set)
        probe_counters_stop(measurement->perf_set);
    if (measurement->metrics_set)
        probe_metrics_stop(measurement->metrics_set);
}

void benchmark_timer_start(struct benchmark_measurement *measurement)
{
    benchmark_metrics_start(measurement);
    start_counters(measurement);
    open_window(measurement);
}

/* Takes the cheap pauses of a window off its times. long_ticks: of the last one, if it was long.
 *
 * Of the window's off_ns off the CPU, the timed part can hold at most its own length, and the pauses at most that of
 * those long enough for a switch: that is the interval in which the pauses' share lies. A long pause is where the
 * thread slept or was preempted most likely, so it is given all it can hold. */
static void close_window(struct benchmark_measurement *measurement, double real_ns, double cpu_ns, uint64_t long_ticks,
                         uint64_t end_ticks)
{
    struct benchmark_pauses *pauses = &measurement->pauses;
    double seen_ns = (double)(measurement->real_end_ns - pauses->rate_real_ns);
    double ns_per_tick = measurement->calibration->ns_per_tick, rate_window_ns = BENCHMARK_CALIBRATION_TSC_NS;
    if (seen_ns >= LONG_ENOUGH_NS) {
        ns_per_tick = seen_ns / (double)(end_ticks - pauses->rate_ticks);
        rate_window_ns = seen_ns;
    }
    double paused_ns = (double)pauses->excluded_ticks * ns_per_tick, long_ns = (double)long_ticks * ns_per_tick;
    double off_ns = fmax(real_ns - cpu_ns, 0), timed_ns = fmax(real_ns - paused_ns, 0);
    double suspect_ns = (double)pauses->suspect_ticks * ns_per_tick;
    double least_ns = fmin(fmax(off_ns - timed_ns, 0), suspect_ns), most_ns = fmin(off_ns, suspect_ns);
    double share_ns = fmin(fmax(fmin(long_ns, off_ns), least_ns), most_ns);
    measurement->real_ns += llround(timed_ns);
    measurement->cpu_ns += llround(fmax(cpu_ns - (paused_ns - share_ns), 0));
    pauses->error_ns += fmax(most_ns - share_ns, share_ns - least_ns) + paused_ns * CLOCK_JITTER_NS / rate_window_ns;
    pauses->excluded_ticks = pauses->suspect_ticks = 0;
    pauses->in_window = false;
}

static void stop(struct benchmark_measurement *measurement, uint64_t long_ticks)
{
    struct benchmark_pauses *pauses = &measurement->pauses;
    measurement->real_end_ns = clock_wall_ns();
    uint64_t end_ticks = pauses->in_window ? clock_tsc() : 0;
    measurement->cpu_end_ns = cpu_clock_ns(measurement);
    int64_t real_ns = measurement->real_end_ns - measurement->real_start_ns;
    int64_t cpu_ns = measurement->cpu_end_ns - measurement->cpu_start_ns;
    cpu_ns = cpu_ns > 0 ? cpu_ns : 0;
    if (measurement->running)
        hold_allocations(measurement);
    if (pauses->in_window) {
        close_window(measurement, (double)real_ns, (double)cpu_ns, long_ticks, end_ticks);
    } else {
        measurement->real_ns += real_ns;
        measurement->cpu_ns += cpu_ns;
    }
    measurement->running = false;
}

/* ---- exact pauses ---- */

static void pause_exactly(struct benchmark_measurement *measurement, uint64_t long_ticks)
{
    stop(measurement, long_ticks);
    measurement->pauses.stop_reading_ns = clock_wall_ns() - measurement->real_end_ns;
}

static bool may_be_cheap(const struct benchmark_measurement *measurement)
{
    const struct benchmark_calibration *calibration = measurement->calibration;
    /* In a pause the CPU time of other threads goes on: only the clock of the process can tell. */
    return calibration && calibration->ns_per_tick > 0 && !measurement->process_cpu && !measurement->exact_pauses;
}

/* Goes over to the cheap clock after enough short pauses that were all on the CPU. */
static void judge_pause(struct benchmark_measurement *measurement, int64_t real_ns, int64_t cpu_ns)
{
    struct benchmark_pauses *pauses = &measurement->pauses;
    bool is_short = real_ns <= SHORT_PAUSE_NS && real_ns - cpu_ns <= 1000 + real_ns / 8;
    pauses->short_count = is_short ? pauses->short_count + 1 : 0;
    if (pauses->short_count < EXACT_PAUSES || !may_be_cheap(measurement))
        return;
    pauses->is_cheap = true;
    pauses->switch_ticks = (uint64_t)(SWITCH_NS / measurement->calibration->ns_per_tick);
    pauses->refresh_ticks = (uint64_t)(REFRESH_NS / measurement->calibration->ns_per_tick);
    pauses->long_ticks = (uint64_t)(SHORT_PAUSE_NS / measurement->calibration->ns_per_tick);
}

/* The CPU clock takes its time somewhere inside a reading: of the reading at the pause, the part before that moment is
 * in the CPU time, of this one the part after it. Together that is one reading, which belongs to the pause. */
static void resume_exactly(struct benchmark_measurement *measurement)
{
    struct benchmark_pauses *pauses = &measurement->pauses;
    int64_t paused_at_ns = measurement->real_end_ns, cpu_at_ns = measurement->cpu_end_ns, before_ns = clock_wall_ns();
    open_window(measurement);
    int64_t reading_ns = measurement->real_start_ns - before_ns;
    reading_ns = reading_ns < pauses->stop_reading_ns ? reading_ns : pauses->stop_reading_ns;
    measurement->cpu_ns -= reading_ns;
    judge_pause(measurement, measurement->real_start_ns - paused_at_ns,
                measurement->cpu_start_ns - cpu_at_ns + reading_ns);
}

/* ---- cheap pauses ---- */

static void pause_cheaply(struct benchmark_measurement *measurement)
{
    struct benchmark_pauses *pauses = &measurement->pauses;
    pauses->pause_ticks = clock_tsc();
    hold_allocations(measurement);
    measurement->running = false;
    pauses->is_open = true;
    if (!pauses->in_window) {
        pauses->in_window = true;
        pauses->window_ticks = pauses->pause_ticks;
    }
    if (!pauses->rate_ticks) {
        pauses->rate_real_ns = clock_wall_ns();
        pauses->rate_ticks = clock_tsc();
    }
}

/* The counters of two CPUs may differ by some ticks: a pause during which the thread moved is never negative. */
static uint64_t end_cheap_pause(struct benchmark_pauses *pauses)
{
    uint64_t now = clock_tsc(), ticks = now > pauses->pause_ticks ? now - pauses->pause_ticks : 0;
    pauses->excluded_ticks += ticks;
    if (ticks > pauses->switch_ticks)
        pauses->suspect_ticks += ticks;
    pauses->cheap_count++;
    pauses->is_open = false;
    return ticks;
}

static void resume_cheaply(struct benchmark_measurement *measurement)
{
    struct benchmark_pauses *pauses = &measurement->pauses;
    measurement->allocation_start = probe_allocations_count();
    measurement->running = true;
    uint64_t ticks = end_cheap_pause(pauses);
    bool is_long = ticks > pauses->long_ticks;
    if (!is_long && pauses->pause_ticks - pauses->window_ticks < pauses->refresh_ticks)
        return;
    pause_exactly(measurement, is_long ? ticks : 0);
    resume_exactly(measurement);
    if (is_long) {
        pauses->short_count = 0;
        pauses->is_cheap = false;
    }
}

/* Ends the window of a cheap pause that is not over yet. */
static void settle(struct benchmark_measurement *measurement)
{
    struct benchmark_pauses *pauses = &measurement->pauses;
    uint64_t ticks = end_cheap_pause(pauses);
    stop(measurement, ticks > pauses->long_ticks ? ticks : 0);
    pauses->stop_reading_ns = 0;
}

/* ---- what callers see ---- */

void benchmark_timer_finish(struct benchmark_measurement *measurement)
{
    bool running = measurement->running;
    if (measurement->pauses.is_open)
        settle(measurement);
    else if (running)
        stop(measurement, 0);
    if (running)
        stop_counters(measurement);
    measurement->cpu_ns = measurement->cpu_ns > 0 ? measurement->cpu_ns : 0;
}

double benchmark_timer_pause_error_ns(const struct benchmark_measurement *measurement)
{
    const struct benchmark_pauses *pauses = &measurement->pauses;
    return pauses->cheap_count ? pauses->error_ns + (double)pauses->cheap_count * measurement->calibration->pause_ns
                               : 0;
}

void benchmark_state_pause_timing(struct benchmark_state *state)
{
    struct benchmark_measurement *measurement = state->measurement;
    if (state->skipped)
        return;
    if (!measurement->running) {
        benchmark_state_skip_with_error(state, "pause_timing: the timer is not running");
        return;
    }
    benchmark_callgrind_switch_off(&measurement->callgrind);
    if (measurement->samples.limit)
        benchmark_samples_pause(measurement);
    if (measurement->pauses.is_cheap)
        pause_cheaply(measurement);
    else
        pause_exactly(measurement, 0);
    stop_counters(measurement);
}

void benchmark_state_resume_timing(struct benchmark_state *state)
{
    struct benchmark_measurement *measurement = state->measurement;
    if (state->skipped)
        return;
    if (!state->started || state->finished || measurement->running) {
        benchmark_state_skip_with_error(state, "resume_timing: %s",
                                        measurement->running ? "the timer is running" : "outside the loop");
        return;
    }
    start_counters(measurement);
    if (measurement->pauses.is_open)
        resume_cheaply(measurement);
    else
        resume_exactly(measurement);
    if (measurement->samples.limit)
        benchmark_samples_resume(measurement);
    benchmark_callgrind_switch_on(&measurement->callgrind);
}

double benchmark_state_real_seconds(const struct benchmark_state *state)
{
    if (state->measurement->pauses.is_open)
        settle(state->measurement);
    return (double)state->measurement->real_ns / 1e9;
}

double benchmark_state_cpu_seconds(const struct benchmark_state *state)
{
    if (state->measurement->pauses.is_open)
        settle(state->measurement);
    return state->measurement->cpu_ns > 0 ? (double)state->measurement->cpu_ns / 1e9 : 0;
}
