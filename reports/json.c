/* json.c: the view as JSON, for other programs: every metric of every case with its interval. Numbers are in the base
 * units of the store (ns, B, per second). */
#include "reports/json_calibration.h"
#include "reports/explain.h"
#include "reports/report.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* Text that is not UTF-8 would make jansson return NULL. */
static json_t *text_json(const char *text)
{
    if (!text)
        return json_null();
    json_t *json = json_string(text);
    return json ? json : json_string("(not UTF-8)");
}

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *summary_json(const struct stats_summary *summary)
{
    json_t *json = json_object();
    json_object_set_new(json, "n", json_integer((json_int_t)summary->count));
    json_object_set_new(json, "median", number_json(summary->median));
    json_object_set_new(json, "low", number_json(summary->interval.low));
    json_object_set_new(json, "high", number_json(summary->interval.high));
    json_object_set_new(json, "coverage", number_json(summary->interval.coverage));
    json_object_set_new(json, "minimum", number_json(summary->minimum));
    json_object_set_new(json, "maximum", number_json(summary->maximum));
    json_object_set_new(json, "mean", number_json(summary->mean));
    json_object_set_new(json, "sd", number_json(summary->sd));
    json_object_set_new(json, "robust_sd", number_json(summary->robust_sd));
    json_object_set_new(json, "outliers", json_integer((json_int_t)summary->outliers));
    return json;
}

/* Takes value over. */
static void set_missing(json_t *object, const char *key, json_t *value)
{
    if (json_object_get(object, key))
        json_decref(value);
    else
        json_object_set_new(object, key, value);
}

static json_t *numbers_json(const double *values, size_t count)
{
    json_t *json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, number_json(values[i]));
    return json;
}

static json_t *series_json(const struct store_series *series)
{
    static const char *const states[] = { "ok", "scaled", "approximate", "not counted", "unsupported" };
    json_t *json = json_object();
    json_object_set_new(json, "state", text_json(states[series->worst_state]));
    json_object_set_new(json, "median", number_json(view_series_median(series)));
    json_object_set_new(json, "unit", text_json(series->unit));
    json_object_set_new(json, "values", numbers_json(series->values, series->count));
    if (series->running_share > 0)
        json_object_set_new(json, "running_share", number_json(series->running_share));
    if (series->reason)
        json_object_set_new(json, "reason", text_json(series->reason));
    if (series->remedy)
        json_object_set_new(json, "remedy", text_json(series->remedy));
    if (series->thread_count)
        json_object_set_new(json, "threads", numbers_json(series->thread_values, series->thread_count));
    return json;
}

/* What the passes measured, by pass and metric. */
static json_t *passes_json(const struct store_case *source)
{
    json_t *json = json_object();
    for (size_t i = 0; i < source->metric_count; i++) {
        const struct store_series *series = &source->metrics[i];
        if (series->pass == STORE_PASS_TIMED)
            continue;
        json_t *pass = json_object_get(json, view_pass_name(series->pass));
        if (!pass)
            json_object_set_new(json, view_pass_name(series->pass), pass = json_object());
        json_object_set_new(pass, series->name, series_json(series));
    }
    return json;
}

static json_t *spans_json(const struct store_case *source)
{
    if (!source->span_count)
        return json_null();
    json_t *json = json_object(), *operations = json_array();
    for (size_t i = 0; i < source->span_count; i++) {
        const struct store_span *span = &source->spans[i];
        json_t *operation = json_object();
        json_object_set_new(operation, "operation", text_json(span->operation));
        json_object_set_new(operation, "layer", span->layer >= 0 ? json_integer(span->layer) : json_null());
        json_object_set_new(operation, "calls", number_json(span->calls));
        json_object_set_new(operation, "time_ns", number_json(span->time_ns));
        json_object_set_new(operation, "bytes", number_json(span->bytes));
        json_object_set_new(operation, "flops", number_json(span->flops));
        json_object_set_new(operation, "kernels", text_json(span->kernels));
        json_array_append_new(operations, operation);
    }
    json_object_set_new(json, "iteration_ns", number_json(source->span_iteration_ns));
    json_object_set_new(json, "operations", operations);
    return json;
}

static json_t *courses_json(const struct store_case *source)
{
    json_t *json = json_object();
    for (size_t i = 0; i < source->course_count; i++) {
        const struct store_course *course = &source->courses[i];
        json_t *item = json_object();
        json_object_set_new(item, "unit", text_json(course->unit));
        json_object_set_new(item, "operations", numbers_json(course->operations, course->count));
        json_object_set_new(item, "values", numbers_json(course->values, course->count));
        json_object_set_new(json, course->name, item);
    }
    return json;
}

static json_t *checks_json(const struct explain *explain)
{
    json_t *json = json_array();
    for (size_t i = 0; explain && i < explain->check_count; i++) {
        const struct store_check *check = &explain->checks[i];
        json_t *item = json_object();
        json_object_set_new(item, "name", text_json(check->name));
        json_object_set_new(item, "verdict", text_json(check->verdict));
        json_object_set_new(item, "seen", text_json(check->seen));
        json_object_set_new(item, "meaning", text_json(check->meaning));
        json_object_set_new(item, "remedy", text_json(check->remedy));
        json_array_append_new(json, item);
    }
    return json;
}

