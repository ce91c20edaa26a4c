/* summarize.c: see summarize.h. */
#include "harness/run/summarize.h"
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>

struct summaries {
    struct store_summary *list;
    size_t count, capacity;
};

/* Medians of the values of each process, in the order of the processes' first values. Returns how many. */
static size_t reduce(const double *values, const int *processes, size_t count, double *out)
{
    double *same = mem_array(count + 1, sizeof *same);
    bool *done = mem_array(count + 1, sizeof *done);
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        size_t found = 0;
        if (done[i] || !isfinite(values[i]))
            continue;
        for (size_t k = i; k < count; k++)
            if (!done[k] && processes[k] == processes[i] && isfinite(values[k])) {
                same[found++] = values[k];
                done[k] = true;
            }
        out[made++] = found == 1 ? same[0] : stats_summarize(same, found, .95).median;
    }
    free(same);
    free(done);
    return made;
}

static void add(struct summaries *all, const struct store_case *item, const char *metric, const char *unit,
                enum store_pass pass, const double *values, const int *processes, size_t count)
{
    double *reduced = mem_array(count + 1, sizeof *reduced);
    size_t processes_count = reduce(values, processes, count, reduced);
    struct stats_summary summary = stats_summarize(reduced, processes_count, .95);
    free(reduced);
    if (summary.count == 0)
        return;
    MEM_GROW(all->list, all->count, all->capacity);
    all->list[all->count++] = (struct store_summary){ .suite = item->suite,
                                                      .name = item->name,
                                                      .metric = metric,
                                                      .unit = unit,
                                                      .pass = pass,
                                                      .count = summary.count,
                                                      .median = summary.median,
                                                      .low = summary.interval.low,
                                                      .high = summary.interval.high,
                                                      .minimum = summary.minimum,
                                                      .maximum = summary.maximum,
                                                      .mean = summary.mean,
                                                      .robust_sd = summary.robust_sd };
}

int summarize_run(struct store *store, int64_t run_id, struct arena *arena, struct store_summary **summaries,
                  size_t *count, struct error *error)
{
    struct summaries all = { 0 };
    struct store_case *cases;
    size_t case_count;
    int code = store_cases(store, run_id, arena, &cases, &case_count, error);
    for (size_t i = 0; code == 0 && i < case_count; i++) {
        const struct store_case *item = &cases[i];
        add(&all, item, "real_time", "ns", STORE_PASS_TIMED, item->real_time_ns, item->processes, item->sample_count);
        add(&all, item, "cpu_time", "ns", STORE_PASS_TIMED, item->cpu_time_ns, item->processes, item->sample_count);
        for (size_t m = 0; m < item->metric_count; m++)
            add(&all, item, item->metrics[m].name, item->metrics[m].unit, item->metrics[m].pass,
                item->metrics[m].values, item->metrics[m].processes, item->metrics[m].count);
    }
    *count = code == 0 ? all.count : 0;
    *summaries = arena_array(arena, *count, sizeof **summaries);
    for (size_t i = 0; i < *count; i++)
        (*summaries)[i] = all.list[i];
    free(all.list);
    return code;
}

int summarize_prune(struct store *store, int64_t run_id, struct error *error)
{
    struct arena arena = { 0 };
    struct store_summary *summaries;
    size_t count;
    int code = summarize_run(store, run_id, &arena, &summaries, &count, error);
    if (code == 0)
        code = store_prune(store, run_id, summaries, count, error);
    arena_release(&arena);
    return code;
}
