/* compare_attribution.c: which operations a whole model's change comes from, and whether their kernels, measured alone,
 * say the same. What no operation explains is left over and always told. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include "harness/judge/kernel_time.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What of both sides is looked up, and what was found already: layers repeat the same kernels. */
struct lookup {
    const struct compare_context *context;
    const struct store_case *base, *candidate;
    size_t base_count, candidate_count;
    struct compare_case **cases; /* of each case of the base; NULL = none */
    const char **kernels;        /* texts that were looked up */
    double *effects;             /* of each */
    size_t known, capacity;
};

/* ---- kernels ---- */

/* Change of one kernel: its own comparison where the same variant is the fastest on both sides, else the ratio of
 * what is the fastest now and then. NaN = not measured on both. */
static double effect_of_kernel(const struct lookup *lookup, const char *kernel, double *base_rate)
{
    struct kernel_time base = kernel_time_find(kernel, lookup->base, lookup->base_count);
    struct kernel_time candidate = kernel_time_find(kernel, lookup->candidate, lookup->candidate_count);
    *base_rate = base.flops_per_second;
    if (base.index == lookup->base_count || candidate.index == lookup->candidate_count)
        return (double)NAN;
    const struct compare_case *item = lookup->cases[base.index];
    if (item && item->candidate == &lookup->candidate[candidate.index])
        return item->time.effect;
    return log(base.flops_per_second / candidate.flops_per_second);
}

/* Of all kernels of a span together, each with its share of their time. */
static double effect_of_kernels(const struct lookup *lookup, const struct store_span *span)
{
    const char *rest = span->kernels, *kernel;
    double before = 0, after = 0;
    bool is_single = !strchr(span->kernels, ' ');
    while (kernel_time_next(&rest, &kernel, lookup->context->arena)) {
        double rate, effect = effect_of_kernel(lookup, kernel, &rate);
        double time = (is_single ? 1 : kernel_time_flops(span, kernel)) / rate;
        before += time;
        after += time * exp(effect);
    }
    return log(after / before);
}

static double look_up(struct lookup *lookup, const struct store_span *span)
{
    if (!span->kernels || !*span->kernels)
        return (double)NAN;
    for (size_t i = 0; i < lookup->known; i++) {
        if (str_equal(lookup->kernels[i], span->kernels))
            return lookup->effects[i];
    }
    double effect = effect_of_kernels(lookup, span);
    if (lookup->known < lookup->capacity) {
        lookup->kernels[lookup->known] = span->kernels;
        lookup->effects[lookup->known++] = effect;
    }
    return effect;
}

/* ---- the layers suite ---- */

/* The part of the layers suite that does an operation of the engine; NULL = none. */
static const char *layer_part(const char *operation)
{
    static const struct {
        const char *prefix, *part;
    } parts[] = { { "rope", "rope" },     { "attention_norm", "norm" }, { "ffn_norm", "norm" },
                  { "qkv", "attention" }, { "attention", "attention" }, { "ffn", "ffn" },
                  { "output", "output" } };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (str_starts(operation, parts[i].prefix))
            return parts[i].part;
    }
    return NULL;
}

static double effect_of_layer(const struct lookup *lookup, const char *whole, const char *operation)
{
    const struct comparison *comparison = lookup->context->comparison;
    const char *part = layer_part(operation);
    const char *wanted = part ? kernel_time_layer_name(whole, part, lookup->context->arena) : NULL;
    for (size_t i = 0; wanted && i < comparison->case_count; i++) {
        const struct compare_case *item = &comparison->cases[i];
        if (item->base && item->candidate && str_equal(item->suite, "layers") && str_equal(item->name, wanted))
            return item->time.effect;
    }
    return (double)NAN;
}

/* ---- parts ---- */

/* Sums of an operation over its layers; the kernels' predicted time while all its spans have one. */
struct sums {
    double predicted_ns;
    bool on_base;
};

static struct compare_part *part_of(struct compare_attribution *attribution, const char *operation, size_t room)
{
    for (size_t i = 0; i < attribution->count; i++) {
        if (str_equal(attribution->parts[i].operation, operation))
            return &attribution->parts[i];
    }
    if (attribution->count == room)
        return NULL;
    struct compare_part *part = &attribution->parts[attribution->count++];
    *part = (struct compare_part){ .operation = operation };
    return part;
}

