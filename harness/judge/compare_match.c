/* compare_match.c: finds the case of the candidate that belongs to each case of the base, and one value a process. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const struct store_case *a, const struct store_case *b)
{
    int order = strcmp(a->suite, b->suite);
    return order ? order : strcmp(a->name, b->name);
}

static int by_name(const void *a, const void *b)
{
    return compare_names(*(const struct store_case *const *)a, *(const struct store_case *const *)b);
}

static bool has_numbers(const struct store_case *item)
{
    return item && (item->sample_count || item->metric_count);
}

/* Skipped everywhere it was asked for: nobody's news. */
static bool is_only_skipped(const struct store_case *item)
{
    return !item || (!has_numbers(item) && !item->error_count);
}

/* What the options do not ask for is not compared, but explains what is (compare_attribution.c). */
static bool is_wanted(const struct compare_context *context, const struct store_case *item)
{
    if (context->options->suite && !str_equal(context->options->suite, item->suite))
        return false;
    return !context->filter || regexec(context->filter, item->name, 0, NULL, 0) == 0;
}

static void add_case(struct compare_context *context, const struct store_case *base, const struct store_case *candidate)
{
    struct comparison *comparison = context->comparison;
    const struct store_case *named = base ? base : candidate;
    if (!is_wanted(context, named) || (is_only_skipped(base) && is_only_skipped(candidate)))
        return;
    if (!candidate && context->options->partial) {
        context->left_out++;
        return;
    }
    comparison->cases[comparison->case_count++] =
        (struct compare_case){ .suite = named->suite, .name = named->name, .base = base, .candidate = candidate };
    comparison->shared += has_numbers(base) && has_numbers(candidate);
}

/* Where not one name is the same, the candidate measured something else, and its cases are not missing. */
static void drop_missing(struct compare_context *context)
{
    struct comparison *comparison = context->comparison;
    size_t kept = 0;
    for (size_t i = 0; i < comparison->case_count; i++) {
        if (comparison->cases[i].candidate)
            comparison->cases[kept++] = comparison->cases[i];
    }
    context->left_out += comparison->case_count - kept;
    comparison->case_count = kept;
}

void compare_match(struct compare_context *context, struct store_case *base, size_t base_count,
                   struct store_case *candidate, size_t candidate_count)
{
    struct comparison *comparison = context->comparison;
    comparison->cases = arena_array(context->arena, base_count + candidate_count, sizeof *comparison->cases);
    const struct store_case **sorted = arena_array(context->arena, candidate_count, sizeof *sorted);
    bool *taken = arena_array(context->arena, candidate_count, sizeof *taken);
    for (size_t i = 0; i < candidate_count; i++)
        sorted[i] = &candidate[i];
    qsort(sorted, candidate_count, sizeof *sorted, by_name);
    size_t both = 0;
    for (size_t i = 0; i < base_count; i++) {
        const struct store_case *key = &base[i];
        const struct store_case **found =
            candidate_count ? bsearch(&key, sorted, candidate_count, sizeof *sorted, by_name) : NULL;
        if (found)
            taken[*found - candidate] = true;
        both += found != NULL;
        add_case(context, key, found ? *found : NULL);
    }
    for (size_t i = 0; i < candidate_count; i++) {
        if (!taken[i])
            add_case(context, NULL, &candidate[i]);
    }
    if (!both && candidate_count && !comparison->paired && !context->options->history)
        drop_missing(context);
}

/* ---- one value a process ---- */

struct keyed {
    int key;
    double value;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

struct compare_values compare_by_key(const double *values, const int *keys, size_t count, struct arena *arena)
{
    struct compare_values out = { .keys = arena_array(arena, count, sizeof(int)),
                                  .values = arena_array(arena, count, sizeof(double)) };
    struct keyed *sorted = arena_array(arena, count, sizeof *sorted);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i]))
            sorted[kept++] = (struct keyed){ keys[i], values[i] };
    }
    qsort(sorted, kept, sizeof *sorted, by_key);
    for (size_t i = 0; i < kept;) {
        size_t end = i + 1;
        while (end < kept && sorted[end].key == sorted[i].key)
            end++;
        size_t low = i + (end - i - 1) / 2, high = i + (end - i) / 2;
        out.keys[out.count] = sorted[i].key;
        out.values[out.count++] = (sorted[low].value + sorted[high].value) / 2;
        i = end;
    }
    return out;
}
