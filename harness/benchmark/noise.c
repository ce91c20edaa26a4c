/* noise.c: what disturbed a run, read before and behind its loop and never inside the timed window (--prony_noise), and
 * the judgement whether it spoilt the sample. Nothing is thrown away: a contaminated sample is marked, with the reason.
 *
 * The core's clock is compared with the median of what this process has read lately, runs of the search for the
 * iteration count included: a sample that ran at another speed than its neighbours is no sample of the same thing. */
#include "harness/benchmark/internal.h"
#include "harness/base/core_clock.h"
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_READINGS = 5, CLOCK_CYCLES = 16384 }; /* about 22 us at 3.7 GHz */
/* Shares. Readings on a busy virtual machine, whose clock did not move, were within 2.4 % of their median. */
#define DELAY_LIMIT 0.01
#define CLOCK_LIMIT 0.03

static double read_clock_hz(void)
{
    return core_clock_read_hz(CLOCK_READINGS, CLOCK_CYCLES);
}

/* ---- around the loop ---- */

void benchmark_noise_prepare(struct benchmark_noise *noise, const struct benchmark_instance *instance)
{
    noise->is_on = true;
    noise->of_thread = instance->threads > 1 || instance->family->thread_runner;
}

void benchmark_noise_approach(struct benchmark_state *state)
{
    if (state->thread_index == 0)
        state->measurement->noise.clock_before_hz = read_clock_hz();
}

void benchmark_noise_begin(struct benchmark_noise *noise)
{
    probe_noise_read(&noise->before, noise->of_thread);
}

void benchmark_noise_end(struct benchmark_noise *noise)
{
    struct probe_noise after;
    probe_noise_read(&after, noise->of_thread);
    noise->difference = probe_noise_difference(&after, &noise->before);
    noise->is_done = true;
}

void benchmark_noise_leave(struct benchmark_state *state)
{
    if (state->thread_index == 0)
        state->measurement->noise.clock_after_hz = read_clock_hz();
}

void benchmark_noise_merge(struct benchmark_noise *sum, const struct benchmark_noise *part)
{
    if (!part->is_done)
        return;
    if (sum->is_done)
        probe_noise_add(&sum->difference, &part->difference);
    else
        sum->difference = part->difference;
    sum->is_done = true;
    sum->clock_before_hz = fmax(sum->clock_before_hz, part->clock_before_hz);
    sum->clock_after_hz = fmax(sum->clock_after_hz, part->clock_after_hz);
}

/* ---- the clock so far ---- */

static void remember(struct benchmark_clock_history *history, double hz)
{
    if (hz > 0)
        history->hz[history->seen++ % BENCHMARK_CLOCK_HISTORY] = hz;
}

void benchmark_noise_remember(struct benchmark_clock_history *history, const struct benchmark_noise *noise)
{
    remember(history, noise->clock_before_hz);
    remember(history, noise->clock_after_hz);
}

static double usual_hz(const struct benchmark_clock_history *history)
{
    double hz[BENCHMARK_CLOCK_HISTORY];
    size_t count = history->seen < BENCHMARK_CLOCK_HISTORY ? (size_t)history->seen : BENCHMARK_CLOCK_HISTORY;
    if (count == 0)
        return 0;
    memcpy(hz, history->hz, count * sizeof *hz);
    stats_sort(hz, count);
    return hz[count / 2];
}

/* ---- the judgement ---- */

static void add_reason(struct str *reasons, const char *format, double a, double b)
{
    str_append(reasons, reasons->length ? "; " : "");
    str_appendf(reasons, format, a, b);
}

static void add_clock_reason(struct str *reasons, double hz, double usual, const char *format)
{
    if (hz > 0 && usual > 0 && fabs(hz - usual) > CLOCK_LIMIT * usual)
        add_reason(reasons, format, hz / 1e9, usual / 1e9);
}

char *benchmark_noise_judge(const struct benchmark_noise *noise, int64_t run_delay_ns, double wall_ns,
                            double usual_clock_hz)
{
    struct str reasons = { 0 };
    const struct probe_noise *seen = &noise->difference;
    if (wall_ns > 0 && (double)run_delay_ns > DELAY_LIMIT * wall_ns)
        add_reason(&reasons, "its threads waited for a CPU for %.1f %% of the wall time",
                   100 * (double)run_delay_ns / wall_ns, 0);
    if (seen->has_usage && seen->major_faults > 0)
        add_reason(&reasons, "%.0f pages came from the disk", (double)seen->major_faults, 0);
    if (seen->has_migrations && seen->migrations > 0)
        add_reason(&reasons, "it was moved to another CPU (%.0f x)", (double)seen->migrations, 0);
    add_clock_reason(&reasons, noise->clock_before_hz, usual_clock_hz,
                     "the core's clock was %.2f GHz before, usual is %.2f");
    add_clock_reason(&reasons, noise->clock_after_hz, usual_clock_hz,
                     "the core's clock was %.2f GHz behind, usual is %.2f");
    return reasons.length ? str_take(&reasons) : NULL;
}

static void add_metric(struct benchmark_run *run, const char *name, enum benchmark_counter_state state, double value,
                       const char *reason)
{
    run->counter_reports =
        mem_resize(run->counter_reports, run->counter_report_count + 1, sizeof *run->counter_reports);
    run->counter_reports[run->counter_report_count++] = (struct benchmark_counter_report){ .name = mem_strdup(name),
                                                                                           .state = state,
                                                                                           .reason = mem_strdup(reason),
                                                                                           .is_metric = true,
                                                                                           .value = value,
                                                                                           .unit = "" };
}

void benchmark_noise_report(struct benchmark_run *run, const struct benchmark_measurement *measurement,
                            const struct benchmark_clock_history *history)
{
    const struct benchmark_noise *noise = &measurement->noise;
    const struct probe_noise *seen = &noise->difference;
    double clock_hz = (noise->clock_before_hz + noise->clock_after_hz) / 2;
    if (!noise->is_done)
        return;
    run->noise = (struct benchmark_noise_facts){ .is_known = true,
                                                 .has_usage = seen->has_usage,
                                                 .voluntary_switches = seen->voluntary_count,
                                                 .minor_faults = seen->minor_faults,
                                                 .major_faults = seen->major_faults,
                                                 .has_migrations = seen->has_migrations,
                                                 .migrations = seen->migrations,
                                                 .clock_before_hz = noise->clock_before_hz,
                                                 .clock_after_hz = noise->clock_after_hz };
    run->noise.contamination = benchmark_noise_judge(noise, run->has_run_delay ? run->run_delay_ns : 0,
                                                     (double)measurement->real_ns, usual_hz(history));
    if (clock_hz > 0)
        add_metric(run, "estimated_cycles", BENCHMARK_COUNTER_APPROXIMATE, (double)measurement->cpu_ns / 1e9 * clock_hz,
                   "an estimate: cpu_time, in which threads of an engine's own are not, times the clock measured by "
                   "dependent adds");
    if (!seen->has_migrations)
        add_metric(run, "migrations", BENCHMARK_COUNTER_UNSUPPORTED, 0, PROBE_NOISE_NO_MIGRATIONS);
}
