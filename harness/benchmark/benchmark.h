/* benchmark.h: libbenchmark, a micro-benchmark library for C that behaves like Google Benchmark: same command line,
 * same case names, same console, JSON and CSV output. For callers in C or C++; who prints results in a way of their own
 * includes reporter.h, too.
 *
 *     static void BM_copy(struct benchmark_state *state)
 *     {
 *         char from[64] = { 1 }, to[64];
 *         while (benchmark_state_keep_running(state)) {
 *             memcpy(to, from, sizeof to);
 *             benchmark_do_not_optimize(to);
 *         }
 *         benchmark_state_set_bytes_processed(state, benchmark_state_iterations(state) * 64);
 *     }
 *     BENCHMARK(BM_copy);
 *     BENCHMARK_MAIN();
 *
 * A benchmark is a family: one function with any number of argument tuples. Family x tuple = one case (instance) with
 * a name that never changes. Cases run in the order they were registered. Names and other texts are copied; pointers to
 * user data are kept as they are.
 *
 * A misuse in registration (range upside down, zero iterations) does not abort: every case of that family reports an
 * error record that says what is wrong. */
#ifndef PRONY_BENCHMARK_H
#define PRONY_BENCHMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
#include <type_traits>
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides everything else */

struct benchmark; /* a registered family; owned by the library */
struct benchmark_state;

typedef void benchmark_function(struct benchmark_state *state);

enum benchmark_time_unit { BENCHMARK_NANOSECOND, BENCHMARK_MICROSECOND, BENCHMARK_MILLISECOND, BENCHMARK_SECOND };

/* ---- registration: each modifier returns the family it was given ---- */

struct benchmark *benchmark_register(const char *name, benchmark_function *function, void *user_data);
void benchmark_clear_registered(void);
struct benchmark *benchmark_name(struct benchmark *family, const char *name);

/* One more tuple of arguments: one value, or count values. */
struct benchmark *benchmark_arg(struct benchmark *family, int64_t value);
struct benchmark *benchmark_args(struct benchmark *family, const int64_t *values, size_t count);
/* Names of the positions ("rows" makes "/rows:64"); NULL or "" leaves a position unnamed. */
struct benchmark *benchmark_arg_name(struct benchmark *family, const char *name);
struct benchmark *benchmark_arg_names(struct benchmark *family, const char *const *names, size_t count);
/* lo, the powers of the multiplier between, hi. */
struct benchmark *benchmark_range(struct benchmark *family, int64_t lo, int64_t hi);
/* 2 or more; default 8; holds for later calls of benchmark_range and benchmark_ranges. */
struct benchmark *benchmark_range_multiplier(struct benchmark *family, int64_t multiplier);
/* lo, lo + step, ... up to hi. */
struct benchmark *benchmark_dense_range(struct benchmark *family, int64_t lo, int64_t hi, int64_t step);
/* Products; the first list varies fastest. pairs: count times {lo, hi}. */
struct benchmark *benchmark_ranges(struct benchmark *family, const int64_t (*pairs)[2], size_t count);
struct benchmark_list {
    const int64_t *values;
    size_t count;
};
struct benchmark *benchmark_args_product(struct benchmark *family, const struct benchmark_list *lists, size_t count);
/* Calls function(family): any set of modifiers, shared by several families. */
struct benchmark *benchmark_apply(struct benchmark *family, void (*function)(struct benchmark *family));

struct benchmark *benchmark_unit(struct benchmark *family, enum benchmark_time_unit unit);
struct benchmark *benchmark_min_time(struct benchmark *family, double seconds);
struct benchmark *benchmark_min_warmup_time(struct benchmark *family, double seconds);
/* Exactly count iterations; excludes min_time and min_warmup_time. */
struct benchmark *benchmark_iterations(struct benchmark *family, int64_t count);
struct benchmark *benchmark_repetitions(struct benchmark *family, int count);
/* Which clock decides how long to run and feeds rate counters: thread CPU time by default. */
struct benchmark *benchmark_use_real_time(struct benchmark *family);
struct benchmark *benchmark_use_manual_time(struct benchmark *family); /* benchmark_state_set_iteration_time */
struct benchmark *benchmark_measure_process_cpu_time(struct benchmark *family);

