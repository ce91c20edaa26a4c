/* judgement_markdown.c: a judgement as a comment of a pull request: short; the rest is folded.
 *
 * The first line is JUDGEMENT_MARKER. The text stays below JUDGEMENT_COMMENT_LIMIT bytes whatever the names are: rows
 * are limited, names are cut, and a folded section that does not fit any more is left out with a word about it. Names
 * stand in <code>: there GitHub makes neither mentions nor links of them. */
#include "reports/attribution.h"
#include "reports/escape.h"
#include "reports/judgement_bars.h"
#include "reports/judgement_words.h"
#include <math.h>
#include <string.h>

enum { CHANGE_LIMIT = 15, ROW_LIMIT = 60, BAR_LIMIT = 20, BAR_BAD_LIMIT = 14, ATTRIBUTION_LIMIT = 4 };
enum { BAR_WIDTH = 110, NAME_LIMIT = 110, TEXT_LIMIT = 300 };
/* What is always written after the folded sections fits in here. */
enum { RESERVE = 4000 };

struct comment {
    struct str *out;
    struct arena *arena;
    size_t left_out; /* sections */
};

/* ---- pieces ---- */

/* The comment behind an @ keeps GitHub from telling somebody of that name about every report. */
static void foreign(struct str *out, const char *text, int limit)
{
    struct str fitted = { 0 };
    escape_fit(&fitted, text, limit);
    for (char *at = fitted.data, *next; at && *at; at = next) {
        next = strchr(at, '@');
        if (next)
            *next++ = 0;
        escape_markdown(out, at);
        str_append(out, next ? "@<!-- -->" : "");
    }
    str_release(&fitted);
}

static void code(struct str *out, const char *suite, const char *name)
{
    struct str both = { 0 };
    str_appendf(&both, "%s%s%s", suite ? suite : "", suite && name ? " " : "", name ? name : "");
    struct str fitted = { 0 };
    escape_fit(&fitted, str_text(&both), NAME_LIMIT);
    str_append(out, "<code>");
    escape_markdown(out, str_text(&fitted));
    str_append(out, "</code>");
    str_release(&fitted);
    str_release(&both);
}

static void fold_begin(struct str *out, const char *title)
{
    str_append(out, "\n<details><summary>");
    str_append(out, title);
    str_append(out, "</summary>\n\n");
}

/* Takes the section over if there is one and it fits. */
static void fold(struct comment *comment, const char *title, struct str *section)
{
    size_t size = section->length + strlen(title) + 64;
    if (section->length && comment->out->length + size + RESERVE > JUDGEMENT_COMMENT_LIMIT) {
        comment->left_out++;
    } else if (section->length) {
        fold_begin(comment->out, title);
        str_append_bytes(comment->out, section->data, section->length);
        str_append(comment->out, str_ends(section->data, "\n") ? "\n</details>\n" : "\n\n</details>\n");
    }
    str_release(section);
}

/* ---- tables of cases ---- */

static const char *why(const struct compare_case *item, struct arena *arena)
{
    const char *counters = judgement_counter_line(item, 3, arena);
    const char *output = item->output == COMPARE_OUTPUT_DIFFERENT || item->output == COMPARE_OUTPUT_WITHIN
                             ? judgement_output(item, arena)
                             : NULL;
    const char *text = item->reason ? item->reason : output ? output : "";
    if (*counters)
        text = arena_format(arena, "%s%s%s", text, *text ? "; " : "", counters);
    if (item->acknowledged)
        text = arena_format(arena, "acknowledged: %s%s%s", item->acknowledged, *text ? "; " : "", text);
    return text;
}

/* Number and unit on one line of a narrow cell. Returns text of the arena. */
static const char *unbroken(struct arena *arena, const char *text)
{
    const char *blank = strrchr(text, ' ');
    return blank ? arena_format(arena, "%.*s\u00a0%s", (int)(blank - text), text, blank + 1) : text;
}

