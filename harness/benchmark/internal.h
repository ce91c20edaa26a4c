/* internal.h: what the files of libbenchmark share and callers do not see.
 *
 * Functions are named benchmark_<file>_<verb>, because a program links them beside its own. */
#ifndef PRONY_BENCHMARK_INTERNAL_H
#define PRONY_BENCHMARK_INTERNAL_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/base/str.h"
#include "harness/benchmark/benchmark.h"
#include "harness/benchmark/reporter.h"
#include "harness/probe/probe_counters.h"
#include "harness/probe/probe_metrics.h"
#include "harness/probe/probe_noise.h"
#include "harness/probe/probe_scheduling.h"
#include <locale.h>
#include <regex.h>
#include <stdatomic.h>
#include <sys/types.h>

/* ---- registry.c ---- */

struct benchmark_tuple {
    int64_t *values;
    size_t count;
};

struct benchmark_named_statistic {
    const char *name; /* owned by the family that registered it */
    benchmark_statistic *compute;
    enum benchmark_statistic_unit unit;
};

enum benchmark_aggregate_mode { /* bits */
                                BENCHMARK_AGGREGATES_UNSPECIFIED = 0,
                                BENCHMARK_AGGREGATES_DEFAULT = 1,
                                BENCHMARK_AGGREGATES_ONLY_IN_FILE = 2,
                                BENCHMARK_AGGREGATES_ONLY_ON_DISPLAY = 4
};

struct benchmark {
    char *name;
    benchmark_function *function;
    void *user_data;
    struct benchmark_tuple *tuples;
    size_t tuple_count, tuple_capacity;
    char **arg_names;
    size_t arg_name_count;
    int64_t range_multiplier;
    bool has_unit;
    enum benchmark_time_unit unit;
    double min_time, min_warmup_time; /* seconds; 0 = not set */
    int64_t iterations;               /* 0 = not set */
    int repetitions;                  /* 0 = not set */
    int samples;                      /* 0 = not set */
    bool real_time, manual_time, process_cpu;
    unsigned aggregate_mode;
    struct benchmark_named_statistic *statistics;
    size_t statistic_count;
    benchmark_function *setup, *teardown, *setup_case, *teardown_case;
    enum benchmark_complexity complexity;
    benchmark_complexity_function *complexity_function; /* of BENCHMARK_O_FUNCTION */
    benchmark_function *set_up, *tear_down;             /* of the fixture: in every thread */
    int *thread_counts;                                 /* none = one thread, which the name does not show */
    size_t thread_count_count;
    benchmark_thread_runner *thread_runner;
    void *thread_runner_data;
    int64_t min_iterations, max_iterations; /* 0 = not set */
    double max_time;                        /* seconds; 0 = not set */
    const char *file; /* the source file that registered it by a macro, and where in that file; or NULL */
    int position;
    char *problem; /* the first misuse in registration */
};

struct benchmark_flags {
    bool list_tests;
    char *filter;
    char *min_time; /* as given; parsed into the next two */
    double min_time_seconds;
    int64_t min_time_iterations; /* 0 = seconds hold */
    double min_warmup_time;
    int repetitions;
    bool dry_run;
    bool random_interleaving;
    bool report_aggregates_only, display_aggregates_only;
    char *format, *out, *out_format, *color;
    bool counters_tabular;
    char *perf_counters;
    char *counters; /* groups, metrics, events */
    bool counters_rdpmc;
    bool memory;
    bool callgrind;
    bool noise;
    int64_t growth;              /* operations; 0 = off */
    char *allocation_profile;    /* "" = none */
    int64_t allocation_interval; /* bytes; 0 = one that fits */
    char *time_unit;
    int verbosity;
    bool exit_code;
    int samples;
    char *seed;                     /* of the interleaving; "" = from the clock */
    struct benchmark_pair *context; /* --benchmark_context, until benchmark_flags_parse adds it; sorted */
    size_t context_count;
    char *cpus; /* "0,2-3"; "" = not pinned */
    int64_t min_iterations, max_iterations;
    double max_time;
};

