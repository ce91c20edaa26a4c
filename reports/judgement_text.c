/* judgement_text.c: a judgement for a terminal: the verdict, what changed (the worst first), what nobody knows yet,
 * where it comes from, targets, and how far to trust it. 100 columns. */
#include "reports/attribution.h"
#include "reports/escape.h"
#include "reports/judgement_words.h"
#include "reports/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    INDENT = 2,
    LABEL = 11,
    VERDICT = 14,
    EFFECT = 10,
    INTERVAL = 18,
    MEDIANS = 24,
    Q = 8,
    N = 5,
    FLOOR = 8,
    SEES = 8
};
enum { NAME = TEXT_WIDTH - INDENT - EFFECT - INTERVAL - Q - N - FLOOR - SEES };
/* Rows of a terminal: those who want all cases take another format. */
enum { CHANGE_LIMIT = 40, UNDECIDED_LIMIT = 20, EQUIVALENT_LIMIT = 12, GROUP_LIMIT = 24, COUNTER_LIMIT = 6 };

struct page {
    struct str *out;
    struct arena *arena;
    const struct gate *gate;
    bool color;
};

/* ---- pieces ---- */

static const char *code_of_verdict(enum judge_verdict verdict)
{
    switch (verdict) {
    case JUDGE_REGRESSED:
    case JUDGE_WRONG:
    case JUDGE_FAILED: return "\033[1;31m";
    case JUDGE_IMPROVED: return "\033[1;32m";
    case JUDGE_UNDECIDED: return "\033[1;33m";
    case JUDGE_EQUIVALENT:
    case JUDGE_NEW:
    case JUDGE_VERDICT_COUNT: break;
    }
    return "";
}

static const char *code_of_status(enum gate_status status)
{
    return status == GATE_PASS ? "\033[1;32m" : status == GATE_REGRESSED ? "\033[1;31m" : "\033[1;33m";
}

/* text in width columns and that colour. */
static void paint(const struct page *page, const char *code, const char *text, int width)
{
    bool on = page->color && *code;
    if (on)
        str_append(page->out, code);
    str_append(page->out, text);
    if (on)
        str_append(page->out, "\033[0m");
    text_pad(page->out, width - escape_width(text));
}

/* Words in lines of TEXT_WIDTH; the first line is begun already, up to indent. */
static void wrap(const struct page *page, const char *text, int indent)
{
    struct str plain = { 0 }, lines = { 0 };
    escape_plain(&plain, text);
    text_paragraph(&lines, str_text(&plain), indent);
    size_t begun = (size_t)indent < lines.length ? (size_t)indent : 0;
    str_append(page->out, *str_text(&plain) ? str_text(&lines) + begun : "\n");
    str_release(&plain);
    str_release(&lines);
}

static void fact(const struct page *page, const char *name, const char *value)
{
    text_pad(page->out, INDENT);
    text_left(page->out, name, LABEL);
    wrap(page, value, INDENT + LABEL);
}

static const char *case_name(const struct page *page, const struct compare_case *item)
{
    return arena_format(page->arena, "%s %s", item->suite, item->name);
}

/* ---- head ---- */

static void head(const struct page *page, const struct judgement *judgement)
{
    enum gate_status status = judgement_status(judgement);
    struct str *out = page->out;
    escape_plain(out, judgement->title);
    str_append_char(out, '\n');
    for (int i = 0; i < TEXT_WIDTH; i++)
        str_append_char(out, '-');
    str_append_char(out, '\n');
    text_pad(out, INDENT);
    text_left(out, "verdict", LABEL);
    const char *word = arena_format(page->arena, "%s: ", judgement_status_word(status));
    paint(page, code_of_status(status), word, 0);
    /* The word is part of the first line, so it is wrapped with it and left out again. */
    struct str line = { 0 };
    text_paragraph(&line, arena_format(page->arena, "%s%s", word, judgement_count_line(judgement, page->arena)),
                   INDENT + LABEL);
    str_append(out, str_text(&line) + INDENT + LABEL + strlen(word));
    str_release(&line);
    if (judgement->gate)
        fact(page, "policy", judgement->gate->policy ? judgement->gate->policy : "built-in");
    if (judgement->calibration)
        fact(page, "trust", calibration_line(judgement->calibration, page->arena));
}