static void case_row(const struct comment *comment, struct str *out, const struct compare_case *item)
{
    char text[40];
    str_appendf(out, "| %s%s%s | ", judgement_is_bad(item->verdict) ? "**" : "", judge_verdict_name(item->verdict),
                judgement_is_bad(item->verdict) ? "**" : "");
    code(out, item->suite, item->name);
    str_appendf(out, " | %s | ",
                isfinite(item->time.effect)
                    ? unbroken(comment->arena, judgement_effect(text, sizeof text, item->time.effect))
                    : "");
    judgement_interval(text, sizeof text, &item->time);
    str_appendf(out, "%s%s | ", *text == '[' ? "\\" : "", unbroken(comment->arena, text));
    escape_markdown(out, judgement_medians(&item->time, " → ", comment->arena));
    str_append(out, " | ");
    foreign(out, judgement_probability(text, sizeof text, item->time.q), 10);
    str_append(out, " | ");
    foreign(out, why(item, comment->arena), TEXT_LIMIT);
    str_append(out, " |\n");
}

/* Rows of cases whose verdict is among those; returns how many there are of them. A third of the limit is kept for what
 * is not bad: many regressions hide no improvement. */
static size_t case_table(const struct comment *comment, struct str *out, struct compare_case **sorted, size_t count,
                         const bool verdicts[JUDGE_VERDICT_COUNT], size_t limit)
{
    size_t all[2] = { 0, 0 }, limits[2], shown[2] = { 0, 0 };
    for (size_t i = 0; i < count; i++)
        all[judgement_is_bad(sorted[i]->verdict)] += verdicts[sorted[i]->verdict];
    limits[1] = limit - (all[0] < limit / 3 ? all[0] : limit / 3);
    limits[0] = limit - (all[1] < limits[1] ? all[1] : limits[1]);
    if (all[0] + all[1])
        str_append(out,
                   "| verdict | case | time | interval | medians | q | why |\n|---|---|---:|---:|---:|---:|---|\n");
    for (size_t i = 0; i < count; i++)
        if (verdicts[sorted[i]->verdict] &&
            shown[judgement_is_bad(sorted[i]->verdict)]++ < limits[judgement_is_bad(sorted[i]->verdict)])
            case_row(comment, out, sorted[i]);
    size_t bad = all[1] > limits[1] ? all[1] - limits[1] : 0, rest = all[0] > limits[0] ? all[0] - limits[0] : 0;
    if (bad)
        str_appendf(out, "\n… and %zu more that got worse%s", bad, rest ? "" : ".\n");
    if (rest)
        str_appendf(out, "%s %zu more%s.\n", bad ? "," : "\n… and", rest,
                    verdicts[JUDGE_IMPROVED] ? " that improved" : "");
    return all[0] + all[1];
}

/* What is drawn: of the bad and of the improved cases the first ones, then others while there is room. */
static size_t pick(struct compare_case **sorted, size_t count, struct compare_case **picked)
{
    size_t bad = 0, improved = 0, used = 0;
    for (size_t i = 0; i < count && used < BAR_LIMIT; i++) {
        const struct compare_case *item = sorted[i];
        if (!isfinite(item->time.effect) || (judgement_is_bad(item->verdict) && bad++ >= BAR_BAD_LIMIT) ||
            (item->verdict == JUDGE_IMPROVED && improved++ >= BAR_LIMIT - BAR_BAD_LIMIT))
            continue;
        picked[used++] = sorted[i];
    }
    return used;
}

