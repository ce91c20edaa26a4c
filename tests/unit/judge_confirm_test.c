/* judge_confirm_test.c: a call of `prony ab` stands only where fresh pairs say the same (compare_confirm.c). */
#include "harness/base/arena.h"
#include "harness/judge/compare.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { FROM = 20, PAIRS = 10, ROOM = 4 * FROM };

/* Pairs of a case, in the order in which they were measured. */
struct pairs {
    struct arena arena;
    struct store_case sides[2];
};

static struct store_case make_side(struct arena *arena, const char *name)
{
    struct store_case side = { .suite = "kernels", .name = name, .label = "" };
    side.real_time_ns = side.cpu_time_ns = arena_array(arena, ROOM, sizeof(double));
    side.iterations = arena_array(arena, ROOM, sizeof(int64_t));
    side.rounds = arena_array(arena, ROOM, sizeof(int));
    side.processes = arena_array(arena, ROOM, sizeof(int));
    return side;
}

static void begin(struct pairs *pairs, const char *name)
{
    *pairs = (struct pairs){ 0 };
    for (int side = 0; side < 2; side++)
        pairs->sides[side] = make_side(&pairs->arena, name);
}

/* Rounds from first on, the candidate slower by that log ratio and a little scatter. */
static void measure(struct pairs *pairs, int first, int count, double effect)
{
    for (int i = 0; i < count; i++)
        for (int side = 0; side < 2; side++) {
            struct store_case *item = &pairs->sides[side];
            size_t at = item->sample_count++;
            item->real_time_ns[at] = 1000 * exp(side ? effect + 0.0005 * ((7 * (first + i)) % 11 - 5) : 0);
            item->iterations[at] = 10;
            item->rounds[at] = first + i;
            item->processes[at] = (int)at;
        }
}

static struct comparison judge(struct pairs *pairs, size_t count, bool paired, int from)
{
    struct comparison comparison = { 0 };
    struct compare_options options = { .confirm_from = from };
    struct store_case base[2], candidate[2];
    for (size_t i = 0; i < count; i++) {
        base[i] = pairs[i].sides[0];
        candidate[i] = pairs[i].sides[1];
    }
    struct store_case *kept = arena_array(&pairs->arena, 4, sizeof *kept);
    memcpy(kept, base, count * sizeof *kept);
    memcpy(kept + 2, candidate, count * sizeof *kept);
    compare_cases(&comparison, kept, count, kept + 2, count, paired, NULL, NULL, &options, &pairs->arena);
    return comparison;
}

static void expect(struct pairs *pairs, enum judge_verdict verdict, enum compare_confirmed state, const char *said)
{
    struct comparison comparison = judge(pairs, 1, true, FROM);
    const struct compare_case *item = &comparison.cases[0];
    assert_int_equal(item->time.confirmation.state, state);
    assert_int_equal(item->verdict, verdict);
    assert_int_equal(comparison.verdict, verdict);
    if (said && (!item->reason || !strstr(item->reason, said)))
        fail_msg("'%s' does not say '%s'", item->reason ? item->reason : "", said);
}

/* A call, what fresh pairs make of it, and further blocks. */
static void test_a_case(void **state)
{
    (void)state;
    struct pairs pairs;
    begin(&pairs, "a/1");
    measure(&pairs, 0, PAIRS, 0.05);
    expect(&pairs, JUDGE_UNDECIDED, COMPARE_UNMEASURED, "not confirmed: +5.1 % [");
    measure(&pairs, FROM, PAIRS, 0.04);
    expect(&pairs, JUDGE_REGRESSED, COMPARE_FRESH_AGREES, "confirmed: +4.");
    arena_release(&pairs.arena);

    begin(&pairs, "a/1");
    measure(&pairs, 0, PAIRS, -0.05);
    measure(&pairs, FROM, PAIRS, -0.04);
    expect(&pairs, JUDGE_IMPROVED, COMPARE_FRESH_AGREES, "confirmed: -3.9 %");
    arena_release(&pairs.arena);

    begin(&pairs, "a/1");
    measure(&pairs, 0, PAIRS, 0.002);
    expect(&pairs, JUDGE_EQUIVALENT, COMPARE_UNASKED, NULL);
    measure(&pairs, FROM, PAIRS, 0.05); /* with its group: no call, and no part of what looks judge */
    expect(&pairs, JUDGE_EQUIVALENT, COMPARE_UNASKED, NULL);
    arena_release(&pairs.arena);
}

static void test_not_confirmed(void **state)
{
    (void)state;
    static const double fresh[] = { 0.003, -0.05, 0.0095 }; /* nothing, the other way, less than the floor */
    for (size_t i = 0; i < sizeof fresh / sizeof fresh[0]; i++) {
        struct pairs pairs;
        begin(&pairs, "a/1");
        measure(&pairs, 0, PAIRS, 0.05);
        measure(&pairs, FROM, PAIRS, fresh[i]);
        expect(&pairs, JUDGE_UNDECIDED, COMPARE_FRESH_DIFFERS, "in 10 fresh pairs");
        arena_release(&pairs.arena);
    }
    /* Too few to say anything: the budget ended it. */
    struct pairs pairs;
    begin(&pairs, "a/1");
    measure(&pairs, 0, PAIRS, 0.05);
    measure(&pairs, FROM, 4, 0.05);
    expect(&pairs, JUDGE_UNDECIDED, COMPARE_FRESH_DIFFERS, "in 4 fresh pairs");
    arena_release(&pairs.arena);
    begin(&pairs, "a/1"); /* one has no interval */
    measure(&pairs, 0, PAIRS, 0.05);
    measure(&pairs, FROM, 1, 0.05);
    expect(&pairs, JUDGE_UNDECIDED, COMPARE_FRESH_DIFFERS, " % in 1 fresh pair, too few to tell");
    arena_release(&pairs.arena);
}