static void comparison_head(const struct page *page, const struct judgement *judgement,
                            const struct comparison *comparison)
{
    if (judgement->count > 1)
        text_heading(page->out,
                     arena_format(page->arena, "%s against %s", comparison->candidate_name, comparison->base_name));
    fact(
        page, "base",
        arena_format(page->arena, "%s: %s", comparison->base_name, judgement_run_line(&comparison->base, page->arena)));
    fact(page, "candidate",
         arena_format(page->arena, "%s: %s", comparison->candidate_name,
                      judgement_run_line(&comparison->candidate, page->arena)));
    const char *machine = judgement_machine(&comparison->candidate, page->arena);
    if (machine && !comparison->machines_differ)
        fact(page, "machine", machine);
    if (comparison->machines_differ)
        fact(page, "machine",
             arena_format(page->arena, "NOT THE SAME: %s",
                          comparison->machine_difference ? comparison->machine_difference : "another fingerprint"));
    fact(page, "method", judgement_method_line(comparison, page->arena));
}

/* ---- tables of cases ---- */

static void number_columns(const struct page *page, const struct compare_metric *metric)
{
    char text[40];
    size_t n = metric->pairs ? metric->pairs : metric->candidate.count;
    text_right(page->out, judgement_probability(text, sizeof text, metric->q), Q);
    text_right(page->out, n ? arena_format(page->arena, "%zu", n) : "", N);
    text_right(page->out, judgement_size(text, sizeof text, metric->floor), FLOOR);
    text_right(page->out, judgement_size(text, sizeof text, metric->detectable), SEES);
    text_end_line(page->out);
}

static void effect_columns(const struct page *page, const struct compare_metric *metric)
{
    char text[40];
    text_right(page->out, judgement_effect(text, sizeof text, metric->effect), EFFECT);
    text_right(page->out, judgement_interval(text, sizeof text, metric), INTERVAL);
}

static void detail(const struct page *page, const char *text)
{
    if (!text || !*text)
        return;
    text_pad(page->out, INDENT + 4);
    wrap(page, text, INDENT + 4);
}

static const char *acknowledgement(const struct page *page, const struct gate_finding *finding)
{
    return arena_format(
        page->arena, "acknowledged by %s%s%s: %s", finding->acknowledged_by ? finding->acknowledged_by : "nobody",
        finding->acknowledged_until ? ", until " : "", finding->acknowledged_until ? finding->acknowledged_until : "",
        finding->acknowledged_reason ? finding->acknowledged_reason : "no reason");
}

/* What the gate says about a case whose numbers stand above. */
static void case_findings(const struct page *page, const struct compare_case *item)
{
    char limit[40];
    bool said = false;
    for (size_t i = 0; page->gate && i < page->gate->count; i++) {
        const struct gate_finding *finding = &page->gate->findings[i];
        if (finding->source != item)
            continue;
        bool about_time = finding->measure == &item->time && finding->relative;
        /* A budget that is the floor stands in the row already. */
        if (about_time && fabs(finding->limit - item->time.floor) > 1e-9)
            detail(page, arena_format(page->arena, "budget %s", judgement_size(limit, sizeof limit, finding->limit)));
        else if (finding->measure && !about_time)
            detail(page, finding->text);
        if (finding->acknowledged_reason)
            detail(page, acknowledgement(page, finding));
        said = said || finding->acknowledged_reason;
    }
    if (item->acknowledged && !said)
        detail(page, arena_format(page->arena, "acknowledged: %s", item->acknowledged));
}

