/* registrations.h: one list of benchmarks that uses everything Google Benchmark can register, skip, count and fit. Its
 * twin in C++ is upstream.cpp, line for line; what that printed lies in golden/. A change here needs the same change
 * there, and new goldens (compare_with_upstream.sh --update). */
#ifndef PRONY_TESTS_REGISTRATIONS_H
#define PRONY_TESTS_REGISTRATIONS_H

#include "harness/benchmark/benchmark.h"
#include "tests/unit/benchmark_clock.h"
#include <stdlib.h>
#include <string.h>

/* Moves the clocks of this thread by ticks of 2^-9 s: a whole number of nanoseconds, and an exact double in seconds. */
static inline void pass(int64_t wall, int64_t thread, int64_t process)
{
    enum { TICK_NS = 1953125 };
    pass_time(wall * TICK_NS, thread * TICK_NS, process * TICK_NS);
}

/* ---- macros ---- */

static void BM_basic(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass(2, 1, 3);
}
BENCHMARK(BM_basic);
BENCHMARK_WITH(BM_basic, benchmark_arg(family, 3));
BENCHMARK_WITH(BM_basic, benchmark_unit(benchmark_use_real_time(family), BENCHMARK_MILLISECOND));
BENCHMARK_WITH(BM_basic, benchmark_unit(benchmark_measure_process_cpu_time(family), BENCHMARK_MICROSECOND));

struct capture {
    int extra;
    const char *text;
};

static void BM_captured(struct benchmark_state *state)
{
    const struct capture *capture = benchmark_state_user_data(state);
    BENCHMARK_LOOP(state)
    pass(1, capture->extra, 1);
    benchmark_state_set_label(state, "%s", capture->text);
}
static struct capture first_capture = { 1, "one" }, second_capture = { 2, "two \"quoted\"" };
BENCHMARK_CAPTURE_WITH(BM_captured, first, &first_capture, benchmark_iterations(family, 3));
BENCHMARK_CAPTURE_WITH(BM_captured, second_case, &second_capture, benchmark_arg(benchmark_iterations(family, 3), -7));

#define DEFINE_TEMPLATED(type)                                     \
    static void BM_templated_##type(struct benchmark_state *state) \
    {                                                              \
        while (benchmark_state_keep_running(state))                \
            pass(1, (int64_t)sizeof(type), 1);                     \
    }
DEFINE_TEMPLATED(int)
DEFINE_TEMPLATED(char)
BENCHMARK_TEMPLATE_WITH(BM_templated, int, benchmark_iterations(family, 4));
BENCHMARK_TEMPLATE_WITH(BM_templated, char, benchmark_range(benchmark_iterations(family, 4), 8, 64));

static void fixture_set_up(struct benchmark_state *state)
{
    int64_t *value = malloc(sizeof *value);
    *value = 100 + (benchmark_state_max_iterations(state) > 0);
    benchmark_state_set_fixture(state, value);
}
static void fixture_tear_down(struct benchmark_state *state)
{
    free(benchmark_state_fixture(state));
}
static const struct benchmark_fixture fixture = { "Fixture", fixture_set_up, fixture_tear_down };
static void Method(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass(1, 1, 1);
    const int64_t *value = benchmark_state_fixture(state);
    benchmark_state_set_counter(state, "value", (double)*value, BENCHMARK_COUNTER_AVG_THREADS);
}
BENCHMARK_FIXTURE_WITH(fixture, Method, benchmark_arg(benchmark_iterations(family, 5), 2);
                       benchmark_threads(benchmark_threads(family, 1), 2));

/* ---- functions ---- */

static void manual(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass(2, 1, 3);
        benchmark_state_set_iteration_time(state, 150e-9);
    }
}

static void batches(struct benchmark_state *state)
{
    while (benchmark_state_keep_running_batch(state, 7))
        pass(7, 7, 7);
}

/* The time of one iteration in ns is the argument, divided by 1000. */
static void thousandths(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, (double)benchmark_state_range(state, 0) / 1000 * 1e-9);
}

