/* state.c: what a benchmark function does with its state: the slow half of the loop, and what it reports beside the
 * time. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include "harness/probe/probe_allocations.h"
#include "harness/probe/probe_memory.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void benchmark_measurement_release(struct benchmark_measurement *measurement)
{
    if (measurement->counters.items)
        benchmark_counters_release(&measurement->counters);
    if (measurement->counter_reports)
        benchmark_perf_release_reports(measurement->counter_reports, measurement->counter_report_count);
    benchmark_spans_release(measurement->spans.items, measurement->spans.count);
    measurement->spans = (struct benchmark_spans){ 0 };
    free(measurement->label);
    free(measurement->skip_message);
    free(measurement->samples.values_ns);
    measurement->counter_reports = NULL;
    measurement->counter_report_count = 0;
    measurement->label = measurement->skip_message = NULL;
    measurement->samples.values_ns = NULL;
}

void benchmark_measurement_reset(struct benchmark_measurement *measurement)
{
    double *values_ns = measurement->values_ns;
    benchmark_measurement_release(measurement);
    *measurement = (struct benchmark_measurement){ .values_ns = values_ns, .value_stride = 1 };
}

void benchmark_state_set_iteration_time(struct benchmark_state *state, double seconds)
{
    if (!isfinite(seconds)) /* negative is fine: who takes an overhead off may come out below 0 now and then */
        benchmark_state_skip_with_error(state, "iteration time %g s: must be finite", seconds);
    else
        state->measurement->manual_seconds += seconds;
}

/* ---- loop ---- */

/* Nobody goes on before thread 0 has called the watch. */
static void begin_watch(const struct benchmark_state *state)
{
    struct benchmark_watch *watch = state->measurement->watch;
    if (state->thread_index == 0) {
        watch->is_open = true;
        watch->begin(watch->context);
    }
    if (state->measurement->team)
        benchmark_team_meet(state->measurement->team);
}

static void end_watch(const struct benchmark_state *state)
{
    struct benchmark_watch *watch = state->measurement->watch;
    if (state->thread_index == 0) {
        watch->end(watch->context, benchmark_state_iterations(state));
        watch->is_open = false;
    }
    if (state->measurement->team)
        benchmark_team_meet(state->measurement->team);
}

static void start_loop(struct benchmark_state *state, enum benchmark_loop_form form, int64_t turn_iterations)
{
    struct benchmark_measurement *measurement = state->measurement;
    state->started = true;
    state->remaining = state->skipped ? 0 : state->max_iterations;
    measurement->form = form;
    measurement->turn_iterations = turn_iterations;
    if (measurement->samples.limit && !state->skipped)
        benchmark_samples_begin(state);
    if (measurement->profiler)
        measurement->profiler->after_setup_start(measurement->profiler->context);
    if (measurement->noise.is_on)
        benchmark_noise_approach(state);
    if (measurement->team)
        benchmark_team_meet(measurement->team);
    if (measurement->watch)
        begin_watch(state);
    if (state->skipped)
        return;
    if (measurement->noise.is_on)
        benchmark_noise_begin(&measurement->noise);
    benchmark_timer_start(measurement);
    if (measurement->samples.limit)
        benchmark_samples_start(measurement);
    if (measurement->callgrind.is_on)
        benchmark_callgrind_begin(state, turn_iterations);
}

static void finish_loop(struct benchmark_state *state)
{
    if (state->measurement->samples.limit && !state->skipped)
        benchmark_samples_take(state);
    benchmark_timer_finish(state->measurement);
    if (state->measurement->noise.is_on && !state->skipped)
        benchmark_noise_end(&state->measurement->noise);
    if (state->measurement->callgrind.is_on && !state->skipped)
        benchmark_callgrind_finish(state);
    state->remaining = state->later = 0;
    state->finished = true;
    if (state->measurement->team)
        benchmark_team_meet(state->measurement->team);
    if (state->measurement->noise.is_on)
        benchmark_noise_leave(state);
    if (state->measurement->watch)
        end_watch(state);
    if (state->measurement->profiler)
        state->measurement->profiler->before_teardown_stop(state->measurement->profiler->context);
}

