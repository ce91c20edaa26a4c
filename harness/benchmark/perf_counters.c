/* perf_counters.c: --benchmark_perf_counters: the counters of harness/probe/probe_counters.h become counters of the
 * benchmark, an iteration each, and a report on how each came to be.
 *
 * The thread that runs the program opens its set once, so that threads which a benchmark starts are counted too. In a
 * case with several threads each opens a set of its own for the run. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct benchmark_perf {
    struct probe_counters_plan *plan;
    struct probe_counters *set; /* of owner */
    pthread_t owner;
};

static void warn_empty_names(const char *names)
{
    for (size_t length; *names; names += length) {
        length = strcspn(names, ",");
        if (!length)
            fputs("A performance counter name was the empty string\n", stderr);
        length += names[length] == ',';
    }
}

static void warn_counter(const struct benchmark_perf *perf, size_t index)
{
    const char *name = probe_counters_plan_name(perf->plan, index);
    struct probe_counter_value value;
    probe_counters_value(perf->set, index, &value);
    if (!probe_counters_plan_is_known(perf->plan, index))
        fprintf(stderr, "Unknown performance counter name: %s\n", name);
    else if (value.state == PROBE_COUNTER_UNSUPPORTED)
        fprintf(stderr, "***WARNING*** Performance counter %s is left out: %s%s%s.\n", name, value.reason,
                value.remedy[0] ? "; remedy: " : "", value.remedy);
}

static void warn_threads(const struct benchmark_perf *perf, const struct benchmark_instances *instances)
{
    size_t threaded = 0, opened = 0;
    for (size_t i = 0; i < instances->count; i++)
        threaded += instances->items[i].threads > 1;
    for (size_t i = 0; i < probe_counters_plan_count(perf->plan); i++) {
        struct probe_counter_value value;
        probe_counters_value(perf->set, i, &value);
        opened += value.state != PROBE_COUNTER_UNSUPPORTED;
    }
    if (threaded && opened)
        fprintf(stderr,
                "***WARNING*** There are %zu benchmarks with threads and %zu performance counters were requested. "
                "Beware counters will reflect the combined usage across all threads.\n",
                threaded, opened);
}

struct benchmark_perf *benchmark_perf_create(const struct probe_counters_backend *backend, const char *names,
                                             const struct benchmark_instances *instances)
{
    if (!names[0])
        return NULL;
    if (!backend) {
        fputs("Performance counters not supported.\n", stderr);
        return NULL;
    }
    struct benchmark_perf *perf = mem_alloc(sizeof *perf);
    perf->plan = probe_counters_plan_create(backend, names);
    perf->set = probe_counters_open(perf->plan);
    perf->owner = pthread_self();
    warn_empty_names(names);
    for (size_t i = 0; i < probe_counters_plan_count(perf->plan); i++)
        warn_counter(perf, i);
    warn_threads(perf, instances);
    return perf;
}

void benchmark_perf_release(struct benchmark_perf *perf)
{
    if (!perf)
        return;
    probe_counters_close(perf->set);
    probe_counters_plan_release(perf->plan);
    free(perf);
}

void benchmark_perf_begin(struct benchmark_perf *perf, struct benchmark_measurement *measurement, int threads)
{
    if (!perf)
        return;
    bool shared = threads == 1 && pthread_equal(pthread_self(), perf->owner);
    measurement->perf_set = shared ? perf->set : probe_counters_open(perf->plan);
    probe_counters_reset(measurement->perf_set);
    measurement->exact_pauses = true;
}

static void report_counter(const struct benchmark_perf *perf, struct benchmark_measurement *measurement, size_t index)
{
    static const enum benchmark_counter_state states[] = { [PROBE_COUNTER_OK] = BENCHMARK_COUNTER_OK,
                                                           [PROBE_COUNTER_SCALED] = BENCHMARK_COUNTER_SCALED,
                                                           [PROBE_COUNTER_NOT_COUNTED] = BENCHMARK_COUNTER_NOT_COUNTED,
                                                           [PROBE_COUNTER_UNSUPPORTED] =
                                                               BENCHMARK_COUNTER_UNSUPPORTED };
    const char *name = probe_counters_plan_name(perf->plan, index);
    struct probe_counter_value value;
    probe_counters_value(measurement->perf_set, index, &value);
    if (value.state == PROBE_COUNTER_OK || value.state == PROBE_COUNTER_SCALED) {
        struct benchmark_counter *counter = benchmark_counters_at(&measurement->counters, name);
        counter->value = value.value;
        counter->flags = BENCHMARK_COUNTER_AVG_ITERATIONS;
    }
    struct benchmark_counter_report *report = &measurement->counter_reports[index];
    *report = (struct benchmark_counter_report){ .name = mem_strdup(name),
                                                 .state = states[value.state],
                                                 .running_share = value.running_share };
    if (value.reason[0])
        report->reason = mem_format("%s%s%s", value.reason, value.remedy[0] ? "; remedy: " : "", value.remedy);
}

void benchmark_perf_end(struct benchmark_perf *perf, struct benchmark_measurement *measurement)
{
    if (!perf)
        return;
    size_t count = probe_counters_plan_count(perf->plan);
    measurement->counter_reports = mem_array(count, sizeof *measurement->counter_reports);
    measurement->counter_report_count = count;
    for (size_t i = 0; i < count; i++)
        report_counter(perf, measurement, i);
    if (measurement->perf_set != perf->set)
        probe_counters_close(measurement->perf_set);
    measurement->perf_set = NULL;
}

/* ---- several threads ---- */

static bool has_value(const struct benchmark_counter_report *report)
{
    return report->state == BENCHMARK_COUNTER_OK || report->state == BENCHMARK_COUNTER_SCALED;
}

/* What is missing of one thread is missing of the sum. */
static void drop_counter(struct benchmark_counters *counters, const char *name)
{
    for (size_t i = 0; i < counters->count; i++) {
        if (strcmp(counters->items[i].name, name) != 0)
            continue;
        free(counters->items[i].name);
        counters->count--;
        memmove(&counters->items[i], &counters->items[i + 1], (counters->count - i) * sizeof *counters->items);
        return;
    }
}

void benchmark_perf_merge(struct benchmark_measurement *sum, struct benchmark_measurement *part)
{
    if (!sum->counter_report_count) {
        sum->counter_reports = part->counter_reports;
        sum->counter_report_count = part->counter_report_count;
        part->counter_reports = NULL;
        part->counter_report_count = 0;
        return;
    }
    for (size_t i = 0; i < sum->counter_report_count && i < part->counter_report_count; i++) {
        struct benchmark_counter_report *a = &sum->counter_reports[i], *b = &part->counter_reports[i], swap = *a;
        double share = a->running_share < b->running_share ? a->running_share : b->running_share;
        if (a->is_metric) {
            benchmark_metrics_add(a, b);
            continue;
        }
        if (b->state > a->state) {
            *a = *b;
            *b = swap;
        }
        a->running_share = share;
        if (!has_value(a))
            drop_counter(&sum->counters, a->name);
    }
}

void benchmark_perf_release_reports(struct benchmark_counter_report *reports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(reports[i].name);
        free(reports[i].reason);
        free(reports[i].remedy);
        free(reports[i].threads);
    }
    free(reports);
}
