/* site_charts.c: which charts the site has: some for every case, and the map of cases over runs. */
#include "reports/site_charts.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdlib.h>

enum { MAP_ROWS = 24, MAP_COLUMNS = 40 };

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

/* ---- the map ---- */

/* How far the case's values lie apart: what is worth a row. */
static double range_of(const struct history *history)
{
    double low = INFINITY, high = 0;
    size_t first = history->count > MAP_COLUMNS ? history->count - MAP_COLUMNS : 0;
    for (size_t i = first; i < history->count; i++) {
        low = fmin(low, history->points[i].value);
        high = fmax(high, history->points[i].value);
    }
    double range = history->count - first < 2 || !(low > 0) ? -1 : log(high / low);
    return history->change_count ? range + 100 : range; /* a step goes before any noise */
}

struct ranked {
    const struct site_case *own;
    double range;
};

static int compare_ranges(const void *a, const void *b)
{
    double left = ((const struct ranked *)a)->range, right = ((const struct ranked *)b)->range;
    return left < right ? 1 : left > right ? -1 : 0;
}

static void fill_row(const struct site *site, const struct history *history, int64_t *run_ids, size_t column_count,
                     double *effects)
{
    double *values = arena_array(site->arena, column_count, sizeof *values);
    size_t count = 0;
    for (size_t c = 0; c < column_count; c++) {
        effects[c] = NAN;
        for (size_t i = 0; i < history->count; i++)
            if (history->points[i].run_id == run_ids[c] && history->points[i].value > 0)
                effects[c] = log(history->points[i].value);
        if (isfinite(effects[c]))
            values[count++] = effects[c];
    }
    double usual = count ? stats_median(values, count) : NAN;
    for (size_t c = 0; c < column_count; c++)
        effects[c] -= usual;
}

/* The newest runs of the main line, oldest first. */
static size_t choose_columns(const struct site *site, int64_t *run_ids, struct chart_heat *heat)
{
    size_t count = 0;
    for (size_t i = 0; i < site->run_count && count < MAP_COLUMNS && site->newest; i++) {
        const struct store_run_row *run = &site->runs[i];
        if (str_equal(run->plan, site->newest->plan) && str_equal(run->fingerprint, site->newest->fingerprint) &&
            str_equal(site_run_fact(run, "git_branch"), site_run_fact(site->newest, "git_branch")) && run->case_count)
            run_ids[MAP_COLUMNS - 1 - count++] = (int64_t)i;
    }
    for (size_t c = 0; c < count; c++) {
        const struct store_run_row *run = &site->runs[run_ids[MAP_COLUMNS - count + c]];
        char date[32];
        clock_format_utc(date, run->started_ns);
        heat->columns[c] = arena_format(site->arena, "run %lld, %s, %.9s", (long long)run->id,
                                        site_date(site, run->started_ns), site_run_fact(run, "git_commit"));
        heat->column_labels[c] = arena_format(site->arena, "%.5s", date + 5);
        run_ids[c] = run->id;
    }
    return count;
}

static const struct chart_heat *build_map(const struct site *site)
{
    struct chart_heat *heat = arena_alloc(site->arena, sizeof *heat);
    struct ranked *ranked = mem_array(site->case_count + 1, sizeof *ranked);
    int64_t run_ids[MAP_COLUMNS];
    heat->columns = arena_array(site->arena, MAP_COLUMNS, sizeof *heat->columns);
    heat->column_labels = arena_array(site->arena, MAP_COLUMNS, sizeof *heat->column_labels);
    heat->rows = arena_array(site->arena, MAP_ROWS, sizeof *heat->rows);
    heat->column_count = choose_columns(site, run_ids, heat);
    double *effects = arena_array(site->arena, MAP_ROWS * (heat->column_count + 1), sizeof *effects);
    for (size_t i = 0; i < site->case_count; i++)
        ranked[i] = (struct ranked){ &site->cases[i], range_of(&site->cases[i].history) };
    qsort(ranked, site->case_count, sizeof *ranked, compare_ranges);
    for (size_t i = 0; i < site->case_count && heat->row_count < MAP_ROWS && ranked[i].range >= 0; i++) {
        heat->rows[heat->row_count] = arena_format(site->arena, "%s", ranked[i].own->name);
        fill_row(site, &ranked[i].own->history, run_ids, heat->column_count,
                 effects + heat->row_count++ * heat->column_count);
    }
    heat->effects = effects;
    free(ranked);
    return heat;
}

/* ---- all of them ---- */

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
    size_t room = SITE_CASE_CHARTS * site->case_count + 1, count = 0;
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
    places[count] = room - 1;
    jobs[count++] = (struct chart_job){ "heat", "Cases over runs", chart_heat, true, { 300, 300 }, build_map(site) };
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