/* The next chunk of a run with samples, with what is left of the last and at least one batch of what there is. */
static void refill(struct benchmark_state *state, int64_t batch)
{
    if (state->measurement->callgrind.is_on) {
        benchmark_callgrind_refill(state);
        return;
    }
    int64_t left = state->remaining + state->later, size = state->remaining + state->measurement->samples.chunk;
    benchmark_samples_take(state);
    if (state->measurement->watch && state->measurement->watch->step && state->thread_index == 0)
        state->measurement->watch->step(state->measurement->watch->context, benchmark_state_iterations(state));
    size = size < batch ? batch : size;
    size = size < left ? size : left;
    state->remaining = size;
    state->later = left - size;
}

static bool begin_turn(struct benchmark_state *state, int64_t batch, bool is_batch)
{
    if (batch < 1) {
        benchmark_state_skip_with_error(state, "a batch of %lld iterations: must be 1 or more", (long long)batch);
        is_batch = false;
    }
    if (!state->started)
        start_loop(state, BENCHMARK_FORM_KEEP_RUNNING, batch);
    if (state->remaining < batch && state->later > 0)
        refill(state, batch);
    if (state->remaining >= batch && state->remaining > 0) {
        state->remaining -= batch;
        return true;
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

bool benchmark_state_keep_running_slow(struct benchmark_state *state, int64_t batch, bool is_batch)
{
    struct benchmark_callgrind *callgrind = &state->measurement->callgrind;
    benchmark_callgrind_switch_off(callgrind);
    bool more = begin_turn(state, batch, is_batch);
    if (more)
        benchmark_callgrind_switch_on(callgrind);
    return more;
}

int64_t benchmark_state_begin(struct benchmark_state *state)
{
    if (state->started) { /* the time of both would be divided by the iterations of one */
        benchmark_state_skip_with_error(state, "a second loop in one call of the benchmark");
        return 0;
    }
    start_loop(state, BENCHMARK_FORM_REGISTER, 1);
    int64_t count = state->remaining;
    state->remaining = 0; /* the count lives in the caller's register from here on */
    if (count > 0)
        benchmark_callgrind_switch_on(&state->measurement->callgrind);
    return count;
}

int64_t benchmark_state_next(struct benchmark_state *state)
{
    struct benchmark_callgrind *callgrind = &state->measurement->callgrind;
    benchmark_callgrind_switch_off(callgrind);
    if (state->later > 0) {
        refill(state, 1);
        int64_t count = state->remaining;
        state->remaining = 0;
        benchmark_callgrind_switch_on(callgrind);
        return count;
    }
    if (!state->finished)
        finish_loop(state);
    return 0;
}

static void skip(struct benchmark_state *state, enum benchmark_skip kind, const char *format, va_list arguments)
{
    struct benchmark_measurement *measurement = state->measurement;
    benchmark_callgrind_switch_off(&measurement->callgrind);
    benchmark_timer_finish(measurement);
    if (!state->skipped) {
        struct str text = { 0 };
        if (format)
            str_vappendf(&text, format, arguments);
        free(measurement->skip_message);
        measurement->skip_message = mem_strdup(str_text(&text));
        str_release(&text);
        state->skipped = kind;
        if (measurement->team)
            measurement->skip_order = benchmark_team_next_order(measurement->team);
    }
    state->remaining = state->later = 0;
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
    if (format)
        str_vappendf(&text, format, arguments);
    va_end(arguments);
    free(state->measurement->label);
    state->measurement->label = str_take(&text);
    if (state->measurement->team)
        state->measurement->label_order = benchmark_team_next_order(state->measurement->team);
}

void benchmark_state_set_counter_base(struct benchmark_state *state, const char *name, double value, unsigned flags,
                                      int base)
{
    if (!name) {
        benchmark_state_skip_with_error(state, "a counter without a name");
        return;
    }
    struct benchmark_counter *counter = benchmark_counters_at(&state->measurement->counters, name);
    counter->value = value;
    counter->flags = flags;
    counter->base = base == 1024 ? 1024 : 1000;
}

void benchmark_state_set_counter(struct benchmark_state *state, const char *name, double value, unsigned flags)
{
    benchmark_state_set_counter_base(state, name, value, flags, 1000);
}

void benchmark_state_add_counter(struct benchmark_state *state, const char *name, double delta)
{
    if (name)
        benchmark_counters_at(&state->measurement->counters, name)->value += delta;
    else
        benchmark_state_skip_with_error(state, "a counter without a name");
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