/* A case in a few lines: name, numbers, what explains them. */
static void change(const struct page *page, const struct compare_case *item)
{
    text_pad(page->out, INDENT);
    text_left(page->out, case_name(page, item), TEXT_WIDTH - INDENT);
    text_end_line(page->out);
    text_pad(page->out, INDENT + 2);
    paint(page, code_of_verdict(item->verdict), judge_verdict_name(item->verdict), VERDICT - 2);
    if (isfinite(item->time.effect)) {
        effect_columns(page, &item->time);
        text_right(page->out, judgement_medians(&item->time, " → ", page->arena), MEDIANS);
        number_columns(page, &item->time);
    } else {
        wrap(page, item->reason ? item->reason : "", INDENT + VERDICT);
    }
    if (item->reason && isfinite(item->time.effect))
        detail(page, item->reason);
    if (item->output != COMPARE_OUTPUT_SAME && item->output != COMPARE_OUTPUT_UNKNOWN && !item->reason)
        detail(page, judgement_output(item, page->arena));
    detail(page, judgement_counter_line(item, COUNTER_LIMIT, page->arena));
    case_findings(page, item);
}

static void changes(const struct page *page, struct compare_case **sorted, size_t count)
{
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < count; i++)
        all += judgement_is_change(sorted[i]->verdict);
    if (!all)
        return;
    text_heading(page->out, "Changes, the worst first");
    text_pad(page->out, INDENT + VERDICT);
    text_right(page->out, "time", EFFECT);
    text_right(page->out, "interval", INTERVAL);
    text_right(page->out, "medians", MEDIANS);
    text_right(page->out, "q", Q);
    text_right(page->out, "n", N);
    text_right(page->out, "floor", FLOOR);
    text_right(page->out, "sees", SEES);
    text_end_line(page->out);
    for (size_t i = 0; i < count && shown < CHANGE_LIMIT; i++)
        if (judgement_is_change(sorted[i]->verdict)) {
            change(page, sorted[i]);
            shown++;
        }
    if (shown < all)
        text_paragraph(page->out,
                       arena_format(page->arena, "... and %zu more (--format html, csv or json has all)", all - shown),
                       INDENT);
}

static void row(const struct page *page, const char *name, const struct compare_metric *metric)
{
    text_pad(page->out, INDENT);
    text_left(page->out, name, NAME);
    effect_columns(page, metric);
    number_columns(page, metric);
}

static void row_heads(const struct page *page, const char *first)
{
    text_pad(page->out, INDENT);
    text_left(page->out, first, NAME);
    text_right(page->out, "time", EFFECT);
    text_right(page->out, "interval", INTERVAL);
    text_right(page->out, "q", Q);
    text_right(page->out, "n", N);
    text_right(page->out, "floor", FLOOR);
    text_right(page->out, "sees", SEES);
    text_end_line(page->out);
}

/* That there were too few pairs is told by their number. */
static const char *why_open(const struct compare_case *item)
{
    const char *reason = item->reason ? item->reason : item->time.reason;
    return reason && str_starts(reason, "insufficient") ? NULL : reason;
}

/* Cases of one verdict, a line each. */
static void list(const struct page *page, struct compare_case **sorted, size_t count, enum judge_verdict verdict,
                 const char *title, size_t limit)
{
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < count; i++)
        all += sorted[i]->verdict == verdict;
    if (!all)
        return;
    text_heading(page->out, title);
    if (verdict != JUDGE_NEW)
        row_heads(page, "case");
    for (size_t i = 0; i < count && shown < limit; i++) {
        if (sorted[i]->verdict != verdict)
            continue;
        shown++;
        if (verdict == JUDGE_NEW) {
            text_pad(page->out, INDENT);
            text_left(page->out, case_name(page, sorted[i]), TEXT_WIDTH - INDENT - MEDIANS);
            text_right(page->out, judgement_medians(&sorted[i]->time, "", page->arena), MEDIANS);
            text_end_line(page->out);
            continue;
        }
        row(page, case_name(page, sorted[i]), &sorted[i]->time);
        if (verdict == JUDGE_UNDECIDED)
            detail(page, why_open(sorted[i]));
        else if (sorted[i]->time.verdict != JUDGE_EQUIVALENT)
            detail(page, sorted[i]->reason); /* not by the numbers of this row */
    }
    if (shown < all)
        text_paragraph(page->out, arena_format(page->arena, "... and %zu more", all - shown), INDENT);
}