/* What measuring costs here (calibration.c). */
enum { BENCHMARK_CALIBRATION_TSC_NS = 200000 };
struct benchmark_calibration {
    bool is_done;
    double real_ns, cpu_ns; /* what an empty window is reported as: medians */
    double ns_per_tick;     /* of clock_tsc; 0 = unavailable */
    double pause_ns;        /* what a cheap pause leaves in the time */
};

/* noise.c: the last readings of the core's clock in this process. */
enum { BENCHMARK_CLOCK_HISTORY = 64 };
struct benchmark_clock_history {
    double hz[BENCHMARK_CLOCK_HISTORY];
    uint64_t seen; /* readings so far */
};

enum { BENCHMARK_DOCUMENT_LIMIT = 4 };
struct benchmark_document {
    int fd;
    const char *end;
    size_t length;
};
/* ending.c: what its signal handlers read. */
struct benchmark_ending {
    pid_t owner; /* 0 = nothing runs */
    int depth;   /* runs inside runs */
    atomic_int held, pending, document_count;
    struct benchmark_document documents[BENCHMARK_DOCUMENT_LIMIT];
    void *stack;
    bool has_exit_hook;
};

/* Everything the library remembers between calls; the one place. */
struct benchmark_registry {
    struct benchmark **families;
    size_t family_count, family_capacity;
    struct benchmark_flags flags;
    bool flags_ready; /* defaults and environment are in */
    enum benchmark_time_unit default_unit;
    struct benchmark_pair *context; /* sorted by key */
    size_t context_count;
    char *executable;
    char *help;
    bool nothing_matched, had_error;
    locale_t callers_locale;    /* while something runs: what benchmark functions find */
    int unfinished_runs;        /* benchmark_run_specified calls that have not returned */
    struct benchmark **retired; /* families that were cleared in the meantime: their cases point into them */
    size_t retired_count, retired_capacity;
    struct benchmark_calibration calibration;
    struct benchmark_ending ending;
    struct probe_scheduling_monitor scheduling;
    struct benchmark_metrics *metrics; /* NULL = none were asked for */
    struct benchmark_clock_history clock_history;
    struct benchmark_perf *perf;                       /* NULL = no counters were asked for */
    const struct probe_counters_backend *perf_backend; /* of tests; NULL = this machine's */
    struct benchmark_team *team;                       /* NULL until something runs */
    const struct benchmark_memory_manager *memory_manager;
    const struct benchmark_profiler_manager *profiler_manager;
};
struct benchmark_registry *benchmark_registry_get(void);
void benchmark_registry_release(struct benchmark_registry *registry);
void benchmark_registry_begin_run(struct benchmark_registry *registry);
void benchmark_registry_end_run(struct benchmark_registry *registry);
/* Adds a pair; false if the key was there. */
bool benchmark_registry_add_context(struct benchmark_registry *registry, const char *key, const char *value);
/* Adds a pair, or gives the key another value. */
void benchmark_registry_set_context(struct benchmark_registry *registry, const char *key, const char *value);
/* The threads that cases run on; created at the first call. */
struct benchmark_team *benchmark_registry_team(struct benchmark_registry *registry);

/* ---- arguments.c ---- */

/* Lists as benchmark_range and benchmark_dense_range make them. */
struct benchmark_values {
    int64_t *items;
    size_t count, capacity;
};
enum { BENCHMARK_ARGUMENTS_LIMIT = 1 << 24 }; /* more is a mistake, and would fill the memory */
void benchmark_arguments_range(struct benchmark_values *values, int64_t lo, int64_t hi, int64_t multiplier);
void benchmark_arguments_dense(struct benchmark_values *values, int64_t lo, int64_t hi, int64_t step);

/* ---- instances.c: families x tuples that the filter selects ---- */

struct benchmark_instance {
    const struct benchmark *family;
    const int64_t *args;
    size_t arg_count;
    int threads;
    int64_t family_index, instance_index;
    const char *name;
};

