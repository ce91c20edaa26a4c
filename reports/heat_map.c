/* heat_map.c: chooses rows and columns of the map, and what its cells hold. */
#include "reports/heat_map.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>

enum { MAP_ROWS = 24, MAP_COLUMNS = 40 };

static const char *build_fact(const struct store_run_row *run, const char *name)
{
    for (size_t i = 0; i < run->build_count; i++)
        if (str_equal(run->build[i].name, name))
            return run->build[i].value;
    return "";
}

bool heat_map_same_line(const struct store_run_row *a, const struct store_run_row *b)
{
    return str_equal(a->plan, b->plan) && str_equal(a->fingerprint, b->fingerprint) &&
           str_equal(build_fact(a, "git_branch"), build_fact(b, "git_branch"));
}

struct ranked {
    size_t index;
    double range;
};

/* How far the case's values lie apart: what is worth a row. Below 0: nothing to show. */
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

static int compare_ranges(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->range != right->range)
        return left->range < right->range ? 1 : -1;
    return left->index < right->index ? -1 : 1;
}

/* Worse is above 0 for rates too. */
static void fill_row(struct arena *arena, const struct history *history, const int64_t *run_ids, size_t column_count,
                     double *effects)
{
    double *values = arena_array(arena, column_count + 1, sizeof *values);
    double sign = history->higher_is_better ? -1 : 1;
    size_t count = 0;
    for (size_t c = 0; c < column_count; c++) {
        effects[c] = NAN;
        for (size_t i = 0; i < history->count; i++)
            if (history->points[i].run_id == run_ids[c] && history->points[i].value > 0)
                effects[c] = sign * log(history->points[i].value);
        if (isfinite(effects[c]))
            values[count++] = effects[c];
    }
    double usual = count ? stats_median(values, count) : NAN;
    for (size_t c = 0; c < column_count; c++)
        effects[c] -= usual;
}

/* Oldest first. */
static size_t choose_columns(struct arena *arena, const struct store_run_row *runs, size_t run_count,
                             const struct store_run_row *run, struct chart_heat *heat, int64_t run_ids[MAP_COLUMNS])
{
    const struct store_run_row *chosen[MAP_COLUMNS];
    size_t count = 0;
    for (size_t i = 0; i < run_count && count < MAP_COLUMNS; i++)
        if (runs[i].started_ns <= run->started_ns && runs[i].case_count && heat_map_same_line(&runs[i], run))
            chosen[count++] = &runs[i];
    heat->columns = arena_array(arena, count + 1, sizeof *heat->columns);
    heat->column_labels = arena_array(arena, count + 1, sizeof *heat->column_labels);
    const int64_t day_ns = 86400 * INT64_C(1000000000);
    bool same_day = count && chosen[0]->started_ns / day_ns == chosen[count - 1]->started_ns / day_ns;
    for (size_t c = 0; c < count; c++) {
        const struct store_run_row *own = chosen[count - 1 - c];
        char date[32]; /* 2026-11-22T01:35:26Z */
        clock_format_utc(date, own->started_ns);
        run_ids[c] = own->id;
        heat->columns[c] =
            arena_format(arena, "run %lld, %.10s, %.9s", (long long)own->id, date, build_fact(own, "git_commit"));
        heat->column_labels[c] = arena_format(arena, "%.5s", date + (same_day ? 11 : 5));
    }
    return count;
}

const struct chart_heat *heat_map_build(struct arena *arena, const struct store_run_row *runs, size_t run_count,
                                        const struct store_run_row *run, const struct history *const *histories,
                                        const char *const *names, size_t count)
{
    struct chart_heat *heat = arena_alloc(arena, sizeof *heat);
    struct ranked *ranked = mem_array(count + 1, sizeof *ranked);
    int64_t run_ids[MAP_COLUMNS];
    heat->rows = arena_array(arena, MAP_ROWS, sizeof *heat->rows);
    heat->column_count = run ? choose_columns(arena, runs, run_count, run, heat, run_ids) : 0;
    double *effects = arena_array(arena, MAP_ROWS * (heat->column_count + 1), sizeof *effects);
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){ i, range_of(histories[i]) };
    qsort(ranked, count, sizeof *ranked, compare_ranges);
    for (size_t i = 0; i < count && heat->row_count < MAP_ROWS && ranked[i].range >= 0; i++) {
        heat->rows[heat->row_count] = names[ranked[i].index];
        fill_row(arena, histories[ranked[i].index], run_ids, heat->column_count,
                 effects + heat->row_count++ * heat->column_count);
    }
    heat->effects = effects;
    free(ranked);
    return heat;
}