/* ---- groups and attribution ---- */

static void groups(const struct page *page, const struct comparison *comparison)
{
    size_t shown = 0;
    if (comparison->group_count < 2)
        return;
    const struct compare_group **sorted = arena_array(page->arena, comparison->group_count, sizeof *sorted);
    size_t count = compare_sort_groups(comparison, sorted);
    for (size_t i = 0; i < count && shown < GROUP_LIMIT; i++) {
        const struct compare_group *group = sorted[i];
        bool suite = !*group->operation;
        if (!judgement_has_interval(&group->time) ||
            (!suite && count > GROUP_LIMIT && !judgement_is_change(group->time.verdict)))
            continue;
        if (shown++ == 0) {
            text_heading(page->out, "Suites and operations as one (geometric mean of their cases)");
            row_heads(page, "suite / operation");
        }
        row(page,
            arena_format(page->arena, "%s%s%s, %zu case%s", suite ? "" : "  ",
                         suite ? group->suite : arena_format(page->arena, "%s / ", group->suite), group->operation,
                         group->count, judgement_plural(group->count)),
            &group->time);
    }
}

static void attributions(const struct page *page, const struct comparison *comparison)
{
    const struct compare_attribution **list = arena_array(page->arena, comparison->attribution_count + 1, sizeof *list);
    size_t count = attribution_select(comparison, list);
    if (count)
        text_heading(page->out, "Where it comes from");
    for (size_t i = 0; i < count; i++) {
        str_append(page->out, i ? "\n" : "");
        attribution_text(page->out, list[i], page->arena);
    }
}

/* ---- gate ---- */

static void target(const struct page *page, const struct gate_finding *finding)
{
    enum gate_status status = judgement_is_missed(finding) ? GATE_REGRESSED
                              : isnan(finding->actual)     ? GATE_UNDECIDED
                                                           : finding->status;
    text_pad(page->out, INDENT);
    text_left(page->out,
              arena_format(page->arena, "%s %s", finding->metric, finding->name ? finding->name : finding->suite), 41);
    text_right(page->out, judgement_target_value(finding, finding->actual, page->arena), 14);
    text_right(page->out,
               arena_format(page->arena, "%s %s", finding->comparator ? finding->comparator : "",
                            judgement_target_value(finding, finding->limit, page->arena)),
               17);
    text_pad(page->out, 2);
    paint(page, code_of_status(status), judgement_target_word(finding), 13);
    text_left(page->out, finding->tier ? finding->tier : "required", 11);
    text_end_line(page->out);
}

/* The missed and the unknown ones first. */
static void target_table(const struct page *page, const struct gate *gate, size_t count)
{
    size_t shown = 0;
    text_heading(page->out, "Targets");
    text_pad(page->out, INDENT);
    text_left(page->out, "metric of case", 41);
    text_right(page->out, "actual", 14);
    text_right(page->out, "target", 17);
    str_append(page->out, "  status       tier\n");
    for (int met = 0; met < 2; met++)
        for (size_t i = 0; i < gate->count && shown < CHANGE_LIMIT; i++) {
            const struct gate_finding *finding = &gate->findings[i];
            bool good = !judgement_is_missed(finding) && !isnan(finding->actual);
            if (finding->kind != GATE_TARGET || good != (met == 1))
                continue;
            target(page, finding);
            shown++;
        }
    if (shown < count)
        text_paragraph(page->out, arena_format(page->arena, "... and %zu more", count - shown), INDENT);
}

