/* judgement_sarif.c: a judgement as SARIF 2.1.0 (OASIS), the format of code scanning: one result a case that is
 * regressed, wrong, failed, undecided or over a budget, and one a missed target. What is acknowledged is there with its
 * suppression. A case is known again by partialFingerprints, so that an alert stays the same over the builds. */
#include "reports/escape.h"
#include "reports/judgement_cases.h"
#include "reports/judgement_source.h"
#include "reports/judgement_words.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static const struct rule {
    const char *kind, *id, *name, *text, *help;
} rules[] = {
    { "regressed", "prony/regressed", "Regressed", "A case takes longer than on the base.",
      "The whole interval of the change lies beyond the floor, and the false discovery rate is below 5 %." },
    { "wrong output", "prony/wrong-output", "WrongOutput", "A case computes something else than on the base.",
      "The digest of the output differs, and its error against the reference is larger than allowed." },
    { "failed", "prony/failed", "Failed", "A case that was measured on the base fails or is missing.",
      "Run the case alone: prony run --filter." },
    { "over budget", "prony/over-budget", "OverBudget", "A metric grew beyond its budget.",
      "The budget is written in the gate's policy." },
    { "target", "prony/target", "TargetMissed", "A value misses its target.",
      "Targets are written in the gate's policy." },
    { "undecided", "prony/undecided", "Undecided", "Too few samples to say whether a case changed.",
      "Measure more pairs, or on a quieter machine." },
};
enum { RULES = sizeof rules / sizeof rules[0] };

static json_t *text_json(const char *text)
{
    struct str plain = { 0 };
    escape_plain(&plain, text ? text : "");
    json_t *json = json_string(str_text(&plain));
    str_release(&plain);
    return json;
}

static json_t *message_json(const char *text)
{
    json_t *json = json_object();
    json_object_set_new(json, "text", text_json(text));
    return json;
}

static size_t rule_of(const struct judgement_entry *entry)
{
    size_t failed = 0, undecided = 0;
    for (size_t i = 0; i < RULES; i++) {
        if (str_equal(rules[i].kind, entry->kind))
            return i;
        failed = str_equal(rules[i].kind, "failed") ? i : failed;
        undecided = str_equal(rules[i].kind, "undecided") ? i : undecided;
    }
    /* Of the gate as a whole: too little to compare with, another machine. */
    return entry->level == JUDGEMENT_OPEN ? undecided : failed;
}

static json_t *rules_json(void)
{
    json_t *json = json_array();
    for (size_t i = 0; i < RULES; i++) {
        json_t *rule = json_object(), *configuration = json_object();
        json_object_set_new(rule, "id", text_json(rules[i].id));
        json_object_set_new(rule, "name", text_json(rules[i].name));
        json_object_set_new(rule, "shortDescription", message_json(rules[i].text));
        json_object_set_new(rule, "fullDescription", message_json(rules[i].text));
        json_object_set_new(rule, "help", message_json(rules[i].help));
        json_object_set_new(configuration, "level",
                            text_json(str_equal(rules[i].kind, "undecided") ? "note" : "error"));
        json_object_set_new(rule, "defaultConfiguration", configuration);
        json_array_append_new(json, rule);
    }
    return json;
}

static json_t *location_json(const struct judgement *judgement, const struct judgement_entry *entry,
                             struct arena *arena)
{
    json_t *json = json_object(), *logicals = json_array(), *logical = json_object();
    const char *file = judgement_source(judgement->source_root, entry->suite, entry->name, arena);
    if (file) {
        json_t *physical = json_object(), *artifact = json_object(), *region = json_object();
        json_object_set_new(artifact, "uri", text_json(file));
        json_object_set_new(artifact, "uriBaseId", text_json("%SRCROOT%"));
        json_object_set_new(region, "startLine", json_integer(1));
        json_object_set_new(physical, "artifactLocation", artifact);
        json_object_set_new(physical, "region", region);
        json_object_set_new(json, "physicalLocation", physical);
    }
    json_object_set_new(logical, "name", text_json(entry->name));
    json_object_set_new(logical, "fullyQualifiedName",
                        text_json(arena_format(arena, "%s %s", entry->suite, entry->name)));
    json_object_set_new(logical, "kind", text_json("function"));
    json_array_append_new(logicals, logical);
    json_object_set_new(json, "logicalLocations", logicals);
    return json;
}

static void set_number(json_t *json, const char *key, double value)
{
    if (isfinite(value))
        json_object_set_new(json, key, json_real(value));
}

