/* gate.c: pass or fail: every part of the policy is asked, and the worst answer is the gate's. */
#include "harness/judge/gate_internal.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *gate_status_name(enum gate_status status)
{
    static const char *const names[] = { "pass", "regressed", "could not run", "undecided" };
    return names[status];
}

const char *gate_commit_of(const struct store_run_row *run)
{
    for (size_t i = 0; i < run->build_count; i++)
        if (str_equal(run->build[i].name, "git_commit"))
            return run->build[i].value;
    return NULL;
}

/* A regression that was seen is one, whatever else went wrong; what could not run tells more than what is open. */
static int severity(enum gate_status status)
{
    static const int order[] = {
        [GATE_PASS] = 0, [GATE_UNDECIDED] = 1, [GATE_COULD_NOT_RUN] = 2, [GATE_REGRESSED] = 3
    };
    return order[status];
}

static void worsen(struct gate *gate, enum gate_status status)
{
    if (severity(status) > severity(gate->status))
        gate->status = status;
}

struct gate_finding *gate_add(struct gate_work *work, const struct gate_finding *finding, enum gate_action action)
{
    static const enum gate_status statuses[] = {
        [GATE_ACTION_UNSET] = GATE_PASS,     [GATE_ACTION_PASS] = GATE_PASS,
        [GATE_ACTION_WARN] = GATE_PASS,      [GATE_ACTION_UNDECIDED] = GATE_UNDECIDED,
        [GATE_ACTION_FAIL] = GATE_REGRESSED, [GATE_ACTION_REFUSE] = GATE_COULD_NOT_RUN,
    };
    struct gate *gate = work->gate;
    if (gate->count == work->finding_capacity) {
        work->finding_capacity = work->finding_capacity ? 2 * work->finding_capacity : 32;
        struct gate_finding *larger = arena_array(work->arena, work->finding_capacity, sizeof *larger);
        if (gate->count)
            memcpy(larger, gate->findings, gate->count * sizeof *larger);
        gate->findings = larger;
    }
    struct gate_finding *added = &gate->findings[gate->count++];
    *added = *finding;
    added->status = added->acknowledged_by ? GATE_PASS : statuses[action];
    worsen(gate, added->status);
    /* Cases and targets have their tables, the rest would be said nowhere. */
    if (action == GATE_ACTION_WARN && !added->name && !added->measure && added->kind != GATE_TARGET)
        gate_warn(work, *added->suite ? arena_format(work->arena, "%s: %s", added->suite, added->text) : added->text);
    return added;
}

void gate_warn(struct gate_work *work, const char *text)
{
    struct gate *gate = work->gate;
    if (gate->warning_count == work->warning_capacity) {
        work->warning_capacity = work->warning_capacity ? 2 * work->warning_capacity : 16;
        const char **larger = arena_array(work->arena, work->warning_capacity, sizeof *larger);
        if (gate->warning_count)
            memcpy(larger, gate->warnings, gate->warning_count * sizeof *larger);
        gate->warnings = larger;
    }
    gate->warnings[gate->warning_count++] = text;
}

/* ---- warnings ---- */

static void warn_of_expired(struct gate_work *work)
{
    const struct gate_acknowledgements *all = work->input->acknowledgements;
    for (size_t i = 0; all && i < all->count; i++)
        if (work->input->now_ns >= all->items[i].until_ns)
            gate_warn(work, arena_format(work->arena,
                                         "%s:%d: the acknowledgement of %s by %s has expired on %s and excuses nothing",
                                         all->items[i].source, all->items[i].line, all->items[i].pattern,
                                         all->items[i].author, all->items[i].until));
}

static void warn_of_unused(struct gate_work *work)
{
    const struct gate_policy *policy = work->input->policy;
    for (size_t i = 1; !work->input->partial && i < policy->rule_count; i++)
        if (!work->rule_used[i])
            gate_warn(work, arena_format(work->arena, "%s:%d: no case matches this rule", policy->source,
                                         policy->rules[i].line));
}

/* A harness whose false alarms are more (or fewer) than promised is not to be trusted, and says so everywhere. */
static void check_calibration(struct gate_work *work)
{
    const struct calibration *calibration = work->input->calibration;
    if (!calibration || !calibration->out_of_band)
        return;
    struct gate_matched head = gate_match(work, "", NULL);
    const char *text =
        arena_format(work->arena,
                     "the harness itself is off: %zu of %zu A/A tests raised an alarm, %zu to %zu were to "
                     "be expected (prony calibrate)",
                     calibration->alarms, calibration->tests, calibration->band.low, calibration->band.high);
    enum gate_action action = gate_match_action(&head, GATE_EVENT_OUT_OF_BAND);
    if (action == GATE_ACTION_PASS)
        return;
    gate_warn(work, text);
    if (action == GATE_ACTION_WARN)
        return;
    struct gate_finding finding = { .kind = GATE_FAILURE,
                                    .verdict = JUDGE_UNDECIDED,
                                    .suite = "",
                                    .actual = NAN,
                                    .limit = NAN,
                                    .outcome = "A/A out of band",
                                    .text = text };
    gate_add(work, &finding, action);
}