struct benchmark_instances {
    struct benchmark_instance *items;
    size_t count, capacity;
    struct arena arena; /* names */
};

/* Text after the filter syntax ("-" = not); NULL, "" and "all" select everything. */
int benchmark_instances_select(struct benchmark_instances *instances, const struct benchmark_registry *registry,
                               const char *filter, struct error *error);
void benchmark_instances_release(struct benchmark_instances *instances);
/* threads shows only if the family has thread counts. */
void benchmark_instances_append_name(struct str *str, const struct benchmark *family, const int64_t *args,
                                     size_t arg_count, int threads);

/* ---- flags.c ---- */

void benchmark_flags_set_defaults(struct benchmark_registry *registry);
/* Removes recognized flags from argv. exit_usage: the usage was asked for or a choice made no sense, and nothing else
 * happened. Never exits. */
void benchmark_flags_parse(struct benchmark_registry *registry, int *argc, char **argv, bool *exit_usage);
void benchmark_flags_print_usage(FILE *out, const struct benchmark_registry *registry);
void benchmark_flags_release(struct benchmark_flags *flags);
bool benchmark_flags_is_true(const char *text);

/* ---- counters.c ---- */

/* Finds or inserts (value 0, plain, base 1000). */
struct benchmark_counter *benchmark_counters_at(struct benchmark_counters *counters, const char *name);
const struct benchmark_counter *benchmark_counters_find(const struct benchmark_counters *counters, const char *name);
/* A key that JSON records have anyway: a reader takes one of the two. */
bool benchmark_counters_is_key(const char *name);
void benchmark_counters_copy(struct benchmark_counters *to, const struct benchmark_counters *from);
/* Applies the flags once. seconds: of the driving clock, all threads together. */
void benchmark_counters_finish(struct benchmark_counters *counters, int64_t iterations, double seconds, int threads);
bool benchmark_counters_same_names(const struct benchmark_counters *a, const struct benchmark_counters *b);
void benchmark_counters_release(struct benchmark_counters *counters);
/* "1.5Ki", "3.2m" into buffer (at least 40 bytes); returns it. */
char *benchmark_counters_human(char *buffer, size_t size, double value, int base);

/* ---- state.c ---- */

enum { BENCHMARK_VALUE_LIMIT = 4096 };
enum benchmark_loop_form { BENCHMARK_FORM_KEEP_RUNNING, BENCHMARK_FORM_REGISTER };

/* timer.c's own. Ticks are of clock_tsc. */
struct benchmark_pauses {
    bool is_cheap;                        /* the next pause is timed by the counter */
    bool is_open;                         /* in a cheap pause */
    bool in_window;                       /* the open window has cheap pauses */
    int short_count;                      /* exact pauses in a row that were short */
    uint64_t pause_ticks;                 /* start of the pause */
    uint64_t switch_ticks, long_ticks;    /* from which length on it may hold a switch of threads, and is long */
    uint64_t excluded_ticks;              /* cheap pauses of this window */
    uint64_t suspect_ticks;               /* and those of them that may hold a switch */
    uint64_t window_ticks, refresh_ticks; /* first cheap pause of this window; how long it may go on */
    int64_t rate_real_ns;                 /* one moment of this run on both clocks */
    uint64_t rate_ticks;
    int64_t stop_reading_ns; /* how long reading the CPU clock took at the last exact pause */
    int64_t cheap_count;
    double error_ns;
};

/* samples.c's own. Ticks are of clock_tsc, or nanoseconds of CLOCK_MONOTONIC. */
struct benchmark_samples {
    int limit; /* 0 = off; set by the runner */
    bool is_manual, has_tsc, is_paused;
    double ns_per_tick;
    int64_t chunk, start_iterations;
    uint64_t start_ticks, pause_ticks, paused_ticks;
    double start_manual_seconds;
    double *values_ns; /* an iteration; owned */
    size_t count;
};

/* noise.c's own. */
struct benchmark_noise {
    bool is_on;     /* set by the runner */
    bool of_thread; /* each thread of the case reads its own */
    bool is_done;
    struct probe_noise before, difference;
    double clock_before_hz, clock_after_hz; /* of the core that thread 0 runs on; 0 = unknown */
};

