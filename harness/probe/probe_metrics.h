/* probe_metrics.h: metrics that mean the same on every CPU, and what counts them here.
 *
 * A portable metric is a weighted sum of native events; the table (probe_metrics_table.c) has a row for each kind of
 * PMU, and the first row whose events all encode here is taken. Software metrics need no PMU and fall back to
 * getrusage; energy comes from powercap. Any other name is a native event of libpfm4.
 *
 * Values are sums over threads. A value that could not be had has a state, a reason and a remedy, and is never 0. */
#ifndef PRONY_PROBE_METRICS_H
#define PRONY_PROBE_METRICS_H

#include "harness/probe/probe_counters.h"

/* What stands in when nothing can be opened. */
enum probe_metric_fallback {
    PROBE_METRIC_NO_FALLBACK,
    PROBE_METRIC_CPU_TIME,
    PROBE_METRIC_FAULTS,
    PROBE_METRIC_MINOR_FAULTS,
    PROBE_METRIC_MAJOR_FAULTS,
    PROBE_METRIC_SWITCHES,
    PROBE_METRIC_ENERGY_PACKAGE, /* not a fallback but the only source */
    PROBE_METRIC_ENERGY_DRAM
};

struct probe_metric {
    const char *name, *unit, *summary;
    bool is_software; /* needs no PMU */
    bool never_zero;  /* a thread that ran has some: 0 means that it was not counted */
    enum probe_metric_fallback fallback;
};
/* One way to count a metric. */
struct probe_metric_row {
    const char *metric;
    const char *events;      /* "EVENT" or "4 EVENT + 8 EVENT", names of libpfm4 with all umasks */
    const char *approximate; /* why the sum is not exactly the metric; NULL if it is */
    size_t extra_counters;   /* that the events occupy besides one each */
};
const struct probe_metric *probe_metric_list(size_t *count);
const struct probe_metric *probe_metric_find(const char *name); /* NULL if it is not portable */
const struct probe_metric_row *probe_metric_rows(size_t *count);

/* ---- plan: what names mean on this machine ---- */

enum { PROBE_METRIC_TERM_LIMIT = 8, PROBE_METRIC_HARDWARE_LIMIT = 4 /* events that certainly count together */ };
struct probe_metric_term {
    double weight;
    size_t event; /* index in the plan's counters */
};
struct probe_metrics_item {
    char *name;
    const struct probe_metric *metric; /* NULL: a native event */
    const char *approximate;           /* why; NULL if it is exact */
    struct probe_metric_term terms[PROBE_METRIC_TERM_LIMIT];
    size_t extra_counters;
    size_t term_count; /* 0: nothing on this machine encodes it */
};
struct probe_metrics_plan;
/* names: a comma list; empty names and repetitions are dropped. The backend must outlive the plan. */
struct probe_metrics_plan *probe_metrics_plan_create(const struct probe_counters_backend *backend, const char *names);
void probe_metrics_plan_release(struct probe_metrics_plan *plan);
size_t probe_metrics_plan_count(const struct probe_metrics_plan *plan);
const struct probe_metrics_item *probe_metrics_plan_item(const struct probe_metrics_plan *plan, size_t index);
const struct probe_counters_plan *probe_metrics_plan_counters(const struct probe_metrics_plan *plan);
/* Counters of a PMU that the item occupies. */
size_t probe_metrics_plan_cost(const struct probe_metrics_plan *plan, size_t index);

/* ---- counting ---- */

enum probe_metrics_scope {
    PROBE_METRICS_THREAD, /* the calling thread and those that it starts */
    PROBE_METRICS_PROCESS /* every thread of the process: those that are there get a set each, later ones count with
                             the thread that started them */
};
struct probe_metrics;
/* user_reads: with the scope of a thread, hardware counters are read without system calls where the machine allows
 * that; threads that it starts are then not counted. The plan must outlive the set. */
struct probe_metrics *probe_metrics_open(const struct probe_metrics_plan *plan, enum probe_metrics_scope scope,
                                         bool user_reads);
void probe_metrics_close(struct probe_metrics *set);
/* Opens it anew if the process has other threads than before. Not between start and stop. */
void probe_metrics_refresh(struct probe_metrics *set);
/* Neither allocates. A system call a thread and group, and some for energy and getrusage where they are needed. */
void probe_metrics_start(struct probe_metrics *set);
void probe_metrics_stop(struct probe_metrics *set);
void probe_metrics_reset(struct probe_metrics *set);
size_t probe_metrics_thread_count(const struct probe_metrics *set);

struct probe_metric_value {
    enum probe_counter_state state;
    double value;         /* of all windows since reset; only if ok, scaled or approximate */
    double running_share; /* of hardware counters; 0 of others */
    const char *unit;     /* "" = not known */
    char reason[320];     /* "" if ok */
    char remedy[240];     /* "" if there is none */
    bool has_threads;     /* each thread's part was filled in */
};
/* index: that of the plan. threads: room for each thread's part, or NULL. */
void probe_metrics_value(const struct probe_metrics *set, size_t index, struct probe_metric_value *value,
                         double *threads);

#endif