static void picture(const struct comment *comment, const struct report_options *options, struct compare_case **sorted,
                    size_t count, bool first)
{
    struct str bars = { 0 };
    if (options->picture) {
        /* One picture shows the first comparison. */
        if (first) {
            str_append(comment->out, "\n<img alt=\"Effects with intervals, the worst first\" width=\"700\" src=\"");
            escape_html(comment->out, options->picture);
            str_append(comment->out, "\">\n");
        }
        return;
    }
    struct compare_case *picked[BAR_LIMIT];
    size_t decided = 0, shown = pick(sorted, count, picked);
    for (size_t i = 0; i < shown; i++)
        decided += picked[i]->verdict != JUDGE_EQUIVALENT;
    judgement_bars(picked, shown, decided ? decided : shown, BAR_WIDTH, &bars);
    if (bars.length)
        str_appendf(comment->out, "\n```text\n%s%s\n```\n", bars.data, judgement_bars_legend());
    str_release(&bars);
}

/* ---- sections ---- */

static void groups(struct comment *comment, const struct comparison *comparison)
{
    struct str out = { 0 };
    char text[40];
    const struct compare_group **sorted = arena_array(comment->arena, comparison->group_count, sizeof *sorted);
    size_t count = compare_sort_groups(comparison, sorted);
    for (size_t i = 0; i < count && i < ROW_LIMIT; i++) {
        const struct compare_group *group = sorted[i];
        if (!judgement_has_interval(&group->time))
            continue;
        if (!out.length)
            str_append(&out, "| suite / operation | cases | time | interval | verdict |\n|---|---:|---:|---:|---|\n");
        str_append(&out, "| ");
        str_append(&out, *group->operation ? "" : "**");
        code(&out, group->suite, *group->operation ? arena_format(comment->arena, "/ %s", group->operation) : NULL);
        str_append(&out, *group->operation ? "" : "**");
        str_appendf(&out, " | %zu | %s | ", group->count, judgement_effect(text, sizeof text, group->time.effect));
        judgement_interval(text, sizeof text, &group->time);
        str_appendf(&out, "%s%s | %s |\n", *text == '[' ? "\\" : "", text,
                    judge_verdict_name(compare_group_verdict(group)));
    }
    fold(comment, "Suites and operations as one", &out);
}

static void attributions(struct comment *comment, const struct comparison *comparison)
{
    const struct compare_attribution **list =
        arena_array(comment->arena, comparison->attribution_count + 1, sizeof *list);
    size_t count = attribution_select(comparison, list);
    for (size_t i = 0; i < count && i < ATTRIBUTION_LIMIT; i++) {
        struct str out = { 0 };
        code(&out, list[i]->whole->suite, list[i]->whole->name);
        str_append(&out, ": ");
        attribution_markdown(&out, list[i], comment->arena);
        fold(comment, "Where it comes from", &out);
    }
}

static void comparison_section(struct comment *comment, const struct judgement *judgement, size_t index,
                               const struct report_options *options)
{
    static const bool changed[JUDGE_VERDICT_COUNT] = {
        [JUDGE_REGRESSED] = true, [JUDGE_WRONG] = true, [JUDGE_FAILED] = true, [JUDGE_IMPROVED] = true
    };
    static const bool undecided[JUDGE_VERDICT_COUNT] = { [JUDGE_UNDECIDED] = true };
    static const bool others[JUDGE_VERDICT_COUNT] = { [JUDGE_EQUIVALENT] = true, [JUDGE_NEW] = true };
    const struct comparison *comparison = &judgement->comparisons[index];
    struct compare_case **sorted = judgement_sorted(comparison, comment->arena);
    struct str section = { 0 };
    str_append(comment->out, judgement->count > 1 ? "\n#### " : "\n");
    code(comment->out, comparison->candidate_name, NULL);
    str_append(comment->out, " against ");
    code(comment->out, comparison->base_name, NULL);
    str_appendf(comment->out, ": %s.\n\n", judgement_method_line(comparison, comment->arena));
    case_table(comment, comment->out, sorted, comparison->case_count, changed, CHANGE_LIMIT);
    picture(comment, options, sorted, comparison->case_count, index == 0);
    size_t open = case_table(comment, &section, sorted, comparison->case_count, undecided, ROW_LIMIT);
    fold(comment, arena_format(comment->arena, "%zu undecided", open), &section);
    attributions(comment, comparison);
    groups(comment, comparison);
    size_t rest = case_table(comment, &section, sorted, comparison->case_count, others, ROW_LIMIT);
    fold(comment, arena_format(comment->arena, "%zu equivalent or new", rest), &section);
    for (size_t i = 0; i < comparison->note_count && i < ROW_LIMIT; i++) {
        str_append(&section, "- ");
        foreign(&section, comparison->notes[i], TEXT_LIMIT);
        str_append_char(&section, '\n');
    }
    fold(comment, "Notes", &section);
}