/* callgrind.c's own. */
struct benchmark_callgrind {
    bool is_on;                 /* the run is to be counted; set by the runner */
    bool may_add_turn;          /* nobody asked for exactly so many iterations */
    bool is_counting;           /* past the first turn, */
    bool is_collecting;         /* and not in a pause: callgrind collects */
    int64_t uncounted, counted; /* iterations */
    int thread_count;
};

/* What looks at the loop of a run that is made for it, and has no say in the time. Called on thread 0. */
struct benchmark_watch {
    void (*begin)(void *context);                    /* all threads stand before the loop */
    void (*step)(void *context, int64_t iterations); /* thread 0 has done as many; NULL = nothing */
    void (*end)(void *context, int64_t iterations);  /* all threads stand behind the loop */
    void *context;
    int steps; /* at most; 0 = none */
    bool is_open;
};

/* spans.c's own. Texts are owned. */
struct benchmark_spans {
    struct benchmark_span *items;
    size_t count, capacity;
};

/* What one thread measured in one run. */
struct benchmark_measurement {
    bool running, process_cpu;
    bool exact_pauses; /* something must be read at every pause, hardware counters for instance */
    enum benchmark_loop_form form;
    int64_t turn_iterations;                                      /* of one turn of the loop */
    int64_t real_start_ns, real_end_ns, cpu_start_ns, cpu_end_ns; /* the last window */
    int64_t real_ns, cpu_ns;                                      /* all closed windows */
    const struct benchmark_calibration *calibration;              /* NULL = none: no cheap pauses */
    struct benchmark_pauses pauses;
    struct benchmark_samples samples;
    struct benchmark_callgrind callgrind;
    struct benchmark_noise noise;
    double manual_seconds;
    uint64_t allocation_start, allocations;
    struct benchmark_counters counters;
    struct probe_counters *perf_set;   /* read with the timer; NULL = none; owned by perf_counters.c */
    struct probe_metrics *metrics_set; /* the same, of metrics.c */
    struct benchmark_counter_report *counter_reports;
    size_t counter_report_count;
    struct benchmark_spans spans;
    char *label, *skip_message;
    double *values_ns; /* BENCHMARK_VALUE_LIMIT, lent by the runner */
    size_t value_count;
    uint64_t value_stride, value_seen;
    bool has_digest;
    uint64_t digest;
    int64_t complexity_n;
    struct benchmark_team *team;                       /* whom the loop waits for; NULL = it runs alone */
    uint32_t skip_order, label_order;                  /* which thread's message was first, which label last */
    const struct benchmark_profiler_manager *profiler; /* NULL = none */
    struct benchmark_watch *watch;                     /* NULL = none */
    enum benchmark_skip skipped; /* this and the iterations: known when the function has returned */
    int64_t iterations;
};
/* values_ns is kept, everything else starts anew. */
void benchmark_measurement_reset(struct benchmark_measurement *measurement);
/* Frees what it owns; the rest stays. */
void benchmark_measurement_release(struct benchmark_measurement *measurement);

/* ---- timer.c ---- */

void benchmark_timer_start(struct benchmark_measurement *measurement);
/* Ends the window, or the pause, whatever there is. */
void benchmark_timer_finish(struct benchmark_measurement *measurement);
/* How far the cheap pauses together may be off: at most by what the thread was off the CPU in a window, the counter's
 * rate, and one reading of the counter a pause, which stays in the time. */
double benchmark_timer_pause_error_ns(const struct benchmark_measurement *measurement);

/* ---- spans.c ---- */

/* Adds another thread's. */
void benchmark_spans_append(struct benchmark_spans *to, const struct benchmark_spans *from);
void benchmark_spans_release(struct benchmark_span *items, size_t count);

/* ---- samples.c ---- */

