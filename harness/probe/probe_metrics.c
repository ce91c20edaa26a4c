/* probe_metrics.c: what names mean on this machine: the first row of the table that encodes.
 *
 * Invariant: every term is an event of the plan's counters, which the backend encodes. */
#include "harness/probe/probe_metrics.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <ctype.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

struct probe_metrics_plan {
    struct probe_counters_plan *counters;
    struct probe_metrics_item *items;
    size_t count, capacity;
};

/* Cuts "4 EVENT + 8 EVENT" into weights and names, which stay in text. */
static size_t split_events(char *text, double *weights, const char **names)
{
    size_t count = 0;
    for (char *term = text, *next; term && count < PROBE_METRIC_TERM_LIMIT; term = next) {
        next = strstr(term, " + ");
        if (next) {
            *next = '\0';
            next += strlen(" + ");
        }
        char *blank = strchr(term, ' ');
        weights[count] = 1;
        if (blank) {
            *blank = '\0';
            str_parse_f64(term, &weights[count]);
            term = blank + 1;
        }
        names[count++] = term;
    }
    return count;
}

static bool encodes(const struct probe_counters_plan *counters, const char *name)
{
    return probe_counters_plan_encodes(counters, name) > 0;
}

/* True if all events of the row encode: they are the item's terms then. */
static bool take_row(struct probe_metrics_plan *plan, struct probe_metrics_item *item, const char *events)
{
    double weights[PROBE_METRIC_TERM_LIMIT];
    const char *names[PROBE_METRIC_TERM_LIMIT];
    char *text = mem_strdup(events);
    size_t count = split_events(text, weights, names), known = 0;
    while (known < count && encodes(plan->counters, names[known]))
        known++;
    for (size_t i = 0; known == count && i < count; i++)
        item->terms[item->term_count++] =
            (struct probe_metric_term){ weights[i], probe_counters_plan_add(plan->counters, names[i]) };
    free(text);
    return known == count;
}

/* On CPUs with two kinds of cores a native event counts on one of them; the generic ones count on both. */
static bool is_for_all_cores(const struct probe_metrics_plan *plan, const struct probe_metric_row *row)
{
    return str_starts(row->events, "perf::") && probe_counters_plan_encodes(plan->counters, row->events) > 1;
}

static void take_metric(struct probe_metrics_plan *plan, struct probe_metrics_item *item)
{
    size_t count;
    const struct probe_metric_row *rows = probe_metric_rows(&count);
    for (int any = 0; any <= 1 && !item->term_count; any++) {
        for (size_t i = 0; i < count && !item->term_count; i++) {
            if (!str_equal(rows[i].metric, item->name) || (!any && !is_for_all_cores(plan, &rows[i])))
                continue;
            if (!take_row(plan, item, rows[i].events))
                continue;
            item->approximate = rows[i].approximate;
            item->extra_counters = rows[i].extra_counters;
        }
    }
}

static void add_name(struct probe_metrics_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->count; i++)
        if (str_equal(plan->items[i].name, name))
            return;
    MEM_GROW(plan->items, plan->count, plan->capacity);
    struct probe_metrics_item *item = &plan->items[plan->count++];
    *item = (struct probe_metrics_item){ .name = mem_strdup(name), .metric = probe_metric_find(name) };
    if (item->metric)
        take_metric(plan, item);
    else if (encodes(plan->counters, name))
        item->terms[item->term_count++] =
            (struct probe_metric_term){ 1, probe_counters_plan_add(plan->counters, name) };
}

struct probe_metrics_plan *probe_metrics_plan_create(const struct probe_counters_backend *backend, const char *names)
{
    struct probe_metrics_plan *plan = mem_alloc(sizeof *plan);
    char *copy = mem_strdup(names), *rest = copy, *name;
    plan->counters = probe_counters_plan_create(backend, "");
    while ((name = strsep(&rest, ",")) != NULL) {
        while (isspace((unsigned char)*name))
            name++;
        for (size_t length = strlen(name); length && isspace((unsigned char)name[length - 1]); length--)
            name[length - 1] = '\0';
        if (name[0])
            add_name(plan, name);
    }
    free(copy);
    return plan;
}

void probe_metrics_plan_release(struct probe_metrics_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->count; i++)
        free(plan->items[i].name);
    free(plan->items);
    probe_counters_plan_release(plan->counters);
    free(plan);
}

size_t probe_metrics_plan_count(const struct probe_metrics_plan *plan)
{
    return plan->count;
}

const struct probe_metrics_item *probe_metrics_plan_item(const struct probe_metrics_plan *plan, size_t index)
{
    return &plan->items[index];
}

const struct probe_counters_plan *probe_metrics_plan_counters(const struct probe_metrics_plan *plan)
{
    return plan->counters;
}

size_t probe_metrics_plan_cost(const struct probe_metrics_plan *plan, size_t index)
{
    const struct probe_metrics_item *item = &plan->items[index];
    size_t cost = 0, pmu_count;
    for (size_t i = 0; i < item->term_count; i++) {
        const struct perf_event_attr *attributes =
            probe_counters_plan_attributes(plan->counters, item->terms[i].event, &pmu_count);
        cost += pmu_count && attributes->type != PERF_TYPE_SOFTWARE;
    }
    return cost + item->extra_counters;
}
