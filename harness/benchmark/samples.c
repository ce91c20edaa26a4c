/* samples.c: times of single iterations, or of equal batches of them, within a run.
 *
 * The loop hands out the run's iterations in chunks; its slow path, which it takes at the end of each, reads the clock.
 * So an iteration itself costs nothing more. A chunk is as long as it takes for no more than `limit` of them; the last
 * may be shorter, and batches that cross a boundary belong to the chunk that began them.
 *
 * The clock is the time stamp counter where it can be trusted, else CLOCK_MONOTONIC; with manual time, the times that
 * were set. A sample of one iteration contains one reading of the clock (20 ns). Paused time does not count. */
#include "harness/benchmark/internal.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_LIMIT = 1 << 20 };

static uint64_t read_ticks(const struct benchmark_samples *samples)
{
    return samples->has_tsc ? clock_tsc() : (uint64_t)clock_wall_ns();
}

/* Ticks outside pauses. */
static uint64_t active_ticks(const struct benchmark_samples *samples)
{
    uint64_t now = samples->is_paused ? samples->pause_ticks : read_ticks(samples);
    return now - samples->paused_ticks;
}

void benchmark_samples_begin(struct benchmark_state *state)
{
    struct benchmark_measurement *measurement = state->measurement;
    struct benchmark_samples *samples = &measurement->samples;
    int64_t limit = samples->limit < SAMPLE_LIMIT ? samples->limit : SAMPLE_LIMIT;
    samples->has_tsc = measurement->calibration && measurement->calibration->ns_per_tick > 0;
    samples->ns_per_tick = samples->has_tsc ? measurement->calibration->ns_per_tick : 1;
    samples->chunk = state->remaining / limit + (state->remaining % limit != 0);
    samples->values_ns = mem_array((size_t)(limit < state->remaining ? limit : state->remaining), sizeof(double));
    state->later = state->remaining - samples->chunk;
    state->remaining = samples->chunk;
}

void benchmark_samples_start(struct benchmark_measurement *measurement)
{
    measurement->samples.start_ticks = active_ticks(&measurement->samples);
}

void benchmark_samples_take(struct benchmark_state *state)
{
    struct benchmark_measurement *measurement = state->measurement;
    struct benchmark_samples *samples = &measurement->samples;
    uint64_t now = active_ticks(samples);
    int64_t iterations = benchmark_state_iterations(state);
    double count = (double)(iterations - samples->start_iterations);
    double ns = samples->is_manual ? (measurement->manual_seconds - samples->start_manual_seconds) * 1e9
                                   : fmax((double)(int64_t)(now - samples->start_ticks), 0) * samples->ns_per_tick;
    if (count > 0)
        samples->values_ns[samples->count++] = ns / count;
    samples->start_iterations = iterations;
    samples->start_manual_seconds = measurement->manual_seconds;
    samples->start_ticks = now;
}

void benchmark_samples_pause(struct benchmark_measurement *measurement)
{
    measurement->samples.pause_ticks = read_ticks(&measurement->samples);
    measurement->samples.is_paused = true;
}

void benchmark_samples_resume(struct benchmark_measurement *measurement)
{
    struct benchmark_samples *samples = &measurement->samples;
    samples->is_paused = false;
    samples->paused_ticks += read_ticks(samples) - samples->pause_ticks;
}

void benchmark_samples_append(struct benchmark_samples *to, const struct benchmark_samples *from)
{
    if (!from->count)
        return;
    double *values_ns = mem_array(to->count + from->count, sizeof *values_ns);
    if (to->count)
        memcpy(values_ns, to->values_ns, to->count * sizeof *values_ns);
    memcpy(values_ns + to->count, from->values_ns, from->count * sizeof *values_ns);
    free(to->values_ns);
    to->values_ns = values_ns;
    to->count += from->count;
    to->chunk = from->chunk;
}

/* The smallest value that at least percent % of all do not exceed: always one that was measured. */
static double nearest_rank(const double *sorted, size_t count, int percent)
{
    return sorted[(count * (size_t)percent + 99) / 100 - 1];
}

void benchmark_samples_summarize(struct benchmark_samples *samples, struct benchmark_sample_summary *summary)
{
    *summary = (struct benchmark_sample_summary){ 0 };
    if (!samples->count)
        return;
    double *values_ns = samples->values_ns;
    stats_sort(values_ns, samples->count);
    *summary = (struct benchmark_sample_summary){
        .count = (int64_t)samples->count,
        .batch_iterations = samples->chunk,
        .min_ns = values_ns[0],
        .p50_ns = nearest_rank(values_ns, samples->count, 50),
        .p90_ns = nearest_rank(values_ns, samples->count, 90),
        .p99_ns = nearest_rank(values_ns, samples->count, 99),
        .max_ns = values_ns[samples->count - 1],
    };
}