/* Splits the iterations of a run that starts; allocates. */
void benchmark_samples_begin(struct benchmark_state *state);
void benchmark_samples_start(struct benchmark_measurement *measurement);
/* At the end of a chunk. */
void benchmark_samples_take(struct benchmark_state *state);
void benchmark_samples_pause(struct benchmark_measurement *measurement);
void benchmark_samples_resume(struct benchmark_measurement *measurement);
/* Adds another thread's. */
void benchmark_samples_append(struct benchmark_samples *to, const struct benchmark_samples *from);
/* Percentiles by nearest rank. Sorts the samples. */
void benchmark_samples_summarize(struct benchmark_samples *samples, struct benchmark_sample_summary *summary);

/* ---- calibration.c ---- */

/* Takes about half a millisecond. */
void benchmark_calibration_measure(struct benchmark_calibration *calibration);
/* Of a run that took seconds. Measures an empty loop if the run was fast enough to be one. */
enum benchmark_emptiness benchmark_calibration_find_emptiness(const struct benchmark_measurement *measurement,
                                                              int64_t iterations, double seconds);
/* turn_ns of a turn of turn_iterations against empty_ns of an empty one. */
enum benchmark_emptiness benchmark_calibration_judge(double turn_ns, double empty_ns, double turns,
                                                     int64_t turn_iterations);

/* ---- threads.c: one run of a case's function on all its threads ---- */

struct benchmark_team; /* the pool of threads and what they need; one at a time runs */
struct benchmark_team *benchmark_team_create(const int *cpus, int cpu_count);
void benchmark_team_release(struct benchmark_team *team);
/* Inside a run on several threads, or on a runner's. */
bool benchmark_team_is_busy(const struct benchmark_team *team);
/* Calls the function and adds up what its threads measured. fixture: what they find, and what thread 0 leaves. An error
 * says why not all threads ran. */
int benchmark_team_run(struct benchmark_team *team, const struct benchmark_instance *instance, int64_t iterations,
                       void **fixture, struct benchmark_measurement *total, struct error *error);
/* Only what thread 0 does, alone, and without anything else that measures. For the managers. */
void benchmark_team_run_alone(struct benchmark_team *team, const struct benchmark_instance *instance,
                              int64_t iterations, void **fixture, struct benchmark_measurement *measurement);
/* Threads of the pool, which sleep while a case runs on the calling thread alone. */
int benchmark_team_sleepers(const struct benchmark_team *team);
/* Whether the team itself reads what the scheduler did to its threads: cheaper than reading all of the process's. */
bool benchmark_team_watches(const struct benchmark_instance *instance);
const struct probe_scheduling *benchmark_team_scheduling(const struct benchmark_team *team);
/* How long threads of a user's runner wait for one that has not even started; 10 s. */
void benchmark_team_set_start_limit(struct benchmark_team *team, int64_t limit_ns);
/* Called by state.c: waits for the other threads; and a number that grows with every call. */
void benchmark_team_meet(struct benchmark_team *team);
uint32_t benchmark_team_next_order(struct benchmark_team *team);

/* ---- memory.c ---- */

/* --prony_memory: registers the ready manager unless there is one; says on stderr why it cannot. */
void benchmark_memory_prepare(struct benchmark_registry *registry);
/* Starts the peak of the resident set anew if it is asked for; false if it is not, or cannot be had. */
bool benchmark_memory_begin_case(const struct benchmark_flags *flags);
void benchmark_memory_read_peak(struct benchmark_run *run);

/* ---- noise.c: --prony_noise ---- */

void benchmark_noise_prepare(struct benchmark_noise *noise, const struct benchmark_instance *instance);
/* Just before the threads meet, just before the timer starts, just behind it, and when all have met again. */
void benchmark_noise_approach(struct benchmark_state *state);
void benchmark_noise_begin(struct benchmark_noise *noise);
void benchmark_noise_end(struct benchmark_noise *noise);
void benchmark_noise_leave(struct benchmark_state *state);
/* Another thread's. */
void benchmark_noise_merge(struct benchmark_noise *sum, const struct benchmark_noise *part);
void benchmark_noise_remember(struct benchmark_clock_history *history, const struct benchmark_noise *noise);
/* Why the sample is contaminated, to be freed; NULL = it is not. usual_clock_hz 0 = unknown. */
char *benchmark_noise_judge(const struct benchmark_noise *noise, int64_t run_delay_ns, double wall_ns,
                            double usual_clock_hz);
