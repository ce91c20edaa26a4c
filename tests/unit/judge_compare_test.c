/* judge_compare_test.c: every rule by which two runs are compared, on made-up samples. */
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/judge/compare.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { ROUNDS = 20 };

/* ---- made-up cases ---- */

struct maker {
    struct arena arena;
    struct rng rng;
    double drift[ROUNDS + 4]; /* of the machine, the same for both sides of a round */
};

static int make(void **state)
{
    struct maker *maker = calloc(1, sizeof *maker);
    rng_seed(&maker->rng, 7);
    for (int i = 0; i < ROUNDS + 4; i++)
        maker->drift[i] = 1 + 0.3 * sin(i);
    *state = maker;
    return 0;
}

static int unmake(void **state)
{
    struct maker *maker = *state;
    arena_release(&maker->arena);
    free(maker);
    return 0;
}

/* A case with one sample a round, CPU time 0.9 of the wall time, and noise of that relative size. */
static struct store_case make_case(struct maker *maker, const char *name, int rounds, double time_ns, double noise)
{
    size_t count = (size_t)rounds;
    struct store_case item = { .suite = "kernels", .name = name, .label = "", .sample_count = count };
    item.real_time_ns = arena_array(&maker->arena, count, sizeof(double));
    item.cpu_time_ns = arena_array(&maker->arena, count, sizeof(double));
    item.iterations = arena_array(&maker->arena, count, sizeof(int64_t));
    item.rounds = arena_array(&maker->arena, count, sizeof(int));
    item.processes = arena_array(&maker->arena, count, sizeof(int));
    for (size_t i = 0; i < count; i++) {
        item.real_time_ns[i] = time_ns * maker->drift[i] * exp(noise * rng_normal(&maker->rng));
        item.cpu_time_ns[i] = 0.9 * item.real_time_ns[i];
        item.iterations[i] = 1000;
        item.rounds[i] = (int)i;
        item.processes[i] = (int)(3 * i);
    }
    return item;
}

/* Adds a metric with the same value in every sample. */
static struct store_series *add_metric(struct maker *maker, struct store_case *item, const char *name, const char *unit,
                                       enum store_pass pass, size_t count, double value)
{
    struct store_series *old = item->metrics;
    item->metrics = arena_array(&maker->arena, item->metric_count + 1, sizeof *old);
    if (item->metric_count)
        memcpy(item->metrics, old, item->metric_count * sizeof *old);
    struct store_series *series = &item->metrics[item->metric_count++];
    int *processes = arena_array(&maker->arena, count, sizeof *processes);
    *series = (struct store_series){ .name = name, .unit = unit, .pass = pass, .count = count, .processes = processes };
    series->values = arena_array(&maker->arena, count, sizeof(double));
    for (size_t i = 0; i < count; i++) {
        series->values[i] = value;
        processes[i] = (int)i;
    }
    return series;
}

static struct comparison compare_with(struct maker *maker, struct store_case *base, size_t base_count,
                                      struct store_case *candidate, size_t candidate_count, bool paired,
                                      const struct compare_options *options)
{
    struct comparison comparison = { 0 };
    compare_cases(&comparison, base, base_count, candidate, candidate_count, paired, NULL, NULL, options,
                  &maker->arena);
    return comparison;
}

static struct comparison compare_two(struct maker *maker, struct store_case base, struct store_case candidate,
                                     bool paired)
{
    struct store_case *both = arena_array(&maker->arena, 2, sizeof *both);
    both[0] = base;
    both[1] = candidate;
    return compare_with(maker, &both[0], 1, &both[1], 1, paired, NULL);
}

static bool has_note(const struct comparison *comparison, const char *text)
{
    for (size_t i = 0; i < comparison->note_count; i++) {
        if (strstr(comparison->notes[i], text))
            return true;
    }
    return false;
}

static void assert_verdict(const struct comparison *comparison, enum judge_verdict verdict)
{
    if (comparison->cases[0].verdict != verdict)
        fail_msg("%s (%s), not %s: %+.2f %% [%+.2f, %+.2f] p %g q %g floor %g",
                 judge_verdict_name(comparison->cases[0].verdict),
                 comparison->cases[0].reason ? comparison->cases[0].reason : "-", judge_verdict_name(verdict),
                 judge_percent(comparison->cases[0].time.effect), judge_percent(comparison->cases[0].time.interval.low),
                 judge_percent(comparison->cases[0].time.interval.high), comparison->cases[0].time.p,
                 comparison->cases[0].time.q, comparison->cases[0].time.floor);
    assert_int_equal(comparison->verdict, verdict);
}

static void assert_reason(const struct comparison *comparison, const char *text)
{
    assert_non_null(comparison->cases[0].reason);
    if (!strstr(comparison->cases[0].reason, text))
        fail_msg("'%s' does not say '%s'", comparison->cases[0].reason, text);
}

/* ---- paired ---- */

