/* metrics.c: --prony_counters: portable metrics and events around the timed loop, of every thread and summed.
 *
 * A case on one thread counts the whole process, so that an engine's pool is in it, whenever its threads were started:
 * one set for the program, looked over before each loop. In a case with several threads each counts itself and what it
 * starts. Results are reports of the run (prony_counters), not counters: the output for other readers stays as it is.
 */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include "harness/probe/probe_groups.h"
#include "harness/probe/probe_metrics.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct benchmark_metrics {
    struct probe_metrics_plan *plan;
    struct probe_metrics *set; /* of owner */
    pthread_t owner;
    bool user_reads;
};

/* ---- what was asked for ---- */

/* A word that is no group stays a name: what it counts, or why it does not, stands in the reports. */
static void append_word(struct str *names, const char *word)
{
    struct arena arena = { 0 };
    struct probe_group group;
    struct error error;
    int code = probe_groups_resolve(&group, word, &arena, &error);
    if (code && code != ERROR_USAGE)
        fprintf(stderr, "--prony_counters: %s\n", error.text);
    else if (code)
        str_appendf(names, "%s,", word);
    for (size_t i = 0; !code && i < group.metric_count; i++)
        str_appendf(names, "%s,", group.metrics[i]);
    arena_release(&arena);
}

static char *expand(const char *request)
{
    struct str names = { 0 };
    char *copy = mem_strdup(request), *rest = copy;
    const char *word;
    while ((word = strsep(&rest, ",")) != NULL)
        if (word[strspn(word, " ")])
            append_word(&names, word);
    free(copy);
    return names.length ? str_take(&names) : NULL;
}

struct benchmark_metrics *benchmark_metrics_create(const struct probe_counters_backend *backend, const char *request,
                                                   bool user_reads)
{
    char *names = expand(request);
    if (!names)
        return NULL;
    struct benchmark_metrics *metrics = mem_alloc(sizeof *metrics);
    metrics->plan = probe_metrics_plan_create(backend, names);
    metrics->user_reads = user_reads;
    metrics->set =
        probe_metrics_open(metrics->plan, user_reads ? PROBE_METRICS_THREAD : PROBE_METRICS_PROCESS, user_reads);
    metrics->owner = pthread_self();
    free(names);
    return metrics;
}

void benchmark_metrics_release(struct benchmark_metrics *metrics)
{
    if (!metrics)
        return;
    probe_metrics_close(metrics->set);
    probe_metrics_plan_release(metrics->plan);
    free(metrics);
}

/* ---- a run ---- */

void benchmark_metrics_begin(struct benchmark_metrics *metrics, struct benchmark_measurement *measurement, int threads)
{
    if (!metrics)
        return;
    bool shared = threads == 1 && pthread_equal(pthread_self(), metrics->owner);
    measurement->metrics_set =
        shared ? metrics->set : probe_metrics_open(metrics->plan, PROBE_METRICS_THREAD, metrics->user_reads);
    measurement->exact_pauses = true;
}

void benchmark_metrics_start(struct benchmark_measurement *measurement)
{
    if (!measurement->metrics_set)
        return;
    probe_metrics_refresh(measurement->metrics_set);
    probe_metrics_reset(measurement->metrics_set);
}

static enum benchmark_counter_state state_of(enum probe_counter_state state)
{
    static const enum benchmark_counter_state states[] = { [PROBE_COUNTER_OK] = BENCHMARK_COUNTER_OK,
                                                           [PROBE_COUNTER_SCALED] = BENCHMARK_COUNTER_SCALED,
                                                           [PROBE_COUNTER_APPROXIMATE] = BENCHMARK_COUNTER_APPROXIMATE,
                                                           [PROBE_COUNTER_NOT_COUNTED] = BENCHMARK_COUNTER_NOT_COUNTED,
                                                           [PROBE_COUNTER_UNSUPPORTED] =
                                                               BENCHMARK_COUNTER_UNSUPPORTED };
    return states[state];
}

static struct benchmark_counter_report report_of(const struct benchmark_metrics *metrics,
                                                 const struct probe_metrics *set, size_t index)
{
    size_t threads = probe_metrics_thread_count(set);
    struct probe_metric_value value;
    struct benchmark_counter_report report = { .is_metric = true };
    report.threads = mem_array(threads, sizeof *report.threads);
    probe_metrics_value(set, index, &value, report.threads);
    report.name = mem_strdup(probe_metrics_plan_item(metrics->plan, index)->name);
    report.state = state_of(value.state);
    report.value = value.value;
    report.unit = value.unit;
    report.running_share = value.running_share;
    report.reason = value.reason[0] ? mem_strdup(value.reason) : NULL;
    report.remedy = value.remedy[0] ? mem_strdup(value.remedy) : NULL;
    report.thread_count = value.has_threads ? threads : 0;
    return report;
}

void benchmark_metrics_end(struct benchmark_metrics *metrics, struct benchmark_measurement *measurement)
{
    if (!metrics)
        return;
    size_t count = probe_metrics_plan_count(metrics->plan), before = measurement->counter_report_count;
    measurement->counter_reports =
        mem_resize(measurement->counter_reports, before + count, sizeof *measurement->counter_reports);
    for (size_t i = 0; i < count; i++)
        measurement->counter_reports[before + i] = report_of(metrics, measurement->metrics_set, i);
    measurement->counter_report_count += count;
    if (measurement->metrics_set != metrics->set)
        probe_metrics_close(measurement->metrics_set);
    measurement->metrics_set = NULL;
}

/* The worse of two states is that of the sum, with its reason. */
static void take_state(struct benchmark_counter_report *sum, struct benchmark_counter_report *part)
{
    char *reason = sum->reason, *remedy = sum->remedy;
    if (part->running_share < sum->running_share)
        sum->running_share = part->running_share;
    if (part->state <= sum->state)
        return;
    sum->state = part->state;
    sum->reason = part->reason;
    sum->remedy = part->remedy;
    part->reason = reason;
    part->remedy = remedy;
}

void benchmark_metrics_add(struct benchmark_counter_report *sum, struct benchmark_counter_report *part)
{
    sum->value += part->value;
    take_state(sum, part);
    if (!part->thread_count || !sum->thread_count) {
        sum->thread_count = 0;
        return;
    }
    sum->threads = mem_resize(sum->threads, sum->thread_count + part->thread_count, sizeof *sum->threads);
    memcpy(sum->threads + sum->thread_count, part->threads, part->thread_count * sizeof *sum->threads);
    sum->thread_count += part->thread_count;
}
