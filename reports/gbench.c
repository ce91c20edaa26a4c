/* gbench.c: a run or a comparison as Google Benchmark's JSON, which its compare.py, github-action-benchmark and many
 * services read: one record a case and process, in nanoseconds, metrics as counters. Names are "suite/case".
 *
 * A comparison is one file in which the names of the base begin with "base/" and those of the candidate with
 * "candidate/": `compare.py filters FILE base/ candidate/`. With more candidates: "candidate1/", "candidate2/". */
#include "harness/base/clock.h"
#include "harness/base/case_name.h"
#include "reports/escape.h"
#include "reports/judgement_words.h"
#include "reports/report.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *text_json(const char *text)
{
    struct str plain = { 0 };
    escape_plain(&plain, text ? text : "");
    json_t *json = json_string(str_text(&plain));
    str_release(&plain);
    return json;
}

/* ---- context ---- */

static json_t *context_json(const struct store_run_row *run)
{
    char time[32];
    json_t *json = json_object();
    const char *host = judgement_fact(run, "host"), *cpus = judgement_fact(run, "cpu_count");
    int64_t count = 0;
    double mhz = 0;
    if (!cpus || !str_parse_i64(cpus, &count))
        count = 1;
    if (judgement_fact(run, "cpuinfo_mhz"))
        str_parse_f64(judgement_fact(run, "cpuinfo_mhz"), &mhz);
    json_object_set_new(json, "date", text_json(clock_format_utc(time, run->started_ns)));
    json_object_set_new(json, "host_name", text_json(host ? host : "unknown"));
    json_object_set_new(json, "executable", text_json(run->plan));
    json_object_set_new(json, "num_cpus", json_integer(count));
    json_object_set_new(json, "mhz_per_cpu", json_integer((json_int_t)mhz));
    json_object_set_new(json, "cpu_scaling_enabled", json_false());
    json_object_set_new(json, "caches", json_array());
    json_object_set_new(json, "load_avg", json_array());
    json_object_set_new(json, "library_version", text_json("prony " PRONY_VERSION));
    json_object_set_new(json, "library_build_type", text_json("release"));
    json_object_set_new(json, "json_schema_version", json_integer(1));
    if (judgement_fact(run, "git_commit"))
        json_object_set_new(json, "git_commit", text_json(judgement_fact(run, "git_commit")));
    return json;
}

/* ---- records ---- */

struct records {
    json_t *list;
    int family;
    struct arena *arena;
};