static void test_paired_sees_through_drift(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.005);
    struct comparison slower = compare_two(maker, base, make_case(maker, "a", ROUNDS, 104, 0.005), true);
    assert_verdict(&slower, JUDGE_REGRESSED);
    assert_int_equal(slower.cases[0].time.pairs, ROUNDS);
    assert_true(fabs(judge_percent(slower.cases[0].time.effect) - 4) < 0.5);
    assert_true(slower.cases[0].time.detectable > 0.01 && slower.cases[0].time.detectable < 0.02);
    struct comparison faster = compare_two(maker, base, make_case(maker, "a", ROUNDS, 96, 0.005), true);
    assert_verdict(&faster, JUDGE_IMPROVED);
    struct comparison same = compare_two(maker, base, make_case(maker, "a", ROUNDS, 100.1, 0.005), true);
    assert_verdict(&same, JUDGE_EQUIVALENT);
    struct comparison unclear = compare_two(maker, base, make_case(maker, "a", ROUNDS, 101, 0.005), true);
    assert_verdict(&unclear, JUDGE_UNDECIDED);
    assert_reason(&unclear, "more samples would tell");
    assert_false(has_note(&slower, "not interleaved"));
}

static void test_rounds_of_one_side_are_dropped(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.005);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 104, 0.005);
    base.sample_count--;        /* round 19 */
    candidate.rounds[3] = 1000; /* round 3 */
    struct comparison comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_REGRESSED);
    assert_int_equal(comparison.cases[0].time.pairs, ROUNDS - 2);
    assert_true(has_note(&comparison, "2 rounds of 1 case have one side only"));
}

static void test_repetitions_become_their_median(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0), candidate = make_case(maker, "a", ROUNDS, 104, 0);
    /* Three repetitions in one process, of which one is wild: rounds 0 to 2 become one. */
    for (int i = 0; i < 3; i++)
        candidate.rounds[i] = base.rounds[i] = 0;
    for (int i = 0; i < 3; i++)
        base.real_time_ns[i] = i == 1 ? 1e9 : 100;
    for (int i = 0; i < 3; i++)
        candidate.real_time_ns[i] = 104;
    struct comparison comparison = compare_two(maker, base, candidate, true);
    assert_int_equal(comparison.cases[0].time.pairs, ROUNDS - 2);
    assert_true(comparison.cases[0].time.base.maximum < 200);
    assert_verdict(&comparison, JUDGE_REGRESSED);
}

static void test_few_pairs_are_insufficient(void **state)
{
    struct maker *maker = *state;
    for (int rounds = 1; rounds <= 6; rounds++) {
        struct comparison comparison = compare_two(maker, make_case(maker, "a", rounds, 100, 0.001),
                                                   make_case(maker, "a", rounds, 200, 0.001), true);
        assert_verdict(&comparison, rounds < 6 ? JUDGE_UNDECIDED : JUDGE_REGRESSED);
        if (rounds < 6) {
            assert_reason(&comparison, "insufficient");
            assert_reason(&comparison, "6 needed");
            assert_true(isinf(comparison.cases[0].time.detectable));
            assert_true(has_note(&comparison, "too few samples"));
        }
    }
}

static void test_instruction_counts_where_pairs_are_few(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", 3, 100, 0.05), candidate = make_case(maker, "a", 3, 90, 0.05);
    add_metric(maker, &base, "callgrind_instructions", "", STORE_PASS_CALLGRIND, 1, 1e6);
    struct store_series *count =
        add_metric(maker, &candidate, "callgrind_instructions", "", STORE_PASS_CALLGRIND, 1, 1e6);
    struct comparison comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_EQUIVALENT);
    assert_reason(&comparison, "are equal");
    assert_reason(&comparison, "3 pairs, 6 needed");
    assert_int_equal(comparison.cases[0].time.verdict, JUDGE_UNDECIDED);
    count->values[0] = 1.001e6; /* within the floor */
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_EQUIVALENT);
    count->values[0] = 1.05e6;
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_REGRESSED);
    assert_reason(&comparison, "+5.0 %");
    assert_true(comparison.cases[0].metrics[0].exact);
    count->reason = "valgrind hides AVX-512: other kernels ran";
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
}

static void test_floor(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.002);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 104, 0.002);
    struct compare_options options = { .floor = 0.06 };
    struct comparison comparison = compare_with(maker, &base, 1, &candidate, 1, true, &options);
    assert_verdict(&comparison, JUDGE_EQUIVALENT);
    assert_true(comparison.cases[0].time.floor == 0.06);
}

static double noisy(void *context, const char *suite, const char *name)
{
    assert_string_equal(suite, "kernels");
    assert_string_equal(name, "a");
    return *(double *)context;
}

static void test_noise_of_the_case_widens_the_floor(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.002);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 104, 0.002);
    double noise = 0.08;
    struct comparison comparison = { 0 };
    compare_cases(&comparison, &base, 1, &candidate, 1, true, noisy, &noise, NULL, &maker->arena);
    assert_verdict(&comparison, JUDGE_EQUIVALENT);
    assert_true(comparison.cases[0].time.noise == 0.08 && comparison.cases[0].time.floor == 0.08);
    noise = (double)NAN;
    comparison = (struct comparison){ 0 };
    compare_cases(&comparison, &base, 1, &candidate, 1, true, noisy, &noise, NULL, &maker->arena);
    assert_verdict(&comparison, JUDGE_REGRESSED);
    assert_true(isnan(comparison.cases[0].time.noise));
}

