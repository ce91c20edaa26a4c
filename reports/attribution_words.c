/* attribution_words.c: rows and sentences of an attribution. See attribution.h.
 *
 * A sentence names an operation only where its interval says that it changed: the largest of a dozen noisy differences
 * always looks like a culprit. */
#include "reports/attribution.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct stats_interval no_interval = { (double)NAN, (double)NAN, 0 };

static bool has_interval(struct stats_interval interval)
{
    return isfinite(interval.low) && isfinite(interval.high);
}

static bool excludes_zero(struct stats_interval interval)
{
    return has_interval(interval) && (interval.low > 0 || interval.high < 0);
}

/* ---- which ---- */

size_t attribution_select(const struct comparison *comparison, const struct compare_attribution **list)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->attribution_count; i++)
        if (judgement_is_change(comparison->attributions[i].whole->verdict))
            list[count++] = &comparison->attributions[i];
    for (size_t i = 0; count == 0 && i < comparison->attribution_count; i++)
        if (comparison->attributions[i].whole->verdict == JUDGE_UNDECIDED)
            list[count++] = &comparison->attributions[i];
    return count;
}

/* ---- rows ---- */

/* A share of nothing is no number. */
static double share_of(const struct compare_attribution *item, double change_ns)
{
    bool is_noise = has_interval(item->change) && !excludes_zero(item->change);
    return is_noise || item->change_ns == 0 ? (double)NAN : change_ns / item->change_ns;
}

static struct attribution_row sum_row(const struct compare_attribution *item, const char *name, double change_ns,
                                      struct stats_interval interval)
{
    return (struct attribution_row){ .name = name,
                                     .base_ns = (double)NAN,
                                     .change_ns = change_ns,
                                     .interval = interval,
                                     .share = share_of(item, change_ns),
                                     .effect = (double)NAN,
                                     .kernel_effect = (double)NAN,
                                     .layer_effect = (double)NAN,
                                     .is_sum = true };
}

static struct attribution_row part_row(const struct compare_attribution *item, const struct compare_part *part)
{
    double change_ns = part->candidate_ns - part->base_ns;
    return (struct attribution_row){ .name = part->operation,
                                     .base_ns = part->base_ns,
                                     .change_ns = change_ns,
                                     .interval = part->interval,
                                     .share = share_of(item, change_ns),
                                     .effect = part->base_ns > 0 && part->candidate_ns > 0
                                                   ? log(part->candidate_ns / part->base_ns)
                                                   : (double)NAN,
                                     .kernel_effect = part->kernel_effect,
                                     .layer_effect = part->layer_effect };
}

/* All parts from the first on, as one. */
static struct attribution_row rest_row(const struct compare_attribution *item, size_t first, struct arena *arena)
{
    double base_ns = 0, change_ns = 0;
    for (size_t i = first; i < item->count; i++) {
        base_ns += item->parts[i].base_ns;
        change_ns += item->parts[i].candidate_ns - item->parts[i].base_ns;
    }
    struct attribution_row row =
        sum_row(item, arena_format(arena, "%zu others", item->count - first), change_ns, no_interval);
    row.base_ns = base_ns;
    row.is_sum = false;
    return row;
}

const struct attribution_row *attribution_rows(const struct compare_attribution *item, size_t limit,
                                               struct arena *arena, size_t *count)
{
    struct attribution_row *rows = arena_array(arena, item->count + 4, sizeof *rows);
    size_t shown = item->count > limit ? limit - 1 : item->count;
    *count = 0;
    for (size_t i = 0; i < shown; i++)
        rows[(*count)++] = part_row(item, &item->parts[i]);
    if (shown < item->count)
        rows[(*count)++] = rest_row(item, shown, arena);
    rows[(*count)++] = sum_row(item, "not explained (residual)", item->residual_ns, item->residual);
    struct attribution_row whole = sum_row(item, "the whole", item->change_ns, item->change);
    whole.base_ns = item->base_ns;
    whole.effect = item->whole->time.effect;
    rows[(*count)++] = whole;
    if (isfinite(item->predicted_ns))
        rows[(*count)++] = sum_row(item, "predicted by kernels alone", item->predicted_ns, no_interval);
    return rows;
}

/* ---- numbers ---- */

struct attribution_scale attribution_scale(const struct compare_attribution *item)
{
    double largest = fabs(item->change_ns);
    for (size_t i = 0; i < item->count; i++)
        largest = fmax(largest, fabs(item->parts[i].candidate_ns - item->parts[i].base_ns));
    struct number_scale scale = number_scale(NUMBER_TIME_NS, largest);
    double shown = largest * scale.factor;
    return (struct attribution_scale){ scale.factor, shown >= 100 ? 0 : shown >= 10 ? 1 : 2, scale.unit };
}

static double rounded(struct attribution_scale scale, double time_ns)
{
    double unit = pow(10, scale.decimals);
    return round(time_ns * scale.factor * unit) / unit + 0.0; /* no "-0.0" */
}

char *attribution_number(char *buffer, size_t size, struct attribution_scale scale, double time_ns)
{
    double shown = rounded(scale, time_ns);
    *buffer = 0;
    if (isfinite(time_ns))
        snprintf(buffer, size, shown == 0 ? "%.*f" : "%+.*f", scale.decimals, shown);
    return buffer;
}

char *attribution_interval(char *buffer, size_t size, struct attribution_scale scale, struct stats_interval interval)
{
    char low[64], high[64];
    *buffer = 0;
    if (has_interval(interval))
        snprintf(buffer, size, "[%s, %s]", attribution_number(low, sizeof low, scale, interval.low),
                 attribution_number(high, sizeof high, scale, interval.high));
    return buffer;
}

/* ---- sentences ---- */

