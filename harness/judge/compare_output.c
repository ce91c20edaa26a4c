/* compare_output.c: whether both sides computed the same, so that a faster wrong answer is no improvement.
 *
 * Two witnesses: the digest of what was computed, and the error against the reference that the suite measured before it
 * timed anything. Equal digests settle it. Different ones are a new way to round where both sides give an error and the
 * candidate's is no worse than COMPARE_ERROR_GROWTH times the base's; else they are another answer. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include <math.h>

/* The largest error that any good timed sample reported; NaN = none did. */
static double worst_error(const struct store_case *item)
{
    double worst = (double)NAN;
    for (size_t i = 0; item && i < item->metric_count; i++) {
        const struct store_series *series = &item->metrics[i];
        if (series->pass != STORE_PASS_TIMED || !str_equal(series->name, "max_rel_error"))
            continue;
        for (size_t k = 0; k < series->count; k++)
            worst = fmax(worst, series->values[k]);
    }
    return worst;
}

static enum compare_output judge_errors(double base, double candidate)
{
    if (!isfinite(base) || !isfinite(candidate))
        return COMPARE_OUTPUT_UNKNOWN;
    bool grew = candidate > COMPARE_ERROR_LEAST && candidate > COMPARE_ERROR_GROWTH * base;
    return grew ? COMPARE_OUTPUT_DIFFERENT : COMPARE_OUTPUT_WITHIN;
}

void compare_output_of(struct compare_case *item)
{
    const struct store_case *base = item->base, *candidate = item->candidate;
    item->output = COMPARE_OUTPUT_UNKNOWN;
    item->output_error_base = worst_error(base);
    item->output_error_candidate = worst_error(candidate);
    if (!base || !candidate)
        return;
    enum compare_output errors = judge_errors(item->output_error_base, item->output_error_candidate);
    /* A digest that varies on the base is no witness. */
    if (!base->output_digest || !candidate->output_digest || base->outputs_differ) {
        item->output = errors;
        return;
    }
    bool is_same = !candidate->outputs_differ && str_equal(base->output_digest, candidate->output_digest);
    if (errors == COMPARE_OUTPUT_DIFFERENT)
        item->output = errors;
    else if (is_same)
        item->output = COMPARE_OUTPUT_SAME;
    else
        item->output = errors == COMPARE_OUTPUT_WITHIN ? COMPARE_OUTPUT_WITHIN : COMPARE_OUTPUT_DIFFERENT;
}
