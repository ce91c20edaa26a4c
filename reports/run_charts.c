/* run_charts.c: collects the jobs of all charts of a run and of its cases. */
#include "reports/run_charts.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "reports/heat_map.h"
#include "reports/site_internal.h"
#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct collection {
    struct store *store;
    const struct view *view;
    struct chart_job *jobs;
    size_t count;
    struct store_run_row *runs;
    size_t run_count;
    const struct store_run_row *run;
    struct store_case *other; /* of the run beside */
    size_t other_count;
    const char *other_name;
};

/* The pinned baseline of this machine, else the run before of the same line; NULL if there is none. */
static const struct store_run_row *run_beside(struct collection *collection, struct error *error)
{
    struct store_tag *tags;
    size_t tag_count;
    if (store_tags(collection->store, collection->view->arena, &tags, &tag_count, error) != 0)
        return NULL;
    for (size_t i = 0; i < collection->run_count; i++) {
        const struct store_run_row *run = &collection->runs[i];
        for (size_t t = 0; t < tag_count; t++)
            if (tags[t].run_id == run->id && str_equal(tags[t].name, STORE_BASELINE_TAG) && run != collection->run &&
                str_equal(run->fingerprint, collection->run->fingerprint)) {
                collection->other_name = STORE_BASELINE_TAG;
                return run;
            }
    }
    for (const struct store_run_row *run = collection->run + 1; run < collection->runs + collection->run_count; run++)
        if (heat_map_same_line(run, collection->run)) {
            collection->other_name = arena_format(collection->view->arena, "run %lld", (long long)run->id);
            return run;
        }
    return NULL;
}

static int load(struct collection *collection, struct error *error)
{
    struct arena *arena = collection->view->arena;
    int code = store_runs(collection->store, 0, arena, &collection->runs, &collection->run_count, error);
    for (size_t i = 0; i < collection->run_count && !code; i++)
        if (collection->runs[i].id == collection->view->run.id)
            collection->run = &collection->runs[i];
    if (code || !collection->run)
        return code;
    struct error problem = { 0 };
    const struct store_run_row *beside = run_beside(collection, &problem);
    if (problem.code)
        return error_set(error, problem.code, "%s", problem.text);
    return beside
               ? store_cases(collection->store, beside->id, arena, &collection->other, &collection->other_count, error)
               : 0;
}

static int load_histories(struct collection *collection, struct history *histories, struct error *error)
{
    const struct view *view = collection->view;
    const char *branch = view_fact(view, "git_branch");
    const struct history_options options = { .machine = view->run.fingerprint,
                                             .branch = branch && *branch ? branch : NULL,
                                             .limit = SITE_HISTORY_LIMIT };
    int code = 0;
    for (size_t i = 0; i < view->case_count && !code; i++)
        code = history_load(&histories[i], collection->store, view->cases[i].suite, view->cases[i].name, &options,
                            view->arena, error);
    return code;
}

static void add_map(struct collection *collection, const struct history *histories)
{
    const struct view *view = collection->view;
    const struct history **pointers = arena_array(view->arena, view->case_count + 1, sizeof *pointers);
    const char **names = arena_array(view->arena, view->case_count + 1, sizeof *names);
    for (size_t i = 0; i < view->case_count; i++) {
        pointers[i] = &histories[i];
        names[i] = view->cases[i].name;
    }
    const struct chart_heat *heat = heat_map_build(view->arena, collection->runs, collection->run_count,
                                                   collection->run, pointers, names, view->case_count);
    collection->jobs[collection->count++] =
        (struct chart_job){ "heat", "Cases over runs", chart_heat, true, { 300, 0 }, heat };
}

static void add_case(struct collection *collection, const struct view_case *view_case, const struct history *history)
{
    static const struct {
        const char *id, *title;
        chart_prepare *prepare;
        bool wide;
    } kinds[] = { { "ecdf", "Distribution", chart_case_ecdf, false },
                  { "spread", "Spread", chart_case_spread, false },
                  { "latency", "Latency percentiles", chart_case_latency, false },
                  { "memory", "Memory over time", chart_case_memory, false },
                  { "trend", "Time over the runs", chart_trend, true } };
    struct arena *arena = collection->view->arena;
    struct chart_sides *sides = arena_alloc(arena, sizeof *sides);
    const char *slug = site_slug(arena, arena_format(arena, "%s/%s", view_case->suite, view_case->name));
    *sides = (struct chart_sides){ .view_case = view_case, .other_name = collection->other_name };
    sides->name = arena_format(arena, "run %lld", (long long)collection->view->run.id);
    for (size_t i = 0; i < collection->other_count; i++)
        if (str_equal(collection->other[i].name, view_case->name) &&
            str_equal(collection->other[i].suite, view_case->suite))
            sides->other = &collection->other[i];
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (kinds[k].prepare != chart_trend || history->count >= 2)
            collection->jobs[collection->count++] =
                (struct chart_job){ arena_format(arena, "%s-%s", slug, kinds[k].id),
                                    arena_format(arena, "%s: %s", kinds[k].title, view_case->name),
                                    kinds[k].prepare,
                                    kinds[k].wide,
                                    { kinds[k].wide ? 300 : 270, 0 },
                                    kinds[k].prepare == chart_trend ? (const void *)history : sides };
}

static int add_cases(struct collection *collection, const char *filter, const struct history *histories,
                     struct error *error)
{
    regex_t expression;
    size_t matched = 0;
    if (regcomp(&expression, filter, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(error, ERROR_USAGE, "'%s' is not a POSIX extended regular expression", filter);
    for (size_t i = 0; i < collection->view->case_count; i++)
        if (regexec(&expression, collection->view->cases[i].name, 0, NULL, 0) == 0) {
            add_case(collection, &collection->view->cases[i], &histories[i]);
            matched++;
        }
    regfree(&expression);
    return matched ? 0 : error_set(error, ERROR_USAGE, "--filter '%s' matches no case of the run", filter);
}

int run_charts_save(struct store *store, const struct view *view, const char *filter, const char *gnuplot,
                    const char *directory, const struct chart **charts, size_t *count, struct error *error)
{
    struct collection collection = { .store = store, .view = view };
    size_t own_count;
    const struct chart_job *own = charts_jobs(&own_count);
    struct history *histories = arena_array(view->arena, view->case_count + 1, sizeof *histories);
    collection.jobs = arena_array(view->arena, own_count + 1 + 5 * view->case_count, sizeof *collection.jobs);
    memcpy(collection.jobs, own, own_count * sizeof *own);
    collection.count = own_count;
    int code = load(&collection, error);
    if (!code)
        code = load_histories(&collection, histories, error);
    if (!code)
        add_map(&collection, histories);
    if (!code && filter)
        code = add_cases(&collection, filter, histories, error);
    struct chart *drawn = arena_array(view->arena, collection.count, sizeof *drawn);
    *charts = drawn;
    *count = collection.count;
    return code ? code : chart_save_jobs(view, collection.jobs, collection.count, gnuplot, directory, drawn, error);
}
