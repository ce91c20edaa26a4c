/* compare.c: two runs become a comparison, step by step. See compare.h; the steps are in compare_*.c. */
#include "harness/judge/compare.h"
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include "harness/stats/multiple.h"
#include <math.h>
#include <string.h>

const char *compare_failure_of(const struct store_failure_row *failures, size_t count, const char *suite,
                               const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < count; i++) {
        const char *reason = failures[i].reason;
        if (!str_equal(failures[i].suite, suite) || strncmp(reason, name, length) != 0)
            continue;
        /* "case: reason" or "case and 3 more in one process: reason"; what only a pass met is no failure of the case.
         */
        if ((str_starts(reason + length, ": ") && !str_starts(reason + length, ": while its ")) ||
            str_starts(reason + length, " and "))
            return strstr(reason + length, ": ") ? strstr(reason + length, ": ") + 2 : reason + length;
    }
    return NULL;
}

/* ---- rows to verdicts ---- */

static void sum_up(struct comparison *comparison)
{
    comparison->verdict = comparison->case_count ? JUDGE_NEW : JUDGE_UNDECIDED;
    for (size_t i = 0; i < comparison->case_count; i++) {
        enum judge_verdict verdict = comparison->cases[i].verdict;
        comparison->verdicts[verdict]++;
        if (compare_rank(verdict) > compare_rank(comparison->verdict))
            comparison->verdict = verdict;
    }
}

void compare_all(struct compare_context *context, struct store_case *base, size_t base_count,
                 struct store_case *candidate, size_t candidate_count)
{
    struct comparison *comparison = context->comparison;
    const struct compare_options *options = context->options;
    comparison->paired = context->paired;
    comparison->options = *options;
    context->alpha =
        options->look_count > 1 ? stats_look_alpha(JUDGE_ALPHA, options->look, options->look_count) : JUDGE_ALPHA;
    context->confidence = 1 - context->alpha;
    context->budget = fmax(options->floor, JUDGE_FLOOR);
    compare_match(context, base, base_count, candidate, candidate_count);
    compare_machines(context);
    for (size_t i = 0; i < comparison->case_count; i++) {
        compare_measure_case(context, &comparison->cases[i]);
        compare_output_of(&comparison->cases[i]);
    }
    compare_fill_q(context);
    for (size_t i = 0; i < comparison->case_count; i++)
        compare_judge_case(context, &comparison->cases[i]);
    compare_make_groups(context);
    compare_attribute(context, base, base_count, candidate, candidate_count);
    sum_up(comparison);
    compare_make_notes(context);
}

static const struct compare_options no_options;

void compare_cases(struct comparison *comparison, struct store_case *base, size_t base_count,
                   struct store_case *candidate, size_t candidate_count, bool paired, compare_noise *noise_of,
                   void *noise_context, const struct compare_options *options, struct arena *arena)
{
    struct compare_context context = { .comparison = comparison,
                                       .options = options ? options : &no_options,
                                       .paired = paired,
                                       .noise_of = noise_of,
                                       .noise_context = noise_context,
                                       .arena = arena };
    compare_all(&context, base, base_count, candidate, candidate_count);
}