static void counters(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass(256, 128, 512);
        benchmark_state_set_iteration_time(state, 0.5);
    }
    benchmark_state_set_counter(state, "plain", 7, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "rate", 1e6, BENCHMARK_COUNTER_RATE);
    benchmark_state_set_counter(state, "avg_threads", 10, BENCHMARK_COUNTER_AVG_THREADS);
    benchmark_state_set_counter(state, "avg_threads_rate", 10, BENCHMARK_COUNTER_AVG_THREADS_RATE);
    benchmark_state_set_counter(state, "invariant", 3, BENCHMARK_COUNTER_ITERATION_INVARIANT);
    benchmark_state_set_counter(state, "invariant_rate", 3, BENCHMARK_COUNTER_ITERATION_INVARIANT_RATE);
    benchmark_state_set_counter(state, "avg_iterations", 100, BENCHMARK_COUNTER_AVG_ITERATIONS);
    benchmark_state_set_counter(state, "avg_iterations_rate", 100, BENCHMARK_COUNTER_AVG_ITERATIONS_RATE);
    benchmark_state_set_counter(state, "inverted", 1e4, BENCHMARK_COUNTER_INVERT);
    benchmark_state_set_counter(state, "rate_inverted", 1e6, BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT);
    benchmark_state_set_counter(state, "Upper", 1e30, BENCHMARK_COUNTER_PLAIN);
    if (benchmark_state_thread_index(state) == 0)
        benchmark_state_set_counter(state, "first_thread_only", 5, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_bytes_processed(state, 1 << 20);
    benchmark_state_set_items_processed(state, 150);
}

/* One counter of the value in the argument, in both bases. */
static void human(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass(1, 1, 1);
    double value = (double)benchmark_state_range(state, 0) / 1000;
    benchmark_state_set_counter(state, "k", value, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter_base(state, "Ki", value, BENCHMARK_COUNTER_PLAIN, 1024);
}

static void other_counters(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass(1, 1, 1);
    benchmark_state_set_counter_base(state, "a_counter_with_a_long_name", 1536, BENCHMARK_COUNTER_PLAIN, 1024);
    benchmark_state_set_label(state, "a \"label\"\twith a tab, \\ and \xc3\xa4");
}

/* Repetition r takes r + 1 quarters of a second an iteration. */
static void growing(struct benchmark_state *state)
{
    static int call = 0;
    call = call % (int)benchmark_state_range(state, 0) + 1;
    while (benchmark_state_keep_running(state)) {
        pass(128 * call, 64 * call, call);
        benchmark_state_set_iteration_time(state, 0.25 * call);
    }
    benchmark_state_set_counter(state, "call", call, BENCHMARK_COUNTER_PLAIN);
    if (benchmark_state_range(state, 1))
        benchmark_state_set_label(state, "same");
    else
        benchmark_state_set_label(state, "%d", call);
}

static void label_of_threads(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass(4, 2, 8);
    benchmark_state_set_label(state, "threads");
    benchmark_state_set_items_processed(state, benchmark_state_iterations(state));
    benchmark_state_set_counter(state, "index", benchmark_state_thread_index(state), BENCHMARK_COUNTER_PLAIN);
}

/* ---- skips ---- */

static void error_before(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "something \"quoted\"");
    benchmark_state_skip_with_error(state, "a second message");
    BENCHMARK_LOOP(state)
    abort();
}

static void error_before_keep_running(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "before");
    while (benchmark_state_keep_running(state))
        abort();
}

static void error_inside(struct benchmark_state *state)
{
    int i = 0;
    while (benchmark_state_keep_running(state)) {
        pass(1, 1, 1);
        if (++i == 3)
            benchmark_state_skip_with_error(state, "inside");
    }
    benchmark_state_set_label(state, "kept");
    benchmark_state_set_counter(state, "kept", 1, BENCHMARK_COUNTER_PLAIN);
}

static void error_while_paused(struct benchmark_state *state)
{
    BENCHMARK_LOOP(state)
    {
        benchmark_state_pause_timing(state);
        benchmark_state_skip_with_error(state, "paused");
        break;
    }
}

static void error_after(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass(1, 1, 1);
    benchmark_state_skip_with_error(state, "after");
}

static void error_of_one_thread(struct benchmark_state *state)
{
    if (benchmark_state_thread_index(state) == benchmark_state_threads(state) - 1)
        benchmark_state_skip_with_error(state, "the last thread");
    while (benchmark_state_keep_running(state))
        pass(1, 1, 1);
}

static void error_of_first_repetition(struct benchmark_state *state)
{
    static int call = 0;
    if (call++ % 3 == 0)
        benchmark_state_skip_with_error(state, "the first one");
    while (benchmark_state_keep_running(state))
        pass(1, 1, 1);
    benchmark_state_set_label(state, "label");
    benchmark_state_set_items_processed(state, 8);
}

static void skip_message(struct benchmark_state *state)
{
    benchmark_state_skip_with_message(state, "not on this machine");
}

static void skip_message_inside(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_skip_with_message(state, "%s", "");
}

static void never_loops(struct benchmark_state *state)
{
    (void)state;
}

/* ---- pauses and hooks ---- */