static void test_looks_spend_alpha(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", 6, 100, 0.001), candidate = make_case(maker, "a", 6, 110, 0.001);
    struct compare_options options = { .look = 0, .look_count = 4 };
    struct comparison comparison = compare_with(maker, &base, 1, &candidate, 1, true, &options);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
    assert_reason(&comparison, "insufficient: 6 pairs");
    base = make_case(maker, "a", ROUNDS, 100, 0.001);
    candidate = make_case(maker, "a", ROUNDS, 110, 0.001);
    comparison = compare_with(maker, &base, 1, &candidate, 1, true, &options);
    assert_verdict(&comparison, JUDGE_REGRESSED);
    assert_true(has_note(&comparison, "Look 1 of 4"));
    assert_true(has_note(&comparison, "No case says what it computed"));
    assert_true(comparison.cases[0].time.interval.coverage > 0.95);
}

/* ---- wall time and CPU time ---- */

static void test_wall_time_needs_cpu_time_or_quiet(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.005);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 108, 0.005);
    for (int i = 0; i < ROUNDS; i++)
        candidate.cpu_time_ns[i] = base.cpu_time_ns[i] * 0.995;
    add_metric(maker, &base, "run_delay_ns", "ns", STORE_PASS_TIMED, ROUNDS, 100);
    struct store_series *delay = add_metric(maker, &candidate, "run_delay_ns", "ns", STORE_PASS_TIMED, ROUNDS, 9000);
    struct comparison comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
    assert_reason(&comparison, "waiting for a CPU");
    for (int i = 0; i < ROUNDS; i++)
        delay->values[i] = 100; /* of 100,000 ns: 0.1 % */
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_REGRESSED);
    base.metric_count = candidate.metric_count = 0; /* a foreign suite, which does not know */
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
    for (int i = 0; i < ROUNDS; i++)
        base.cpu_time_ns[i] = candidate.cpu_time_ns[i] = 0; /* nothing is known: wall time alone */
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_REGRESSED);
    assert_reason(&comparison, "wall time alone");
}

/* ---- output and failures ---- */

static void test_wrong_output_is_worse_than_slow(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.005);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 50, 0.005);
    base.output_digest = candidate.output_digest = "aa";
    struct comparison comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_IMPROVED);
    assert_int_equal(comparison.cases[0].output, COMPARE_OUTPUT_SAME);
    assert_false(has_note(&comparison, "No case says what it computed"));
    candidate.output_digest = "bb";
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_WRONG);
    assert_reason(&comparison, "digest bb instead of aa");
    assert_int_equal(comparison.cases[0].time.verdict, JUDGE_IMPROVED);
    base.outputs_differ = true; /* then it says nothing */
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_IMPROVED);
    assert_int_equal(comparison.cases[0].output, COMPARE_OUTPUT_UNKNOWN);
}

static void test_error_against_the_reference(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.005);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 50, 0.005);
    add_metric(maker, &base, "max_rel_error", "", STORE_PASS_TIMED, ROUNDS, 1e-3);
    struct store_series *error = add_metric(maker, &candidate, "max_rel_error", "", STORE_PASS_TIMED, ROUNDS, 2e-3);
    base.output_digest = "aa";
    candidate.output_digest = "bb"; /* rounds differently */
    struct comparison comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_IMPROVED);
    assert_int_equal(comparison.cases[0].output, COMPARE_OUTPUT_WITHIN);
    error->values[5] = 2e-2;
    comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_WRONG);
    assert_reason(&comparison, "0.02 instead of 0.001");
    assert_true(comparison.cases[0].output_error_candidate == 2e-2);
    assert_int_equal(comparison.cases[0].metric_count, 0); /* the error is no metric of speed */
}

static void test_failures(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.005), broken = base, nothing = base;
    broken.error_count = 2;
    broken.message = "output differs";
    struct comparison comparison = compare_two(maker, base, broken, true);
    assert_verdict(&comparison, JUDGE_FAILED);
    assert_reason(&comparison, "2 of 22 times on the candidate: output differs");
    /* It does so on the base, too: the times of the rest are judged. */
    comparison = compare_two(maker, broken, broken, true);
    assert_verdict(&comparison, JUDGE_EQUIVALENT);
    nothing.sample_count = 0;
    nothing.error_count = 3;
    nothing.message = "no such file";
    comparison = compare_two(maker, base, nothing, true);
    assert_verdict(&comparison, JUDGE_FAILED);
    assert_reason(&comparison, "no such file");
    comparison = compare_two(maker, nothing, base, true);
    assert_verdict(&comparison, JUDGE_NEW);
    comparison = compare_two(maker, nothing, nothing, true);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
    assert_reason(&comparison, "failed on both sides");
    comparison = compare_with(maker, &base, 1, NULL, 0, true, NULL);
    assert_verdict(&comparison, JUDGE_FAILED);
    assert_reason(&comparison, "missing on the candidate");
    assert_int_equal(comparison.shared, 0);
    assert_true(has_note(&comparison, "share no case"));
    comparison = compare_with(maker, NULL, 0, &base, 1, false, NULL);
    assert_verdict(&comparison, JUDGE_NEW);
}