static void add_sides(struct lookup *lookup, struct compare_attribution *attribution, struct sums *sums, size_t room)
{
    const struct store_case *base = attribution->whole->base, *candidate = attribution->whole->candidate;
    for (size_t i = 0; i < base->span_count; i++) {
        const struct store_span *span = &base->spans[i];
        struct compare_part *part = part_of(attribution, span->operation, room);
        struct sums *sum = &sums[part - attribution->parts];
        part->base_ns += span->time_ns;
        sum->predicted_ns += span->time_ns * exp(look_up(lookup, span));
        sum->on_base = true;
    }
    for (size_t i = 0; i < candidate->span_count; i++)
        part_of(attribution, candidate->spans[i].operation, room)->candidate_ns += candidate->spans[i].time_ns;
}

static int by_change(const void *a, const void *b)
{
    const struct compare_part *x = a, *y = b;
    double one = fabs(x->candidate_ns - x->base_ns), other = fabs(y->candidate_ns - y->base_ns);
    if (one != other)
        return one < other ? 1 : -1;
    return (x->base_ns < y->base_ns) - (x->base_ns > y->base_ns);
}

static void fill_parts(struct lookup *lookup, struct compare_attribution *attribution)
{
    const struct compare_case *whole = attribution->whole;
    size_t room = whole->base->span_count + whole->candidate->span_count;
    struct sums *sums = arena_array(lookup->context->arena, room, sizeof *sums);
    attribution->parts = arena_array(lookup->context->arena, room, sizeof *attribution->parts);
    add_sides(lookup, attribution, sums, room);
    bool is_predicted = false;
    double explained = 0;
    for (size_t i = 0; i < attribution->count; i++) {
        struct compare_part *part = &attribution->parts[i];
        part->kernel_effect = sums[i].on_base ? log(sums[i].predicted_ns / part->base_ns) : (double)NAN;
        part->layer_effect = effect_of_layer(lookup, whole->name, part->operation);
        explained += part->candidate_ns - part->base_ns;
        if (isfinite(part->kernel_effect)) {
            attribution->predicted_ns += sums[i].predicted_ns - part->base_ns;
            is_predicted = true;
        }
    }
    if (!is_predicted)
        attribution->predicted_ns = (double)NAN;
    attribution->residual_ns = attribution->change_ns - explained;
    qsort(attribution->parts, attribution->count, sizeof *attribution->parts, by_change);
}

/* The times that are judged come from processes that trace nothing; without them the traced ones must do. */
static void measure_whole(struct compare_attribution *attribution)
{
    const struct compare_case *whole = attribution->whole;
    bool is_timed = isfinite(whole->time.effect);
    attribution->base_ns = is_timed ? whole->time.base.median : whole->base->span_iteration_ns;
    attribution->change_ns = is_timed ? attribution->base_ns * expm1(whole->time.effect)
                                      : whole->candidate->span_iteration_ns - whole->base->span_iteration_ns;
}

static bool is_whole(const struct compare_case *item)
{
    return item->base && item->candidate && item->base->span_count && item->candidate->span_count &&
           !str_equal(item->suite, "layers") && !str_equal(item->suite, "kernels");
}

static void index_cases(struct lookup *lookup)
{
    struct comparison *comparison = lookup->context->comparison;
    lookup->cases = arena_array(lookup->context->arena, lookup->base_count, sizeof *lookup->cases);
    for (size_t i = 0; i < comparison->case_count; i++) {
        if (comparison->cases[i].base)
            lookup->cases[comparison->cases[i].base - lookup->base] = &comparison->cases[i];
    }
}

void compare_attribute(struct compare_context *context, const struct store_case *base, size_t base_count,
                       const struct store_case *candidate, size_t candidate_count)
{
    struct comparison *comparison = context->comparison;
    struct lookup lookup = { .context = context,
                             .base = base,
                             .base_count = base_count,
                             .candidate = candidate,
                             .candidate_count = candidate_count,
                             .capacity = 256 };
    size_t count = 0;
    for (size_t i = 0; i < comparison->case_count; i++)
        count += is_whole(&comparison->cases[i]);
    if (!count)
        return;
    lookup.kernels = arena_array(context->arena, lookup.capacity, sizeof *lookup.kernels);
    lookup.effects = arena_array(context->arena, lookup.capacity, sizeof *lookup.effects);
    index_cases(&lookup);
    comparison->attributions = arena_array(context->arena, count, sizeof *comparison->attributions);
    for (size_t i = 0; i < comparison->case_count; i++) {
        if (!is_whole(&comparison->cases[i]))
            continue;
        struct compare_attribution *attribution = &comparison->attributions[comparison->attribution_count++];
        attribution->whole = &comparison->cases[i];
        measure_whole(attribution);
        fill_parts(&lookup, attribution);
    }
}
