/* gate_target.c: values against targets, and the tiers that they make. */
#include "harness/judge/gate_internal.h"
#include "harness/base/str.h"
#include <math.h>
#include <string.h>

/* What a case says about a metric: median over processes, with its interval. */
struct reading {
    double value; /* NaN = not measured */
    struct stats_interval interval;
    const char *unit;          /* as it is shown; "" = none */
    struct gate_unit measured; /* what the unit means */
};

static struct reading read_values(const double *values, const int *processes, size_t count, double scale,
                                  struct arena *arena)
{
    double *medians = arena_array(arena, count + 1, sizeof *medians), *one = arena_array(arena, count + 1, sizeof *one);
    size_t median_count = 0;
    for (size_t i = 0, next; i < count; i = next) {
        size_t used = 0;
        for (next = i; next < count && (next == i || (processes && processes[next] == processes[i])); next++)
            if (isfinite(values[next]))
                one[used++] = values[next] * scale;
        if (used)
            medians[median_count++] = stats_median(one, used);
    }
    return (struct reading){ .value = stats_median(medians, median_count),
                             .interval = stats_median_interval(medians, median_count, JUDGE_CONFIDENCE),
                             .unit = "" };
}

static struct reading read_time(const struct store_case *source, bool real, struct gate_unit unit, struct arena *arena)
{
    bool converted = unit.dimension == GATE_TIME; /* "real_time_ms" */
    struct reading reading = read_values(real ? source->real_time_ns : source->cpu_time_ns, source->processes,
                                         source->sample_count, converted ? 1 / unit.scale : 1, arena);
    reading.measured = converted ? unit : (struct gate_unit){ GATE_TIME, 1 };
    return reading;
}

static struct reading read_series(const struct store_series *series, double scale, struct gate_unit unit,
                                  struct arena *arena)
{
    struct reading reading = read_values(series->values, series->processes, series->count, scale, arena);
    reading.measured = unit.dimension == GATE_PLAIN ? gate_unit_of(series->unit) : unit;
    if (unit.dimension == GATE_PLAIN && series->unit)
        reading.unit = series->unit;
    return reading;
}

/* The metric of exactly that name, or of the same stem in another unit: "load_s" where there is "load_ms". */
static struct reading read_metric(const struct store_case *source, const char *metric, struct arena *arena)
{
    char wanted[128], stem[128];
    struct gate_unit unit = gate_unit_of_name(metric, wanted, sizeof wanted);
    for (size_t i = 0; i < source->metric_count; i++)
        if (str_equal(source->metrics[i].name, metric))
            return read_series(&source->metrics[i], 1, unit, arena);
    if (str_equal(wanted, "real_time") || str_equal(wanted, "cpu_time"))
        return read_time(source, wanted[0] == 'r', unit, arena);
    for (size_t i = 0; unit.dimension != GATE_PLAIN && i < source->metric_count; i++) {
        struct gate_unit own = gate_unit_of_name(source->metrics[i].name, stem, sizeof stem);
        if (own.dimension == unit.dimension && str_equal(stem, wanted))
            return read_series(&source->metrics[i], own.scale / unit.scale, unit, arena);
    }
    return (struct reading){ .value = NAN };
}

/* The name of a metric's unit where the name tells it: "load_ms" -> "ms". */
static const char *unit_of(const char *metric, const struct reading *reading)
{
    static const char *const endings[] = { "ns", "us", "ms", "s", "kb", "mb", "gb", "kib", "mib", "gib" };
    static const char *const units[] = { "ns", "us", "ms", "s", "kB", "MB", "GB", "KiB", "MiB", "GiB" };
    const char *ending = strrchr(metric, '_');
    if (reading->unit[0] || reading->measured.dimension == GATE_PLAIN)
        return reading->unit;
    for (size_t i = 0; ending && i < sizeof endings / sizeof endings[0]; i++)
        if (str_equal(ending + 1, endings[i]))
            return units[i];
    return reading->measured.dimension == GATE_TIME ? "ns" : "B";
}

static bool holds(double value, const char *comparator, double limit)
{
    bool less = comparator[0] == '<', equal = comparator[1] == '=' && value == limit;
    return equal || (less ? value < limit : value > limit);
}

/* Missed only where the whole interval misses: a value near its target does not flap between good and bad. */
static enum judge_verdict verdict_of(const struct reading *reading, const char *comparator, double limit)
{
    if (isnan(reading->value) || isnan(limit))
        return JUDGE_UNDECIDED;
    if (holds(reading->value, comparator, limit))
        return JUDGE_EQUIVALENT;
    double best = comparator[0] == '<' ? reading->interval.low : reading->interval.high;
    bool enough = reading->interval.coverage > JUDGE_CONFIDENCE - 1e-9;
    return enough && holds(best, comparator, limit) ? JUDGE_UNDECIDED : JUDGE_REGRESSED;
}