static json_t *profiles_json(const struct explain *explain)
{
    json_t *json = json_array();
    for (size_t i = 0; explain && i < explain->profile_count; i++) {
        const struct store_profile *profile = &explain->profiles[i].about;
        json_t *item = json_object();
        json_object_set_new(item, "id", json_integer(explain->profiles[i].id));
        json_object_set_new(item, "suite", text_json(profile->suite));
        json_object_set_new(item, "name", text_json(profile->name));
        json_object_set_new(item, "title", text_json(profile->title));
        json_object_set_new(item, "kind", text_json(profile->kind));
        json_object_set_new(item, "event", text_json(profile->event));
        json_object_set_new(item, "unit", text_json(profile->unit));
        json_object_set_new(item, "samples", json_integer((json_int_t)profile->sample_count));
        json_object_set_new(item, "lost", json_integer((json_int_t)profile->lost_count));
        json_array_append_new(json, item);
    }
    return json;
}

static json_t *case_json(const struct view_case *view_case)
{
    json_t *json = json_object(), *metrics = json_object(), *absent = json_object();
    json_object_set_new(json, "suite", text_json(view_case->suite));
    json_object_set_new(json, "name", text_json(view_case->name));
    json_object_set_new(json, "main", text_json(view_case->main_name));
    json_object_set_new(json, "higher_is_better", json_boolean(view_case->higher_is_better));
    json_object_set_new(json, "processes", json_integer((json_int_t)view_case->processes));
    json_object_set_new(json, "samples", json_integer((json_int_t)view_case->samples));
    json_object_set_new(json, "contaminated", json_integer((json_int_t)view_case->contaminated));
    json_object_set_new(json, "noisy", json_boolean(view_case->noisy));
    json_object_set_new(json, "errors", json_integer((json_int_t)view_case->source->error_count));
    json_object_set_new(json, "skips", json_integer((json_int_t)view_case->source->skip_count));
    json_object_set_new(json, "message", text_json(view_case->source->message));
    if (view_case->time_ns.count)
        json_object_set_new(metrics, "real_time", summary_json(&view_case->time_ns));
    if (view_case->higher_is_better)
        json_object_set_new(metrics, view_case->main_name, summary_json(&view_case->main));
    for (size_t i = 0; i < view_case->metric_count; i++) {
        const struct view_metric *metric = &view_case->metrics[i];
        if (metric->summary.count) {
            json_t *summary = summary_json(&metric->summary);
            json_object_set_new(summary, "mark", text_json(metric->state == STORE_OK ? NULL : metric->reason));
            set_missing(metrics, metric->name, summary); /* a timed metric stays, whatever a pass calls the same */
        } else {
            set_missing(absent, metric->name, text_json(metric->reason));
        }
    }
    json_object_set_new(json, "metrics", metrics);
    json_object_set_new(json, "absent", absent);
    json_object_set_new(json, "passes", passes_json(view_case->source));
    json_object_set_new(json, "spans", spans_json(view_case->source));
    json_object_set_new(json, "courses", courses_json(view_case->source));
    return json;
}

static json_t *facts_json(const struct store_fact *facts, size_t count)
{
    json_t *json = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(json, facts[i].name, text_json(facts[i].value));
    return json;
}

static json_t *run_json(const struct view *view)
{
    const struct store_run_row *run = &view->run;
    json_t *json = json_object();
    json_object_set_new(json, "id", json_integer(run->id));
    json_object_set_new(json, "uuid", text_json(run->uuid));
    json_object_set_new(json, "plan", text_json(run->plan));
    json_object_set_new(json, "command", text_json(run->command));
    json_object_set_new(json, "status", text_json(run->status));
    json_object_set_new(json, "fingerprint", text_json(run->fingerprint));
    json_object_set_new(json, "started_ns", json_integer(run->started_ns));
    json_object_set_new(json, "ended_ns", run->ended_ns ? json_integer(run->ended_ns) : json_null());
    json_object_set_new(json, "build", facts_json(run->build, run->build_count));
    json_object_set_new(json, "machine", facts_json(run->machine, run->machine_count));
    json_object_set_new(json, "environment", facts_json(run->environment, run->environment_count));
    return json;
}

static json_t *problem_json(const struct view_problem *problem)
{
    json_t *json = json_object();
    json_object_set_new(json, "kind", text_json(view_problem_word(problem->kind)));
    json_object_set_new(json, "suite", text_json(problem->suite));
    json_object_set_new(json, "name", text_json(problem->name));
    json_object_set_new(json, "reason", text_json(problem->reason));
    json_object_set_new(json, "stderr", text_json(problem->detail));
    json_object_set_new(json, "count", json_integer((json_int_t)problem->count));
    return json;
}

int report_json(const struct view *view, const struct report_options *options, struct str *out, struct error *error)
{
    (void)options;
    json_t *json = json_object(), *cases = json_array(), *problems = json_array();
    json_object_set_new(json, "title", text_json(view->title));
    json_object_set_new(json, "run", run_json(view));
    for (size_t i = 0; i < view->problem_count; i++)
        json_array_append_new(problems, problem_json(&view->problems[i]));
    json_object_set_new(json, "problems", problems);
    json_object_set_new(json, "calibration", json_calibration(view->calibration, view->arena));
    for (size_t i = 0; i < view->case_count; i++)
        json_array_append_new(cases, case_json(&view->cases[i]));
    json_object_set_new(json, "cases", cases);
    json_object_set_new(json, "checks", checks_json(view->explain));
    json_object_set_new(json, "profiles", profiles_json(view->explain));
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(json);
    if (!text)
        return error_set(error, ERROR_MEMORY, "json report: out of memory");
    str_append(out, text);
    str_append_char(out, '\n');
    free(text);
    return 0;
}