static void target_table(struct comment *comment, const struct gate *gate)
{
    struct str out = { 0 };
    size_t count = 0, missed = 0;
    for (size_t i = 0; i < gate->count; i++) {
        const struct gate_finding *finding = &gate->findings[i];
        if (finding->kind != GATE_TARGET)
            continue;
        missed += judgement_is_missed(finding);
        if (count == 0)
            str_append(&out, "| target of | actual | target | status | tier |\n|---|---:|---:|---|---|\n");
        if (count++ >= ROW_LIMIT)
            continue;
        str_append(&out, "| ");
        code(&out, finding->suite,
             arena_format(comment->arena, "%s %s", finding->name ? finding->name : "", finding->metric));
        str_appendf(&out, " | %s | ", judgement_target_value(finding, finding->actual, comment->arena));
        foreign(&out, finding->comparator ? finding->comparator : "", 8);
        str_appendf(&out, " %s | ", judgement_target_value(finding, finding->limit, comment->arena));
        str_appendf(&out, judgement_is_missed(finding) ? "**%s** | " : "%s | ", judgement_target_word(finding));
        foreign(&out, finding->tier ? finding->tier : "required", 40);
        str_append(&out, " |\n");
    }
    const char *heading = "";
    for (size_t i = 0; i < GATE_TIER_COUNT && count; i++)
        if (gate->tiers[i].name && gate->tiers[i].count) {
            str_appendf(&out, "%s%s: %zu of %zu%s", *heading ? ", " : "\nTiers: ", gate->tiers[i].name,
                        gate->tiers[i].met, gate->tiers[i].count, gate->tiers[i].reached ? " (reached)" : "");
            heading = "more";
        }
    str_append(&out, *heading ? "\n" : "");
    fold(comment, arena_format(comment->arena, "%zu targets, %zu missed", count, missed), &out);
}

/* What no table of cases shows, and decides all the same: suites as a whole, other metrics, nothing to compare with. */
static void besides(const struct comment *comment, const struct judgement *judgement)
{
    const struct gate *gate = judgement->gate;
    size_t count = 0;
    for (size_t i = 0; i < gate->count; i++) {
        const struct gate_finding *finding = &gate->findings[i];
        if (finding->acknowledged_reason || finding->kind == GATE_TARGET || finding->status == GATE_PASS ||
            judgement_is_told_by_case(finding) || judgement_is_headline(judgement, finding))
            continue;
        if (count++ >= CHANGE_LIMIT)
            continue;
        str_append(comment->out, count == 1 ? "\n- " : "- ");
        str_append(comment->out, finding->status == GATE_REGRESSED ? "**" : "");
        str_append(comment->out, gate_status_name(finding->status));
        str_append(comment->out, finding->status == GATE_REGRESSED ? "**: " : ": ");
        if (finding->suite && *finding->suite) {
            code(comment->out, finding->suite, NULL);
            str_append_char(comment->out, ' ');
        }
        foreign(comment->out, finding->text, TEXT_LIMIT);
        str_append_char(comment->out, '\n');
    }
    if (count > CHANGE_LIMIT)
        str_appendf(comment->out, "\n… and %zu more.\n", count - CHANGE_LIMIT);
}

