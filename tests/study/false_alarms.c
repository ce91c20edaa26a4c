/* false_alarms.c: how often the A/B judgement errs where nothing changed, and what it finds where something did, on
 * five kinds of noise. Prints a Markdown table; exits with 1 where a rate of false alarms leaves its binomial band, or
 * power falls below what it should be. The same numbers every time: all is seeded.
 *
 *     build/release/study/false_alarms [RUNS]      `make test-long` puts the table into docs/METHOD.md */
#include "harness/judge/judge.h"
#include "harness/stats/multiple.h"
#include "tests/support/ab_study.h"
#include <stdio.h>
#include <stdlib.h>

/* Chance that a good pipeline fails the study: 1 % divided among its rates. */
#define BAND_CONFIDENCE (1 - 0.01 / STUDY_NOISE_COUNT)
enum { PAIRS = 10, DEFAULT_RUNS = 2000 };
#define SHIFT 2.0 /* sd */

struct row {
    double sequential, sequential_power;
    double once, once_power;
    struct study_verdicts null, mixed_changed, mixed_same;
};

/* Bursts hide a shift of two sd: what is to be found there is as large as they are. */
static double shift_of(enum study_noise noise)
{
    return noise == STUDY_BURSTS ? 15 * SHIFT : SHIFT;
}

static struct row measure(enum study_noise noise, size_t runs)
{
    double n = (double)runs, shift = shift_of(noise);
    return (struct row){
        .sequential = (double)study_alarms(noise, STUDY_SEQUENTIAL, 0, PAIRS, runs, 1) / n,
        .sequential_power = (double)study_alarms(noise, STUDY_SEQUENTIAL, shift, PAIRS, runs, 2) / n,
        .once = (double)study_alarms(noise, STUDY_ABBA, 0, PAIRS, runs, 3) / n,
        .once_power = (double)study_alarms(noise, STUDY_ABBA, shift, PAIRS, runs, 4) / n,
        .null = study_pipeline(noise, 0, 0, 0, runs / STUDY_CASES, 5),
        .mixed_changed = study_pipeline(noise, shift, 2, 1, runs / STUDY_CASES, 6),
        .mixed_same = study_pipeline(noise, shift, 2, 0, runs / STUDY_CASES, 6),
    };
}

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static void print_row(enum study_noise noise, const struct row *row)
{
    const struct study_verdicts *null = &row->null, *changed = &row->mixed_changed, *same = &row->mixed_same;
    printf("| %s | %.3f / %.2f | %.3f / %.2f | %.3f | %.4f / %.4f | %.2f / %.2f | %.0f / %.0f %% | %.0f |\n",
           study_noise_name(noise), row->sequential, row->sequential_power, row->once, row->once_power,
           share(null->alarms, null->tests), share(null->called + same->called, null->tests + same->tests),
           share(null->regressed + null->improved + same->regressed + same->improved, null->tests + same->tests),
           share(changed->called, changed->tests), share(changed->regressed, changed->tests),
           100 * share(null->equivalent, null->tests), 100 * share(null->undecided, null->tests),
           share(null->pairs, null->tests));
}

/* Complains, and counts, where the pipeline does not keep what it promises. */
static int check(enum study_noise noise, const struct row *row)
{
    const char *name = study_noise_name(noise);
    const struct study_verdicts *null = &row->null, *changed = &row->mixed_changed, *same = &row->mixed_same;
    struct stats_band band = stats_binomial_band(null->tests, JUDGE_ALPHA, BAND_CONFIDENCE);
    size_t false_verdicts = null->regressed + null->improved;
    int faults = 0;
    if (null->alarms > band.high || false_verdicts > band.high) {
        fprintf(stderr, "%s: %zu alarms and %zu false verdicts in %zu tests, at most %zu may be\n", name, null->alarms,
                false_verdicts, null->tests, band.high);
        faults++;
    }
    band = stats_binomial_band(same->tests, JUDGE_ALPHA, BAND_CONFIDENCE);
    if (same->regressed + same->improved > band.high) {
        fprintf(stderr, "%s: beside changed cases %zu of %zu unchanged ones were called changed, at most %zu may be\n",
                name, same->regressed + same->improved, same->tests, band.high);
        faults++;
    }
    if (share(changed->regressed, changed->tests) < 0.8 || changed->improved) {
        fprintf(stderr, "%s: %zu of %zu changes were found, %zu were called improved\n", name, changed->regressed,
                changed->tests, changed->improved);
        faults++;
    }
    return faults;
}

int main(int argc, char **argv)
{
    size_t runs = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : DEFAULT_RUNS;
    int faults = 0;
    if (runs < STUDY_CASES) {
        fprintf(stderr, "usage: false_alarms [RUNS], %d or more\n", STUDY_CASES);
        return 2;
    }
    printf(
        "| noise | sequential, Mann-Whitney: false alarms / power | ABBA, one look: false alarms / power | all looks: "
        "p <= 0.05 | false: calls / verdicts | changes: called / found | unchanged: equivalent / undecided | pairs "
        "|\n");
    printf("|---|---|---|---|---|---|---|---|\n");
    for (int noise = 0; noise < STUDY_NOISE_COUNT; noise++) {
        struct row row = measure((enum study_noise)noise, runs);
        print_row((enum study_noise)noise, &row);
        faults += check((enum study_noise)noise, &row);
    }
    return faults > 0;
}