/* What was not confirmed counts as data like all other once blocks follow; a second attempt is fresh again. */
static void test_goes_on(void **state)
{
    (void)state;
    struct pairs pairs;
    begin(&pairs, "a/1");
    measure(&pairs, 0, PAIRS, 0.05);
    measure(&pairs, FROM, PAIRS, 0.0);
    measure(&pairs, PAIRS, 2, 0.05);
    struct comparison comparison = judge(&pairs, 1, true, FROM);
    assert_int_equal(comparison.cases[0].time.pairs, 2 * PAIRS + 2);
    assert_int_equal(comparison.cases[0].time.confirmation.state, COMPARE_UNASKED); /* no call any more */
    measure(&pairs, PAIRS + 2, 8, 0.2);
    measure(&pairs, 2 * FROM, PAIRS, 0.05);
    comparison = judge(&pairs, 1, true, FROM);
    assert_int_equal(comparison.cases[0].time.pairs, 2 * PAIRS + 10);
    arena_release(&pairs.arena);
}

/* Stored runs, and an ab of a time when nothing was measured again: calls are verdicts. */
static void test_without(void **state)
{
    (void)state;
    struct pairs pairs;
    begin(&pairs, "a/1");
    measure(&pairs, 0, PAIRS, 0.05);
    assert_int_equal(judge(&pairs, 1, true, 0).verdict, JUDGE_REGRESSED);
    assert_int_equal(judge(&pairs, 1, false, FROM).verdict, JUDGE_REGRESSED);
    arena_release(&pairs.arena);
}

static enum judge_verdict suite_verdict(struct pairs *pairs, enum compare_confirmed state)
{
    struct comparison comparison = judge(pairs, 2, true, FROM);
    assert_string_equal(comparison.groups[0].operation, "");
    assert_int_equal(comparison.groups[0].time.confirmation.state, state);
    return comparison.groups[0].time.verdict;
}

/* A suite is what one of its cases was confirmed to be, or what its own fresh pairs say. */
static void test_a_group(void **state)
{
    (void)state;
    struct pairs pairs[2];
    begin(&pairs[0], "a/1");
    begin(&pairs[1], "a/2");
    for (int i = 0; i < 2; i++)
        measure(&pairs[i], 0, PAIRS, 0.03);
    assert_int_equal(suite_verdict(pairs, COMPARE_UNMEASURED), JUDGE_UNDECIDED);
    measure(&pairs[0], FROM, PAIRS, 0.03);
    assert_int_equal(suite_verdict(pairs, COMPARE_FRESH_AGREES), JUDGE_REGRESSED);
    arena_release(&pairs[0].arena);
    begin(&pairs[0], "a/1");
    measure(&pairs[0], 0, PAIRS, 0.03);
    for (int i = 0; i < 2; i++)
        measure(&pairs[i], FROM, PAIRS, 0.001);
    assert_int_equal(suite_verdict(pairs, COMPARE_FRESH_DIFFERS), JUDGE_UNDECIDED);
    for (int i = 0; i < 2; i++)
        arena_release(&pairs[i].arena);
}

/* Attempts of several cases pair up by their own rounds, the first of one and the second of another. */
static void test_attempts_of_a_group(void **state)
{
    (void)state;
    struct pairs pairs[2];
    begin(&pairs[0], "a/1");
    begin(&pairs[1], "a/2");
    for (int i = 0; i < 2; i++)
        measure(&pairs[i], 0, PAIRS, 0.05);
    measure(&pairs[0], FROM, PAIRS, 0.002);
    measure(&pairs[1], 2 * FROM, PAIRS, 0.004);
    struct comparison comparison = judge(pairs, 2, true, FROM);
    const struct compare_confirmation *again = &comparison.groups[0].time.confirmation;
    assert_int_equal(again->state, COMPARE_FRESH_DIFFERS);
    assert_int_equal(again->pairs, PAIRS);
    assert_float_equal(again->effect, 0.003, 0.001);
    for (int i = 0; i < 2; i++)
        arena_release(&pairs[i].arena);
}

static double tenth(void *context, const char *suite, const char *name)
{
    (void)context;
    (void)suite;
    (void)name;
    return 0.1;
}

/* Cases with much noise are equivalent within their own floors; their mean has less noise and a lower floor, and what
 * is beyond that is not settled by them. */
static void test_floor_of_a_group(void **state)
{
    (void)state;
    struct pairs pairs[2];
    struct store_case sides[2][2];
    begin(&pairs[0], "a/1");
    begin(&pairs[1], "a/2");
    for (int i = 0; i < 2; i++) {
        measure(&pairs[i], 0, PAIRS, 0.08);
        for (int side = 0; side < 2; side++)
            sides[side][i] = pairs[i].sides[side];
    }
    struct comparison comparison = { 0 };
    const struct compare_options options = { 0 };
    compare_cases(&comparison, sides[0], 2, sides[1], 2, true, tenth, NULL, &options, &pairs[0].arena);
    for (int i = 0; i < 2; i++)
        assert_int_equal(comparison.cases[i].verdict, JUDGE_EQUIVALENT);
    assert_int_equal(comparison.groups[0].time.verdict, JUDGE_REGRESSED);
    for (int i = 0; i < 2; i++)
        arena_release(&pairs[i].arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_case),           cmocka_unit_test(test_not_confirmed),
        cmocka_unit_test(test_goes_on),          cmocka_unit_test(test_without),
        cmocka_unit_test(test_a_group),          cmocka_unit_test(test_attempts_of_a_group),
        cmocka_unit_test(test_floor_of_a_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
