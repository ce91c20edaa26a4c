/* json.c: the view as JSON, for other programs: every metric of every case with its interval. Numbers are in the base
 * units of the store (ns, B, per second). */
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
            json_object_set_new(metrics, metric->name, summary);
        } else
            json_object_set_new(absent, metric->name, text_json(metric->reason));
    }
    json_object_set_new(json, "metrics", metrics);
    json_object_set_new(json, "absent", absent);
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
    for (size_t i = 0; i < view->case_count; i++)
        json_array_append_new(cases, case_json(&view->cases[i]));
    json_object_set_new(json, "cases", cases);
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(json);
    if (!text)
        return error_set(error, ERROR_MEMORY, "json report: out of memory");
    str_append(out, text);
    str_append_char(out, '\n');
    free(text);
    return 0;
}
