/* judgement_json.c: a judgement as JSON, complete. "version" grows when a key changes its meaning or goes; keys may be
 * added without. Effects and floors are natural-log ratios ("percent" beside them for people); what does not exist is
 * null. docs/FORMATS.md describes the keys. */
#include "harness/base/clock.h"
#include "reports/json_calibration.h"
#include "reports/escape.h"
#include "reports/judgement_words.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

enum { VERSION = 1 };

static json_t *text_json(const char *text)
{
    if (!text)
        return json_null();
    json_t *json = json_string(text);
    if (json)
        return json;
    /* Not UTF-8. */
    struct str plain = { 0 };
    escape_plain(&plain, text);
    json = json_string(str_text(&plain));
    str_release(&plain);
    return json;
}

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count_json(size_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *texts_json(const char *const *texts, size_t count)
{
    json_t *json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, text_json(texts[i]));
    return json;
}

static json_t *verdicts_json(const size_t verdicts[JUDGE_VERDICT_COUNT])
{
    json_t *json = json_object();
    for (int v = 0; v < JUDGE_VERDICT_COUNT; v++)
        json_object_set_new(json, judge_verdict_name((enum judge_verdict)v), count_json(verdicts[v]));
    return json;
}

static json_t *pair_json(double low, double high)
{
    json_t *json = json_array();
    json_array_append_new(json, number_json(low));
    json_array_append_new(json, number_json(high));
    return json;
}

/* ---- metrics and cases ---- */

static json_t *side_json(const struct stats_summary *summary)
{
    if (!summary->count)
        return json_null();
    json_t *json = json_object();
    json_object_set_new(json, "n", count_json(summary->count));
    json_object_set_new(json, "median", number_json(summary->median));
    json_object_set_new(json, "low", number_json(summary->interval.low));
    json_object_set_new(json, "high", number_json(summary->interval.high));
    json_object_set_new(json, "minimum", number_json(summary->minimum));
    json_object_set_new(json, "maximum", number_json(summary->maximum));
    json_object_set_new(json, "robust_sd", number_json(summary->robust_sd));
    return json;
}

/* Against a history: where the level changed, and what came out when the ends were measured again. */
static json_t *step_json(const struct compare_step *step)
{
    static const char *const answers[] = { "not measured", "confirmed", "refuted", "undecided" };
    json_t *json = json_object();
    json_object_set_new(json, "good", text_json(step->good));
    json_object_set_new(json, "bad", text_json(step->bad));
    json_object_set_new(json, "effect", number_json(step->effect));
    json_object_set_new(json, "interval", pair_json(step->interval.low, step->interval.high));
    json_object_set_new(json, "runs", count_json(step->runs));
    json_object_set_new(json, "again", text_json(answers[step->again]));
    return json;
}

/* Null where nothing had to be confirmed. */
static json_t *confirmation_json(const struct compare_confirmation *again)
{
    static const char *const states[] = { "", "confirmed", "not confirmed", "not measured" };
    if (again->state == COMPARE_UNASKED)
        return json_null();
    json_t *json = json_object();
    json_object_set_new(json, "state", text_json(states[again->state]));
    json_object_set_new(json, "pairs", count_json(again->pairs));
    if (!again->pairs)
        return json;
    json_object_set_new(json, "effect", number_json(again->effect));
    json_object_set_new(json, "interval", pair_json(again->interval.low, again->interval.high));
    json_object_set_new(json, "percent", number_json(judge_percent(again->effect)));
    json_object_set_new(json, "p", number_json(again->p));
    return json;
}

static json_t *metric_json(const struct compare_metric *metric)
{
    json_t *json = json_object();
    json_object_set_new(json, "name", text_json(metric->name));
    json_object_set_new(json, "unit", text_json(metric->unit));
    json_object_set_new(json, "pass", text_json(view_pass_name(metric->pass)));
    json_object_set_new(json, "higher_is_better", json_boolean(metric->higher_is_better));
    json_object_set_new(json, "verdict", text_json(judge_verdict_name(metric->verdict)));
    json_object_set_new(json, "reason", text_json(metric->reason));
    json_object_set_new(json, "base", side_json(&metric->base));
    json_object_set_new(json, "candidate", side_json(&metric->candidate));
    json_object_set_new(json, "pairs", count_json(metric->pairs));
    json_object_set_new(json, "effect", number_json(metric->effect));
    json_object_set_new(json, "interval", pair_json(metric->interval.low, metric->interval.high));
    json_object_set_new(json, "coverage", number_json(metric->interval.coverage));
    json_object_set_new(json, "percent", number_json(judge_percent(metric->effect)));
    json_object_set_new(json, "percent_interval",
                        pair_json(judge_percent(metric->interval.low), judge_percent(metric->interval.high)));
    json_object_set_new(json, "p", number_json(metric->p));
    json_object_set_new(json, "q", number_json(metric->q));
    json_object_set_new(json, "floor", number_json(metric->floor));
    json_object_set_new(json, "noise", number_json(metric->noise));
    json_object_set_new(json, "detectable", number_json(metric->detectable));
    json_object_set_new(json, "exact", json_boolean(metric->exact));
    json_object_set_new(json, "shape", json_boolean(metric->shape));
    if (metric->step)
        json_object_set_new(json, "step", step_json(metric->step));
    json_object_set_new(json, "confirmation", confirmation_json(&metric->confirmation));
    return json;
}

