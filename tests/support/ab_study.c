/* ab_study.c: see ab_study.h. */
#include "tests/support/ab_study.h"
#include "harness/judge/compare.h"
#include "harness/run/ab_internal.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>

/* 1 sd of a process, of log(time). */
#define SD 0.01
enum { BLOCKS = AB_BLOCKS, PROCESSES = 4 * BLOCKS };

const char *study_noise_name(enum study_noise noise)
{
    static const char *const names[] = { "gaussian", "autocorrelated 0.3", "drift of 2 sd", "regime shifts",
                                         "bimodal",  "bursts of load" };
    return names[noise];
}

void study_make_noise(struct rng *rng, enum study_noise noise, double *values, size_t count)
{
    double last = rng_normal(rng), level = 0;
    bool busy = false;
    for (size_t i = 0; i < count; i++) {
        double normal = rng_normal(rng);
        last = noise == STUDY_AUTOCORRELATED ? 0.3 * last + sqrt(1 - 0.09) * normal : normal;
        if (noise == STUDY_REGIMES && rng_uniform(rng) < 0.1)
            level = 2 * rng_normal(rng);
        if (noise == STUDY_DRIFT)
            level = 2.0 * (double)i / 20;
        if (noise == STUDY_BURSTS) {
            busy = rng_uniform(rng) < 0.05 ? !busy : busy;
            level = busy ? 10 + 10 * fabs(rng_normal(rng)) : 0;
        }
        values[i] = last + level;
        if (noise == STUDY_BIMODAL) /* two modes, together with an sd of 1 */
            values[i] = (last + (rng_uniform(rng) < 0.3 ? 6 : 0)) / sqrt(1 + 36 * 0.3 * 0.7);
    }
}

/* ---- one test ---- */

/* Processes of a case in the order in which they ran become samples of two sides: round i of one belongs to round i of
 * the other. blocks of four, ABBA or BAAB by a coin. */
struct sides {
    struct store_case base, candidate;
};

static struct store_case make_side(struct arena *arena, const char *name, size_t count)
{
    struct store_case side = { .suite = "study", .name = name, .label = "", .sample_count = count };
    side.real_time_ns = arena_array(arena, count, sizeof(double));
    side.cpu_time_ns = side.real_time_ns;
    side.iterations = arena_array(arena, count, sizeof(int64_t));
    side.rounds = arena_array(arena, count, sizeof(int));
    side.processes = arena_array(arena, count, sizeof(int));
    for (size_t i = 0; i < count; i++) {
        side.iterations[i] = 100;
        side.rounds[i] = side.processes[i] = (int)i;
    }
    return side;
}

static struct sides make_sides(struct arena *arena, const char *name, struct rng *rng, enum study_noise noise,
                               double shift, size_t pairs)
{
    struct sides sides = { make_side(arena, name, pairs), make_side(arena, name, pairs) };
    double *values = arena_array(arena, 2 * pairs, sizeof *values);
    study_make_noise(rng, noise, values, 2 * pairs);
    size_t candidate_first = 0;
    for (size_t i = 0; i < pairs; i++) {
        candidate_first = i % 2 ? !candidate_first : rng_below(rng, 2);
        sides.base.real_time_ns[i] = 1e6 * exp(SD * values[2 * i + candidate_first]);
        sides.candidate.real_time_ns[i] = 1e6 * exp(SD * (values[2 * i + !candidate_first] + shift));
    }
    return sides;
}

static bool is_alarm_of_pairs(struct rng *rng, enum study_noise noise, double shift, size_t pairs)
{
    struct arena arena = { 0 };
    struct sides sides = make_sides(&arena, "case", rng, noise, shift, pairs);
    struct comparison comparison = { .paired = true };
    struct compare_options options = { .seed = rng_next(rng) };
    compare_cases(&comparison, &sides.base, 1, &sides.candidate, 1, true, NULL, NULL, &options, &arena);
    bool alarm = comparison.cases[0].time.p <= JUDGE_ALPHA;
    arena_release(&arena);
    return alarm;
}

static bool is_alarm_in_sequence(struct rng *rng, enum study_noise noise, double shift, size_t count)
{
    double values[PROCESSES];
    study_make_noise(rng, noise, values, 2 * count);
    for (size_t i = count; i < 2 * count; i++)
        values[i] += shift;
    return stats_mann_whitney(values, count, values + count, count).p <= JUDGE_ALPHA;
}

size_t study_alarms(enum study_noise noise, enum study_design design, double shift, size_t pairs, size_t runs,
                    uint64_t seed)
{
    struct rng rng;
    size_t alarms = 0;
    rng_seed(&rng, rng_mix(seed, noise));
    for (size_t run = 0; run < runs; run++)
        alarms += design == STUDY_ABBA ? is_alarm_of_pairs(&rng, noise, shift, pairs)
                                       : is_alarm_in_sequence(&rng, noise, shift, pairs);
    return alarms;
}

/* ---- the whole pipeline ---- */

/* Without options everything about blocks and looks is as prony ab does it by default. */
static const struct ab defaults;