/* All of it into the record. */
void benchmark_noise_report(struct benchmark_run *run, const struct benchmark_measurement *measurement,
                            const struct benchmark_clock_history *history);

/* ---- callgrind.c: under valgrind, with --prony_callgrind ---- */

/* Exits with a message if it is asked for and cannot be. */
void benchmark_callgrind_prepare(const struct benchmark_registry *registry);
/* The loop starts: splits its iterations. */
void benchmark_callgrind_begin(struct benchmark_state *state, int64_t turn_iterations);
/* The first turn is done: the others count. */
void benchmark_callgrind_refill(struct benchmark_state *state);
void benchmark_callgrind_switch_on(struct benchmark_callgrind *callgrind);
void benchmark_callgrind_switch_off(struct benchmark_callgrind *callgrind);
/* The loop has ended. Skips the run if there were other threads. */
void benchmark_callgrind_finish(struct benchmark_state *state);

/* ---- memory_run.c ---- */

struct benchmark_runner;

/* Runs the case some more, and adds to the record what it does to memory. */
void benchmark_memory_run(struct benchmark_runner *runner, struct benchmark_run *run);
/* --prony_growth: behind teardown_case. */
void benchmark_memory_growth(struct benchmark_runner *runner, struct benchmark_run *run);
const char *benchmark_memory_fact_name(enum benchmark_memory_fact fact);

/* ---- record_run.c: --prony_allocation_profile ---- */

/* Exits with a message if it is asked for and cannot be. */
void benchmark_record_prepare(const struct benchmark_flags *flags);
/* timed: the last repetition. Says on stderr what went wrong. */
void benchmark_record_run(struct benchmark_runner *runner, const struct benchmark_run *timed);

/* ---- perf_counters.c ---- */

/* Says on stderr what cannot be counted. NULL if names is empty or nothing can be counted at all (backend NULL). */
struct benchmark_perf *benchmark_perf_create(const struct probe_counters_backend *backend, const char *names,
                                             const struct benchmark_instances *instances);
void benchmark_perf_release(struct benchmark_perf *perf);
/* Around the function, on the thread that calls it; nothing happens if perf is NULL. end adds counters and reports to
 * the measurement. */
void benchmark_perf_begin(struct benchmark_perf *perf, struct benchmark_measurement *measurement, int threads);
void benchmark_perf_end(struct benchmark_perf *perf, struct benchmark_measurement *measurement);
/* The reports of one more thread; after its counters were added to those of sum. Takes from part what it needs. */
void benchmark_perf_merge(struct benchmark_measurement *sum, struct benchmark_measurement *part);
void benchmark_perf_release_reports(struct benchmark_counter_report *reports, size_t count);

/* ---- metrics.c ---- */

/* request: groups, metrics and events; NULL if there are none in it. */
struct benchmark_metrics *benchmark_metrics_create(const struct probe_counters_backend *backend, const char *request,
                                                   bool user_reads);
void benchmark_metrics_release(struct benchmark_metrics *metrics);
/* Around the function, as benchmark_perf_begin and _end; end appends reports. Nothing happens if metrics is NULL. */
void benchmark_metrics_begin(struct benchmark_metrics *metrics, struct benchmark_measurement *measurement, int threads);
void benchmark_metrics_end(struct benchmark_metrics *metrics, struct benchmark_measurement *measurement);
/* Before the timer starts for the first time: looks which threads there are. */
void benchmark_metrics_start(struct benchmark_measurement *measurement);
/* Adds another thread's; takes its texts if its state is worse. */
void benchmark_metrics_add(struct benchmark_counter_report *sum, struct benchmark_counter_report *part);

/* ---- aggregates.c ---- */

