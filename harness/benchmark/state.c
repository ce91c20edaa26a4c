/* state.c: what a benchmark function does with its state: the slow half of the loop, the timer, and what it reports.
 *
 * Invariant: the timer runs only between the start of the loop and its end, except while paused. */
#include "harness/benchmark/internal.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/probe/probe_allocations.h"
#include "harness/probe/probe_memory.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void benchmark_measurement_reset(struct benchmark_measurement *measurement)
{
    double *values_ns = measurement->values_ns;
    benchmark_counters_release(&measurement->counters);
    free(measurement->label);
    free(measurement->skip_message);
    *measurement = (struct benchmark_measurement){ .values_ns = values_ns, .value_stride = 1 };
}

/* ---- timer ---- */

static int64_t cpu_clock_ns(const struct benchmark_measurement *measurement)
{
    return measurement->process_cpu ? clock_process_cpu_ns() : clock_thread_cpu_ns();
}

static void start_timer(struct benchmark_measurement *measurement)
{
    measurement->running = true;
    measurement->allocation_start = probe_allocations_count();
    measurement->real_start_ns = clock_wall_ns();
    measurement->cpu_start_ns = cpu_clock_ns(measurement);
}

static void stop_timer(struct benchmark_measurement *measurement)
{
    measurement->real_ns += clock_wall_ns() - measurement->real_start_ns;
    int64_t cpu_ns = cpu_clock_ns(measurement) - measurement->cpu_start_ns;
    measurement->cpu_ns += cpu_ns > 0 ? cpu_ns : 0;
    measurement->allocations += probe_allocations_count() - measurement->allocation_start;
    measurement->running = false;
}

void benchmark_state_pause_timing(struct benchmark_state *state)
{
    if (state->skipped)
        return;
    if (!state->measurement->running) {
        benchmark_state_skip_with_error(state, "pause_timing: the timer is not running");
        return;
    }
    stop_timer(state->measurement);
}

void benchmark_state_resume_timing(struct benchmark_state *state)
{
    if (state->skipped)
        return;
    if (!state->started || state->finished || state->measurement->running) {
        benchmark_state_skip_with_error(state, "resume_timing: %s",
                                        state->measurement->running ? "the timer is running" : "outside the loop");
        return;
    }
    start_timer(state->measurement);
}

void benchmark_state_set_iteration_time(struct benchmark_state *state, double seconds)
{
    state->measurement->manual_seconds += seconds;
}

double benchmark_state_real_seconds(const struct benchmark_state *state)
{
    return (double)state->measurement->real_ns / 1e9;
}

double benchmark_state_cpu_seconds(const struct benchmark_state *state)
{
    return (double)state->measurement->cpu_ns / 1e9;
}

/* ---- loop ---- */

static void start_loop(struct benchmark_state *state)
{
    state->started = true;
    state->remaining = state->skipped ? 0 : state->max_iterations;
    if (!state->skipped)
        start_timer(state->measurement);
}

static void finish_loop(struct benchmark_state *state)
{
    if (state->measurement->running)
        stop_timer(state->measurement);
    state->remaining = 0;
    state->finished = true;
}

bool benchmark_state_keep_running_slow(struct benchmark_state *state, int64_t batch, bool is_batch)
{
    if (!state->started) {
        start_loop(state);
        if (!state->skipped && state->remaining >= batch) {
            state->remaining -= batch;
            return true;
        }
    }
    if (is_batch && state->remaining > 0) {
        state->batch_leftover = batch - state->remaining;
        state->remaining = 0;
        return true;
    }
    if (!state->finished)
        finish_loop(state);
    return false;
}

int64_t benchmark_state_begin(struct benchmark_state *state)
{
    start_loop(state);
    int64_t count = state->remaining;
    state->remaining = 0; /* the count lives in the caller's register from here on */
    return count;
}

bool benchmark_state_end(struct benchmark_state *state)
{
    finish_loop(state);
    return false;
}

