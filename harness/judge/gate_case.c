/* gate_case.c: a comparison against the policy: suites and operations first, then their cases. */
#include "harness/judge/gate_internal.h"
#include "harness/base/str.h"
#include <math.h>

/* One metric of a case or of a group. */
struct subject {
    const struct comparison *comparison;
    const char *suite, *name;
    struct compare_case *source; /* NULL = a group */
    const struct compare_metric *measure;
    const struct gate_budget *budget;
    double limit;
    enum gate_event undecided;
};

static struct gate_finding describe(struct gate_work *work, const struct subject *subject, const char *where)
{
    const struct compare_metric *measure = subject->measure;
    double absolute = gate_budget_absolute(subject->budget, measure);
    bool relative = isnan(absolute) || !isnan(subject->budget->relative) || !subject->source;
    struct gate_finding finding = {
        .kind = GATE_BUDGET,
        .verdict = gate_budget_verdict(measure, subject->limit),
        .suite = subject->suite,
        .name = subject->name,
        .metric = measure->name,
        .unit = measure->unit,
        .source = subject->source,
        .measure = measure,
        .actual = relative ? measure->effect : measure->candidate.median - measure->base.median,
        .limit = relative ? fmax(subject->limit, measure->exact ? 0 : measure->floor) : absolute,
        .relative = relative,
    };
    finding.outcome = judge_verdict_name(finding.verdict);
    finding.text = gate_text_measure(work->arena, where, &finding);
    if (measure->reason && finding.verdict == JUDGE_UNDECIDED)
        finding.text = arena_format(work->arena, "%s: %s", finding.text, measure->reason);
    return finding;
}

/* Which commit an acknowledgement would name. */
static const char *commit_of(const struct comparison *comparison, const struct compare_metric *measure)
{
    return measure->since ? measure->since : gate_commit_of(&comparison->candidate);
}

static bool is_insufficient(const struct compare_metric *measure)
{
    return measure->reason && str_starts(measure->reason, "insufficient");
}

static void count_short(struct gate_work *work, const struct subject *subject, enum gate_action action)
{
    size_t at = 0;
    while (at < work->short_count && !str_equal(work->shorts[at].suite, subject->suite))
        at++;
    if (at == sizeof work->shorts / sizeof work->shorts[0])
        at--;
    struct gate_short *item = &work->shorts[at];
    if (at == work->short_count) {
        *item = (struct gate_short){ .suite = subject->suite, .reason = subject->measure->reason };
        work->short_count++;
    }
    item->count++;
    if (action > item->action)
        item->action = action;
}

static void add_shorts(struct gate_work *work)
{
    for (size_t i = 0; i < work->short_count; i++) {
        const struct gate_short *item = &work->shorts[i];
        struct gate_finding finding = { .kind = GATE_BUDGET,
                                        .verdict = JUDGE_UNDECIDED,
                                        .suite = item->suite,
                                        .actual = NAN,
                                        .limit = NAN,
                                        .outcome = "insufficient" };
        finding.text =
            arena_format(work->arena, "%zu case%s: %s", item->count, item->count == 1 ? "" : "s", item->reason);
        if (item->action != GATE_ACTION_PASS)
            gate_add(work, &finding, item->action);
    }
    work->short_count = 0;
}

/* A step of the history that counted, and that measuring again could neither confirm nor refute, counts on; so does one
 * for which commits or the machine's environment may be the reason. */
static bool is_open(const struct compare_metric *measure)
{
    return measure->step && (measure->step->again == COMPARE_OPEN ||
                             (measure->step->again == COMPARE_NOT_AGAIN && measure->step->environment));
}

/* What somebody may answer for: "kernel 6.6 costs 3 %", too. */
static bool is_excusable(enum judge_verdict verdict, const struct compare_metric *measure)
{
    return verdict == JUDGE_REGRESSED || (verdict == JUDGE_UNDECIDED && is_open(measure));
}