static json_t *case_json(const struct compare_case *item)
{
    static const char *const outputs[] = { "unknown", "same", "within", "different" };
    json_t *json = json_object(), *metrics = json_array();
    json_object_set_new(json, "suite", text_json(item->suite));
    json_object_set_new(json, "name", text_json(item->name));
    json_object_set_new(json, "verdict", text_json(judge_verdict_name(item->verdict)));
    json_object_set_new(json, "reason", text_json(item->reason));
    json_object_set_new(json, "acknowledged", text_json(item->acknowledged));
    json_object_set_new(json, "output", text_json(outputs[item->output]));
    json_object_set_new(json, "output_error", pair_json(item->output_error_base, item->output_error_candidate));
    json_object_set_new(json, "time", metric_json(&item->time));
    json_object_set_new(json, "cpu", item->cpu.name ? metric_json(&item->cpu) : json_null());
    for (size_t i = 0; i < item->metric_count; i++)
        json_array_append_new(metrics, metric_json(&item->metrics[i]));
    json_object_set_new(json, "metrics", metrics);
    return json;
}

/* ---- comparisons ---- */

static json_t *group_json(const struct compare_group *group)
{
    json_t *json = json_object();
    json_object_set_new(json, "suite", text_json(group->suite));
    json_object_set_new(json, "operation", text_json(group->operation));
    json_object_set_new(json, "cases", count_json(group->count));
    json_object_set_new(json, "time", metric_json(&group->time));
    json_object_set_new(json, "verdicts", verdicts_json(group->verdicts));
    return json;
}

static json_t *attribution_json(const struct compare_attribution *item)
{
    json_t *json = json_object(), *parts = json_array();
    json_object_set_new(json, "suite", text_json(item->whole->suite));
    json_object_set_new(json, "name", text_json(item->whole->name));
    for (size_t i = 0; i < item->count; i++) {
        const struct compare_part *part = &item->parts[i];
        json_t *entry = json_object();
        json_object_set_new(entry, "operation", text_json(part->operation));
        json_object_set_new(entry, "base_ns", number_json(part->base_ns));
        json_object_set_new(entry, "candidate_ns", number_json(part->candidate_ns));
        json_object_set_new(entry, "change_ns", number_json(part->candidate_ns - part->base_ns));
        json_object_set_new(entry, "interval_ns", pair_json(part->interval.low, part->interval.high));
        json_object_set_new(entry, "kernels", text_json(part->kernels));
        json_object_set_new(entry, "kernel_effect", number_json(part->kernel_effect));
        json_object_set_new(entry, "layer_effect", number_json(part->layer_effect));
        json_array_append_new(parts, entry);
    }
    json_object_set_new(json, "operations", parts);
    json_object_set_new(json, "traced_pairs", count_json(item->pairs));
    json_object_set_new(json, "base_ns", number_json(item->base_ns));
    json_object_set_new(json, "change_ns", number_json(item->change_ns));
    json_object_set_new(json, "change_interval_ns", pair_json(item->change.low, item->change.high));
    json_object_set_new(json, "residual_interval_ns", pair_json(item->residual.low, item->residual.high));
    json_object_set_new(json, "residual_ns", number_json(item->residual_ns));
    json_object_set_new(json, "predicted_ns", number_json(item->predicted_ns));
    return json;
}

static json_t *facts_json(const struct store_fact *facts, size_t count)
{
    json_t *json = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(json, facts[i].name, text_json(facts[i].value));
    return json;
}

static json_t *run_json(const char *name, const struct store_run_row *run)
{
    json_t *json = json_object();
    json_object_set_new(json, "name", text_json(name));
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
    return json;
}

static json_t *comparison_json(const struct comparison *comparison)
{
    json_t *json = json_object(), *options = json_object(), *cases = json_array(), *groups = json_array(),
           *attributions = json_array();
    json_object_set_new(json, "base", run_json(comparison->base_name, &comparison->base));
    json_object_set_new(json, "candidate", run_json(comparison->candidate_name, &comparison->candidate));
    json_object_set_new(json, "verdict", text_json(judge_verdict_name(comparison->verdict)));
    json_object_set_new(json, "verdicts", verdicts_json(comparison->verdicts));
    json_object_set_new(json, "shared", count_json(comparison->shared));
    json_object_set_new(json, "paired", json_boolean(comparison->paired));
    json_object_set_new(json, "identical_binaries", json_boolean(comparison->identical_binaries));
    json_object_set_new(json, "machines_differ", json_boolean(comparison->machines_differ));
    json_object_set_new(json, "machine_difference", text_json(comparison->machine_difference));
    json_object_set_new(json, "environment_change", text_json(comparison->environment_change));
    json_object_set_new(options, "floor", number_json(comparison->options.floor));
    json_object_set_new(options, "look", json_integer(comparison->options.look));
    json_object_set_new(options, "look_count", json_integer(comparison->options.look_count));
    json_object_set_new(options, "seed", json_integer((json_int_t)comparison->options.seed));
    json_object_set_new(json, "options", options);
    json_object_set_new(json, "notes", texts_json(comparison->notes, comparison->note_count));
    for (size_t i = 0; i < comparison->case_count; i++)
        json_array_append_new(cases, case_json(&comparison->cases[i]));
    for (size_t i = 0; i < comparison->group_count; i++)
        json_array_append_new(groups, group_json(&comparison->groups[i]));
    for (size_t i = 0; i < comparison->attribution_count; i++)
        json_array_append_new(attributions, attribution_json(&comparison->attributions[i]));
    json_object_set_new(json, "cases", cases);
    json_object_set_new(json, "groups", groups);
    json_object_set_new(json, "attributions", attributions);
    return json;
}