static void skip(struct benchmark_state *state, enum benchmark_skip kind, const char *format, va_list arguments)
{
    struct benchmark_measurement *measurement = state->measurement;
    if (measurement->running)
        stop_timer(measurement);
    if (!state->skipped) {
        struct str text = { 0 };
        str_vappendf(&text, format, arguments);
        free(measurement->skip_message);
        measurement->skip_message = mem_strdup(str_text(&text));
        str_release(&text);
        state->skipped = kind;
    }
    state->remaining = 0;
}

void benchmark_state_skip_with_error(struct benchmark_state *state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    skip(state, BENCHMARK_SKIPPED_WITH_ERROR, format, arguments);
    va_end(arguments);
}

void benchmark_state_skip_with_message(struct benchmark_state *state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    skip(state, BENCHMARK_SKIPPED_WITH_MESSAGE, format, arguments);
    va_end(arguments);
}

int64_t benchmark_state_range(struct benchmark_state *state, size_t index)
{
    if (index < state->arg_count)
        return state->args[index];
    benchmark_state_skip_with_error(state, "range(%zu): this benchmark has %zu arguments", index, state->arg_count);
    return 0;
}

/* ---- what is reported beside the time ---- */

void benchmark_state_set_label(struct benchmark_state *state, const char *format, ...)
{
    struct str text = { 0 };
    va_list arguments;
    va_start(arguments, format);
    str_vappendf(&text, format, arguments);
    va_end(arguments);
    free(state->measurement->label);
    state->measurement->label = str_take(&text);
}

void benchmark_state_set_counter_base(struct benchmark_state *state, const char *name, double value, unsigned flags,
                                      int base)
{
    struct benchmark_counter *counter = benchmark_counters_at(&state->measurement->counters, name);
    counter->value = value;
    counter->flags = flags;
    counter->base = base;
}

void benchmark_state_set_counter(struct benchmark_state *state, const char *name, double value, unsigned flags)
{
    benchmark_state_set_counter_base(state, name, value, flags, 1000);
}

void benchmark_state_add_counter(struct benchmark_state *state, const char *name, double delta)
{
    benchmark_counters_at(&state->measurement->counters, name)->value += delta;
}

void benchmark_state_set_bytes_processed(struct benchmark_state *state, int64_t bytes)
{
    benchmark_state_set_counter_base(state, "bytes_per_second", (double)bytes, BENCHMARK_COUNTER_RATE, 1024);
}

void benchmark_state_set_items_processed(struct benchmark_state *state, int64_t items)
{
    benchmark_state_set_counter(state, "items_per_second", (double)items, BENCHMARK_COUNTER_RATE);
}

void benchmark_state_set_complexity_n(struct benchmark_state *state, int64_t n)
{
    state->measurement->complexity_n = n;
}

int64_t benchmark_state_complexity_n(const struct benchmark_state *state)
{
    return state->measurement->complexity_n;
}

void benchmark_state_set_output_digest(struct benchmark_state *state, uint64_t digest)
{
    state->measurement->has_digest = true;
    state->measurement->digest = digest;
}

/* Keeps every stride-th value. When full, the stride doubles and every second one goes, so what is kept always covers
 * the whole run evenly. */
void benchmark_state_add_value(struct benchmark_state *state, double value_ns)
{
    struct benchmark_measurement *measurement = state->measurement;
    if (measurement->value_seen++ % measurement->value_stride)
        return;
    if (measurement->value_count == BENCHMARK_VALUE_LIMIT) {
        for (size_t i = 0; i < BENCHMARK_VALUE_LIMIT / 2; i++)
            measurement->values_ns[i] = measurement->values_ns[2 * i];
        measurement->value_count = BENCHMARK_VALUE_LIMIT / 2;
        measurement->value_stride *= 2;
    }
    measurement->values_ns[measurement->value_count++] = value_ns;
}

bool benchmark_reset_peak_rss(void)
{
    return probe_memory_reset_peak(NULL) == 0;
}

bool benchmark_peak_rss(double *bytes)
{
    struct probe_memory memory;
    if (probe_memory_read(&memory, NULL))
        return false;
    *bytes = (double)memory.peak_bytes;
    return true;
}

bool benchmark_allocation_count(uint64_t *count)
{
    *count = probe_allocations_count();
    return probe_allocations_available();
}