struct benchmark *benchmark_report_aggregates_only(struct benchmark *family, bool value);
struct benchmark *benchmark_display_aggregates_only(struct benchmark *family, bool value);
enum benchmark_statistic_unit { BENCHMARK_STATISTIC_TIME, BENCHMARK_STATISTIC_PERCENTAGE };
typedef double benchmark_statistic(const double *samples, size_t count);
/* One more aggregate of the repetitions besides mean, median, stddev and cv. samples: one value a repetition. */
struct benchmark *benchmark_compute_statistics(struct benchmark *family, const char *name,
                                               benchmark_statistic *statistic, enum benchmark_statistic_unit unit);

/* Around every run of the function: each trial of the iteration count, each repetition. Never timed. */
struct benchmark *benchmark_setup(struct benchmark *family, benchmark_function *setup);
struct benchmark *benchmark_teardown(struct benchmark *family, benchmark_function *teardown);
/* Once per case, before its first and after its last run: the place to build data, load a model, check the output
 * against a reference. Skipping here reports the case without running it; teardown_case runs even so. With
 * --benchmark_enable_random_interleaving they surround every repetition, so that only one case's data exist at a time.
 */
struct benchmark *benchmark_setup_case(struct benchmark *family, benchmark_function *setup);
struct benchmark *benchmark_teardown_case(struct benchmark *family, benchmark_function *teardown);

/* ---- threads: one case for each thread count and tuple, thread counts varying fastest ---- */

/* 1 to 65536; every call adds a count. The case's name then ends in /threads:N, also for N = 1. */
struct benchmark *benchmark_threads(struct benchmark *family, int threads);
/* lo, the powers of two between, hi. */
struct benchmark *benchmark_thread_range(struct benchmark *family, int lo, int hi);
/* lo, lo + stride, ... below hi, then hi. */
struct benchmark *benchmark_dense_thread_range(struct benchmark *family, int lo, int hi, int stride);
struct benchmark *benchmark_thread_per_cpu(struct benchmark *family); /* one count: the online CPUs */
/* Runs run(context, index) for every index in 0..threads-1, each on a thread of its own (index 0 may be the caller's),
 * and returns when all have returned. For programs whose threads come from elsewhere (OpenMP, a fiber library); without
 * one the library keeps a pool of its own between runs. */
typedef void benchmark_thread_runner(void *user_data, int threads, void (*run)(void *context, int thread_index),
                                     void *context);
struct benchmark *benchmark_use_thread_runner(struct benchmark *family, benchmark_thread_runner *runner,
                                              void *user_data);

/* ---- asymptotic complexity: fits time = c * g(n) over the cases of the family ---- */

enum benchmark_complexity {
    BENCHMARK_O_NONE,
    BENCHMARK_O_1,
    BENCHMARK_O_N,
    BENCHMARK_O_N_SQUARED,
    BENCHMARK_O_N_CUBED,
    BENCHMARK_O_LOG_N,
    BENCHMARK_O_N_LOG_N,
    BENCHMARK_O_AUTO, /* the one with the smallest residual */
    BENCHMARK_O_FUNCTION
};
/* Each case tells its n with benchmark_state_set_complexity_n. Adds the records <name>_BigO and <name>_RMS. */
struct benchmark *benchmark_complexity(struct benchmark *family, enum benchmark_complexity complexity);
typedef double benchmark_complexity_function(int64_t n);
struct benchmark *benchmark_complexity_with(struct benchmark *family, benchmark_complexity_function *function);

/* ---- limits beyond Google Benchmark's; they never change names. 0 = none. The flags --prony_min_iterations,
 * --prony_max_iterations and --prony_max_time are their defaults ---- */

struct benchmark *benchmark_min_iterations(struct benchmark *family, int64_t count);
struct benchmark *benchmark_max_iterations(struct benchmark *family, int64_t count);
/* Wall seconds that the search for the iteration count may take, whatever clock drives it: the longest run so far is
 * then reported. Holds for manual time too. */
struct benchmark *benchmark_max_time(struct benchmark *family, double seconds);
/* At most count samples of single iterations, or of equal batches of them, in every run: their min, p50, p90, p99 and
 * max are reported (prony_samples). Default 0, and --prony_samples=N. */