static void judge(struct gate_work *work, const struct subject *subject, const struct gate_matched *matched,
                  const char *where)
{
    struct gate_finding finding = describe(work, subject, where);
    enum gate_action action = GATE_ACTION_PASS;
    if (finding.verdict == JUDGE_REGRESSED)
        action = gate_match_action(matched, GATE_EVENT_REGRESSED);
    else if (finding.verdict == JUDGE_UNDECIDED)
        action = gate_match_action(matched, subject->undecided);
    if (finding.verdict == JUDGE_UNDECIDED && is_insufficient(subject->measure)) {
        /* Exact instruction counts may have decided the case instead. */
        if (subject->undecided == GATE_EVENT_UNDECIDED && subject->source->verdict == JUDGE_UNDECIDED)
            count_short(work, subject, gate_match_action(matched, GATE_EVENT_INSUFFICIENT));
        return; /* of a metric besides the time, or in a group that is decided: not worth a word */
    }
    if (is_excusable(finding.verdict, subject->measure) && subject->source) {
        struct gate_excuse excuse =
            gate_excuse_find(work, subject->suite, subject->name, finding.metric, gate_budget_effect(subject->measure),
                             commit_of(subject->comparison, subject->measure));
        gate_excuse_apply(&finding, &excuse, work->arena);
        if (excuse.holds)
            subject->source->acknowledged = excuse.item->reason;
    }
    if (action != GATE_ACTION_PASS)
        gate_add(work, &finding, action);
}

/* ---- cases ---- */

static void add_event(struct gate_work *work, const struct comparison *comparison, struct compare_case *source,
                      const struct gate_matched *matched, enum gate_event event)
{
    static const char *const words[GATE_EVENT_COUNT] = {
        [GATE_EVENT_WRONG] = "another output than the base",
        [GATE_EVENT_FAILED] = "failed on the candidate",
        [GATE_EVENT_MISSING] = "not measured on the candidate",
        [GATE_EVENT_NEW] = "not measured on the base",
    };
    enum gate_action action = gate_match_action(matched, event);
    bool output = event == GATE_EVENT_WRONG;
    struct gate_finding finding = { .kind = output ? GATE_OUTPUT : GATE_FAILURE,
                                    .verdict = source->verdict,
                                    .suite = source->suite,
                                    .name = source->name,
                                    .source = source,
                                    .actual = NAN,
                                    .limit = NAN,
                                    .outcome =
                                        event == GATE_EVENT_MISSING ? "missing" : judge_verdict_name(source->verdict) };
    finding.text = arena_format(work->arena, "%s: %s", GATE_TEXT_WHERE(source->name),
                                source->reason ? source->reason : words[event]);
    if (event != GATE_EVENT_NEW) {
        struct gate_excuse excuse = gate_excuse_find(work, source->suite, source->name, output ? "output" : "failure",
                                                     NAN, gate_commit_of(&comparison->candidate));
        gate_excuse_apply(&finding, &excuse, work->arena);
        if (excuse.holds)
            source->acknowledged = excuse.item->reason;
    }
    if (action != GATE_ACTION_PASS)
        gate_add(work, &finding, action);
}

/* Not there and nothing is known why: else it ran, and its process died. */
static bool is_missing(const struct compare_case *source)
{
    return !source->candidate && !(source->reason && str_starts(source->reason, "failed"));
}

/* False where there is nothing that times could tell. */
static bool judge_presence(struct gate_work *work, const struct comparison *comparison, struct compare_case *source,
                           const struct gate_matched *matched)
{
    if (source->verdict == JUDGE_WRONG)
        add_event(work, comparison, source, matched, GATE_EVENT_WRONG);
    else if (source->verdict == JUDGE_FAILED)
        add_event(work, comparison, source, matched, is_missing(source) ? GATE_EVENT_MISSING : GATE_EVENT_FAILED);
    else if (source->verdict == JUDGE_NEW)
        add_event(work, comparison, source, matched, GATE_EVENT_NEW);
    else
        return true;
    return false;
}

