/* compare_attribution.c: which operations a whole model's change comes from, and whether their kernels, measured alone,
 * say the same. What no operation explains is left over and always told.
 *
 * Traced processes come in pairs, as the judged ones do, so each operation's change has an interval of its own: on a
 * busy machine the traces of a single process a side differ by more than what is looked for. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include "harness/judge/kernel_time.h"
#include "harness/stats/paired.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What of both sides is looked up, and what was found already: layers repeat the same kernels. */
struct lookup {
    const struct compare_context *context;
    const struct store_case *base, *candidate;
    size_t base_count, candidate_count;
    struct compare_case **cases; /* of each case of the base; NULL = none */
    const char **kernels;        /* texts that were looked up: of the base's span and of the candidate's */
    double *effects;             /* of each pair of them */
    size_t known, capacity;
};

/* ---- kernels ---- */

/* Change of one kernel: its own comparison where both sides call the same variant, else the ratio of what the one calls
 * now and the other then. NaN = not measured on both. */
static double effect_of_kernel(const struct lookup *lookup, const char *before, const char *now, double *base_rate)
{
    struct kernel_time base = kernel_time_find(before, lookup->base, lookup->base_count);
    struct kernel_time candidate = kernel_time_find(now, lookup->candidate, lookup->candidate_count);
    *base_rate = base.flops_per_second;
    if (base.index == lookup->base_count || candidate.index == lookup->candidate_count)
        return (double)NAN;
    const struct compare_case *item = lookup->cases[base.index];
    if (item && item->candidate == &lookup->candidate[candidate.index])
        return item->time.effect;
    return log(base.flops_per_second / candidate.flops_per_second);
}

/* Of all kernels of a span together, each with its share of their time. now: what the candidate's span names. */
static double effect_of_kernels(const struct lookup *lookup, const struct store_span *span, const char *now)
{
    const char *rest = span->kernels, *rest_now = now, *kernel, *kernel_now;
    double before = 0, after = 0;
    bool is_single = !strchr(span->kernels, ' ');
    while (kernel_time_next(&rest, &kernel, lookup->context->arena)) {
        if (!kernel_time_next(&rest_now, &kernel_now, lookup->context->arena))
            return (double)NAN; /* it consists of other kernels now */
        double rate, effect = effect_of_kernel(lookup, kernel, kernel_now, &rate);
        double time = (is_single ? 1 : kernel_time_flops(span, kernel)) / rate;
        before += time;
        after += time * exp(effect);
    }
    return log(after / before);
}