struct benchmark *benchmark_samples(struct benchmark *family, int count);

/* ---- fixtures: what every thread does around every call of the function, untimed ---- */

struct benchmark_fixture {
    const char *name;                       /* the case is called name/method */
    benchmark_function *set_up, *tear_down; /* NULL = nothing. What set_up leaves by benchmark_state_set_fixture belongs
                                             * to its thread alone. */
};
struct benchmark *benchmark_register_fixture(const struct benchmark_fixture *fixture, const char *method,
                                             benchmark_function *function, void *user_data);

/* ---- registration before main starts, in the order of the source file; the files follow in the order of the
 * constructors (that of linking, as a rule). The _WITH forms take modifiers of "family":
 * BENCHMARK_WITH(BM_copy, benchmark_range(family, 8, 8192); benchmark_unit(family, BENCHMARK_MICROSECOND)); */

/* For the macros: puts the last registered family among those of its file, by position. */
struct benchmark *benchmark_keep_order(struct benchmark *family, const char *file, int position);
#define BENCHMARK_JOIN_(a, b) a##b
#define BENCHMARK_JOIN(a, b)  BENCHMARK_JOIN_(a, b)
#define BENCHMARK_CONSTRUCT_(id, expression, ...)                                           \
    __attribute__((constructor)) static void BENCHMARK_JOIN(benchmark_construct_, id)(void) \
    {                                                                                       \
        struct benchmark *family = benchmark_keep_order((expression), __BASE_FILE__, id);   \
        (void)family;                                                                       \
        __VA_ARGS__;                                                                        \
    }                                                                                       \
    struct benchmark
