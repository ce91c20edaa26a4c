/* gate_text.c: findings in one line. */
#include "harness/judge/gate_internal.h"
#include <math.h>
#include <stdio.h>

struct scale {
    double factor;
    const char *unit;
};

/* The largest unit in which the value is at least 1. */
static struct scale choose_scale(const struct scale *scales, size_t count, double value)
{
    struct scale best = scales[0];
    for (size_t i = 1; i < count; i++)
        if (fabs(value) >= scales[i].factor)
            best = scales[i];
    return best;
}

const char *gate_text_value(struct arena *arena, double value, const char *unit)
{
    static const struct scale times[] = { { 1, "ns" }, { 1e3, "us" }, { 1e6, "ms" }, { 1e9, "s" } };
    static const struct scale sizes[] = { { 1, "B" }, { 0x1p10, "KiB" }, { 0x1p20, "MiB" }, { 0x1p30, "GiB" } };
    struct gate_unit known = gate_unit_of(unit);
    struct scale scale = { 1, unit ? unit : "" };
    if (!isfinite(value))
        return "n/a";
    if (known.dimension == GATE_TIME)
        scale = choose_scale(times, sizeof times / sizeof times[0], value *= known.scale);
    else if (known.dimension == GATE_BYTES)
        scale = choose_scale(sizes, sizeof sizes / sizeof sizes[0], value *= known.scale);
    return arena_format(arena, "%.4g%s%s", value / scale.factor, *scale.unit ? " " : "", scale.unit);
}

const char *gate_text_percent(struct arena *arena, double log_ratio)
{
    double percent = judge_percent(log_ratio);
    return arena_format(arena, percent >= 1 ? "%.1f %%" : "%.2g %%", percent);
}

static const char *change_text(struct arena *arena, const struct compare_metric *measure)
{
    if (!isfinite(measure->effect))
        return arena_format(arena, "%s -> %s", gate_text_value(arena, measure->base.median, measure->unit),
                            gate_text_value(arena, measure->candidate.median, measure->unit));
    if (measure->exact || !isfinite(measure->interval.low) || !isfinite(measure->interval.high))
        return arena_format(arena, "%+.3g %%", judge_percent(measure->effect));
    return arena_format(arena, "%+.1f %% [%+.1f, %+.1f]", judge_percent(measure->effect),
                        judge_percent(measure->interval.low), judge_percent(measure->interval.high));
}

const char *gate_text_measure(struct arena *arena, const char *where, const struct gate_finding *finding)
{
    const struct compare_metric *measure = finding->measure;
    const char *change = change_text(arena, measure);
    if (finding->relative)
        return arena_format(arena, "%s: %s %s, budget %s", where, finding->metric, change,
                            gate_text_percent(arena, finding->limit));
    return arena_format(arena, "%s: %s %s, that is %s%s, budget +%s", where, finding->metric, change,
                        finding->actual < 0 ? "" : "+", gate_text_value(arena, finding->actual, finding->unit),
                        gate_text_value(arena, finding->limit, finding->unit));
}