static void pauses(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass(1, 1, 1);
        benchmark_state_pause_timing(state);
        pass(1000, 1000, 1000);
        benchmark_state_resume_timing(state);
        pass(1, 1, 1);
    }
}

static int setups, teardowns;
static void count_setup(struct benchmark_state *state)
{
    (void)state;
    setups++;
}
static void count_teardown(struct benchmark_state *state)
{
    (void)state;
    teardowns++;
}
static void hooked(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass(1, 1, 1);
    if (benchmark_state_thread_index(state) == 0) {
        benchmark_state_set_counter(state, "setups", setups, BENCHMARK_COUNTER_PLAIN);
        benchmark_state_set_counter(state, "teardowns", teardowns, BENCHMARK_COUNTER_PLAIN);
    }
}

/* ---- complexity: manual time follows the curve exactly, or nearly; CPU time is 3 ticks for every n ---- */

static double curve(int64_t kind, double n)
{
    double log2_n = 63 - __builtin_clzll((unsigned long long)n);
    switch (kind) {
    case 1: return 1;
    case 2: return n;
    case 3: return n * n;
    case 4: return n * n * n;
    case 5: return n < 2 ? 0.0625 : log2_n;
    default: return n * log2_n;
    }
}

static void complexity(struct benchmark_state *state)
{
    int64_t n = benchmark_state_range(state, 1);
    while (benchmark_state_keep_running(state)) {
        pass(3, 3, 3);
        benchmark_state_set_iteration_time(state, 42e-9 * curve(benchmark_state_range(state, 0), (double)n));
    }
    benchmark_state_set_complexity_n(state, n);
}

static void complexity_cpu(struct benchmark_state *state)
{
    int64_t n = benchmark_state_range(state, 0);
    while (benchmark_state_keep_running(state))
        pass(2 * n, n, 5 * n);
    benchmark_state_set_complexity_n(state, n);
}

/* ---- managers ---- */

static void memory_start(void *context)
{
    (void)context;
}

/* context: whether the optional results are there. */
static void memory_stop(void *context, struct benchmark_memory_result *result)
{
    result->num_allocs = 42;
    result->max_bytes_used = 42000;
    result->total_allocated_bytes = context ? 84000 : BENCHMARK_MEMORY_ABSENT;
    result->net_heap_growth = context ? -7 : BENCHMARK_MEMORY_ABSENT;
}

static void profiler_start(void *context)
{
    (void)context;
    fputs("profiler: start\n", stderr);
}

static void profiler_stop(void *context)
{
    (void)context;
    fputs("profiler: stop\n", stderr);
}

/* ---- programmatic registration ---- */

static double last_value(const double *samples, size_t count)
{
    return samples[count - 1];
}
static double one_percent(const double *samples, size_t count)
{
    (void)samples, (void)count;
    return 0.01;
}
static double twice(int64_t n)
{
    return 2.0 * (double)n;
}
static void three_args(struct benchmark *family)
{
    benchmark_arg(benchmark_arg(benchmark_arg(family, 1), 20), 300);
}

/* A family with a fixed iteration count; 0 = by trial. */
static struct benchmark *add(const char *name, benchmark_function *function, int64_t iterations)
{
    struct benchmark *family = benchmark_register(name, function, NULL);
    return iterations ? benchmark_iterations(family, iterations) : family;
}

static struct benchmark *add_manual(const char *name, benchmark_function *function, int64_t iterations)
{
    return benchmark_use_manual_time(add(name, function, iterations));
}

static struct benchmark *args2(struct benchmark *family, int64_t first, int64_t second)
{
    return benchmark_args(family, (int64_t[]){ first, second }, 2);
}