static json_t *properties_json(const struct judgement_entry *entry)
{
    json_t *json = json_object();
    if (entry->item) {
        const struct compare_metric *time = &entry->item->time;
        set_number(json, "percent", judge_percent(time->effect));
        set_number(json, "percentLow", judge_percent(time->interval.low));
        set_number(json, "percentHigh", judge_percent(time->interval.high));
        set_number(json, "q", time->q);
        set_number(json, "floorPercent", judge_percent(time->floor));
        set_number(json, "detectablePercent", judge_percent(time->detectable));
        json_object_set_new(json, "pairs", json_integer((json_int_t)time->pairs));
    } else if (entry->finding) {
        set_number(json, "actual", entry->finding->actual);
        set_number(json, "limit", entry->finding->limit);
    }
    return json;
}

static json_t *result_json(const struct judgement *judgement, const struct judgement_entry *entry, struct arena *arena)
{
    json_t *json = json_object(), *locations = json_array(), *fingerprints = json_object();
    size_t rule = rule_of(entry);
    const char *what = arena_format(arena, "%s%s%s", entry->suite, *entry->name ? " " : "", entry->name);
    json_object_set_new(json, "ruleId", text_json(rules[rule].id));
    json_object_set_new(json, "ruleIndex", json_integer((json_int_t)rule));
    json_object_set_new(json, "level", text_json(entry->level == JUDGEMENT_OPEN ? "note" : "error"));
    json_object_set_new(json, "message", message_json(arena_format(arena, "%s: %s", what, entry->message)));
    json_array_append_new(locations, location_json(judgement, entry, arena));
    json_object_set_new(json, "locations", locations);
    json_object_set_new(fingerprints, "pronyCase/v1",
                        text_json(arena_format(arena, "%s %s %s", entry->kind, what, entry->metric)));
    json_object_set_new(json, "partialFingerprints", fingerprints);
    json_object_set_new(json, "properties", properties_json(entry));
    if (entry->level == JUDGEMENT_ACKNOWLEDGED) {
        json_t *suppressions = json_array(), *suppression = json_object();
        const char *reason = entry->finding && entry->finding->acknowledged_reason ? entry->finding->acknowledged_reason
                             : entry->item && entry->item->acknowledged            ? entry->item->acknowledged
                                                                                   : "";
        json_object_set_new(suppression, "kind", text_json("external"));
        json_object_set_new(suppression, "justification", text_json(reason));
        json_array_append_new(suppressions, suppression);
        json_object_set_new(json, "suppressions", suppressions);
    }
    return json;
}

static json_t *run_json(const struct judgement *judgement, struct arena *arena)
{
    json_t *json = json_object(), *tool = json_object(), *driver = json_object(), *results = json_array(),
           *automation = json_object(), *invocations = json_array(), *invocation = json_object();
    enum gate_status status = judgement_status(judgement);
    size_t count;
    const struct judgement_entry *entries = judgement_worst(judgement, &count, arena);
    json_object_set_new(driver, "name", text_json("prony"));
    json_object_set_new(driver, "version", text_json(PRONY_VERSION));
    json_object_set_new(driver, "rules", rules_json());
    json_object_set_new(tool, "driver", driver);
    json_object_set_new(json, "tool", tool);
    json_object_set_new(automation, "id", text_json("prony/"));
    json_object_set_new(automation, "description", message_json(judgement->title));
    json_object_set_new(json, "automationDetails", automation);
    json_object_set_new(invocation, "executionSuccessful", json_boolean(status != GATE_COULD_NOT_RUN));
    json_object_set_new(invocation, "exitCode", json_integer(status));
    json_object_set_new(invocation, "exitCodeDescription", text_json(judgement_count_line(judgement, arena)));
    json_array_append_new(invocations, invocation);
    json_object_set_new(json, "invocations", invocations);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(results, result_json(judgement, &entries[i], arena));
    json_object_set_new(json, "results", results);
    return json;
}

int judgement_sarif(const struct judgement *judgement, const struct report_options *options, struct str *out,
                    struct error *error)
{
    (void)options;
    struct arena arena = { 0 };
    json_t *json = json_object(), *runs = json_array();
    json_object_set_new(json, "$schema", text_json("https://json.schemastore.org/sarif-2.1.0.json"));
    json_object_set_new(json, "version", text_json("2.1.0"));
    json_array_append_new(runs, run_json(judgement, &arena));
    json_object_set_new(json, "runs", runs);
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(json);
    arena_release(&arena);
    if (!text)
        return error_set(error, ERROR_MEMORY, "sarif: out of memory");
    str_append(out, text);
    str_append_char(out, '\n');
    free(text);
    return 0;
}