/* ---- the end ---- */

static double size_of(const struct gate_finding *finding)
{
    double effect = finding->measure ? gate_budget_effect(finding->measure) : 0;
    return isfinite(effect) ? effect : 0;
}

static int compare_findings(const void *left, const void *right)
{
    const struct gate_finding *a = left, *b = right;
    if (a->status != b->status)
        return severity(b->status) - severity(a->status);
    if (a->kind != b->kind)
        return (int)b->kind - (int)a->kind;
    if (!a->name != !b->name)
        return a->name ? 1 : -1; /* the suite, then its cases */
    double difference = size_of(b) - size_of(a);
    if (difference != 0)
        return difference > 0 ? 1 : -1;
    int order = strcmp(a->text, b->text);
    return order;
}

/* The first night of a machine: too little to tell anything, which is not the same as nothing measured. */
static void check_first(struct gate_work *work)
{
    if (!work->input->uncompared)
        return;
    struct gate_matched head = gate_match(work, "", NULL);
    enum gate_action action = gate_match_action(&head, GATE_EVENT_INSUFFICIENT);
    struct gate_finding finding = { .kind = GATE_FAILURE,
                                    .verdict = JUDGE_UNDECIDED,
                                    .suite = "",
                                    .actual = NAN,
                                    .limit = NAN,
                                    .outcome = "insufficient",
                                    .text = work->input->uncompared };
    for (size_t i = 0; i < work->input->case_count; i++)
        if (work->input->cases[i].sample_count && work->gate->judged < work->input->case_count)
            work->gate->judged++;
    if (action != GATE_ACTION_PASS)
        gate_add(work, &finding, action);
}

static void check_count(struct gate_work *work)
{
    struct gate *gate = work->gate;
    size_t minimum = work->input->policy->minimum_cases;
    if (gate->judged >= minimum)
        return;
    struct gate_finding finding = { .kind = GATE_FAILURE,
                                    .verdict = JUDGE_UNDECIDED,
                                    .suite = "",
                                    .actual = NAN,
                                    .limit = NAN,
                                    .outcome = "nothing judged" };
    finding.text =
        gate->judged == 0
            ? "nothing was judged: the policy says nothing about what was measured, or nothing was"
            : arena_format(work->arena, "only %zu cases were judged, the policy wants %zu", gate->judged, minimum);
    gate_add(work, &finding, GATE_ACTION_REFUSE);
}

static const char *summarize(const struct gate *gate, struct arena *arena)
{
    size_t counts[4] = { 0 }, acknowledged = 0;
    for (size_t i = 0; i < gate->count; i++) {
        counts[gate->findings[i].status]++;
        acknowledged += gate->findings[i].acknowledged_by != NULL;
    }
    struct str line = { 0 };
    str_appendf(&line, "gate: %s: %zu case%s judged", gate_status_name(gate->status), gate->judged,
                gate->judged == 1 ? "" : "s");
    if (counts[GATE_REGRESSED])
        str_appendf(&line, ", %zu failed", counts[GATE_REGRESSED]);
    if (counts[GATE_UNDECIDED])
        str_appendf(&line, ", %zu undecided", counts[GATE_UNDECIDED]);
    if (acknowledged)
        str_appendf(&line, ", %zu acknowledged", acknowledged);
    if (counts[GATE_PASS] > acknowledged)
        str_appendf(&line, ", %zu to look at", counts[GATE_PASS] - acknowledged);
    str_appendf(&line, " (%s%s)", gate->policy ? "policy " : "built-in policy", gate->policy ? gate->policy : "");
    const char *text = arena_strdup(arena, str_text(&line));
    str_release(&line);
    return text;
}

void gate_judge(struct gate *gate, const struct gate_input *input, struct arena *arena)
{
    *gate = (struct gate){ .policy = input->policy->source };
    for (int i = 0; i < GATE_TIER_COUNT; i++)
        gate->tiers[i].name = gate_tier_names[i];
    struct gate_work work = { .input = input, .gate = gate, .arena = arena };
    gate_match_open(&work);
    check_calibration(&work);
    for (size_t i = 0; i < input->comparison_count; i++)
        gate_judge_comparison(&work, &input->comparisons[i]);
    gate_judge_targets(&work);
    check_first(&work);
    warn_of_expired(&work);
    warn_of_unused(&work);
    gate_metric_check(&work);
    check_count(&work);
    gate_match_close(&work);
    if (gate->count)
        qsort(gate->findings, gate->count, sizeof *gate->findings, compare_findings);
    gate->line = summarize(gate, arena);
}