/* Nothing is known of it, and nothing says that it was like that on purpose: open, like a case without enough samples.
 */
static void judge_unmeasured(struct gate_work *work, struct compare_case *source, const struct gate_matched *matched)
{
    if (source->verdict != JUDGE_UNDECIDED || source->time.base.count || source->time.candidate.count ||
        source->metric_count || !gate_match_budget(matched, "real_time"))
        return;
    enum gate_action action = gate_match_action(matched, GATE_EVENT_UNDECIDED_CASE);
    struct gate_finding finding = { .kind = GATE_FAILURE,
                                    .verdict = JUDGE_UNDECIDED,
                                    .suite = source->suite,
                                    .name = source->name,
                                    .source = source,
                                    .actual = NAN,
                                    .limit = NAN,
                                    .outcome = judge_verdict_name(JUDGE_UNDECIDED) };
    finding.text = arena_format(work->arena, "%s: %s", GATE_TEXT_WHERE(source->name),
                                source->reason ? source->reason : "not measured");
    if (action != GATE_ACTION_PASS)
        gate_add(work, &finding, action);
}

/* False where the policy says nothing about this metric of this case, or one side has no value. */
static bool judge_metric(struct gate_work *work, struct subject *subject, const struct gate_matched *matched)
{
    const struct compare_metric *measure = subject->measure;
    if (!measure->base.count || !measure->candidate.count)
        return false;
    subject->budget = gate_match_budget(matched, measure->name);
    if (!subject->budget)
        return false;
    subject->limit = gate_budget_limit(subject->budget, measure);
    judge(work, subject, matched, GATE_TEXT_WHERE(subject->name));
    return true;
}

static void judge_case(struct gate_work *work, const struct comparison *comparison, struct compare_case *source,
                       bool in_group)
{
    struct gate_matched matched = gate_match(work, source->suite, source->name);
    if (!judge_presence(work, comparison, source, &matched)) {
        work->gate->judged += source->verdict != JUDGE_NEW;
        return;
    }
    struct subject subject = {
        .comparison = comparison, .suite = source->suite, .name = source->name, .source = source
    };
    bool judged = false, identical = comparison->identical_binaries || source->identical;
    /* The same code cannot take longer. What it allocates or how it answers is the same, too. */
    for (size_t i = 0; !identical && i < source->metric_count + 2; i++) {
        subject.measure = i == 0 ? &source->time : i == 1 ? &source->cpu : &source->metrics[i - 2];
        subject.undecided =
            i == 0 && (!in_group || is_open(&source->time)) ? GATE_EVENT_UNDECIDED : GATE_EVENT_UNDECIDED_CASE;
        judged |= subject.measure->name && judge_metric(work, &subject, &matched);
    }
    if (!judged && !identical)
        judge_unmeasured(work, source, &matched);
    work->gate->judged += judged || identical;
}

/* ---- groups ---- */

/* The budget of a group is the mean of those of its cases. False if one of them is not to be judged by time. */
static bool group_limit(struct gate_work *work, const struct compare_group *group, struct gate_budget *budget)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct compare_case *source = group->cases[i];
        struct gate_matched matched = gate_match(work, source->suite, source->name);
        if (!source->time.base.count || !source->time.candidate.count)
            continue;
        const struct gate_budget *one = gate_match_budget(&matched, source->time.name);
        if (!one)
            return false;
        sum += gate_budget_limit(one, &source->time);
        count++;
    }
    *budget = (struct gate_budget){ .metric = group->time.name,
                                    .relative = count ? sum / (double)count : 0,
                                    .absolute = { .value = NAN } };
    return count > 1;
}