/* Keys of a record that are not counters. */
static bool is_taken(const char *name)
{
    static const char *const keys[] = { "name",       "run_name",  "run_type",       "repetitions",
                                        "iterations", "real_time", "cpu_time",       "time_unit",
                                        "threads",    "label",     "error_occurred", "error_message" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (str_equal(keys[i], name))
            return true;
    return false;
}

static json_t *record_json(const struct records *records, const struct store_case *item, const char *name)
{
    json_t *json = json_object();
    json_object_set_new(json, "name", text_json(name));
    json_object_set_new(json, "family_index", json_integer(records->family));
    json_object_set_new(json, "per_family_instance_index", json_integer(0));
    json_object_set_new(json, "run_name", text_json(name));
    json_object_set_new(json, "run_type", text_json("iteration"));
    json_object_set_new(json, "threads", json_integer((json_int_t)case_name_number(item->name, "threads", 1)));
    return json;
}

/* A case that only failed: readers of the format know errors. */
static void add_error(struct records *records, const struct store_case *item, const char *name)
{
    json_t *json = record_json(records, item, name);
    json_object_set_new(json, "repetitions", json_integer(1));
    json_object_set_new(json, "repetition_index", json_integer(0));
    json_object_set_new(json, "error_occurred", json_true());
    json_object_set_new(json, "error_message", text_json(item->message ? item->message : "not measured"));
    json_object_set_new(json, "iterations", json_integer(0));
    json_object_set_new(json, "real_time", json_real(0));
    json_object_set_new(json, "cpu_time", json_real(0));
    json_object_set_new(json, "time_unit", text_json("ns"));
    json_array_append_new(records->list, json);
}

static size_t medians_of(const struct records *records, const double *values, const int *processes, size_t count,
                         double **medians)
{
    *medians = arena_array(records->arena, count + 1, sizeof **medians);
    return values ? view_process_medians(values, processes, count, *medians) : 0;
}

/* Counters of record i: of the timed samples, and of passes that had as many processes; else the pass's median. */
static void add_counters(const struct records *records, json_t *json, const struct store_case *item, size_t i, size_t n)
{
    for (size_t m = 0; m < item->metric_count; m++) {
        const struct store_series *series = &item->metrics[m];
        double *medians, value;
        size_t count = medians_of(records, series->values, series->processes, series->count, &medians);
        if (!count || is_taken(series->name) || json_object_get(json, series->name))
            continue;
        value = count == n ? medians[i] : stats_median(medians, count);
        json_t *number = json_real(value);
        if (!number || json_object_set_new(json, series->name, number) != 0)
            continue; /* a name that is not UTF-8 */
    }
}

/* Repetitions inside a process are one record, their median: readers of the format take all for independent. */
static void add_case(struct records *records, const struct store_case *item, const char *prefix)
{
    double *real, *cpu;
    if (!item)
        return;
    const char *name = arena_format(records->arena, "%s%s/%s", prefix, item->suite, item->name);
    size_t n = medians_of(records, item->real_time_ns, item->processes, item->sample_count, &real);
    size_t cpus = medians_of(records, item->cpu_time_ns, item->processes, item->sample_count, &cpu);
    if (!n && item->error_count)
        add_error(records, item, name);
    for (size_t i = 0; i < n; i++) {
        json_t *json = record_json(records, item, name);
        json_object_set_new(json, "repetitions", json_integer((json_int_t)n));
        json_object_set_new(json, "repetition_index", json_integer((json_int_t)i));
        json_object_set_new(json, "iterations", json_integer((json_int_t)item->iterations[0]));
        json_object_set_new(json, "real_time", json_real(real[i]));
        json_object_set_new(json, "cpu_time", json_real(cpus == n ? cpu[i] : real[i]));
        json_object_set_new(json, "time_unit", text_json("ns"));
        add_counters(records, json, item, i, n);
        if (item->label && *item->label)
            json_object_set_new(json, "label", text_json(item->label));
        json_array_append_new(records->list, json);
    }
    records->family++;
}

/* ---- documents ---- */

static int finish(json_t *json, struct str *out, struct error *error)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(json);
    if (!text)
        return error_set(error, ERROR_MEMORY, "gbench: out of memory");
    str_append(out, text);
    str_append_char(out, '\n');
    free(text);
    return 0;
}

int report_gbench(const struct view *view, const struct report_options *options, struct str *out, struct error *error)
{
    (void)options;
    json_t *json = json_object();
    struct records records = { .list = json_array(), .arena = view->arena };
    json_object_set_new(json, "context", context_json(&view->run));
    for (size_t i = 0; i < view->case_count; i++)
        add_case(&records, view->cases[i].source, "");
    json_object_set_new(json, "benchmarks", records.list);
    return finish(json, out, error);
}

int judgement_gbench(const struct judgement *judgement, const struct report_options *options, struct str *out,
                     struct error *error)
{
    (void)options;
    static const struct store_run_row nothing = { .plan = "nothing" };
    struct arena arena = { 0 };
    json_t *json = json_object();
    struct records records = { .list = json_array(), .arena = &arena };
    json_object_set_new(json, "context",
                        context_json(judgement->count ? &judgement->comparisons[0].candidate : &nothing));
    for (size_t c = 0; c < judgement->count; c++) {
        const struct comparison *comparison = &judgement->comparisons[c];
        const char *prefix = judgement->count > 1 ? arena_format(&arena, "candidate%zu/", c + 1) : "candidate/";
        for (size_t i = 0; i < comparison->case_count && c == 0; i++)
            add_case(&records, comparison->cases[i].base, "base/");
        for (size_t i = 0; i < comparison->case_count; i++)
            add_case(&records, comparison->cases[i].candidate, prefix);
    }
    json_object_set_new(json, "benchmarks", records.list);
    int code = finish(json, out, error);
    arena_release(&arena);
    return code;
}