static void test_partial_candidate_misses_nothing(void **state)
{
    struct maker *maker = *state;
    struct store_case base[] = { make_case(maker, "a", ROUNDS, 100, 0.005), make_case(maker, "b", ROUNDS, 50, 0.005) };
    struct store_case candidate = make_case(maker, "b", ROUNDS, 50, 0.005);
    struct compare_options options = { .partial = true };
    struct comparison comparison = compare_with(maker, base, 2, &candidate, 1, true, &options);
    assert_int_equal(comparison.case_count, 1);
    assert_verdict(&comparison, JUDGE_EQUIVALENT);
    assert_true(has_note(&comparison, "1 case of the base was left out"));
}

/* Runs of different things are not to be compared; nothing of it is a regression. */
static void test_strangers_miss_nothing(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.005),
                      candidate = make_case(maker, "b", ROUNDS, 50, 0.005);
    struct comparison comparison = compare_with(maker, &base, 1, &candidate, 1, false, NULL);
    assert_int_equal(comparison.case_count, 1);
    assert_verdict(&comparison, JUDGE_NEW);
    assert_int_equal(comparison.shared, 0);
    assert_true(has_note(&comparison, "share no case"));
    assert_true(has_note(&comparison, "1 case of the base was left out"));
    struct compare_options options = { .history = true }; /* a night of the same plan did lose it */
    assert_int_equal(compare_with(maker, &base, 1, &candidate, 1, false, &options).case_count, 2);
}

static void test_nothing_at_all(void **state)
{
    struct maker *maker = *state;
    struct comparison comparison = compare_with(maker, NULL, 0, NULL, 0, true, NULL);
    assert_int_equal(comparison.case_count + comparison.group_count + comparison.shared, 0);
    assert_int_equal(comparison.verdict, JUDGE_UNDECIDED);
    assert_string_equal(compare_line(&comparison, &maker->arena), "no case on both sides");
}

static void test_identical_binaries_cannot_regress(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.005);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 150, 0.005);
    struct comparison comparison = { .identical_binaries = true };
    compare_cases(&comparison, &base, 1, &candidate, 1, true, NULL, NULL, NULL, &maker->arena);
    assert_verdict(&comparison, JUDGE_EQUIVALENT);
    assert_reason(&comparison, "identical binaries");
    assert_int_equal(comparison.cases[0].time.verdict, JUDGE_REGRESSED); /* what A/A counts as a false alarm */
    assert_true(has_note(&comparison, "Identical binaries"));
}

/* ---- unpaired ---- */

static void test_unpaired_has_a_wider_floor(void **state)
{
    struct maker *maker = *state;
    for (int i = 0; i < ROUNDS + 4; i++)
        maker->drift[i] = 1;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.003);
    struct comparison comparison = compare_two(maker, base, make_case(maker, "a", ROUNDS, 102, 0.003), false);
    assert_verdict(&comparison, JUDGE_EQUIVALENT);
    assert_true(has_note(&comparison, "not interleaved"));
    assert_true(comparison.cases[0].time.floor == JUDGE_FLOOR_UNPAIRED);
    assert_int_equal(comparison.cases[0].time.pairs, 0);
    comparison = compare_two(maker, base, make_case(maker, "a", ROUNDS, 106, 0.003), false);
    assert_verdict(&comparison, JUDGE_REGRESSED);
}

static void test_unpaired_knows_its_least_p(void **state)
{
    struct maker *maker = *state;
    struct comparison comparison =
        compare_two(maker, make_case(maker, "a", 3, 100, 0), make_case(maker, "a", 3, 200, 0), false);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
    assert_reason(&comparison, "cannot give p below 0.1");
    comparison = compare_two(maker, make_case(maker, "a", 1, 100, 0), make_case(maker, "a", 9, 200, 0), false);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
    assert_reason(&comparison, "1 against 9 processes");
    comparison = compare_two(maker, make_case(maker, "a", 5, 100, 0), make_case(maker, "a", 5, 200, 0), false);
    assert_verdict(&comparison, JUDGE_REGRESSED);
}

static void test_values_without_a_ratio(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.003), candidate = base;
    candidate.real_time_ns = arena_array(&maker->arena, ROUNDS, sizeof(double));
    for (int paired = 0; paired < 2; paired++) {
        struct comparison comparison = compare_two(maker, base, candidate, paired);
        assert_verdict(&comparison, JUDGE_UNDECIDED);
        assert_reason(&comparison, "zero or negative");
        assert_true(isnan(comparison.cases[0].time.effect));
    }
    for (int i = 0; i < ROUNDS; i++)
        candidate.real_time_ns[i] = (double)NAN;
    struct comparison comparison = compare_two(maker, base, candidate, true);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
}

/* ---- metrics ---- */

static const struct compare_metric *metric_of(const struct comparison *comparison, const char *name)
{
    for (size_t i = 0; i < comparison->cases[0].metric_count; i++) {
        if (str_equal(comparison->cases[0].metrics[i].name, name))
            return &comparison->cases[0].metrics[i];
    }
    fail_msg("no metric %s", name);
    return NULL;
}

