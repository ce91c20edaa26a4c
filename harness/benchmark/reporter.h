/* reporter.h: what a finished run looks like, and the interface of those who print it. Internal to libbenchmark for
 * now; custom reporters will build on it. */
#ifndef PRONY_BENCHMARK_REPORTER_H
#define PRONY_BENCHMARK_REPORTER_H

#include "harness/benchmark/benchmark.h"
#include "harness/probe/probe_scheduling.h"
#include "harness/base/str.h"
#include <stdio.h>

/* Sorted by the byte order of the name, each name once. */
struct benchmark_counter {
    char *name;
    double value;
    unsigned flags; /* enum benchmark_counter_flags */
    int base;       /* 1000 or 1024 */
};
struct benchmark_counters {
    struct benchmark_counter *items;
    size_t count, capacity;
};

/* What kind of aggregate; BENCHMARK_PLAIN_AGGREGATE is a statistic over repetitions. */
enum benchmark_aggregate_kind { BENCHMARK_PLAIN_AGGREGATE, BENCHMARK_BIG_O, BENCHMARK_RMS };

/* Times of single iterations, or of batches of so many iterations divided by them, in ns an iteration. count 0 = none
 * were taken. */
struct benchmark_sample_summary {
    int64_t count, batch_iterations;
    double min_ns, p50_ns, p90_ns, p99_ns, max_ns;
};

/* Whether the compiler seems to have deleted what was to be measured: no loop is left (many iterations a cycle), or an
 * iteration takes no longer than one of an empty loop. */
enum benchmark_emptiness { BENCHMARK_LOOP_FULL, BENCHMARK_LOOP_DELETED, BENCHMARK_LOOP_INDISTINGUISHABLE };

/* How a hardware or software counter's value came to be. */
enum benchmark_counter_state {
    BENCHMARK_COUNTER_OK,
    BENCHMARK_COUNTER_SCALED,      /* multiplexed: extrapolated from the share of time that it counted */
    BENCHMARK_COUNTER_NOT_COUNTED, /* opened, but never on the hardware during the run */
    BENCHMARK_COUNTER_UNSUPPORTED  /* not opened; reason says why */
};
struct benchmark_counter_report {
    char *name; /* owned */
    enum benchmark_counter_state state;
    double running_share; /* of the time enabled; 1 = always */
    char *reason;         /* owned; NULL when ok */
};

/* One record: one repetition of a case, or an aggregate over its repetitions. */
struct benchmark_run {
    const char *run_name; /* of the case; owned by the instance */
    int64_t family_index, instance_index;
    int repetitions, repetition_index; /* index -1 = aggregate */
    int threads;
    const char *aggregate_name; /* NULL = a repetition */
    enum benchmark_statistic_unit aggregate_unit;
    enum benchmark_aggregate_kind aggregate_kind;
    enum benchmark_complexity complexity; /* of BigO and RMS: the curve */
    int64_t complexity_n;                 /* of a repetition */
    enum benchmark_skip skipped;
    char *skip_message; /* owned; NULL when not skipped */
    char *label;        /* owned; NULL = none */
    int64_t iterations;
    double real_seconds, cpu_seconds; /* of all iterations together */
    enum benchmark_time_unit unit;
    struct benchmark_counters counters; /* finished values */
    bool has_memory;                    /* a memory manager measured */
    struct benchmark_memory_result memory;
    double allocs_per_iter;

    /* Beyond Google Benchmark. */
    double *values_ns; /* owned */
    size_t value_count;
    uint64_t value_stride;
    struct probe_scheduling scheduling; /* around the run; members may be absent */
    bool has_allocations;
    uint64_t allocations; /* while the timer ran */
    bool has_digest;
    uint64_t digest;
    bool has_peak_rss;
    double peak_rss_bytes; /* of the case up to this repetition */
    struct benchmark_sample_summary samples;
    enum benchmark_emptiness emptiness;
    bool has_timer_cost;
    double timer_cost_ns; /* what the clocks themselves add to real_time, for all iterations together; not subtracted */
    int64_t pause_count;  /* pauses timed by the cheap clock, and what they may be wrong by, together */
    double pause_error_ns;
    struct benchmark_counter_report *counter_reports; /* owned */
    size_t counter_report_count;
};

struct benchmark_cache {
    char type[16]; /* "Data", "Instruction", "Unified" */
    int level, sharing;
    int64_t size_bytes;
};

/* What the machine and the program look like; custom pairs are sorted by key. */
struct benchmark_context {
    char date[40];
    char host[256];
    const char *executable;
    int cpu_count;
    double mhz;
    int scaling; /* 1 yes, 0 no, -1 unknown */
    int aslr;
    struct benchmark_cache caches[16];
    size_t cache_count;
    double load[3];
    int load_count;
    const struct benchmark_pair *custom;
    size_t custom_count;
    size_t name_width; /* of the console's first column */
};
struct benchmark_pair {
    char *key, *value;
};

/* A reporter writes to out; the console and CSV reporters write the context to talk. */
struct benchmark_reporter {
    const struct benchmark_reporter_ops *ops;
    FILE *out, *talk;
    bool color, tabular;
    bool keep_complete;              /* JSON to a file: it can be parsed after every batch, should the program die */
    bool started;                    /* a header, or the first record, is out */
    size_t name_width;               /* console */
    struct benchmark_counters shown; /* names of the header's counters (console tabular, CSV) */
    bool warned_lost_counter;        /* CSV */
    struct str text;                 /* built here, written once per batch */
};

struct benchmark_reporter_ops {
    void (*context)(struct benchmark_reporter *reporter, const struct benchmark_context *context);
    /* The repetitions of one case, or its aggregates. */
    void (*runs)(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count);
    void (*finish)(struct benchmark_reporter *reporter);
    void (*list)(struct benchmark_reporter *reporter, const char *const *names, size_t count);
};

extern const struct benchmark_reporter_ops benchmark_console_ops;
extern const struct benchmark_reporter_ops benchmark_json_ops;
extern const struct benchmark_reporter_ops benchmark_csv_ops;

/* Full name: run_name, and for an aggregate "_" and its name. */
void benchmark_run_append_name(struct str *str, const struct benchmark_run *run);
/* Time of one iteration in the run's unit; the plain ratio for a percentage. */
double benchmark_run_real_time(const struct benchmark_run *run);
double benchmark_run_cpu_time(const struct benchmark_run *run);
bool benchmark_run_is_percentage(const struct benchmark_run *run);
void benchmark_run_release(struct benchmark_run *run);
const char *benchmark_unit_name(enum benchmark_time_unit unit);  /* "ns" */
double benchmark_unit_per_second(enum benchmark_time_unit unit); /* 1e9 */

#endif
