/* judge_calibration_test.c: A/A outcomes go into the store and come out as rates, bands and floors. */
#include "harness/judge/calibration.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char directory[64], path[96];
    struct store *store;
    struct arena arena;
    struct error error;
    int64_t runs[2];
};

static int64_t add_run(struct fixture *f, const char *machine)
{
    struct store_run run = { .plan = "quick", .command = "prony calibrate", .seed = 1, .fingerprint = machine };
    int64_t id;
    if (store_run_begin(f->store, &run, &id, &f->error) != 0)
        fail_msg("%s", f->error.text);
    assert_int_equal(store_run_end(f->store, id, "complete", NULL), 0);
    return id;
}

static void open_fixture(struct fixture *f, const char *machine)
{
    *f = (struct fixture){ 0 };
    strcpy(f->directory, "/tmp/prony-calibration-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/p.db", f->directory);
    assert_int_equal(store_open(&f->store, f->path, false, &f->error), 0);
    f->runs[0] = add_run(f, machine);
    f->runs[1] = add_run(f, machine);
}

static void close_fixture(struct fixture *f)
{
    store_close(f->store);
    arena_release(&f->arena);
    unlink(f->path);
    assert_int_equal(rmdir(f->directory), 0);
}

static int64_t add_comparison(struct fixture *f, const char *kind, bool identical)
{
    struct store_comparison comparison = { .kind = kind,
                                           .base_run = f->runs[0],
                                           .candidate_run = f->runs[1],
                                           .base_name = "a",
                                           .candidate_name = "a",
                                           .identical_binaries = identical };
    int64_t id;
    assert_int_equal(store_comparison_add(f->store, &comparison, &id, &f->error), 0);
    return id;
}

static void add_outcome_of(struct fixture *f, int64_t comparison, const char *name, double effect, double half,
                           double p, int pairs)
{
    struct store_outcome outcome = { .suite = "kernels",
                                     .name = name,
                                     .metric = "real_time",
                                     .effect = effect,
                                     .low = effect - half,
                                     .high = effect + half,
                                     .p = p,
                                     .noise = NAN,
                                     .pairs = pairs,
                                     .verdict = p < 0.001 ? "regressed" : "equivalent" };
    assert_int_equal(store_outcomes_add(f->store, comparison, &outcome, 1, &f->error), 0);
}

static void add_outcome(struct fixture *f, int64_t comparison, const char *name, double effect, double half, double p)
{
    add_outcome_of(f, comparison, name, effect, half, p, 10);
}

static struct calibration load(struct fixture *f, const char *machine)
{
    struct calibration calibration;
    if (calibration_load(&calibration, f->store, machine, &f->arena, &f->error) != 0)
        fail_msg("%s", f->error.text);
    return calibration;
}

static void test_never(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f, "m");
    add_outcome(&f, add_comparison(&f, "ab", false), "a", 0.5, 0.1, 0.0001); /* two builds: no A/A */
    struct calibration calibration = load(&f, "m");
    assert_int_equal(calibration.comparisons, 0);
    assert_true(isnan(calibration.rate));
    assert_true(isnan(calibration_noise_of(&calibration, "kernels", "a")));
    assert_false(calibration.out_of_band);
    assert_non_null(strstr(calibration_line(&calibration, &f.arena), "not calibrated"));
    close_fixture(&f);
}

static void test_rates_and_noise(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f, "m");
    for (int i = 0; i < 10; i++) {
        int64_t id = add_comparison(&f, i % 2 ? "ab" : "aa", i % 2);
        add_outcome(&f, id, "b", i % 2 ? 0.001 * i : -0.001 * i, 0.01, i == 3 ? 0.04 : 0.5);
        if (i == 0)
            add_outcome(&f, id, "a", 0.002, 0.015, i == 3 ? 0.04 : 0.5);
    }
    add_comparison(&f, "aa", true); /* stopped before anything came out */
    struct calibration calibration = load(&f, "m");
    assert_int_equal(calibration.comparisons, 10);
    assert_int_equal(calibration.tests, 11);
    assert_int_equal(calibration.alarms, 1);
    assert_int_equal(calibration.false_verdicts, 0);
    assert_true(fabs(calibration.rate - 1 / 11.0) < 1e-12);
    assert_false(calibration.out_of_band);
    assert_true(calibration.newest_ns > 0);
    assert_int_equal(calibration.noise_count, 2);
    assert_true(fabs(calibration_noise_of(&calibration, "kernels", "a") - 0.015) < 1e-12);  /* half its interval */
    assert_true(fabs(calibration_noise_of(&calibration, "kernels", "b") - 0.0081) < 1e-12); /* q90 of 0..0.009 */
    assert_true(isnan(calibration_noise_of(&calibration, "kernels", "c")));
    assert_string_equal(calibration_line(&calibration, &f.arena),
                        "A/A: 1 false alarm in 11 tests (9.1 %, expected 0..3)");
    assert_int_equal(load(&f, "other machine").comparisons, 0);
    close_fixture(&f);
}