enum { LEADING = 4 };

/* The parts that the change comes from: certain, in its direction, until they make up most of it. */
static size_t find_leading(const struct compare_attribution *item, const struct compare_part *leading[LEADING])
{
    size_t count = 0;
    double sum_ns = 0;
    for (size_t i = 0; i < item->count && count < LEADING && fabs(sum_ns) < 0.9 * fabs(item->change_ns); i++) {
        const struct compare_part *part = &item->parts[i];
        double change_ns = part->candidate_ns - part->base_ns;
        if (!excludes_zero(part->interval) || (change_ns > 0) != (item->change_ns > 0) ||
            fabs(change_ns) < 0.02 * fabs(item->change_ns))
            continue; /* certain, but too small to matter, is no source either */
        leading[count++] = part;
        sum_ns += change_ns;
    }
    return count;
}

static const char *where(const struct compare_attribution *item, const struct compare_part *const *leading,
                         size_t count, struct arena *arena)
{
    struct attribution_scale scale = attribution_scale(item);
    double sum_ns = 0;
    char number[64];
    const char *list = "";
    for (size_t i = 0; i < count; i++) {
        double change_ns = leading[i]->candidate_ns - leading[i]->base_ns, share = share_of(item, change_ns);
        sum_ns += change_ns;
        list = arena_format(arena, "%s%s%s %s %s", list, i ? ", " : "", leading[i]->operation,
                            attribution_number(number, sizeof number, scale, change_ns), scale.unit);
        if (isfinite(share))
            list = arena_format(arena, "%s (%.0f %%)", list, 100 * share);
    }
    double share = share_of(item, sum_ns);
    return arena_format(arena, "%s: %s.",
                        !isfinite(share) ? "What changed for certain"
                        : share >= 0.5   ? "It comes from"
                                         : "A part of it comes from",
                        list);
}

/* "matvec/q8_0/avx2" of the first kernel of a span: what comes before its shape. "" if it names none. */
static const char *kernel_name(const char *kernels, struct arena *arena)
{
    size_t length = kernels ? strcspn(kernels, " :") : 0;
    if (kernels && kernels[length] == ':')
        while (length && kernels[length] != '/')
            length--;
    return kernels ? arena_strndup(arena, kernels, length) : "";
}

/* Whether the kernels alone say the same of an operation as its spans do. */
static const char *about_kernels(const struct compare_part *part, struct arena *arena)
{
    char alone[40], whole[40];
    const char *kernel = kernel_name(part->kernels, arena), *now = kernel_name(part->kernels_candidate, arena);
    double effect = part->base_ns > 0 && part->candidate_ns > 0 ? log(part->candidate_ns / part->base_ns) : (double)NAN;
    if (part->kind == COMPARE_PART_WAIT)
        return arena_format(arena, "The threads wait %s for one another: uneven work, or the barriers themselves.",
                            effect > 0 ? "longer" : "less");
    if (part->kind == COMPARE_PART_OUTSIDE)
        return "Outside of operations: entering and leaving the engine, or what the suite does around it.";
    if (!*kernel)
        return arena_format(arena, "%s: its spans name no kernel, so nothing measured alone can say why.",
                            part->operation);
    if (*now && !str_equal(kernel, now))
        return arena_format(arena, "%s calls another kernel now: %s instead of %s.", part->operation, now, kernel);
    if (!isfinite(part->kernel_effect))
        return arena_format(arena, "%s: %s was not measured alone on both sides.", part->operation, kernel);
    judgement_effect(alone, sizeof alone, part->kernel_effect);
    judgement_effect(whole, sizeof whole, effect);
    double ratio = part->kernel_effect / effect;
    if (ratio >= 0.5 && ratio <= 2)
        return arena_format(arena, "%s %s: %s measured alone %s, so it is the kernel.", part->operation, whole, kernel,
                            alone);
    return arena_format(arena, "%s %s, but %s measured alone %s: look at how it is called, and with what.",
                        part->operation, whole, kernel, alone);
}

static const char *about_residual(const struct compare_attribution *item, struct arena *arena)
{
    struct attribution_scale scale = attribution_scale(item);
    char number[64];
    if (!excludes_zero(item->residual) || fabs(item->residual_ns) < 0.05 * fabs(item->change_ns))
        return NULL;
    return arena_format(arena,
                        "%s %s are not explained, beyond the noise of both: the traced processes do not show them.",
                        attribution_number(number, sizeof number, scale, item->residual_ns), scale.unit);
}

size_t attribution_sentences(const struct compare_attribution *item, const char *sentences[ATTRIBUTION_SENTENCES],
                             struct arena *arena)
{
    const struct compare_part *leading[LEADING];
    size_t count = 0, parts = find_leading(item, leading);
    if (!has_interval(item->parts[0].interval))
        sentences[count++] = "One traced process a side: these changes have no interval, and the noise of the machine "
                             "is in them. `prony ab --spans` traces in pairs.";
    else if (parts == 0)
        sentences[count++] =
            arena_format(arena, "No operation changed by more than the noise of %zu traced pairs.", item->pairs);
    else
        sentences[count++] = where(item, leading, parts, arena);
    for (size_t i = 0; i < parts; i++)
        sentences[count++] = about_kernels(leading[i], arena);
    const char *residual = about_residual(item, arena);
    if (residual)
        sentences[count++] = residual;
    return count;
}

const char *attribution_legend(const struct compare_attribution *item, struct arena *arena)
{
    return arena_format(arena,
                        "Parts: %zu pair%s of traced processes; the whole: the judged ones, not traced. Residual = "
                        "whole - parts. Kernel, layer: the same work measured alone in those suites.",
                        item->pairs, judgement_plural(item->pairs));
}