static void test_metrics(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.003);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 105, 0.003);
    for (int side = 0; side < 2; side++) {
        struct store_case *item = side ? &candidate : &base;
        struct store_series *rate = add_metric(maker, item, "tokens_per_second", "1/s", STORE_PASS_TIMED, ROUNDS, 0);
        for (int i = 0; i < ROUNDS; i++)
            rate->values[i] = 1e9 / item->real_time_ns[i];
        add_metric(maker, item, "contaminated", "", STORE_PASS_TIMED, ROUNDS, side);
        add_metric(maker, item, "heap_allocations_per_operation", "", STORE_PASS_MEMORY, 2, side * 3);
        add_metric(maker, item, "heap_peak_bytes", "B", STORE_PASS_MEMORY, 2, 1000);
        add_metric(maker, item, "peak_rss_bytes", "B", STORE_PASS_MEMORY, 1, 1000 + side);
    }
    struct comparison comparison = compare_two(maker, base, candidate, true);
    assert_int_equal(comparison.cases[0].metric_count, 4);
    const struct compare_metric *rate = metric_of(&comparison, "tokens_per_second");
    assert_int_equal(rate->verdict, JUDGE_REGRESSED);
    assert_true(rate->effect < 0 && rate->higher_is_better && rate->pairs == ROUNDS);
    const struct compare_metric *allocations = metric_of(&comparison, "heap_allocations_per_operation");
    assert_true(allocations->exact && isnan(allocations->effect));
    assert_int_equal(allocations->verdict, JUDGE_REGRESSED);
    assert_string_equal(allocations->reason, "3 instead of 0, the same every time");
    assert_int_equal(metric_of(&comparison, "heap_peak_bytes")->verdict, JUDGE_EQUIVALENT);
    assert_int_equal(metric_of(&comparison, "peak_rss_bytes")->verdict, JUDGE_UNDECIDED);
    assert_true(has_note(&comparison, "100 % of the candidate's were disturbed"));
    const char *wanted[] = { "heap_peak_bytes" };
    struct compare_options options = { .metrics = wanted, .metric_count = 1 };
    comparison = compare_with(maker, &base, 1, &candidate, 1, true, &options);
    assert_int_equal(comparison.cases[0].metric_count, 1);
}

/* ---- families and groups ---- */

enum { MANY = 60 };

static void test_many_innocent_cases_stay_innocent(void **state)
{
    struct maker *maker = *state;
    struct store_case base[MANY], candidate[MANY];
    for (int i = 0; i < MANY; i++) {
        const char *name = arena_format(&maker->arena, "%s/%d", i % 2 ? "matmul" : "matvec", i);
        base[i] = make_case(maker, name, ROUNDS, 100 + i, 0.02);
        candidate[i] = make_case(maker, name, ROUNDS, i == 7 ? 120 : 100 + i, 0.02);
    }
    struct comparison comparison = compare_with(maker, base, MANY, candidate, MANY, true, NULL);
    assert_int_equal(comparison.verdicts[JUDGE_REGRESSED], 1);
    assert_int_equal(comparison.cases[7].verdict, JUDGE_REGRESSED);
    assert_int_equal(comparison.verdict, JUDGE_REGRESSED);
    for (int i = 0; i < MANY; i++)
        assert_true(comparison.cases[i].time.q >= comparison.cases[i].time.p);
    struct compare_case *sorted[MANY];
    compare_sort(&comparison, sorted);
    assert_ptr_equal(sorted[0], &comparison.cases[7]);
}

static void test_groups(void **state)
{
    struct maker *maker = *state;
    struct store_case base[12], candidate[12];
    for (int i = 0; i < 12; i++) {
        const char *name = arena_format(&maker->arena, "%s/%d", i < 6 ? "matmul" : "matvec", i);
        base[i] = make_case(maker, name, ROUNDS, 100, 0.01);
        candidate[i] = make_case(maker, name, ROUNDS, i < 6 ? 103 : 100, 0.01);
    }
    struct comparison comparison = compare_with(maker, base, 12, candidate, 12, true, NULL);
    assert_int_equal(comparison.group_count, 3);
    const struct compare_group *suite = &comparison.groups[0], *matmul = suite + 1, *matvec = suite + 2;
    assert_string_equal(suite->operation, "");
    assert_string_equal(matmul->operation, "matmul");
    assert_int_equal(suite->count, 12);
    assert_int_equal(matmul->count, 6);
    assert_int_equal(matmul->time.verdict, JUDGE_REGRESSED);
    assert_int_equal(matvec->time.verdict, JUDGE_EQUIVALENT);
    assert_int_equal(matmul->time.pairs, ROUNDS);
    assert_true(fabs(judge_percent(matmul->time.effect) - 3) < 0.5);
    assert_true(fabs(judge_percent(suite->time.effect) - 1.5) < 0.5);
    comparison = compare_with(maker, base, 12, candidate, 12, false, NULL);
    assert_int_equal(comparison.group_count, 3);
    assert_int_equal(comparison.groups[2].time.verdict, JUDGE_EQUIVALENT);
}

/* Three processes a side tell nothing of any case; that all drifted alike does not make it a regression. */
static void test_groups_of_insufficient_cases(void **state)
{
    struct maker *maker = *state;
    struct store_case base[8], candidate[8];
    for (int i = 0; i < 8; i++) {
        const char *name = arena_format(&maker->arena, "matmul/%d", i);
        base[i] = make_case(maker, name, 3, 100, 0.001);
        candidate[i] = make_case(maker, name, 3, 120, 0.001);
    }
    struct comparison comparison = compare_with(maker, base, 8, candidate, 8, false, NULL);
    const struct compare_metric *suite = &comparison.groups[0].time;
    assert_int_equal(suite->verdict, JUDGE_UNDECIDED);
    assert_non_null(strstr(suite->reason, "insufficient"));
    assert_true(isnan(suite->p) && isinf(suite->detectable) && suite->interval.coverage == 0);
}