/* Where nothing was compared they are all there is to say, so they stand open. */
static void warnings(struct comment *comment, const struct gate *gate, bool open)
{
    struct str out = { 0 };
    for (size_t i = 0; i < gate->warning_count && i < ROW_LIMIT; i++) {
        str_append(&out, "- ");
        foreign(&out, gate->warnings[i], TEXT_LIMIT);
        str_append_char(&out, '\n');
    }
    if (open && out.length && out.length + RESERVE < JUDGEMENT_COMMENT_LIMIT / 2) {
        str_appendf(comment->out, "\n%s", str_text(&out));
        str_release(&out);
        return;
    }
    fold(comment,
         arena_format(comment->arena, "%zu warning%s", gate->warning_count, judgement_plural(gate->warning_count)),
         &out);
}

static void findings(struct comment *comment, const struct gate *gate)
{
    struct str out = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < gate->count; i++) {
        const struct gate_finding *finding = &gate->findings[i];
        if (!finding->acknowledged_reason || count++ >= ROW_LIMIT)
            continue;
        str_append(&out, "- ");
        foreign(&out, finding->text, TEXT_LIMIT);
        str_append(&out, ": ");
        foreign(&out, finding->acknowledged_reason, TEXT_LIMIT);
        str_append(&out, " (");
        foreign(&out, finding->acknowledged_by ? finding->acknowledged_by : "nobody", 80);
        if (finding->acknowledged_until) {
            str_append(&out, ", until ");
            foreign(&out, finding->acknowledged_until, 40);
        }
        str_append(&out, ")\n");
    }
    fold(comment, arena_format(comment->arena, "%zu acknowledged", count), &out);
}

/* ---- all ---- */

static void head(const struct comment *comment, const struct judgement *judgement)
{
    static const char *const marks[] = { "✅", "❌", "🚫", "❔" };
    enum gate_status status = judgement_status(judgement);
    str_appendf(comment->out, JUDGEMENT_MARKER "\n### %s %s: ", marks[status], judgement_status_word(status));
    foreign(comment->out, judgement->title, NAME_LIMIT);
    str_append(comment->out, "\n\n");
    foreign(comment->out, judgement_count_line(judgement, comment->arena), TEXT_LIMIT);
    str_append(comment->out, ".\n");
}

static void foot(const struct comment *comment, const struct judgement *judgement)
{
    str_append(comment->out, "\n<sub>");
    if (judgement->calibration)
        foreign(comment->out, calibration_line(judgement->calibration, comment->arena), TEXT_LIMIT);
    if (judgement->gate && judgement->gate->policy) {
        str_append(comment->out, judgement->calibration ? " · policy " : "policy ");
        /* Where it lies on the machine that measured is nobody's business in a comment. */
        const char *policy = judgement->gate->policy, *slash = *policy == '/' ? strrchr(policy, '/') : NULL;
        foreign(comment->out, slash ? slash + 1 : policy, NAME_LIMIT);
    }
    if (comment->left_out)
        str_appendf(comment->out, " · %zu section%s left out: a comment holds no more", comment->left_out,
                    judgement_plural(comment->left_out));
    str_append(comment->out, " · Prony</sub>\n");
}

int judgement_markdown(const struct judgement *judgement, const struct report_options *options, struct str *out,
                       struct error *error)
{
    (void)error;
    struct arena arena = { 0 };
    struct comment comment = { out, &arena, 0 };
    struct str legend = { 0 };
    head(&comment, judgement);
    if (judgement->gate)
        besides(&comment, judgement);
    for (size_t i = 0; i < judgement->count; i++)
        comparison_section(&comment, judgement, i, options);
    if (judgement->gate) {
        target_table(&comment, judgement->gate);
        findings(&comment, judgement->gate);
        warnings(&comment, judgement->gate, judgement->count == 0);
    }
    escape_markdown(&legend, judgement_legend(judgement, &arena));
    fold(&comment, "How to read this", &legend);
    foot(&comment, judgement);
    arena_release(&arena);
    return 0;
}