/* As prony ab numbers rounds: pairs that looks judge, then those of the attempts to confirm. */
enum { CONFIRM_FROM = 2 * BLOCKS, MOST_PAIRS = CONFIRM_FROM * (1 + AB_ATTEMPT_LIMIT) };

/* A case: what its processes would take, in the order in which they run, and how far they have run. */
struct subject {
    struct sides sides;
    size_t taken; /* pairs, of all kinds */
    int blocks;   /* of those that looks judge */
    int attempts;
    bool called, alarmed; /* at any look, before it was measured again; p <= alpha */
    enum judge_verdict verdict;
};

static void take_pairs(struct subject *subject, size_t count, int first_round)
{
    for (size_t i = 0; i < count && subject->taken < MOST_PAIRS; i++, subject->taken++)
        subject->sides.base.rounds[subject->taken] = subject->sides.candidate.rounds[subject->taken] =
            first_round + (int)i;
}

/* All cases by what is there of them; a decided one keeps its verdict. */
static void judge(struct subject *subjects, int look, uint64_t seed, struct comparison *comparison, struct arena *arena)
{
    struct store_case base[STUDY_CASES], candidate[STUDY_CASES];
    for (size_t i = 0; i < STUDY_CASES; i++) {
        base[i] = subjects[i].sides.base;
        candidate[i] = subjects[i].sides.candidate;
        base[i].sample_count = candidate[i].sample_count = subjects[i].taken;
    }
    struct compare_options options = {
        .look = look, .look_count = ab_look_count(&defaults), .seed = seed, .confirm_from = CONFIRM_FROM
    };
    *comparison = (struct comparison){ .paired = true };
    compare_cases(comparison, base, STUDY_CASES, candidate, STUDY_CASES, true, NULL, NULL, &options, arena);
}

/* What the look calls is measured again, as ab_confirm does. */
static bool measure_again(struct subject *subjects, const struct comparison *comparison)
{
    bool any = false;
    for (size_t i = 0; i < STUDY_CASES; i++) {
        struct subject *subject = &subjects[i];
        if (subject->verdict != JUDGE_UNDECIDED || comparison->cases[i].time.confirmation.state != COMPARE_UNMEASURED)
            continue;
        subject->called = true;
        if (subject->attempts == AB_ATTEMPT_LIMIT)
            continue;
        size_t pairs = comparison->cases[i].time.pairs;
        take_pairs(subject, pairs > CONFIRM_FROM ? CONFIRM_FROM : pairs, CONFIRM_FROM * ++subject->attempts);
        any = true;
    }
    return any;
}

static void take_look(struct subject *subjects, int look, uint64_t seed)
{
    struct arena arena = { 0 };
    struct comparison comparison;
    int blocks = ab_look_blocks(&defaults, look);
    for (size_t i = 0; i < STUDY_CASES; i++) {
        struct subject *subject = &subjects[i];
        if (subject->verdict == JUDGE_UNDECIDED)
            take_pairs(subject, 2 * (size_t)(blocks - subject->blocks), 2 * subject->blocks);
        subject->blocks = blocks;
    }
    judge(subjects, look, seed, &comparison, &arena);
    if (measure_again(subjects, &comparison))
        judge(subjects, look, seed, &comparison, &arena);
    for (size_t i = 0; i < STUDY_CASES; i++) {
        if (subjects[i].verdict != JUDGE_UNDECIDED)
            continue;
        subjects[i].verdict = comparison.cases[i].verdict;
        subjects[i].alarmed = subjects[i].alarmed || comparison.cases[i].time.p <= JUDGE_ALPHA;
    }
    arena_release(&arena);
}

static void count_case(struct study_verdicts *counted, const struct subject *subject)
{
    counted->tests++;
    counted->pairs += subject->taken;
    counted->alarms += subject->alarmed;
    counted->called += subject->called;
    counted->regressed += subject->verdict == JUDGE_REGRESSED;
    counted->improved += subject->verdict == JUDGE_IMPROVED;
    counted->equivalent += subject->verdict == JUDGE_EQUIVALENT;
    counted->undecided += subject->verdict == JUDGE_UNDECIDED;
}

struct study_verdicts study_pipeline(enum study_noise noise, double shift, size_t changed, int count_changed,
                                     size_t comparisons, uint64_t seed)
{
    static const char *const names[STUDY_CASES] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
    struct study_verdicts counted = { 0 };
    struct rng rng;
    rng_seed(&rng, rng_mix(seed, noise));
    for (size_t run = 0; run < comparisons; run++) {
        struct arena arena = { 0 };
        struct subject subjects[STUDY_CASES];
        for (size_t i = 0; i < STUDY_CASES; i++)
            subjects[i] = (struct subject){
                .sides = make_sides(&arena, names[i], &rng, noise, i < changed ? shift : 0, MOST_PAIRS),
                .verdict = JUDGE_UNDECIDED,
            };
        for (int look = 0; look < ab_look_count(&defaults); look++)
            take_look(subjects, look, rng_next(&rng));
        for (size_t i = 0; i < STUDY_CASES; i++) {
            if ((i < changed) == (count_changed != 0))
                count_case(&counted, &subjects[i]);
        }
        arena_release(&arena);
    }
    return counted;
}
