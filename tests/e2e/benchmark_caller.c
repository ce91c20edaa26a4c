/* benchmark_caller.c: a user's program that is C and C++: every macro, some functions. benchmark_callers_test.c
 * compiles it against the installed library with each compiler, and compares its names and results. Not built
 * otherwise. */
#include <prony/benchmark.h>
#include <prony/reporter.h>
#include <string.h>

#ifdef __cplusplus
#define CAST(type, value) static_cast<type>(value)
#else
#define CAST(type, value) ((type)(value))
#endif

static void BM_first(struct benchmark_state *state)
{
    int64_t count = 0;
    while (benchmark_state_keep_running(state))
        count++;
    benchmark_state_set_counter(state, "count", CAST(double, count), BENCHMARK_COUNTER_PLAIN);
}
BENCHMARK(BM_first);

static void BM_copy(struct benchmark_state *state)
{
    static const char from[64] = { 1 };
    char to[64];
    size_t size = CAST(size_t, benchmark_state_range(state, 0));
    BENCHMARK_LOOP(state)
    {
        memcpy(to, from, size);
        benchmark_do_not_optimize(to);
        benchmark_clobber_memory();
    }
    benchmark_state_set_bytes_processed(state, benchmark_state_iterations(state) * benchmark_state_range(state, 0));
}
BENCHMARK_WITH(BM_copy, benchmark_arg_name(family, "size"); benchmark_range_multiplier(family, 4);
               benchmark_range(family, 4, 64); benchmark_unit(family, BENCHMARK_MICROSECOND));

struct options {
    int step, unused;
};
#ifdef __cplusplus
static struct options slow = { 3, 0 };
#define SLOW &slow
#else
#define SLOW          \
    &(struct options) \
    {                 \
        3, 0          \
    }
#endif

static void BM_options(struct benchmark_state *state)
{
    const struct options *options = CAST(const struct options *, benchmark_state_user_data(state));
    int sum = 0;
    while (benchmark_state_keep_running_batch(state, 2)) {
        benchmark_make_opaque(sum);
        sum += options->step;
    }
    benchmark_do_not_optimize(sum);
    benchmark_state_set_counter(state, "count", sum, BENCHMARK_COUNTER_AVG_ITERATIONS);
}
BENCHMARK_CAPTURE(BM_options, slow, SLOW);
BENCHMARK_CAPTURE_WITH(BM_options, fast, (SLOW), benchmark_iterations(family, 4));

static void BM_named(struct benchmark_state *state)
{
    benchmark_state_skip_with_message(state, "%d is enough", benchmark_state_threads(state));
}
BENCHMARK_NAMED(BM_named, case);

#define DEFINE_ADD(type)                                        \
    static void BM_add_##type(struct benchmark_state *s)        \
    {                                                           \
        type sum = 0;                                           \
        BENCHMARK_LOOP(s)                                       \
        {                                                       \
            benchmark_make_opaque(sum);                         \
            sum += 1;                                           \
        }                                                       \
        benchmark_state_set_counter(s, "count", sizeof sum, 0); \
    }
DEFINE_ADD(int)
DEFINE_ADD(double)
BENCHMARK_TEMPLATE(BM_add, int);
BENCHMARK_TEMPLATE(BM_add, double);

static void BM_pair_int_char(struct benchmark_state *state)
{
    BENCHMARK_LOOP(state) benchmark_clobber_memory();
}
BENCHMARK_TEMPLATE2(BM_pair, int, char);
BENCHMARK_TEMPLATE2_WITH(BM_pair, int, char, benchmark_name(family, "renamed"));

static void fill(struct benchmark_state *state)
{
    static int value = 7;
    benchmark_state_set_fixture(state, &value);
}
static void BM_read(struct benchmark_state *state)
{
    const int *value = CAST(const int *, benchmark_state_fixture(state));
    BENCHMARK_LOOP(state) benchmark_do_not_optimize(*value);
    benchmark_state_set_label(state, "%d", *value);
}
static const struct benchmark_fixture filled = { "filled", fill, NULL };
BENCHMARK_FIXTURE(filled, BM_read);
BENCHMARK_FIXTURE_WITH(filled, BM_read, benchmark_arg(family, 1));

BENCHMARK_MAIN();