struct target_place {
    const struct gate_rule *rule;
    const struct gate_target *target;
    const char *suite, *name;
};

static void count_tier(struct gate *gate, int index, const struct gate_finding *finding, bool measured)
{
    if (index < 0)
        return;
    struct gate_tier *tier = &gate->tiers[index];
    tier->count++;
    tier->met += finding->verdict == JUDGE_EQUIVALENT;
    tier->unknown += !measured;
}

static void judge_target(struct gate_work *work, const struct target_place *place, const struct gate_matched *matched,
                         const struct reading *reading)
{
    const struct gate_target *target = place->target;
    bool convert = target->limit.dimension != GATE_PLAIN, measured = !isnan(reading->value);
    struct gate_finding finding = {
        .kind = GATE_TARGET,
        .suite = place->suite,
        .name = place->name,
        .metric = target->metric,
        .unit = measured ? unit_of(target->metric, reading) : NULL,
        .actual = reading->value,
        .limit = convert ? target->limit.value / reading->measured.scale : target->limit.value,
        .comparator = target->comparator,
        .tier = place->rule->tier >= 0 ? gate_tier_names[place->rule->tier] : NULL,
    };
    bool comparable = !measured || !convert || target->limit.dimension == reading->measured.dimension;
    finding.verdict = comparable ? verdict_of(reading, target->comparator, finding.limit) : JUDGE_UNDECIDED;
    finding.outcome = finding.verdict == JUDGE_EQUIVALENT  ? "met"
                      : finding.verdict == JUDGE_REGRESSED ? "missed"
                      : !measured                          ? "not measured"
                      : !comparable                        ? "another unit"
                                                           : "undecided";
    finding.text = arena_format(work->arena, "%s: %s: %s%s%s", GATE_TEXT_WHERE(place->name), target->text,
                                finding.outcome, measured ? ", it is " : "",
                                measured ? gate_text_value(work->arena, finding.actual, finding.unit)
                                         : gate_metric_suggest(work, place->rule, target->metric));
    bool required = place->rule->tier <= work->input->policy->required_tier;
    enum gate_action action = GATE_ACTION_PASS;
    if (required && finding.verdict != JUDGE_EQUIVALENT)
        action = gate_match_action(matched, !measured || !comparable             ? GATE_EVENT_UNMEASURED
                                            : finding.verdict == JUDGE_REGRESSED ? GATE_EVENT_MISSED
                                                                                 : GATE_EVENT_UNDECIDED);
    count_tier(work->gate, place->rule->tier, &finding, measured && comparable);
    gate_add(work, &finding, action);
}

/* Which cases a target speaks about: one candidate run after the other, or the one that was given. */
static void judge_cases(struct gate_work *work, const struct gate_rule *rule, const struct gate_target *target,
                        const struct store_case *source, size_t *found)
{
    struct gate_matched matched = gate_match(work, source->suite, source->name);
    bool speaks = false;
    for (size_t i = 0; i < matched.count; i++)
        speaks |= matched.rules[i] == rule;
    if (!speaks)
        return;
    struct reading reading = read_metric(source, target->metric, work->arena);
    if (isnan(reading.value))
        return;
    struct target_place place = { rule, target, source->suite, source->name };
    judge_target(work, &place, &matched, &reading);
    work->gate->judged += work->input->comparison_count == 0; /* else they were counted there */
    ++*found;
}

static void judge_rule_target(struct gate_work *work, const struct gate_rule *rule, const struct gate_target *target)
{
    const struct gate_input *input = work->input;
    size_t found = 0;
    for (size_t i = 0; i < input->case_count; i++)
        judge_cases(work, rule, target, &input->cases[i], &found);
    for (size_t i = 0; !input->cases && i < input->comparison_count; i++)
        for (size_t k = 0; k < input->comparisons[i].case_count; k++)
            if (input->comparisons[i].cases[k].candidate)
                judge_cases(work, rule, target, input->comparisons[i].cases[k].candidate, &found);
    if (found || input->partial)
        return;
    const struct reading nothing = { .value = NAN, .unit = "" };
    struct target_place place = { rule, target, rule->suite ? rule->suite : "any", rule->pattern };
    struct gate_matched matched = gate_match(work, place.suite, NULL);
    judge_target(work, &place, &matched, &nothing);
}

void gate_judge_targets(struct gate_work *work)
{
    const struct gate_policy *policy = work->input->policy;
    struct gate *gate = work->gate;
    for (size_t i = 0; i < policy->rule_count; i++)
        for (size_t k = 0; k < policy->rules[i].target_count; k++)
            judge_rule_target(work, &policy->rules[i], &policy->rules[i].targets[k]);
    bool below = true;
    for (int i = 0; i < GATE_TIER_COUNT; i++) {
        struct gate_tier *tier = &gate->tiers[i];
        tier->reached = below && tier->count && tier->met == tier->count;
        below = below && tier->met == tier->count;
    }
}