/* Appends the records of mean, median, stddev, cv and the family's own statistics. Nothing if fewer than two
 * repetitions succeeded. */
struct benchmark_runs {
    struct benchmark_run *items;
    size_t count, capacity;
};
void benchmark_aggregates_compute(struct benchmark_runs *aggregates, const struct benchmark *family,
                                  const struct benchmark_run *runs, size_t count);
double benchmark_aggregates_mean(const double *samples, size_t count);
double benchmark_aggregates_median(const double *samples, size_t count);
double benchmark_aggregates_stddev(const double *samples, size_t count);
double benchmark_aggregates_cv(const double *samples, size_t count);
void benchmark_runs_release(struct benchmark_runs *runs);

/* ---- complexity.c ---- */

/* What the succeeded runs of one family measured; zero bytes = nothing yet. */
struct benchmark_points {
    size_t unfinished; /* selected cases of the family that have not been added */
    const struct benchmark *family;
    int64_t *n;
    double *real_seconds, *cpu_seconds; /* of one iteration */
    size_t count, capacity;
    const char *without_n; /* a case that did not say its n */
    /* Of the first run, for the records; the name without the arguments. */
    char *run_name, *label;
    int64_t family_index, instance_index;
    int repetitions, threads;
    enum benchmark_time_unit unit;
};
/* The repetitions of one finished case. */
void benchmark_complexity_add(struct benchmark_points *points, const struct benchmark_instance *instance,
                              const struct benchmark_run *runs, size_t count);
/* Appends BigO and RMS, whose names points owns. Nothing if fewer than two runs succeeded. */
void benchmark_complexity_compute(struct benchmark_runs *records, const struct benchmark_points *points);
void benchmark_points_release(struct benchmark_points *points);

/* ---- runner.c ---- */

/* One case with all its repetitions. */
struct benchmark_runner {
    const struct benchmark_instance *instance;
    const struct benchmark_flags *flags;
    locale_t callers_locale; /* for the caller's code; the library's own is C */
    enum benchmark_time_unit unit;
    double min_time, warmup_time;
    int64_t explicit_iterations;            /* 0 = found by trial */
    int64_t min_iterations, max_iterations; /* of the search; max >= 1 */
    double max_time;                        /* seconds; 0 = none */
    int64_t iterations;
    int repetitions, done;
    int64_t now_ns; /* after the last repetition; 0 = there was none, or others came between */
    void *fixture;
    struct benchmark_team *team;
    const struct benchmark_memory_manager *memory_manager;
    const struct benchmark_profiler_manager *profiler_manager;
    struct benchmark_watch *watch; /* of the present run */
    double *values_ns;             /* BENCHMARK_VALUE_LIMIT; borrowed */
    int samples;                   /* 0 = none */
    bool callgrind, callgrind_may_add_turn;
    const struct benchmark_calibration *calibration;
    bool peak_rss; /* it was started anew for this case, and goes into the records */
    struct benchmark_runs runs, aggregates;
    bool display_aggregates_only, file_aggregates_only;
    void (*on_repetition)(void *context, const struct benchmark_runner *runner); /* after each; NULL = nobody */
    void *context;                                                               /* of on_repetition */
};
void benchmark_runner_start(struct benchmark_runner *runner, const struct benchmark_instance *instance,
                            struct benchmark_registry *registry, double *values_ns);
/* The next count repetitions, or as many as are left, between setup_case and teardown_case. */
void benchmark_runner_repeat(struct benchmark_runner *runner, int count);
/* After the last repetition: the aggregates. */
void benchmark_runner_finish(struct benchmark_runner *runner);
void benchmark_runner_release(struct benchmark_runner *runner);
/* Setup, function and teardown once more, under the watch: returns the iterations of all threads together, 0 if the run
 * was skipped or failed. anew: and setup_case before, teardown_case after it. */
