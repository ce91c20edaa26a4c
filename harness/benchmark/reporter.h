/* reporter.h: for programs that print or collect results in a way of their own: what a finished record looks like, and
 * the table of functions that the library calls with it. The library's console, JSON and CSV reporters are behind the
 * same table. Needs nothing but benchmark.h and the C library.
 *
 *     static void report_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
 *     {
 *         for (size_t i = 0; i < count; i++)
 *             fprintf(reporter->out, "%s %g ns\n", runs[i].run_name, benchmark_run_real_time(&runs[i]));
 *     }
 *     static const struct benchmark_reporter_ops ops = { .report_runs = report_runs };
 *     ...
 *     struct benchmark_reporter display = { .ops = &ops };
 *     benchmark_run_specified_with(&display, NULL, NULL); */
#ifndef PRONY_BENCHMARK_REPORTER_H
#define PRONY_BENCHMARK_REPORTER_H

#include "harness/benchmark/benchmark.h"
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* see benchmark.h */

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
    BENCHMARK_COUNTER_APPROXIMATE, /* of --prony_counters: reason says what it counts instead */
    BENCHMARK_COUNTER_NOT_COUNTED, /* opened, but never on the hardware during the run */
    BENCHMARK_COUNTER_UNSUPPORTED  /* not opened; reason says why */
};
struct benchmark_counter_report {
    char *name; /* owned */
    enum benchmark_counter_state state;
    double running_share; /* of the time enabled; 1 = always */
    char *reason;         /* owned; NULL when ok */
    /* Of --prony_counters; those of --benchmark_perf_counters have their value among the counters. */
    bool is_metric;
    double value;     /* all iterations and threads; only if ok, scaled or approximate */
    const char *unit; /* "" = not known */
    char *remedy;     /* owned; NULL = none */
    double *threads;  /* owned; what each thread adds to value */
    size_t thread_count;
};

/* What a run of its own found out about memory (--prony_memory). By operation where not said otherwise. */
enum benchmark_memory_fact {
    BENCHMARK_HEAP_ALLOCATIONS,
    BENCHMARK_HEAP_ALLOCATED, /* bytes asked for */
    BENCHMARK_HEAP_PEAK,      /* live bytes at most, beyond those at the start; of the whole run */
    BENCHMARK_HEAP_GROWTH,
    BENCHMARK_MAPPED,             /* bytes that the program itself mapped */
    BENCHMARK_MAPPED_GROWTH,      /* of all mappings, the heap's and stacks included; of the whole run */
    BENCHMARK_RESIDENT_ANONYMOUS, /* at the end of the run */
    BENCHMARK_RESIDENT_FILE,      /* the same */
    BENCHMARK_PAGE_FAULTS,
    BENCHMARK_MEMORY_FACT_COUNT
};
struct benchmark_memory_facts {
    int64_t operations;                         /* of that run, all threads together */
    double values[BENCHMARK_MEMORY_FACT_COUNT]; /* NaN = not known: counter_reports says why */
};

/* A quantity over the operations of a long run. */
struct benchmark_course {
    const char *name;            /* "live_bytes", "rss_bytes" */
    double *operations, *values; /* owned */
    size_t count;
};

/* What disturbed a repetition (--prony_noise), of all threads of the case, or of the process where that is one. */
struct benchmark_noise_facts {
    bool is_known; /* false: nothing was read */
    bool has_usage;
    int64_t voluntary_switches, minor_faults, major_faults;
    bool has_migrations;
    int64_t migrations;                     /* to another CPU */
    double clock_before_hz, clock_after_hz; /* of the core; 0 = unknown */
    char *contamination;                    /* owned; why the sample is not to be trusted; NULL = it is */
};