/* Suites with their operations below; operations of a single case say what the case does. */
static void test_order_of_groups(void **state)
{
    struct maker *maker = *state;
    static const char *const names[] = { "matmul/1", "encode/1", "matmul/2", "softmax/1" };
    struct store_case cases[4];
    for (int i = 0; i < 4; i++)
        cases[i] = make_case(maker, names[i], ROUNDS, 100, 0.01);
    cases[1].suite = "tokenizer";
    struct comparison comparison = compare_with(maker, cases, 4, cases, 4, true, NULL);
    const struct compare_group *sorted[8];
    assert_int_equal(comparison.group_count, 5);
    assert_int_equal(compare_sort_groups(&comparison, sorted), 3);
    assert_string_equal(sorted[1]->operation, "matmul");
    assert_string_equal(sorted[1]->suite, sorted[0]->suite);
    assert_string_equal(sorted[2]->suite, "tokenizer");
}

/* ---- attribution ---- */

static struct store_span make_span(const char *operation, int layer, double time_ns, double flops, const char *kernels)
{
    return (struct store_span){ operation, layer, 1, time_ns, (double)NAN, flops, kernels };
}

/* Two layers whose ffn takes that long, and what the kernels suite says about it. */
static size_t make_model(struct maker *maker, struct store_case *cases, double total_ns, double ffn_ns, double rate)
{
    static const char product[] = "matvec/q8_0/rows:896/cols:4864";
    struct store_span *spans = arena_array(&maker->arena, 4, sizeof *spans);
    spans[0] = make_span("embed", -1, 10, (double)NAN, NULL);
    spans[1] = make_span("ffn_down", 0, ffn_ns / 2, 1000, product);
    spans[2] = make_span("ffn_down", 1, ffn_ns / 2, 1000, product);
    spans[3] = make_span("wait", -1, 5, (double)NAN, NULL);
    cases[0] = make_case(maker, "matvec/q8_0/avx2/rows:896/cols:4864", ROUNDS, 1e12 / rate, 0.0005);
    cases[1] = make_case(maker, "matvec/q8_0/scalar/rows:896/cols:4864", ROUNDS, 5e12 / rate, 0.0005);
    cases[2] = make_case(maker, "ffn/m/q8_0/layer/tokens:1/threads:1", ROUNDS, ffn_ns / 2, 0.0005);
    cases[3] = make_case(maker, "decode/m/q8_0/ctx:128/threads:1", ROUNDS, total_ns, 0.0005);
    add_metric(maker, &cases[0], "flops_per_second", "flop/s", STORE_PASS_TIMED, ROUNDS, rate);
    add_metric(maker, &cases[1], "flops_per_second", "flop/s", STORE_PASS_TIMED, ROUNDS, rate / 5);
    cases[2].suite = "layers";
    cases[3].suite = "generate";
    struct store_trace *trace = arena_alloc(&maker->arena, sizeof *trace);
    *trace = (struct store_trace){ .iteration_ns = total_ns, .spans = spans, .span_count = 4 };
    cases[3].traces = trace;
    cases[3].trace_count = 1;
    return 4;
}

static void test_attribution(void **state)
{
    struct maker *maker = *state;
    struct store_case base[4], candidate[4];
    make_model(maker, base, 1000, 800, 1e9);
    make_model(maker, candidate, 1100, 880, 1e9 / 1.1); /* kernel and ffn 10 % slower, the whole 100 ns */
    struct comparison comparison = compare_with(maker, base, 4, candidate, 4, true, NULL);
    assert_int_equal(comparison.attribution_count, 1);
    const struct compare_attribution *found = comparison.attributions;
    assert_string_equal(found->whole->name, "decode/m/q8_0/ctx:128/threads:1");
    assert_int_equal(found->count, 4);
    assert_int_equal(found->pairs, 1);
    assert_string_equal(found->parts[0].operation, "ffn_down");
    assert_true(found->parts[0].base_ns == 800 && found->parts[0].candidate_ns == 880);
    assert_true(fabs(judge_percent(found->parts[0].kernel_effect) - 10) < 0.2);
    assert_true(fabs(judge_percent(found->parts[0].layer_effect) - 10) < 0.2);
    assert_true(isnan(found->parts[0].interval.low)); /* one trace a side */
    assert_int_equal(found->parts[1].kind, COMPARE_PART_OUTSIDE);
    assert_true(found->parts[1].base_ns == 185 && found->parts[1].candidate_ns == 205);
    assert_true(isnan(found->parts[1].kernel_effect));
    assert_true(fabs(found->predicted_ns - 80) < 2);
    assert_true(fabs(found->change_ns - 100) < 5);
    assert_true(fabs(found->residual_ns - (found->change_ns - 100)) < 1e-9);
    assert_true(isnan(found->residual.low));
    /* Another variant became the fastest: the best of then against the best of now. */
    make_model(maker, candidate, 1000, 800, 1e9);
    for (int i = 0; i < ROUNDS; i++)
        candidate[1].metrics[0].values[i] = 2e9;
    comparison = compare_with(maker, base, 4, candidate, 4, true, NULL);
    assert_true(fabs(comparison.attributions->parts[0].kernel_effect + log(2)) < 1e-6);
    candidate[0].metric_count = candidate[1].metric_count = 0; /* not measured */
    comparison = compare_with(maker, base, 4, candidate, 4, true, NULL);
    assert_true(isnan(comparison.attributions->parts[0].kernel_effect));
    assert_true(isnan(comparison.attributions->predicted_ns));
}