/* Six pairs are a test, five can never alarm and are none. Runs that were not measured in turns have no pairs. */
static void test_least_pairs(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f, "m");
    int64_t id = add_comparison(&f, "aa", false);
    add_outcome_of(&f, id, "five", 0.01, 0.02, 0.04, JUDGE_LEAST_PAIRS - 1);
    assert_int_equal(load(&f, "m").tests, 0);
    add_outcome_of(&f, id, "six", 0.01, 0.02, 0.04, JUDGE_LEAST_PAIRS);
    assert_int_equal(load(&f, "m").tests, 1);
    assert_int_equal(load(&f, "m").alarms, 1);
    add_outcome_of(&f, id, "unpaired", 0.01, 0.02, 0.5, 0);
    assert_int_equal(load(&f, "m").tests, 2);
    close_fixture(&f);
}

/* Old comparisons of a machine that was noisy fall out of the window. */
static void test_out_of_band(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f, "m");
    for (int i = 0; i < 20; i++)
        add_outcome(&f, add_comparison(&f, "aa", true), "a", 0.03, 0.01, i < 10 ? 0.0001 : 0.6);
    struct calibration calibration = load(&f, "m");
    assert_true(calibration.out_of_band);
    assert_int_equal(calibration.false_verdicts, 10);
    assert_non_null(strstr(calibration_line(&calibration, &f.arena), "OUT OF ITS BAND"));
    for (int i = 0; i < CALIBRATION_WINDOW; i++)
        add_outcome(&f, add_comparison(&f, "aa", true), "a", 0.001, 0.01, 0.6);
    calibration = load(&f, "m");
    assert_int_equal(calibration.comparisons, CALIBRATION_WINDOW);
    assert_false(calibration.out_of_band);
    assert_int_equal(calibration.alarms, 0);
    close_fixture(&f);
}

/* What is recorded of a comparison is read again; cases of one side only are not. */
static void test_record(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f, "m");
    struct store_case side = { .suite = "kernels", .name = "a" };
    struct compare_case cases[2] = { { .suite = "kernels", .name = "a", .base = &side, .candidate = &side },
                                     { .suite = "kernels", .name = "b", .base = &side } };
    cases[0].time = (struct compare_metric){ .effect = 0.02,
                                             .interval = { 0.01, 0.03, 0.95 },
                                             .p = 0.01,
                                             .noise = NAN,
                                             .pairs = 12,
                                             .verdict = JUDGE_REGRESSED };
    cases[0].verdict = JUDGE_EQUIVALENT; /* identical binaries */
    struct comparison comparison = { .cases = cases, .case_count = 2 };
    int64_t id = add_comparison(&f, "aa", true);
    if (calibration_record(f.store, id, &comparison, &f.error) != 0)
        fail_msg("%s", f.error.text);
    struct calibration calibration = load(&f, "m");
    assert_int_equal(calibration.tests, 1);
    assert_int_equal(calibration.alarms, 1);
    assert_int_equal(calibration.false_verdicts, 1);
    assert_true(fabs(calibration_noise_of(&calibration, "kernels", "a") - 0.02) < 1e-12);
    assert_true(isnan(calibration_noise_of(&calibration, "kernels", "b")));
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never),       cmocka_unit_test(test_rates_and_noise), cmocka_unit_test(test_least_pairs),
        cmocka_unit_test(test_out_of_band), cmocka_unit_test(test_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