/* A group that slowed down as a whole is excused where every one of its cases that did is. */
static void excuse_group(struct gate_work *work, const struct comparison *comparison, const struct compare_group *group,
                         struct gate_finding *finding)
{
    struct gate_excuse excuse = { 0 };
    for (size_t i = 0; i < group->count; i++) {
        const struct compare_case *source = group->cases[i];
        if (!is_excusable(source->verdict, &source->time))
            continue;
        excuse = gate_excuse_find(work, source->suite, source->name, source->time.name,
                                  gate_budget_effect(&source->time), commit_of(comparison, &source->time));
        if (!excuse.holds)
            return;
    }
    gate_excuse_apply(finding, &excuse, work->arena);
}

static bool all_marked(const struct comparison *comparison, const struct compare_group *group, const bool *marks)
{
    for (size_t i = 0; i < group->count; i++)
        if (!marks[group->cases[i] - comparison->cases])
            return false;
    return true;
}

static bool has_interval(const struct compare_metric *measure)
{
    return measure->name && isfinite(measure->effect) && isfinite(measure->interval.low) &&
           isfinite(measure->interval.high) && !is_insufficient(measure);
}

/* Whether the group was judged as a whole. in_group: cases of groups that were. */
static bool judge_group(struct gate_work *work, const struct comparison *comparison, const struct compare_group *group,
                        const bool *in_group)
{
    struct gate_budget budget;
    if (!has_interval(&group->time) || !group_limit(work, group, &budget))
        return false;
    struct subject subject = { .comparison = comparison,
                               .suite = group->suite,
                               .measure = &group->time,
                               .budget = &budget,
                               .limit = budget.relative };
    const char *where =
        arena_format(work->arena, "%s (%zu cases)", *group->operation ? group->operation : "all of it", group->count);
    struct gate_finding finding = describe(work, &subject, where);
    struct gate_matched matched = gate_match(work, group->suite, NULL);
    if (is_excusable(finding.verdict, &group->time)) {
        bool worse = finding.verdict == JUDGE_REGRESSED;
        excuse_group(work, comparison, group, &finding);
        gate_add(work, &finding, gate_match_action(&matched, worse ? GATE_EVENT_REGRESSED : GATE_EVENT_UNDECIDED));
    } else if (finding.verdict == JUDGE_UNDECIDED && !all_marked(comparison, group, in_group)) {
        /* Of an operation whose suite was judged this would be no news. */
        gate_add(work, &finding, gate_match_action(&matched, GATE_EVENT_UNDECIDED));
    }
    return true;
}

static void judge_groups(struct gate_work *work, const struct comparison *comparison, bool *in_group)
{
    for (size_t i = 0; !comparison->identical_binaries && i < comparison->group_count; i++) {
        const struct compare_group *group = &comparison->groups[i];
        if (group->identical || !judge_group(work, comparison, group, in_group))
            continue;
        for (size_t k = 0; k < group->count; k++)
            in_group[group->cases[k] - comparison->cases] = true;
    }
}

void gate_judge_comparison(struct gate_work *work, struct comparison *comparison)
{
    if (comparison->machines_differ) {
        struct gate_matched head = gate_match(work, "", NULL);
        enum gate_action action = gate_match_action(&head, GATE_EVENT_OTHER_MACHINE);
        struct gate_finding finding = { .kind = GATE_FAILURE,
                                        .verdict = JUDGE_UNDECIDED,
                                        .suite = "",
                                        .actual = NAN,
                                        .limit = NAN,
                                        .outcome = "other machine" };
        finding.text = arena_format(work->arena, "the runs were measured on different machines%s%s",
                                    comparison->machine_difference ? ": " : "",
                                    comparison->machine_difference ? comparison->machine_difference : "");
        if (action != GATE_ACTION_PASS)
            gate_add(work, &finding, action);
        if (action == GATE_ACTION_REFUSE)
            return;
    }
    bool *in_group = arena_array(work->arena, comparison->case_count + 1, sizeof *in_group);
    judge_groups(work, comparison, in_group);
    for (size_t i = 0; i < comparison->case_count; i++)
        judge_case(work, comparison, &comparison->cases[i], in_group[i]);
    add_shorts(work);
}