/* Eight traced processes a side of one model: luck of the pair, and what the candidate's ffn and entry take more. */
static void add_traces(struct maker *maker, struct store_case *whole, double ffn_more_ns, double outside_more_ns,
                       const char *kernel)
{
    enum { TRACES = 8 };
    struct store_trace *traces = arena_array(&maker->arena, TRACES, sizeof *traces);
    for (int i = 0; i < TRACES; i++) {
        double luck = 20 * (i % 4) + i; /* the same on both sides: that is what pairs are for */
        struct store_span *spans = arena_array(&maker->arena, 3, sizeof *spans);
        spans[0] = make_span("ffn_down", 0, 400 + luck + ffn_more_ns, 1000, kernel);
        spans[1] = make_span("attention", 0, 200 + luck + (i * 5 % 8 - 3.5), (double)NAN, NULL);
        spans[2] = make_span("wait", -1, 5, (double)NAN, NULL);
        /* The rounds of one side come in another order. */
        int place = ffn_more_ns > 0 ? TRACES - 1 - i : i;
        traces[place] =
            (struct store_trace){ .round = i,
                                  .iteration_ns = 700 + 2 * luck + ffn_more_ns + outside_more_ns + (i * 5 % 8 - 3.5),
                                  .spans = spans,
                                  .span_count = 3 };
    }
    whole->traces = traces;
    whole->trace_count = TRACES;
}

static void test_attribution_in_pairs(void **state)
{
    static const char avx2[] = "matvec/q8_0/avx2/rows:896/cols:4864",
                      scalar[] = "matvec/q8_0/scalar/rows:896/cols:4864";
    struct maker *maker = *state;
    struct store_case base[4], candidate[4];
    make_model(maker, base, 1000, 800, 1e9);
    make_model(maker, candidate, 1100, 880, 1e9 / 1.1);
    add_traces(maker, &base[3], 0, 0, avx2);
    add_traces(maker, &candidate[3], 40, 30, avx2);
    struct comparison comparison = compare_with(maker, base, 4, candidate, 4, true, NULL);
    const struct compare_attribution *found = comparison.attributions;
    assert_int_equal(found->pairs, 8);
    assert_int_equal(found->count, 4);
    assert_string_equal(found->parts[0].operation, "ffn_down");
    assert_true(found->parts[0].candidate_ns - found->parts[0].base_ns == 40);
    assert_true(found->parts[0].interval.low == 40 && found->parts[0].interval.high == 40); /* no luck is left */
    assert_string_equal(found->parts[0].kernels, avx2);
    assert_int_equal(found->parts[1].kind, COMPARE_PART_OUTSIDE);
    assert_true(fabs(found->parts[1].candidate_ns - found->parts[1].base_ns - 30) < 1e-9);
    assert_true(found->parts[1].interval.low > 0);
    for (size_t i = 2; i < 4; i++)
        assert_true(found->parts[i].interval.low <= 0 && found->parts[i].interval.high >= 0);
    assert_true(fabs(found->residual_ns - (found->change_ns - 70)) < 1);
    assert_true(found->residual.low < found->residual_ns && found->residual_ns < found->residual.high);
    /* The engine chooses another kernel: then against now, although the old one is there and faster. */
    add_traces(maker, &candidate[3], 40, 30, scalar);
    comparison = compare_with(maker, base, 4, candidate, 4, true, NULL);
    assert_true(fabs(comparison.attributions->parts[0].kernel_effect - log(5.5)) < 0.01);
    assert_string_equal(comparison.attributions->parts[0].kernels_candidate, scalar);
    /* Runs that were not interleaved have no pairs: the newest trace of each. */
    comparison = compare_with(maker, base, 4, candidate, 4, false, NULL);
    assert_int_equal(comparison.attributions->pairs, 1);
    assert_true(isnan(comparison.attributions->parts[0].interval.low));
}

/* ---- what else differs ---- */

