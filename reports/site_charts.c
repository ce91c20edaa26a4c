/* site_charts.c: which charts the site has: some for every case, and the map of cases over runs. */
#include "reports/site_charts.h"
#include "harness/base/mem.h"
#include "reports/chart_forest.h"
#include "reports/heat_map.h"
#include <stdlib.h>

static const struct {
    const char *id, *title;
    chart_prepare *prepare;
    bool wide;
    double heights[CHART_LAYOUTS];
} kinds[SITE_CASE_CHARTS] = {
    [SITE_TREND] = { "trend", "Time over the runs", chart_trend, true, { 300, 280 } },
    [SITE_ECDF] = { "ecdf", "Distribution", chart_case_ecdf, false, { 0, 250 } },
    [SITE_SPREAD] = { "spread", "Spread", chart_case_spread, false, { 0, 250 } },
    [SITE_LATENCY] = { "latency", "Latency percentiles", chart_case_latency, false, { 0, 250 } },
    [SITE_MEMORY] = { "memory", "Memory over time", chart_case_memory, false, { 0, 250 } },
};

static const struct chart_heat *build_map(const struct site *site)
{
    const struct history **histories = arena_array(site->arena, site->case_count + 1, sizeof *histories);
    const char **names = arena_array(site->arena, site->case_count + 1, sizeof *names);
    for (size_t i = 0; i < site->case_count; i++) {
        histories[i] = &site->cases[i].history;
        names[i] = site->cases[i].name;
    }
    return heat_map_build(site->arena, site->runs, site->run_count, site->newest, histories, names, site->case_count);
}

static const void *subject_of(const struct site *site, size_t index, enum site_chart which)
{
    const struct site_case *own = &site->cases[index];
    if (which == SITE_TREND)
        return &own->history;
    struct chart_sides *sides = arena_alloc(site->arena, sizeof *sides);
    sides->view_case = own->newest;
    sides->other = own->change ? own->change->base : NULL;
    sides->name = site->newest ? arena_format(site->arena, "run %lld", (long long)site->newest->id) : "";
    sides->other_name = site->reference ? site->reference->comparison.base_name : "";
    return sides;
}

/* Whether there is something to draw at all: most cases have no memory and no latency. */
static bool is_wanted(const struct site_case *own, enum site_chart which)
{
    const struct store_case *source = own->newest ? own->newest->source : NULL;
    switch (which) {
    case SITE_TREND: return own->history.count >= 2;
    case SITE_ECDF:
    case SITE_SPREAD: return source && source->sample_count >= 2;
    case SITE_LATENCY: return source && source->value_count > 0;
    case SITE_MEMORY: return source && source->course_count > 0;
    case SITE_CASE_CHARTS: break;
    }
    return false;
}

void site_charts_draw(struct site_charts *charts, const struct site *site)
{
    size_t map = SITE_CASE_CHARTS * site->case_count, room = map + 1 + site->comparison_count, count = 0;
    struct chart_job *jobs = mem_array(room, sizeof *jobs);
    struct chart *drawn = arena_array(site->arena, room, sizeof *drawn);
    size_t *places = mem_array(room, sizeof *places);
    *charts = (struct site_charts){ .case_count = site->case_count };
    if (!site->options->gnuplot)
        goto done;
    charts->charts = arena_array(site->arena, room, sizeof *charts->charts);
    for (size_t i = 0; i < site->case_count; i++)
        for (size_t k = 0; k < SITE_CASE_CHARTS; k++) {
            size_t place = SITE_CASE_CHARTS * i + k;
            charts->charts[place].reason = "nothing to draw";
            if (!is_wanted(&site->cases[i], (enum site_chart)k))
                continue;
            places[count] = place;
            jobs[count++] = (struct chart_job){ arena_format(site->arena, "%s-%zu", kinds[k].id, i),
                                                kinds[k].title,
                                                kinds[k].prepare,
                                                kinds[k].wide,
                                                { kinds[k].heights[0], kinds[k].heights[1] },
                                                subject_of(site, i, (enum site_chart)k) };
        }
    places[count] = map;
    jobs[count++] = (struct chart_job){ "heat", "Cases over runs", chart_heat, true, { 300, 300 }, build_map(site) };
    for (size_t i = 0; i < site->comparison_count; i++) {
        places[count] = map + 1 + i;
        jobs[count++] = chart_forest_job(&site->comparisons[i].comparison, i, 0, site->arena);
    }
    chart_draw_jobs(&site->view, jobs, count, site->options->gnuplot, drawn, &charts->problem);
    for (size_t i = 0; i < count; i++)
        charts->charts[places[i]] = drawn[i];
done:
    free(jobs);
    free(places);
}

const struct chart *site_charts_of(const struct site_charts *charts, size_t case_index, enum site_chart which)
{
    return charts->charts ? &charts->charts[SITE_CASE_CHARTS * case_index + which] : NULL;
}

const struct chart *site_charts_map(const struct site_charts *charts)
{
    return charts->charts ? &charts->charts[SITE_CASE_CHARTS * charts->case_count] : NULL;
}

const struct chart *site_charts_forest(const struct site_charts *charts, size_t comparison_index)
{
    return charts->charts ? &charts->charts[SITE_CASE_CHARTS * charts->case_count + 1 + comparison_index] : NULL;
}