/* ---- gate and calibration ---- */

static json_t *finding_json(const struct gate_finding *finding)
{
    static const char *const kinds[] = { "budget", "target", "output", "failure" };
    json_t *json = json_object();
    json_object_set_new(json, "kind", text_json(kinds[finding->kind]));
    json_object_set_new(json, "status", text_json(gate_status_name(finding->status)));
    json_object_set_new(json, "suite", text_json(finding->suite));
    json_object_set_new(json, "name", text_json(finding->name));
    json_object_set_new(json, "metric", text_json(finding->metric));
    json_object_set_new(json, "unit", text_json(finding->unit));
    json_object_set_new(json, "actual", number_json(finding->actual));
    json_object_set_new(json, "limit", number_json(finding->limit));
    json_object_set_new(json, "relative", json_boolean(finding->relative));
    json_object_set_new(json, "comparator", text_json(finding->comparator));
    json_object_set_new(json, "tier", text_json(finding->tier));
    json_object_set_new(json, "text", text_json(finding->text));
    json_object_set_new(json, "acknowledged_by", text_json(finding->acknowledged_by));
    json_object_set_new(json, "acknowledged_reason", text_json(finding->acknowledged_reason));
    json_object_set_new(json, "acknowledged_until", text_json(finding->acknowledged_until));
    return json;
}

static json_t *gate_json(const struct gate *gate)
{
    if (!gate)
        return json_null();
    json_t *json = json_object(), *findings = json_array(), *tiers = json_array();
    json_object_set_new(json, "status", text_json(gate_status_name(gate->status)));
    json_object_set_new(json, "policy", text_json(gate->policy));
    json_object_set_new(json, "judged", count_json(gate->judged));
    for (size_t i = 0; i < gate->count; i++)
        json_array_append_new(findings, finding_json(&gate->findings[i]));
    for (size_t i = 0; i < GATE_TIER_COUNT; i++) {
        json_t *tier = json_object();
        json_object_set_new(tier, "name", text_json(gate->tiers[i].name));
        json_object_set_new(tier, "met", count_json(gate->tiers[i].met));
        json_object_set_new(tier, "count", count_json(gate->tiers[i].count));
        json_object_set_new(tier, "unknown", count_json(gate->tiers[i].unknown));
        json_object_set_new(tier, "reached", json_boolean(gate->tiers[i].reached));
        json_array_append_new(tiers, tier);
    }
    json_object_set_new(json, "findings", findings);
    json_object_set_new(json, "tiers", tiers);
    json_object_set_new(json, "warnings", texts_json(gate->warnings, gate->warning_count));
    return json;
}

int judgement_json(const struct judgement *judgement, const struct report_options *options, struct str *out,
                   struct error *error)
{
    char time[32];
    struct arena arena = { 0 };
    enum gate_status status = judgement_status(judgement);
    json_t *json = json_object(), *comparisons = json_array();
    json_object_set_new(json, "format", text_json("prony-judgement"));
    json_object_set_new(json, "version", json_integer(VERSION));
    json_object_set_new(json, "prony", text_json(PRONY_VERSION));
    json_object_set_new(json, "written", text_json(clock_format_utc(time, options->now_ns)));
    json_object_set_new(json, "title", text_json(judgement->title));
    json_object_set_new(json, "status", text_json(gate_status_name(status)));
    json_object_set_new(json, "exit_status", json_integer(status));
    json_object_set_new(json, "summary", text_json(judgement_count_line(judgement, &arena)));
    json_object_set_new(json, "calibration", json_calibration(judgement->calibration, &arena));
    for (size_t i = 0; i < judgement->count; i++)
        json_array_append_new(comparisons, comparison_json(&judgement->comparisons[i]));
    json_object_set_new(json, "comparisons", comparisons);
    json_object_set_new(json, "gate", gate_json(judgement->gate));
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(json);
    arena_release(&arena);
    if (!text)
        return error_set(error, ERROR_MEMORY, "json: out of memory");
    str_append(out, text);
    str_append_char(out, '\n');
    free(text);
    return 0;
}