static double look_up(struct lookup *lookup, const struct store_span *span, const char *now)
{
    if (!span->kernels || !*span->kernels || !now || !*now)
        return (double)NAN;
    const char *both = arena_format(lookup->context->arena, "%s > %s", span->kernels, now);
    for (size_t i = 0; i < lookup->known; i++) {
        if (str_equal(lookup->kernels[i], both))
            return lookup->effects[i];
    }
    double effect = effect_of_kernels(lookup, span, now);
    if (lookup->known < lookup->capacity) {
        lookup->kernels[lookup->known] = both;
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

/* ---- traces ---- */

/* One traced process of each side, measured next to each other. */
struct traced_pair {
    const struct store_trace *base, *candidate;
};

static const struct store_trace *trace_of_round(const struct store_case *item, int round)
{
    for (size_t i = 0; i < item->trace_count; i++) {
        if (item->traces[i].round == round)
            return &item->traces[i];
    }
    return NULL;
}

/* Rounds that both sides have traced; else, as of two runs that were not interleaved, the newest trace of each. */
static struct traced_pair *make_pairs(const struct compare_context *context, const struct compare_case *whole,
                                      size_t *count)
{
    const struct store_case *base = whole->base, *candidate = whole->candidate;
    struct traced_pair *pairs = arena_array(context->arena, base->trace_count + 1, sizeof *pairs);
    *count = 0;
    for (size_t i = 0; context->paired && i < base->trace_count; i++) {
        const struct store_trace *other = trace_of_round(candidate, base->traces[i].round);
        if (other && trace_of_round(base, base->traces[i].round) == &base->traces[i])
            pairs[(*count)++] = (struct traced_pair){ &base->traces[i], other };
    }
    if (!*count)
        pairs[(*count)++] = (struct traced_pair){ &base->traces[base->trace_count - 1],
                                                  &candidate->traces[candidate->trace_count - 1] };
    return pairs;
}

/* ---- parts ---- */

#define OUTSIDE "outside of operations"

/* What is summed of an operation over its layers, pair by pair. */
struct sums {
    double *base_ns, *candidate_ns; /* [pairs] */
    double known_ns, predicted_ns;  /* of the newest pair: all of its spans, and what their kernels make of them */
    double longest_ns;
    bool on_base;
};

struct account {
    struct lookup *lookup;
    struct compare_attribution *attribution;
    struct sums *sums; /* of each part */
    const struct traced_pair *pairs;
    size_t room;
};

static size_t part_of(struct account *account, const char *operation, enum compare_span_kind kind)
{
    struct compare_attribution *attribution = account->attribution;
    struct arena *arena = account->lookup->context->arena;
    for (size_t i = 0; i < attribution->count; i++) {
        if (attribution->parts[i].kind == kind && str_equal(attribution->parts[i].operation, operation))
            return i;
    }
    struct sums *sums = &account->sums[attribution->count];
    sums->base_ns = arena_array(arena, attribution->pairs, sizeof *sums->base_ns);
    sums->candidate_ns = arena_array(arena, attribution->pairs, sizeof *sums->candidate_ns);
    attribution->parts[attribution->count] = (struct compare_part){ .operation = operation, .kind = kind };
    return attribution->count++;
}

/* Adds a trace to its side of each part; what no span covers is a part of its own. */
static void add_trace(struct account *account, size_t pair, const struct store_trace *trace, bool is_base)
{
    double rest_ns = trace->iteration_ns;
    for (size_t i = 0; i < trace->span_count; i++) {
        const struct store_span *span = &trace->spans[i];
        bool waits = str_equal(span->operation, "wait");
        size_t part = part_of(account, span->operation, waits ? COMPARE_PART_WAIT : COMPARE_PART_OPERATION);
        struct sums *sums = &account->sums[part];
        (is_base ? sums->base_ns : sums->candidate_ns)[pair] += span->time_ns;
        sums->on_base = sums->on_base || is_base;
        rest_ns -= span->time_ns;
    }
    if (isfinite(rest_ns)) {
        struct sums *sums = &account->sums[part_of(account, OUTSIDE, COMPARE_PART_OUTSIDE)];
        (is_base ? sums->base_ns : sums->candidate_ns)[pair] += rest_ns;
    }
}

static const char *kernels_now(const struct store_trace *trace, const struct store_span *wanted)
{
    for (size_t i = 0; i < trace->span_count; i++) {
        if (trace->spans[i].layer == wanted->layer && str_equal(trace->spans[i].operation, wanted->operation))
            return trace->spans[i].kernels;
    }
    return NULL;
}

/* What the kernels say of each operation, by the spans of the newest pair. */
static void add_kernels(struct account *account)
{
    const struct traced_pair *newest = &account->pairs[account->attribution->pairs - 1];
    for (size_t i = 0; i < newest->base->span_count; i++) {
        const struct store_span *span = &newest->base->spans[i];
        bool waits = str_equal(span->operation, "wait");
        size_t index = part_of(account, span->operation, waits ? COMPARE_PART_WAIT : COMPARE_PART_OPERATION);
        struct compare_part *part = &account->attribution->parts[index];
        struct sums *sums = &account->sums[index];
        const char *now = kernels_now(newest->candidate, span);
        sums->known_ns += span->time_ns;
        sums->predicted_ns += span->time_ns * exp(look_up(account->lookup, span, now));
        if (span->time_ns > sums->longest_ns) {
            sums->longest_ns = span->time_ns;
            part->kernels = span->kernels;
            part->kernels_candidate = now;
        }
    }
}

/* Differences of pairs have an interval from six on, as everywhere. */
static struct stats_interval judge_differences(const double *differences, size_t count, double *estimate)
{
    struct stats_paired paired = stats_paired(differences, count, JUDGE_CONFIDENCE, 1);
    *estimate = paired.estimate;
    return count >= JUDGE_LEAST_PAIRS ? paired.interval : (struct stats_interval){ (double)NAN, (double)NAN, 0 };
}

static void finish_part(struct account *account, struct compare_part *part, const struct sums *sums)
{
    size_t count = account->attribution->pairs;
    double *differences = arena_array(account->lookup->context->arena, count, sizeof *differences), change_ns;
    for (size_t i = 0; i < count; i++)
        differences[i] = sums->candidate_ns[i] - sums->base_ns[i];
    part->interval = judge_differences(differences, count, &change_ns);
    part->base_ns = stats_median(sums->base_ns, count);
    part->candidate_ns = part->base_ns + change_ns;
    part->kernel_effect = sums->known_ns > 0 ? log(sums->predicted_ns / sums->known_ns) : (double)NAN;
    part->layer_effect = effect_of_layer(account->lookup, account->attribution->whole->name, part->operation);
}

static int by_change(const void *a, const void *b)
{
    const struct compare_part *x = a, *y = b;
    double one = fabs(x->candidate_ns - x->base_ns), other = fabs(y->candidate_ns - y->base_ns);
    if (one != other)
        return one < other ? 1 : -1;
    return (x->base_ns < y->base_ns) - (x->base_ns > y->base_ns);
}

/* The parts' changes together, pair by pair. */
static struct stats_interval explained_interval(const struct account *account)
{
    const struct compare_attribution *attribution = account->attribution;
    double *sums = arena_array(account->lookup->context->arena, attribution->pairs, sizeof *sums), estimate;
    for (size_t i = 0; i < attribution->count; i++) {
        for (size_t pair = 0; pair < attribution->pairs; pair++)
            sums[pair] += account->sums[i].candidate_ns[pair] - account->sums[i].base_ns[pair];
    }
    return judge_differences(sums, attribution->pairs, &estimate);
}

/* What is left: the judged change less the traced one. Both are measured in other processes, so their errors are
 * independent, and half widths add up as squares. */
static void fill_residual(const struct account *account, double explained_ns)
{
    struct compare_attribution *attribution = account->attribution;
    struct stats_interval traced = explained_interval(account), whole = attribution->change;
    double half = hypot((traced.high - traced.low) / 2, (whole.high - whole.low) / 2);
    attribution->residual_ns = attribution->change_ns - explained_ns;
    attribution->residual = (struct stats_interval){ attribution->residual_ns - half, attribution->residual_ns + half,
                                                     isfinite(half) ? JUDGE_CONFIDENCE : 0 };
}

static void fill_parts(struct lookup *lookup, struct compare_attribution *attribution)
{
    const struct compare_case *whole = attribution->whole;
    struct account account = { .lookup = lookup, .attribution = attribution };
    double explained_ns = 0;
    account.pairs = make_pairs(lookup->context, whole, &attribution->pairs);
    account.room = 1;
    for (size_t i = 0; i < attribution->pairs; i++)
        account.room += account.pairs[i].base->span_count + account.pairs[i].candidate->span_count;
    account.sums = arena_array(lookup->context->arena, account.room, sizeof *account.sums);
    attribution->parts = arena_array(lookup->context->arena, account.room, sizeof *attribution->parts);
    for (size_t i = 0; i < attribution->pairs; i++) {
        add_trace(&account, i, account.pairs[i].base, true);
        add_trace(&account, i, account.pairs[i].candidate, false);
    }
    add_kernels(&account);
    attribution->predicted_ns = (double)NAN;
    for (size_t i = 0; i < attribution->count; i++) {
        struct compare_part *part = &attribution->parts[i];
        finish_part(&account, part, &account.sums[i]);
        explained_ns += part->candidate_ns - part->base_ns;
        if (isfinite(part->kernel_effect))
            attribution->predicted_ns = (isfinite(attribution->predicted_ns) ? attribution->predicted_ns : 0) +
                                        part->base_ns * expm1(part->kernel_effect);
    }
    fill_residual(&account, explained_ns);
    qsort(attribution->parts, attribution->count, sizeof *attribution->parts, by_change);
}

/* The times that are judged come from processes that trace nothing; without them the traced ones must do. */
static void measure_whole(struct compare_attribution *attribution)
{
    const struct compare_case *whole = attribution->whole;
    const struct compare_metric *time = &whole->time;
    bool is_timed = isfinite(time->effect);
    attribution->base_ns = is_timed ? time->base.median : whole->base->span_iteration_ns;
    attribution->change_ns = is_timed ? attribution->base_ns * expm1(time->effect)
                                      : whole->candidate->span_iteration_ns - whole->base->span_iteration_ns;
    attribution->change = (struct stats_interval){ (double)NAN, (double)NAN, 0 };
    if (is_timed && isfinite(time->interval.low) && isfinite(time->interval.high))
        attribution->change =
            (struct stats_interval){ attribution->base_ns * expm1(time->interval.low),
                                     attribution->base_ns * expm1(time->interval.high), time->interval.coverage };
}

bool compare_is_whole(const char *suite)
{
    return !str_equal(suite, "layers") && !str_equal(suite, "kernels");
}

static bool is_whole(const struct compare_case *item)
{
    return item->base && item->candidate && item->base->trace_count && item->candidate->trace_count &&
           compare_is_whole(item->suite);
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