static void test_other_machine(void **state)
{
    struct maker *maker = *state;
    struct store_fact here[] = { { "cpu_name", "EPYC" }, { "cpu_count", "2" } };
    struct store_fact there[] = { { "cpu_name", "Xeon" }, { "cpu_count", "2" } };
    struct store_fact gcc[] = { { "prony_compiler", "gcc 12" } }, clang[] = { { "prony_compiler", "clang 14" } };
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.003);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 150, 0.003);
    struct comparison comparison = {
        .base = { .id = 1, .fingerprint = "aaaa", .machine = here, .machine_count = 2, .build = gcc, .build_count = 1 },
        .candidate = { .id = 2,
                       .fingerprint = "bbbb",
                       .machine = there,
                       .machine_count = 2,
                       .build = clang,
                       .build_count = 1,
                       .status = "interrupted" },
    };
    compare_cases(&comparison, &base, 1, &candidate, 1, false, NULL, NULL, NULL, &maker->arena);
    assert_verdict(&comparison, JUDGE_UNDECIDED);
    assert_reason(&comparison, "another machine");
    assert_true(comparison.machines_differ);
    assert_string_equal(comparison.machine_difference, "cpu_name: EPYC -> Xeon");
    assert_true(has_note(&comparison, "prony_compiler: gcc 12 -> clang 14"));
    assert_true(has_note(&comparison, "not complete: interrupted"));
    comparison = (struct comparison){ .base.status = "complete", .candidate.status = "running" };
    compare_cases(&comparison, &base, 1, &candidate, 1, false, NULL, NULL, NULL, &maker->arena);
    assert_true(has_note(&comparison, "The run of the candidate has not ended"));
    assert_false(has_note(&comparison, "not complete"));
}

/* An update of the kernel is no other machine: times are judged, and the reader is told. */
static void test_other_environment(void **state)
{
    struct maker *maker = *state;
    struct store_fact before[] = { { "kernel", "Linux 6.1" }, { "cpu_count", "2" } };
    struct store_fact after[] = { { "kernel", "Linux 6.6" }, { "cpu_count", "2" } };
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.003);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 150, 0.003);
    struct comparison comparison = {
        .base = { .id = 1, .fingerprint = "aaaa", .machine = before, .machine_count = 2 },
        .candidate = { .id = 2, .fingerprint = "aaaa", .machine = after, .machine_count = 2 },
    };
    compare_cases(&comparison, &base, 1, &candidate, 1, false, NULL, NULL, NULL, &maker->arena);
    assert_verdict(&comparison, JUDGE_REGRESSED);
    assert_false(comparison.machines_differ);
    assert_string_equal(comparison.environment_change, "kernel 6.1 -> 6.6");
    assert_true(has_note(&comparison, "its environment changed between the runs"));
}

/* Nor does a gate that only warns of the other machine find a regression in it. */
static void test_times_of_other_machine(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.003);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 150, 0.003);
    struct comparison comparison = { .base.fingerprint = "aaaa", .candidate.fingerprint = "bbbb" };
    compare_cases(&comparison, &base, 1, &candidate, 1, false, NULL, NULL, NULL, &maker->arena);
    assert_true(fabs(judge_percent(comparison.cases[0].time.effect) - 50) < 2); /* shown all the same */
    assert_int_equal(comparison.cases[0].time.verdict, JUDGE_UNDECIDED);
    assert_int_equal(comparison.groups[0].time.verdict, JUDGE_UNDECIDED);
}

/* Two files are each the first run of a database of their own. */
static void test_same_run(void **state)
{
    struct maker *maker = *state;
    struct store_case base = make_case(maker, "a", ROUNDS, 100, 0.003);
    struct store_case candidate = make_case(maker, "a", ROUNDS, 100, 0.003);
    for (int same = 0; same < 2; same++) {
        struct comparison comparison = { .base = { .id = 1, .uuid = "aa" },
                                         .candidate = { .id = 1, .uuid = same ? "aa" : "bb" } };
        compare_cases(&comparison, &base, 1, &candidate, 1, false, NULL, NULL, NULL, &maker->arena);
        assert_int_equal(has_note(&comparison, "the same run"), same);
    }
}

static void test_line(void **state)
{
    struct maker *maker = *state;
    struct comparison comparison = { .verdicts = {
                                         [JUDGE_REGRESSED] = 3, [JUDGE_EQUIVALENT] = 20, [JUDGE_WRONG] = 1 } };
    assert_string_equal(compare_line(&comparison, &maker->arena), "1 wrong output, 3 regressed, 20 equivalent");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        TEST(test_paired_sees_through_drift),
        TEST(test_rounds_of_one_side_are_dropped),
        TEST(test_repetitions_become_their_median),
        TEST(test_few_pairs_are_insufficient),
        TEST(test_instruction_counts_where_pairs_are_few),
        TEST(test_floor),
        TEST(test_noise_of_the_case_widens_the_floor),
        TEST(test_looks_spend_alpha),
        TEST(test_wall_time_needs_cpu_time_or_quiet),
        TEST(test_wrong_output_is_worse_than_slow),
        TEST(test_error_against_the_reference),
        TEST(test_failures),
        TEST(test_strangers_miss_nothing),
        TEST(test_partial_candidate_misses_nothing),
        TEST(test_nothing_at_all),
        TEST(test_identical_binaries_cannot_regress),
        TEST(test_unpaired_has_a_wider_floor),
        TEST(test_unpaired_knows_its_least_p),
        TEST(test_values_without_a_ratio),
        TEST(test_metrics),
        TEST(test_many_innocent_cases_stay_innocent),
        TEST(test_groups),
        TEST(test_groups_of_insufficient_cases),
        TEST(test_order_of_groups),
        TEST(test_attribution),
        TEST(test_other_environment),
        TEST(test_attribution_in_pairs),
        TEST(test_other_machine),
        TEST(test_times_of_other_machine),
        TEST(test_same_run),
        TEST(test_line),
    };
    return cmocka_run_group_tests_name("judge_compare", tests, NULL, NULL);
}