int64_t benchmark_runner_watch(struct benchmark_runner *runner, struct benchmark_watch *watch, int64_t iterations);
int64_t benchmark_runner_watch_anew(struct benchmark_runner *runner, struct benchmark_watch *watch, int64_t iterations);
/* The next iteration count after iterations took seconds of the min_seconds wanted, and the factor behind it. */
int64_t benchmark_runner_predict(int64_t iterations, double seconds, double min_seconds, double *multiplier);

/* ---- number.c ---- */

enum { BENCHMARK_NUMBER_SIZE = 32 }; /* bytes that any number needs */
/* Both write into buffer without a NUL and return the end. */
char *benchmark_number_int(char *buffer, int64_t value);
char *benchmark_number_double(char *buffer, double value); /* as "%.16e" of snprintf, to the last digit */

/* ---- report.c and report_<format>.c ---- */

/* What the CSV reporter knows of its columns and rows. */
struct benchmark_csv {
    bool shows_memory;
    bool warned;   /* of a counter without a column */
    int64_t start; /* where the header is in a file that can be written anew; else -1 */
    char **late;   /* owned; counters behind those of the first batch */
    size_t late_count, late_capacity;
    struct str rows; /* with start >= 0: what stands below the header */
    size_t *row_ends;
    size_t row_count, row_capacity;
};

/* A reporter of the library's own: a console, JSON or CSV on the streams of its base. */
struct benchmark_printer {
    struct benchmark_reporter base; /* first: ops get a pointer to it */
    bool color, tabular;
    bool keep_complete;              /* JSON to a file: it can be parsed after every batch, should the program die */
    bool started;                    /* a header, or the first record, is out */
    bool opened;                     /* JSON: the context is out, the end is not */
    size_t name_width;               /* console */
    struct benchmark_counters shown; /* names of the header's counters (console tabular, CSV) */
    bool shows_memory;               /* the console's header names memory results */
    struct benchmark_csv csv;
    struct str text; /* built here, written once per batch */
    struct str kept; /* JSON: what would end the document now, should the program die */
};
extern const struct benchmark_reporter_ops benchmark_console_ops;
extern const struct benchmark_reporter_ops benchmark_json_ops;
extern const struct benchmark_reporter_ops benchmark_csv_ops;

static inline struct benchmark_printer *benchmark_printer_of(struct benchmark_reporter *reporter)
{
    return (struct benchmark_printer *)reporter;
}
/* format: console, json or csv; console for anything else. Owned by the caller (benchmark_release_reporter). */
struct benchmark_reporter *benchmark_printer_create(const char *format, FILE *out, FILE *talk);
void benchmark_printer_flush(struct benchmark_printer *printer); /* text to out */
/* JSON: the finished repetitions of a case that is not, so that they are there if the program dies. What is reported
 * next replaces them. */
void benchmark_json_keep(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count);
void benchmark_printer_release(struct benchmark_reporter *reporter);
/* The memory results as up to 4 counters for people, of which only the array is the caller's; 0 without a measurement.
 */
size_t benchmark_run_memory_counters(const struct benchmark_run *run, struct benchmark_counter counters[4]);
void benchmark_run_append_name(struct str *str, const struct benchmark_run *run);

/* ---- ending.c: JSON documents that end well when the program does not ---- */

/* Around everything that runs benchmarks. */
void benchmark_ending_begin(void);
void benchmark_ending_finish(void);
/* A stack for signal handlers of the calling thread; NULL if it has one. To be freed when the thread has ended. */
void *benchmark_ending_lend_stack(void);
/* From now on the document on out is incomplete, and end (a constant) would end it. */
void benchmark_ending_open(FILE *out, const char *end);
void benchmark_ending_close(FILE *out);
/* Another end for it, which stays the caller's. Call while held. */
void benchmark_ending_replace(FILE *out, const char *end, size_t length);
/* Around writing a part of the document: a signal in between waits. */
void benchmark_ending_hold(void);
void benchmark_ending_release(void);

/* ---- context.c ---- */

void benchmark_context_collect(struct benchmark_context *context, const struct benchmark_registry *registry);

/* The context as the console and CSV reporters print it. */
void benchmark_console_write_context(FILE *out, const struct benchmark_context *context);

#endif