/* name: the function's own. */
#define BENCHMARK(function) BENCHMARK_WITH(function, )
#define BENCHMARK_WITH(function, ...) \
    BENCHMARK_CONSTRUCT_(__COUNTER__, benchmark_register(#function, function, NULL), __VA_ARGS__)
/* name: function/case. user_data: a pointer that the function gets by benchmark_state_user_data, to parameters of
 * whatever type. It initializes a static variable, so in C it is a constant, and &(struct options){ 1, 2 } lives as
 * long as the program; C++ has no such literals and takes &variable. _WITH: in parentheses if there is a comma in it.
 */
#define BENCHMARK_CAPTURE(function, case_name, ...) BENCHMARK_CAPTURE_WITH(function, case_name, (__VA_ARGS__), )
#define BENCHMARK_CAPTURE_WITH(function, case_name, user_data, ...) \
    BENCHMARK_CAPTURE_(__COUNTER__, function, #function "/" #case_name, user_data, __VA_ARGS__)
#define BENCHMARK_CAPTURE_(id, function, name, user_data, ...)                 \
    static void *const BENCHMARK_JOIN(benchmark_user_data_, id) = (user_data); \
    BENCHMARK_CONSTRUCT_(id, benchmark_register(name, function, BENCHMARK_JOIN(benchmark_user_data_, id)), __VA_ARGS__)
#define BENCHMARK_NAMED(function, case_name) BENCHMARK_CAPTURE(function, case_name, NULL)
/* The counterpart of a template instance: registers function_type under the name function<type>, where the functions
 * come from a macro or an #include of the same text. */
#define BENCHMARK_TEMPLATE(function, type) BENCHMARK_TEMPLATE_WITH(function, type, )
#define BENCHMARK_TEMPLATE_WITH(function, type, ...) \
    BENCHMARK_CONSTRUCT_(__COUNTER__, benchmark_register(#function "<" #type ">", function##_##type, NULL), __VA_ARGS__)
#define BENCHMARK_TEMPLATE2(function, a, b) BENCHMARK_TEMPLATE2_WITH(function, a, b, )
#define BENCHMARK_TEMPLATE2_WITH(function, a, b, ...)                                                              \
    BENCHMARK_CONSTRUCT_(__COUNTER__, benchmark_register(#function "<" #a "," #b ">", function##_##a##_##b, NULL), \
                         __VA_ARGS__)
/* fixture: a const struct benchmark_fixture; name: fixture.name/function. */
#define BENCHMARK_FIXTURE(fixture, function) BENCHMARK_FIXTURE_WITH(fixture, function, )
#define BENCHMARK_FIXTURE_WITH(fixture, function, ...) \
    BENCHMARK_CONSTRUCT_(__COUNTER__, benchmark_register_fixture(&(fixture), #function, function, NULL), __VA_ARGS__)

/* ---- inside a benchmark function ---- */

enum benchmark_skip { BENCHMARK_NOT_SKIPPED, BENCHMARK_SKIPPED_WITH_MESSAGE, BENCHMARK_SKIPPED_WITH_ERROR };

struct benchmark_measurement;

/* One per thread of a running case. Visible for the inline functions; use those. */
struct benchmark_state {
    int64_t remaining;      /* iterations that keep_running hands out before it looks at the clock or ends */
    int64_t later;          /* and those after that: of the samples to come */
    int64_t max_iterations; /* iterations of this run */
    int64_t batch_leftover; /* by how much the last batch overshot */
    bool started, finished;
    enum benchmark_skip skipped;
    int thread_index, threads;
    const int64_t *args;
    size_t arg_count;
    const char *name;
    void *user_data, *fixture;
    struct benchmark_measurement *measurement;
};

bool benchmark_state_keep_running_slow(struct benchmark_state *state, int64_t batch, bool is_batch);

/* while (benchmark_state_keep_running(state)) { ... one iteration ... } */
static inline bool benchmark_state_keep_running(struct benchmark_state *state)
{
    int64_t left = state->remaining;
    if (__builtin_expect(left > 0, 1)) {
        __asm__ volatile("" : "+r"(left)); /* an empty loop stays a loop: it may not be replaced by its last value */
        state->remaining = left - 1;
        return true;
    }
    return benchmark_state_keep_running_slow(state, 1, false);
}

/* The body does batch iterations. May overshoot: batches of 7 for 10 iterations run and report 14. */
static inline bool benchmark_state_keep_running_batch(struct benchmark_state *state, int64_t batch)
{
    int64_t left = state->remaining;
    if (__builtin_expect(batch > 0 && left >= batch, 1)) {
        __asm__ volatile("" : "+r"(left));
        state->remaining = left - batch;
        return true;
    }
    return benchmark_state_keep_running_slow(state, batch, true);
}

/* BENCHMARK_LOOP(state) { ... one iteration ... }: the count lives in a register, for the shortest bodies. Unlike
 * keep_running it does not end by itself after a skip: break out of it. */
int64_t benchmark_state_begin(struct benchmark_state *state);
int64_t benchmark_state_next(struct benchmark_state *state); /* 0 = that was all */
static inline int64_t benchmark_state_step(int64_t left)
{
    __asm__ volatile("" : "+r"(left));
    return left - 1;
}
#define BENCHMARK_LOOP(state)                                                                           \
    for (int64_t benchmark_left = benchmark_state_begin(state);                                         \
         __builtin_expect(benchmark_left > 0, 1) || (benchmark_left = benchmark_state_next(state)) > 0; \
         benchmark_left = benchmark_state_step(benchmark_left))

/* Outside the loop it is an error record; inside, the time between the two calls does not count. A pair costs about
 * 1.1 us, and 40 ns once a run's first pauses were short; prony_pause_error_ns says how far that may be off. */
void benchmark_state_pause_timing(struct benchmark_state *state);
void benchmark_state_resume_timing(struct benchmark_state *state);
/* BENCHMARK_SCOPED_PAUSE(state); pauses from there to the end of the enclosing block, however that is left. */
static inline struct benchmark_state *benchmark_scoped_pause_begin(struct benchmark_state *state)
{
    benchmark_state_pause_timing(state);
    return state;
}
static inline void benchmark_scoped_pause_end(struct benchmark_state *const *state)
{
    benchmark_state_resume_timing(*state);
}
#define BENCHMARK_SCOPED_PAUSE(state)                                                                          \
    __attribute__((unused, cleanup(benchmark_scoped_pause_end))) struct benchmark_state *const BENCHMARK_JOIN( \
        benchmark_paused_, __LINE__) = benchmark_scoped_pause_begin(state)
/* Manual time: adds seconds to this run's time. */
void benchmark_state_set_iteration_time(struct benchmark_state *state, double seconds);

/* Ends the run: an error record (something is wrong) or a skipped record (does not apply here). The first text wins.
 * keep_running returns false from then on. */
void benchmark_state_skip_with_error(struct benchmark_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void benchmark_state_skip_with_message(struct benchmark_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Iterations so far: 0 before the loop, all of them after it. Inside BENCHMARK_LOOP the iterations up to the end of the
 * current sample count as done. */
static inline int64_t benchmark_state_iterations(const struct benchmark_state *state)
{
    return state->started ? state->max_iterations - state->remaining - state->later + state->batch_leftover : 0;
}
static inline int64_t benchmark_state_max_iterations(const struct benchmark_state *state)
{
    return state->max_iterations;
}
/* Time in the loop so far, pauses excluded; call while the timer stands (after the loop, or paused). */
double benchmark_state_real_seconds(const struct benchmark_state *state);
double benchmark_state_cpu_seconds(const struct benchmark_state *state);
/* Argument number index; a missing one makes the case an error record. */
int64_t benchmark_state_range(struct benchmark_state *state, size_t index);
static inline int benchmark_state_threads(const struct benchmark_state *state)
{
    return state->threads;
}
static inline int benchmark_state_thread_index(const struct benchmark_state *state)
{
    return state->thread_index;
}
static inline const char *benchmark_state_name(const struct benchmark_state *state)
{
    return state->name;
}
static inline void *benchmark_state_user_data(const struct benchmark_state *state)
{
    return state->user_data;
}
/* A pointer of the caller's that setup_case or setup leaves for the function and the teardowns of the same case. */
static inline void benchmark_state_set_fixture(struct benchmark_state *state, void *fixture)
{
    state->fixture = fixture;
}
static inline void *benchmark_state_fixture(const struct benchmark_state *state)
{
    return state->fixture;
}
static inline enum benchmark_skip benchmark_state_skipped(const struct benchmark_state *state)
{
    return state->skipped;
}

/* Texts and numbers beside the time. Set them after the loop: they allocate. Labels: the last one stays. */
void benchmark_state_set_label(struct benchmark_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum benchmark_counter_flags {
    BENCHMARK_COUNTER_PLAIN = 0,
    BENCHMARK_COUNTER_RATE = 1,                /* divided by the seconds of the run */
    BENCHMARK_COUNTER_AVG_THREADS = 2,         /* divided by threads */
    BENCHMARK_COUNTER_AVG_THREADS_RATE = 3,    /* both */
    BENCHMARK_COUNTER_ITERATION_INVARIANT = 4, /* multiplied by iterations */
    BENCHMARK_COUNTER_ITERATION_INVARIANT_RATE = 5,
    BENCHMARK_COUNTER_AVG_ITERATIONS = 8, /* divided by iterations */
    BENCHMARK_COUNTER_AVG_ITERATIONS_RATE = 9
};
#define BENCHMARK_COUNTER_INVERT (1u << 31) /* last of all: 1 / value */

/* base: 1000 or 1024, how the console shortens the number. */
void benchmark_state_set_counter(struct benchmark_state *state, const char *name, double value, unsigned flags);
void benchmark_state_set_counter_base(struct benchmark_state *state, const char *name, double value, unsigned flags,
                                      int base);
void benchmark_state_add_counter(struct benchmark_state *state, const char *name, double delta);
/* Of all iterations together; become the counters bytes_per_second and items_per_second. */
void benchmark_state_set_bytes_processed(struct benchmark_state *state, int64_t bytes);
void benchmark_state_set_items_processed(struct benchmark_state *state, int64_t items);

/* ---- beyond Google Benchmark: extra JSON keys that start with prony_ ---- */

/* One single operation's time (a token, a request): prony_values_ns. Cheap and without allocation inside the loop. At
 * most 4096 are kept: beyond that every 2nd, 4th, ... value (prony_values_stride says which). */
void benchmark_state_add_value(struct benchmark_state *state, double value_ns);
/* A hash of what was computed, so that two builds can be seen to do the same work: prony_output_digest. */
void benchmark_state_set_output_digest(struct benchmark_state *state, uint64_t digest);

/* Where the time of the iterations went, for who wants a trace to explain a number. Totals over all iterations; JSON
 * has averages an iteration, in the order in which operations came first: prony_spans. The same operation and layer
 * again adds to what is there. Not inside the loop: it allocates. */
struct benchmark_span {
    const char *operation; /* "attention"; copied */
    int layer;             /* -1 = none */
    double calls, time_ns;
    double bytes, flops; /* NaN = not known */
    const char *kernels; /* names of what it mostly consists of, separated by spaces, to look them up in other results;
                            copied; NULL = none */
};
void benchmark_state_add_span(struct benchmark_state *state, const struct benchmark_span *span);

/* Peak resident set of this process since the last reset (Linux: VmHWM, /proc/self/clear_refs). False if unknown. */
bool benchmark_reset_peak_rss(void);
bool benchmark_peak_rss(double *bytes);
/* Allocations of all threads so far (malloc, calloc, realloc, ...). False where they are not counted: in a program that
 * is not linked with libprony_benchmark_malloc, under sanitizers, with a libc other than glibc. */
bool benchmark_allocation_count(uint64_t *count);
/* --prony_callgrind: every instruction takes some hundred times as long as natively, so that set-up should spare what
 * only a timed run needs, such as checks of the result. Call after benchmark_initialize. */
bool benchmark_is_counting_instructions(void);

/* The n of benchmark_complexity: the size of what this case works on. */
void benchmark_state_set_complexity_n(struct benchmark_state *state, int64_t n);
int64_t benchmark_state_complexity_n(const struct benchmark_state *state);

/* ---- managers: run a case once more, to measure something that would disturb its time ---- */

#define BENCHMARK_MEMORY_ABSENT INT64_MAX
struct benchmark_memory_result {
    int64_t num_allocs;            /* of all iterations together */
    int64_t max_bytes_used;        /* the largest heap at any time between start and stop, less that at start */
    int64_t total_allocated_bytes; /* or BENCHMARK_MEMORY_ABSENT */
    int64_t net_heap_growth;       /* or BENCHMARK_MEMORY_ABSENT */
};
/* After every repetition the case runs at most 16 iterations on one thread between start and stop. JSON:
 * allocs_per_iter, max_bytes_used and, unless absent, total_allocated_bytes and net_heap_growth. */
struct benchmark_memory_manager {
    void (*start)(void *context);
    void (*stop)(void *context, struct benchmark_memory_result *result);
    void *context;
};
/* The struct must stay alive. NULL takes it away. */
void benchmark_register_memory_manager(const struct benchmark_memory_manager *manager);
/* Counts malloc, calloc, realloc, free and their relatives. NULL unless the program is linked with
 * libprony_benchmark_malloc, which overrides them. --prony_memory registers it. */
const struct benchmark_memory_manager *benchmark_malloc_manager(void);

/* After every repetition the case runs once more on one thread, with the same iterations: after_setup_start is called
 * just before the loop, before_teardown_stop just after it. */
struct benchmark_profiler_manager {
    void (*after_setup_start)(void *context);
    void (*before_teardown_stop)(void *context);
    void *context;
};
void benchmark_register_profiler_manager(const struct benchmark_profiler_manager *manager);

/* ---- keeping the optimizer honest ----
 *
 * benchmark_do_not_optimize(value): the value (any expression, array or struct) counts as used, and memory as read and
 * written. A bit field needs a plus sign before it.
 * benchmark_make_opaque(lvalue): the compiler forgets what it knows about the lvalue: nothing that is computed from it
 * can move out of the loop.
 * Both are empty assembly. Numbers and pointers pass in the register that they are in; structs and arrays pass in
 * memory, where they have to be written first. */

/* All pending writes to memory that others can see are done. */
#define benchmark_clobber_memory() __asm__ volatile("" : : : "memory")

#if defined(__x86_64__) && defined(__AVX512F__)
#define BENCHMARK_VECTOR_BYTES_ 64
#elif defined(__x86_64__) && defined(__AVX__)
#define BENCHMARK_VECTOR_BYTES_ 32
#elif defined(__x86_64__) || defined(__aarch64__)
#define BENCHMARK_VECTOR_BYTES_ 16
#else
#define BENCHMARK_VECTOR_BYTES_ 0
#endif
#if defined(__x86_64__)
#define BENCHMARK_VECTOR_REGISTER_ "x" /* for numbers with a fraction and vectors */
#elif defined(__aarch64__)
#define BENCHMARK_VECTOR_REGISTER_ "w"
#else
#define BENCHMARK_VECTOR_REGISTER_ "r"
#endif
/* clang takes memory wherever a constraint allows it, so each kind of value gets a constraint of its own: 1 = a general
 * register, 2 = a vector register, 0 = memory. Not written as one constraint with alternatives: for a value that is
 * read and written, gcc 12 may then read one place and write another. */
#ifndef __cplusplus
/* The classes are those of gcc: 1 to 4 whole numbers, 5 pointers and arrays, 8 real numbers, -1 or 19 vectors. */
#define BENCHMARK_CLASS_(value)    __builtin_classify_type(value)
#define BENCHMARK_IS_WHOLE_(value) (BENCHMARK_CLASS_(value) >= 1 && BENCHMARK_CLASS_(value) <= 4)
#define BENCHMARK_IS_FLOAT_(value)                                                      \
    ((BENCHMARK_CLASS_(value) == 8 && sizeof(value) <= 8 && BENCHMARK_VECTOR_BYTES_) || \
     ((BENCHMARK_CLASS_(value) == -1 || BENCHMARK_CLASS_(value) == 19) &&               \
      (sizeof(value) == 16 || sizeof(value) == 32 || sizeof(value) == 64) &&            \
      sizeof(value) <= BENCHMARK_VECTOR_BYTES_))
#define BENCHMARK_IS_POINTER_(value) /* and no array */ \
    (BENCHMARK_CLASS_(value) == 5 && __builtin_types_compatible_p(__typeof__(value), __typeof__(0 ? (value) : (value))))
/* What is not chosen below must still be valid. */
#define BENCHMARK_FLOAT_OR_(value) __builtin_choose_expr(BENCHMARK_IS_FLOAT_(value), (value), *(volatile float *)0)
#define benchmark_do_not_optimize(value)                                                                    \
    __builtin_choose_expr(                                                                                  \
        BENCHMARK_IS_WHOLE_(value) || BENCHMARK_CLASS_(value) == 5, __extension__({                         \
            __asm__ volatile("" : : "r"(value) : "memory");                                                 \
        }),                                                                                                 \
        __builtin_choose_expr(                                                                              \
            BENCHMARK_IS_FLOAT_(value), __extension__({                                                     \
                __asm__ volatile("" : : BENCHMARK_VECTOR_REGISTER_(BENCHMARK_FLOAT_OR_(value)) : "memory"); \
            }),                                                                                             \
            __extension__({                                                                                 \
                __asm__ volatile("" : : "rm"(value) : "memory");                                            \
            })))
#define benchmark_make_opaque(lvalue)                                                                            \
    __builtin_choose_expr(                                                                                       \
        BENCHMARK_IS_WHOLE_(lvalue) || BENCHMARK_IS_POINTER_(lvalue), __extension__({                            \
            __asm__ volatile("" : "+r"(lvalue) : : "memory");                                                    \
        }),                                                                                                      \
        __builtin_choose_expr(                                                                                   \
            BENCHMARK_IS_FLOAT_(lvalue), __extension__({                                                         \
                __asm__ volatile("" : "+" BENCHMARK_VECTOR_REGISTER_(BENCHMARK_FLOAT_OR_(lvalue)) : : "memory"); \
            }),                                                                                                  \
            __extension__({                                                                                      \
                __asm__ volatile("" : "+m"(lvalue) : : "memory");                                                \
            })))
#else
}
template <class T> struct benchmark_kind {
    static const bool is_float =
        (std::is_floating_point<T>::value && sizeof(T) <= 8 && BENCHMARK_VECTOR_BYTES_) ||
        (!std::is_scalar<T>::value && !std::is_class<T>::value && !std::is_union<T>::value &&
         !std::is_array<T>::value && !std::is_function<T>::value &&
         (sizeof(T) == 16 || sizeof(T) == 32 || sizeof(T) == 64) && sizeof(T) <= BENCHMARK_VECTOR_BYTES_);
    static const bool is_whole = std::is_integral<T>::value || std::is_enum<T>::value || std::is_pointer<T>::value;
    static const int value = is_float ? 2 : is_whole ? 1 : 0;
};
template <int kind> struct benchmark_barrier { /* memory */
    template <class T> static inline __attribute__((always_inline)) void read(const T &value)
    {
        __asm__ volatile("" : : "m"(value) : "memory");
    }
    template <class T> static inline __attribute__((always_inline)) void change(T &value)
    {
        __asm__ volatile("" : "+m"(value) : : "memory");
    }
};
template <> struct benchmark_barrier<1> {
    template <class T> static inline __attribute__((always_inline)) void read(const T &value)
    {
        __asm__ volatile("" : : "r"(value) : "memory");
    }
    template <class T> static inline __attribute__((always_inline)) void change(T &value)
    {
        __asm__ volatile("" : "+r"(value) : : "memory");
    }
};
template <> struct benchmark_barrier<2> {
    template <class T> static inline __attribute__((always_inline)) void read(const T &value)
    {
        __asm__ volatile("" : : BENCHMARK_VECTOR_REGISTER_(value) : "memory");
    }
    template <class T> static inline __attribute__((always_inline)) void change(T &value)
    {
        __asm__ volatile("" : "+" BENCHMARK_VECTOR_REGISTER_(value) : : "memory");
    }
};
template <class T> static inline __attribute__((always_inline)) void benchmark_do_not_optimize(const T &value)
{
    benchmark_barrier<benchmark_kind<T>::value>::read(value);
}
template <class T> static inline __attribute__((always_inline)) void benchmark_make_opaque(T &value)
{
    benchmark_barrier<benchmark_kind<T>::value>::change(value);
}
extern "C" {
#endif

/* ---- the program ---- */

/* Takes the library's flags (--benchmark_*, --prony_*, --v) out of argv and reads the BENCHMARK_* environment.
 * --help and values that make no sense print the usage and exit. */
void benchmark_initialize(int *argc, char **argv);
/* For a program with flags of its own: printed after the library's part of --help. Call before initialize. */
void benchmark_set_help(const char *text);
/* One line on stderr for each argument that is left; true if there were any. */
bool benchmark_report_unrecognized_arguments(int argc, char **argv);
/* Runs (or lists) what --benchmark_filter selects; the number of cases that matched. May be called again, also inside a
 * benchmark on one thread. */
size_t benchmark_run_specified(void);
void benchmark_shutdown(void);
/* What main should return after run_specified: 0, as Google Benchmark; with --prony_exit_code 1 if a case ended in an
 * error or nothing matched. Call before shutdown. */
int benchmark_exit_status(void);
/* With address space randomization on, starts the program anew without it (Linux: personality, then execv of
 * /proc/self/exe), so that code and data lie alike in every run. Returns where that is not possible. BENCHMARK_MAIN
 * does it first of all. */
void benchmark_maybe_reenter_without_aslr(int argc, char **argv);
/* All of the above. */
int benchmark_main(int argc, char **argv);

/* A line of the context ("key": "value" in the JSON). A key that exists keeps its first value. */
void benchmark_add_custom_context(const char *key, const char *value);
const char *benchmark_filter(void);
void benchmark_set_filter(const char *filter);
int benchmark_verbosity(void);
void benchmark_set_default_time_unit(enum benchmark_time_unit unit);
enum benchmark_time_unit benchmark_default_time_unit(void);
/* The lists that benchmark_range and benchmark_dense_range register, to be used in benchmark_args_product. Release
 * values with free(). Empty if lo > hi, multiplier < 2, step < 1, or if there are more than 2^24. */
struct benchmark_list benchmark_create_range(int64_t lo, int64_t hi, int64_t multiplier);
struct benchmark_list benchmark_create_dense_range(int64_t lo, int64_t hi, int64_t step);
/* The version of Google Benchmark whose behaviour this library has ("v1.9.5"). */
const char *benchmark_version(void);

#define BENCHMARK_MAIN()                   \
    int main(int argc, char **argv)        \
    {                                      \
        return benchmark_main(argc, argv); \
    }                                      \
    struct benchmark

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