static void targets(const struct page *page, const struct gate *gate)
{
    size_t count = judgement_target_count(gate);
    if (!count)
        return;
    target_table(page, gate, count);
    text_heading(page->out, "Tiers");
    for (size_t i = 0; i < GATE_TIER_COUNT; i++) {
        const struct gate_tier *tier = &gate->tiers[i];
        if (!tier->name || !tier->count)
            continue;
        text_pad(page->out, INDENT);
        text_left(page->out, tier->name, 14);
        paint(page, code_of_status(tier->reached ? GATE_PASS : GATE_UNDECIDED),
              tier->reached ? "reached" : "not reached", 14);
        str_appendf(page->out, "%zu of %zu met", tier->met, tier->count);
        if (tier->unknown)
            str_appendf(page->out, ", %zu not measured", tier->unknown);
        str_append_char(page->out, '\n');
    }
}

/* Of cases that are not among the changes: another metric than time, or nothing to compare with. */
static void findings(const struct page *page, const struct judgement *judgement, bool acknowledged, const char *title)
{
    size_t shown = 0;
    for (size_t i = 0; i < page->gate->count; i++) {
        const struct gate_finding *finding = &page->gate->findings[i];
        bool excused = finding->acknowledged_reason != NULL;
        const struct compare_case *item = finding->source;
        /* The rows of changes have the findings about other metrics below them. */
        if (excused != acknowledged || (item && judgement_is_change(item->verdict)) ||
            judgement_is_told_by_case(finding) || judgement_is_headline(judgement, finding) ||
            (!excused && (finding->kind == GATE_TARGET || finding->status == GATE_PASS)))
            continue;
        if (shown++ == 0)
            text_heading(page->out, title);
        if (shown > CHANGE_LIMIT)
            continue;
        text_pad(page->out, INDENT);
        const char *suite = finding->suite ? finding->suite : "";
        wrap(page, arena_format(page->arena, "%s%s%s", suite, *suite ? " " : "", finding->text), INDENT);
        if (excused)
            detail(page, acknowledgement(page, finding));
    }
    if (shown > CHANGE_LIMIT)
        text_paragraph(page->out, arena_format(page->arena, "... and %zu more", shown - CHANGE_LIMIT), INDENT);
}

static void lines(const struct page *page, const char *title, const char *const *items, size_t count)
{
    if (count)
        text_heading(page->out, title);
    for (size_t i = 0; i < count; i++) {
        text_pad(page->out, INDENT);
        str_append(page->out, "- ");
        wrap(page, items[i], INDENT + 2);
    }
}

static void comparison_body(const struct page *page, const struct comparison *comparison)
{
    struct compare_case **sorted = judgement_sorted(comparison, page->arena);
    size_t count = comparison->case_count;
    changes(page, sorted, count);
    list(page, sorted, count, JUDGE_UNDECIDED, "Undecided", UNDECIDED_LIMIT);
    list(page, sorted, count, JUDGE_EQUIVALENT, "Equivalent", EQUIVALENT_LIMIT);
    list(page, sorted, count, JUDGE_NEW, "New", EQUIVALENT_LIMIT);
    groups(page, comparison);
    attributions(page, comparison);
    lines(page, "Notes", comparison->notes, comparison->note_count);
}

int judgement_text(const struct judgement *judgement, const struct report_options *options, struct str *out,
                   struct error *error)
{
    (void)error;
    struct arena arena = { 0 };
    const struct page page = { out, &arena, judgement->gate, options->color };
    head(&page, judgement);
    for (size_t i = 0; i < judgement->count; i++) {
        comparison_head(&page, judgement, &judgement->comparisons[i]);
        comparison_body(&page, &judgement->comparisons[i]);
    }
    if (judgement->gate) {
        findings(&page, judgement, false, "What the gate says besides");
        findings(&page, judgement, true, "Acknowledged");
        targets(&page, judgement->gate);
        lines(&page, "Warnings", judgement->gate->warnings, judgement->gate->warning_count);
    }
    const char *legend = judgement_legend(judgement, &arena);
    if (*legend) {
        str_append_char(out, '\n');
        text_paragraph(out, legend, 0);
    }
    arena_release(&arena);
    return 0;
}
