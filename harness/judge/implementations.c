/* implementations.c: puts the cases of a run side by side. See implementations.h. */
#include "harness/judge/implementations.h"
#include "harness/judge/implementations_internal.h"
#include "harness/stats/multiple.h"
#include "harness/stats/paired.h"
#include <math.h>

static struct implementation_cell *make_cells(const struct implementation_builder *builder)
{
    const struct implementation_cell empty = { .speedup = (double)NAN,
                                               .interval = { (double)NAN, (double)NAN, 0 },
                                               .p = (double)NAN,
                                               .q = (double)NAN,
                                               .efficiency = (double)NAN,
                                               .peak_rss_bytes = (double)NAN,
                                               .heap_peak_bytes = (double)NAN,
                                               .output_error = (double)NAN };
    struct implementation_cell *cells = arena_array(builder->arena, builder->out->value_count, sizeof *cells);
    for (size_t v = 0; v < builder->out->value_count; v++)
        cells[v] = empty;
    return cells;
}

static void make_groups(struct implementation_builder *builder)
{
    struct implementations *out = builder->out;
    bool *done = arena_array(builder->arena, builder->count, sizeof *done);
    out->groups = arena_array(builder->arena, builder->count, sizeof *out->groups);
    for (size_t i = 0; i < builder->count; i++) {
        if (done[i])
            continue;
        const struct implementation_member *first = &builder->members[i];
        struct implementation_group *group = &out->groups[out->group_count++];
        *group = (struct implementation_group){ .suite = *first->suite ? first->suite : first->source->suite,
                                                .name = first->pattern,
                                                .cells = make_cells(builder) };
        for (size_t k = i; k < builder->count; k++) {
            struct implementation_cell *cell = &group->cells[builder->members[k].value_index];
            if (done[k] || !implementation_same_group(first, &builder->members[k]))
                continue;
            done[k] = true;
            cell->source = cell->source ? cell->source : builder->members[k].source;
        }
        implementation_measure(builder, group);
        implementation_fill_phases(builder, group);
    }
}

static void fill_q(const struct implementation_builder *builder)
{
    const struct implementations *out = builder->out;
    size_t count = out->group_count * out->value_count;
    double *p = arena_array(builder->arena, count, sizeof *p), *q = arena_array(builder->arena, count, sizeof *q);
    for (size_t i = 0; i < count; i++)
        p[i] = out->groups[i / out->value_count].cells[i % out->value_count].p;
    stats_q_values(p, count, q);
    for (size_t i = 0; i < count; i++)
        out->groups[i / out->value_count].cells[i % out->value_count].q = q[i];
}

static void fill_totals(const struct implementation_builder *builder)
{
    const struct implementations *out = builder->out;
    double *logs = arena_array(builder->arena, out->group_count, sizeof *logs);
    for (size_t v = 0; v < out->value_count; v++) {
        struct implementation_total *total = &out->values[v];
        double sum = 0;
        for (size_t i = 0; i < out->group_count; i++) {
            double speedup = out->groups[i].cells[v].speedup;
            if (speedup > 0 && isfinite(speedup)) {
                logs[total->count++] = log(speedup);
                sum += logs[total->count - 1];
            }
        }
        total->speedup = total->count ? exp(sum / (double)total->count) : (double)NAN;
        struct stats_interval interval = stats_paired(logs, total->count, JUDGE_CONFIDENCE, 1).interval;
        total->interval = (struct stats_interval){ exp(interval.low), exp(interval.high), interval.coverage };
    }
}

int implementations_build(struct implementations *implementations, const struct store_case *cases, size_t count,
                          const struct store_fact *facts, size_t fact_count,
                          const struct implementation_options *options, struct arena *arena, struct error *error)
{
    static const struct compare_options no_options;
    *implementations = (struct implementations){ .dimension = options->dimension };
    struct implementation_builder builder = { .out = implementations,
                                              .options = options,
                                              .facts = facts,
                                              .fact_count = fact_count,
                                              .context = { .options = &no_options,
                                                           .paired = true,
                                                           .alpha = JUDGE_ALPHA,
                                                           .confidence = JUDGE_CONFIDENCE,
                                                           .budget = JUDGE_FLOOR,
                                                           .arena = arena },
                                              .arena = arena };
    int code = implementation_choose(&builder, cases, count, error);
    if (code != 0)
        return code;
    make_groups(&builder);
    fill_q(&builder);
    fill_totals(&builder);
    return 0;
}
