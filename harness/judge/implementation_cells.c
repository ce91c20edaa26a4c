/* implementation_cells.c: one group of cases: the metric that compares, speed-up, memory and output of each. */
#include "harness/base/str.h"
#include "harness/judge/implementations_internal.h"
#include <math.h>

static const struct store_series *find_series(const struct store_case *item, const char *name, enum store_pass pass)
{
    for (size_t i = 0; i < item->metric_count; i++) {
        if (item->metrics[i].pass == pass && str_equal(item->metrics[i].name, name))
            return &item->metrics[i];
    }
    return NULL;
}

static double median_of(const struct store_case *item, const char *name)
{
    const struct store_series *series = find_series(item, name, STORE_PASS_MEMORY);
    if (!series)
        series = find_series(item, name, STORE_PASS_TIMED);
    return series ? stats_summarize(series->values, series->count, JUDGE_CONFIDENCE).median : (double)NAN;
}

/* Twice the batch is twice the work: then only a rate compares. These do the same work whatever they are. */
static bool is_same_work(const char *dimension)
{
    static const char *const names[] = { "engine", "suite", "format", "threads", "model", "isa" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_equal(dimension, names[i]))
            return true;
    }
    return false;
}

static void choose_metric(const struct implementation_builder *builder, struct implementation_group *group)
{
    static const char *const rates[] = { "tokens_per_second", "flops_per_second", "items_per_second",
                                         "bytes_per_second" };
    group->metric = "real_time";
    group->unit = "ns";
    for (size_t r = 0; !is_same_work(builder->out->dimension) && r < sizeof rates / sizeof rates[0]; r++) {
        const struct store_series *series = NULL;
        bool all = true;
        for (size_t v = 0; v < builder->out->value_count; v++) {
            const struct store_case *item = group->cells[v].source;
            const struct store_series *found = item ? find_series(item, rates[r], STORE_PASS_TIMED) : NULL;
            all = all && (!item || found);
            series = found ? found : series;
        }
        if (!all || !series)
            continue;
        group->metric = series->name;
        group->unit = series->unit;
        group->higher_is_better = true;
        return;
    }
}

static struct compare_values values_of(const struct implementation_builder *builder,
                                       const struct implementation_group *group, const struct store_case *item)
{
    const struct store_series *series = find_series(item, group->metric, STORE_PASS_TIMED);
    return compare_by_key(group->higher_is_better ? series->values : item->real_time_ns, item->rounds,
                          item->sample_count, builder->arena);
}

static size_t shared_rounds(const struct compare_values *a, const struct compare_values *b)
{
    size_t count = 0;
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        count += a->keys[i] == b->keys[j];
        if (a->keys[i] <= b->keys[j])
            i++;
        else
            j++;
    }
    return count;
}

static void measure_speed(const struct implementation_builder *builder, const struct implementation_group *group,
                          struct implementation_cell *cell, const struct store_case *baseline)
{
    struct compare_values base = values_of(builder, group, baseline), own = values_of(builder, group, cell->source);
    struct compare_metric metric = { .name = group->metric, .unit = group->unit };
    bool pairs_up = shared_rounds(&base, &own) >= JUDGE_LEAST_PAIRS;
    compare_measure(&builder->context, &metric, base, own, pairs_up, (double)NAN);
    double sign = group->higher_is_better ? 1 : -1;
    double low = sign > 0 ? metric.interval.low : -metric.interval.high;
    double high = sign > 0 ? metric.interval.high : -metric.interval.low;
    cell->speedup = exp(sign * metric.effect);
    cell->interval = (struct stats_interval){ exp(low), exp(high), metric.interval.coverage };
    cell->p = metric.p;
}

static void compare_outputs(const struct implementation_builder *builder, struct implementation_cell *cell,
                            const struct store_case *baseline)
{
    struct compare_case item = { .base = baseline, .candidate = cell->source };
    const char *dimension = builder->out->dimension;
    compare_output_of(&item);
    cell->output_error = item.output_error_candidate;
    /* Other weights and other lengths give other answers. Engines and instruction sets have to agree, and how many
     * threads do it changes nothing. */
    if (is_same_work(dimension) && !str_equal(dimension, "format") && !str_equal(dimension, "model") &&
        cell->source != baseline)
        cell->output = item.output;
    /* A kernel was held against the scalar one before it was timed. */
    if (cell->output == COMPARE_OUTPUT_UNKNOWN && str_equal(builder->out->baseline, "scalar") &&
        isfinite(cell->output_error))
        cell->output = COMPARE_OUTPUT_WITHIN;
    builder->out->different_outputs += cell->output == COMPARE_OUTPUT_DIFFERENT;
}

static void measure_cells(const struct implementation_builder *builder, struct implementation_group *group)
{
    const struct implementations *out = builder->out;
    const struct store_case *baseline = group->cells[out->baseline_index].source;
    double base_number, number;
    bool are_threads = str_equal(out->dimension, "threads") && str_parse_f64(out->baseline, &base_number);
    for (size_t v = 0; v < out->value_count; v++) {
        struct implementation_cell *cell = &group->cells[v];
        if (!cell->source)
            continue;
        struct compare_values values = values_of(builder, group, cell->source);
        cell->summary = stats_summarize(values.values, values.count, JUDGE_CONFIDENCE);
        cell->peak_rss_bytes = median_of(cell->source, "peak_rss_bytes");
        cell->heap_peak_bytes = median_of(cell->source, "heap_peak_bytes");
        if (!baseline)
            continue;
        compare_outputs(builder, cell, baseline);
        if (v == out->baseline_index) {
            cell->speedup = cell->efficiency = 1;
            continue;
        }
        measure_speed(builder, group, cell, baseline);
        if (are_threads && str_parse_f64(out->values[v].value, &number) && number > 0)
            cell->efficiency = cell->speedup * base_number / number;
    }
    if (!are_threads) {
        for (size_t v = 0; v < out->value_count; v++)
            group->cells[v].efficiency = (double)NAN;
    }
}

void implementation_measure(const struct implementation_builder *builder, struct implementation_group *group)
{
    choose_metric(builder, group);
    measure_cells(builder, group);
}
