/* gate_budget.c: one measured change against one budget. */
#include "harness/judge/gate_internal.h"
#include "harness/base/str.h"
#include <math.h>

double gate_budget_effect(const struct compare_metric *measure)
{
    return measure->higher_is_better ? -measure->effect : measure->effect;
}

double gate_budget_absolute(const struct gate_budget *budget, const struct compare_metric *measure)
{
    char stem[128];
    struct gate_unit unit = gate_unit_of(measure->unit);
    if (unit.dimension == GATE_PLAIN)
        unit = gate_unit_of_name(measure->name, stem, sizeof stem);
    if (budget->absolute.dimension == GATE_PLAIN)
        return budget->absolute.value;
    return budget->absolute.dimension == unit.dimension ? budget->absolute.value / unit.scale : NAN;
}

double gate_budget_limit(const struct gate_budget *budget, const struct compare_metric *measure)
{
    double absolute = gate_budget_absolute(budget, measure);
    double limit = isnan(budget->relative) ? 0 : budget->relative;
    if (isnan(absolute) || !(measure->base.median > 0))
        return limit;
    /* Of a rate, the absolute budget is what it may lose. */
    double ratio = absolute / measure->base.median;
    double allowed = !measure->higher_is_better ? log1p(ratio) : ratio < 1 ? -log1p(-ratio) : INFINITY;
    return fmax(limit, allowed);
}

/* Counts that are the same in every process need no statistics, and no ratio: none before, some now. */
static bool is_constant(const struct stats_summary *summary)
{
    return summary->count && summary->minimum == summary->maximum;
}

static enum judge_verdict verdict_of_constants(const struct compare_metric *measure)
{
    if (!is_constant(&measure->base) || !is_constant(&measure->candidate))
        return JUDGE_UNDECIDED;
    double more = measure->candidate.median - measure->base.median;
    if (measure->higher_is_better)
        more = -more;
    return more > 0 ? JUDGE_REGRESSED : more < 0 ? JUDGE_IMPROVED : JUDGE_EQUIVALENT;
}

/* A call that fresh pairs did not confirm says nothing: its interval was chosen because it lay far out. */
static const struct stats_interval *interval_that_stands(const struct compare_metric *measure)
{
    const struct compare_confirmation *again = &measure->confirmation;
    if (again->state == COMPARE_FRESH_DIFFERS)
        return &again->interval;
    return again->state == COMPARE_UNMEASURED ? NULL : &measure->interval;
}

static bool is_within(const struct compare_metric *measure, double limit)
{
    const struct stats_interval *interval = interval_that_stands(measure);
    if (!interval || !(interval->coverage > JUDGE_CONFIDENCE - 1e-9) || !isfinite(interval->low) ||
        !isfinite(interval->high) || (measure->reason && str_starts(measure->reason, "insufficient")))
        return false;
    return (measure->higher_is_better ? -interval->low : interval->high) <= limit;
}

enum judge_verdict gate_budget_verdict(const struct compare_metric *measure, double limit)
{
    double effect = gate_budget_effect(measure);
    double low = measure->higher_is_better ? -measure->interval.high : measure->interval.low;
    if (isnan(effect))
        return verdict_of_constants(measure);
    if (measure->exact)
        return effect > limit ? JUDGE_REGRESSED : effect < -limit ? JUDGE_IMPROVED : JUDGE_EQUIVALENT;
    /* The comparison has looked at q, at CPU time and at its own floor: the gate can only allow more. */
    if (measure->verdict == JUDGE_REGRESSED && low > limit)
        return JUDGE_REGRESSED;
    if (measure->verdict != JUDGE_REGRESSED && measure->verdict != JUDGE_UNDECIDED)
        return measure->verdict;
    return is_within(measure, fmax(limit, measure->floor)) ? JUDGE_EQUIVALENT : JUDGE_UNDECIDED;
}