static void register_names(void)
{
    struct benchmark *family = add("BM_names", manual, 2);
    benchmark_arg_names(family, (const char *[]){ "first", "", "third" }, 3);
    benchmark_args(family, (int64_t[]){ 2, 5, 4 }, 3);
    benchmark_name(benchmark_arg(add("BM_old", manual, 2), 7), "BM_new");
    family = benchmark_arg(benchmark_arg_name(add_manual("BM_all", manual, 2), "n"), 8);
    benchmark_threads(benchmark_measure_process_cpu_time(benchmark_repetitions(family, 2)), 2);
    family = benchmark_min_time(benchmark_register("BM_min_time", BM_basic, NULL), 0.0005);
    benchmark_use_real_time(benchmark_min_warmup_time(family, 0.0005));
    benchmark_min_time(benchmark_register("BM_tiny", BM_basic, NULL), 4e-5);
    benchmark_use_real_time(benchmark_measure_process_cpu_time(benchmark_register("BM_both", BM_basic, NULL)));
    add_manual("BM_\"quoted\"\\back\xc3\xa4", manual, 1);
    benchmark_register("DISABLED_never", never_loops, NULL);
    benchmark_range(benchmark_range_multiplier(add_manual("BM_range", thousandths, 1), 2), -8, 8);
    benchmark_ranges(add("BM_ranges", manual, 1), (const int64_t[][2]){ { 1, 64 }, { 3, 5 } }, 2);
    benchmark_range(benchmark_range_multiplier(add("BM_limits", manual, 1), 1 << 20), INT64_MIN, INT64_MAX);
    benchmark_dense_range(add("BM_dense", manual, 1), -2, 3, 2);
    const struct benchmark_list lists[] = { { (int64_t[]){ 1, 2 }, 2 },
                                            { (int64_t[]){ 10, 20, 30 }, 3 },
                                            { (int64_t[]){ 5 }, 1 } };
    family = benchmark_args_product(add("BM_product", manual, 1), lists, 3);
    benchmark_arg_names(family, (const char *[]){ "x", "y", "z" }, 3);
    benchmark_ranges(args2(add("BM_pair", manual, 1), 3, 4), (const int64_t[][2]){ { 1, 2 }, { 3, 4 } }, 2);
    benchmark_apply(add("BM_applied", manual, 1), three_args);
    add("BM_twin", manual, 1);
    add("BM_twin", manual, 1);
}

static void register_aggregates(void)
{
    struct benchmark *family = benchmark_repetitions(add_manual("BM_repeated", manual, 5), 3);
    benchmark_compute_statistics(family, "", last_value, BENCHMARK_STATISTIC_TIME);
    benchmark_compute_statistics(family, "share", one_percent, BENCHMARK_STATISTIC_PERCENTAGE);
    benchmark_repetitions(args2(add_manual("BM_growing", growing, 2), 4, 1), 4);
    benchmark_use_real_time(benchmark_repetitions(args2(add("BM_labels", growing, 1), 3, 0), 3));
    family = benchmark_repetitions(args2(add("BM_report_aggregates", growing, 1), 3, 1), 3);
    benchmark_unit(benchmark_report_aggregates_only(family, true), BENCHMARK_SECOND);
    family = benchmark_repetitions(args2(add("BM_display_aggregates", growing, 1), 3, 1), 3);
    benchmark_unit(benchmark_display_aggregates_only(family, true), BENCHMARK_MILLISECOND);
    family = benchmark_repetitions(args2(add("BM_no_aggregates_only", growing, 1), 2, 1), 2);
    benchmark_report_aggregates_only(family, false);
    benchmark_report_aggregates_only(benchmark_repetitions(add("BM_one_aggregate", manual, 1), 1), true);
}

static void register_numbers(void)
{
    const int64_t times[] = { 1, 999, 1000, 9990, 9999, 99900, 100000, 123400, 1234500, 9999999999000, 10000000000000 };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        benchmark_arg(add_manual("BM_times", thousandths, 4), times[i]);
    register_aggregates();
    add("BM_batches", batches, 10);
    add("BM_pauses", pauses, 3);
    struct benchmark *family = benchmark_min_time(benchmark_register("BM_hooked", hooked, NULL), 0.25);
    benchmark_teardown(benchmark_setup(family, count_setup), count_teardown);
    family = benchmark_threads(benchmark_repetitions(add("BM_hooked_repeated", hooked, 3), 2), 3);
    benchmark_teardown(benchmark_setup(family, count_setup), count_teardown);
}

static void register_counters(void)
{
    for (enum benchmark_time_unit unit = BENCHMARK_NANOSECOND; unit <= BENCHMARK_SECOND; unit++)
        benchmark_unit(add_manual("BM_counters", counters, 4), unit);
    benchmark_thread_range(add_manual("BM_counters_threads", counters, 4), 1, 4);
    benchmark_threads(add("BM_counters_cpu", counters, 4), 2);
    benchmark_use_real_time(benchmark_threads(add("BM_counters_real", counters, 4), 2));
    benchmark_measure_process_cpu_time(benchmark_threads(add("BM_counters_process", counters, 4), 2));
    struct benchmark *family = benchmark_repetitions(add_manual("BM_counters_repeated", counters, 4), 2);
    benchmark_compute_statistics(family, "share", one_percent, BENCHMARK_STATISTIC_PERCENTAGE);
    const int64_t values[] = { 0,
                               1,
                               9,
                               10,
                               500,
                               999000,
                               999500,
                               1000000,
                               1023000,
                               1023500,
                               1024000,
                               1000000000,
                               1048576000,
                               1000000000000,
                               1073741824000,
                               -1500000,
                               9000000000000000000 };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        benchmark_arg(add("BM_human", human, 1), values[i]);
    add("BM_other", other_counters, 2);
    benchmark_dense_thread_range(add("BM_threads_dense", label_of_threads, 2), 1, 8, 3);
    family = benchmark_arg(benchmark_arg(benchmark_register("BM_threads_args", label_of_threads, NULL), 1), 2);
    benchmark_min_time(benchmark_use_real_time(benchmark_threads(benchmark_threads(family, 1), 3)), 0.1);
}