/* One record: one repetition of a case, an aggregate over its repetitions, or BigO or RMS of a family. Lives, with
 * all that it points to, until report_runs returns: copy what is to stay. */
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
    bool has_run_delay;
    int64_t run_delay_ns; /* threads of the process were ready during the run but waited for a CPU */
    bool has_involuntary_switches;
    int64_t involuntary_switches; /* preemptions during the run */
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
    struct benchmark_noise_facts noise;
    int64_t callgrind_iterations;                     /* that callgrind counted; 0 = none */
    struct benchmark_counter_report *counter_reports; /* owned */
    size_t counter_report_count;
    struct benchmark_memory_facts *memory_facts; /* owned; NULL = none were asked for */
    struct benchmark_course courses[2];
    size_t course_count;
    const char *growth;                /* "steady", "settling", "growing" (--prony_growth); NULL = not known */
    const char *growth_of;             /* the course that says so */
    double growth_bytes_per_operation; /* of that course's second half */
    struct benchmark_span *spans;      /* owned, with their texts; totals */
    size_t span_count;
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
    size_t name_width;    /* of the console's first column */
    bool measures_memory; /* a memory manager is registered */
};
struct benchmark_pair {
    char *key, *value;
};

struct benchmark_reporter;

/* A missing function (NULL) does nothing, but list: one name a line. */
struct benchmark_reporter_ops {
    /* Before the first run. False: nothing runs; only finalize is still called. */
    bool (*report_context)(struct benchmark_reporter *reporter, const struct benchmark_context *context);
    /* Before each report_runs of a case: what its iteration count came from. */
    void (*report_runs_config)(struct benchmark_reporter *reporter, double min_time_seconds, bool explicit_iterations,
                               int64_t iterations);
    /* All repetitions of one case together when its last is done, or its aggregates, with BigO and RMS after the last
     * case of the family. Both reporters get the same records. */
    void (*report_runs)(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count);
    void (*finalize)(struct benchmark_reporter *reporter); /* after the last run */
    /* --benchmark_list_tests: the full names. */
    void (*list)(struct benchmark_reporter *reporter, const char *const *names, size_t count);
    void (*release)(struct benchmark_reporter *reporter); /* by benchmark_release_reporter */
};

/* The struct and context belong to the caller and must stay alive while the library runs. */
struct benchmark_reporter {
    const struct benchmark_reporter_ops *ops;
    void *context; /* the reporter's own */
    /* Results and talk. NULL: the display gets stdout and stderr. The file reporter always gets the file of
     * --benchmark_out in both. The library flushes them after every case, and closes the file. */
    FILE *out, *talk;
};

/* As benchmark_run_specified, with reporters of the caller's (NULL: what the flags say) and a filter (NULL: that of
 * --benchmark_filter). A file reporter needs --benchmark_out: without it the program prints an error and exits with 1.
 */
size_t benchmark_run_specified_with(struct benchmark_reporter *display, struct benchmark_reporter *file,
                                    const char *filter);
/* What --benchmark_format says, on stdout and stderr, to be wrapped by a reporter of the caller's, who owns it. Call
 * after benchmark_initialize. */
struct benchmark_reporter *benchmark_create_default_display_reporter(void);
void benchmark_release_reporter(struct benchmark_reporter *reporter); /* what create made; NULL is fine */

/* What reporters ask of a record. */

/* Full name: run_name, and for an aggregate "_" and its name. Returns its length, as snprintf. */
size_t benchmark_run_name(const struct benchmark_run *run, char *buffer, size_t size);
/* Time of one iteration in the run's unit; the plain ratio for a percentage; of BigO the coefficient in ns. */
double benchmark_run_real_time(const struct benchmark_run *run);
double benchmark_run_cpu_time(const struct benchmark_run *run);
bool benchmark_run_is_percentage(const struct benchmark_run *run);
const char *benchmark_unit_name(enum benchmark_time_unit unit);              /* "ns" */
double benchmark_unit_per_second(enum benchmark_time_unit unit);             /* 1e9 */
const char *benchmark_complexity_name(enum benchmark_complexity complexity); /* "NlgN" */

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