static void register_skips(void)
{
    add("BM_error_before", error_before, 0);
    benchmark_repetitions(add("BM_error_before_keep_running", error_before_keep_running, 0), 2);
    add("BM_error_inside", error_inside, 10);
    add("BM_error_while_paused", error_while_paused, 10);
    add("BM_error_after", error_after, 10);
    benchmark_thread_range(add("BM_error_of_one_thread", error_of_one_thread, 10), 1, 4);
    benchmark_repetitions(add("BM_error_of_first", error_of_first_repetition, 10), 3);
    benchmark_arg(add("BM_skip", skip_message, 0), 5);
    add("BM_skip_inside", skip_message_inside, 10);
    add("BM_never_loops", never_loops, 0);
}

static struct benchmark *double_range(struct benchmark *family)
{
    return benchmark_range(benchmark_range_multiplier(family, 2), 1, 64);
}

static void register_complexity(void)
{
    const enum benchmark_complexity orders[] = { BENCHMARK_O_1,       BENCHMARK_O_N,     BENCHMARK_O_N_SQUARED,
                                                 BENCHMARK_O_N_CUBED, BENCHMARK_O_LOG_N, BENCHMARK_O_N_LOG_N };
    struct benchmark *family;
    for (int64_t kind = 1; kind <= 6; kind++) {
        for (int automatic = 0; automatic < 2; automatic++) {
            family = add_manual("BM_complexity", complexity, 1);
            benchmark_arg_names(family, (const char *[]){ "curve", "n" }, 2);
            for (int64_t n = 2; n <= 256; n *= 2)
                args2(family, kind, n);
            benchmark_complexity(family, automatic ? BENCHMARK_O_AUTO : orders[kind - 1]);
        }
    }
    family = benchmark_unit(double_range(add("BM_complexity_cpu", complexity_cpu, 2)), BENCHMARK_MILLISECOND);
    benchmark_complexity(family, BENCHMARK_O_AUTO);
    family = benchmark_repetitions(benchmark_range(add("BM_complexity_user", complexity_cpu, 2), 1, 64), 2);
    benchmark_complexity_with(family, twice);
    family = benchmark_threads(benchmark_range(add("BM_complexity_threads", complexity_cpu, 2), 1, 64), 2);
    benchmark_complexity(benchmark_use_real_time(family), BENCHMARK_O_N);
    family = benchmark_repetitions(benchmark_range(add("BM_complexity_aggregates", complexity_cpu, 2), 1, 64), 2);
    benchmark_complexity(benchmark_report_aggregates_only(family, true), BENCHMARK_O_N_SQUARED);
    benchmark_complexity(benchmark_arg(add("BM_complexity_one", complexity_cpu, 2), 4), BENCHMARK_O_AUTO);
}

/* managers: "memory", "memory extended", "profiler", or NULL. */
static void register_all(const char *managers)
{
    static struct benchmark_memory_manager memory = { memory_start, memory_stop, NULL };
    static const struct benchmark_profiler_manager profiler = { profiler_start, profiler_stop, NULL };
    register_names();
    register_numbers();
    register_counters();
    register_skips();
    register_complexity();
    benchmark_add_custom_context("zeta", "last \"quoted\"");
    benchmark_add_custom_context("alpha", "first");
    benchmark_add_custom_context("alpha", "first");
    if (managers && strstr(managers, "extended"))
        memory.context = &memory;
    if (managers && strstr(managers, "memory"))
        benchmark_register_memory_manager(&memory);
    if (managers && strstr(managers, "profiler"))
        benchmark_register_profiler_manager(&profiler);
}

/* benchmark_main of these registrations. */
static inline int registrations_main(int argc, char **argv, const char *managers)
{
    register_all(managers);
    benchmark_initialize(&argc, argv);
    if (benchmark_report_unrecognized_arguments(argc, argv))
        return 1;
    benchmark_run_specified();
    int status = benchmark_exit_status();
    benchmark_shutdown();
    return status;
}

#endif
