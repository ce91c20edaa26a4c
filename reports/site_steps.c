/* site_steps.c: the steps that histories took: a table of them, for the page of histories and for the overview. */
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/site_internal.h"
#include <math.h>
#include <stdlib.h>

static double size_of(const struct site_step *step)
{
    return fabs(step->change->change.effect);
}

static int by_date(const void *a, const void *b)
{
    const struct site_step *left = a, *right = b;
    if (left->started_ns != right->started_ns)
        return left->started_ns < right->started_ns ? 1 : -1;
    return size_of(left) < size_of(right) ? 1 : size_of(left) > size_of(right) ? -1 : 0;
}

/* What is worse and nobody answers for first; then by size. */
static int by_badness(const void *a, const void *b)
{
    const struct site_step *left = a, *right = b;
    bool left_bad = site_step_is_open(left), right_bad = site_step_is_open(right);
    if (left_bad != right_bad)
        return left_bad ? -1 : 1;
    return size_of(left) < size_of(right) ? 1 : size_of(left) > size_of(right) ? -1 : by_date(a, b);
}

bool site_step_is_open(const struct site_step *step)
{
    return step->change->verdict == JUDGE_REGRESSED && !step->change->acknowledged;
}

/* Of a limited list: the newest step of a case that is still measured, while its runs are among the newest. A baseline
 * that was pinned on the new level has accepted it. */
static bool is_recent(const struct site_case *own, size_t step, size_t runs)
{
    const struct history *history = &own->history;
    size_t at = history->changes[step].change.index;
    bool accepted = false;
    for (size_t i = at; i < history->count; i++)
        accepted = accepted || history->points[i].pinned;
    return own->newest && step + 1 == history->change_count && history->count - at <= runs && !accepted;
}

struct site_step *site_steps(const struct site *site, size_t recent_runs, size_t *count)
{
    size_t room = 1;
    for (size_t i = 0; i < site->case_count; i++)
        room += site->cases[i].history.change_count;
    struct site_step *steps = mem_array(room, sizeof *steps);
    *count = 0;
    for (size_t i = 0; i < site->case_count; i++) {
        const struct history *history = &site->cases[i].history;
        for (size_t c = 0; c < history->change_count; c++)
            if (!recent_runs || is_recent(&site->cases[i], c, recent_runs))
                steps[(*count)++] = (struct site_step){ &site->cases[i], &history->changes[c],
                                                        history->points[history->changes[c].change.index].started_ns };
    }
    qsort(steps, *count, sizeof *steps, recent_runs ? by_badness : by_date);
    return steps;
}

static void commit_range(const struct site *site, const struct history_change *change, struct str *out)
{
    str_append(out, "<code>");
    escape_html(out, arena_format(site->arena, "%.9s", change->commit_before ? change->commit_before : "?"));
    str_append(out, "</code> → <code>");
    escape_html(out, arena_format(site->arena, "%.9s", change->commit_after ? change->commit_after : "?"));
    str_append(out, "</code>");
}

static void step_row(const struct site *site, const struct site_step *step, bool any_acknowledged, struct str *out)
{
    const struct history_change *change = step->change;
    const char *class = site_verdict_class(change->verdict);
    str_append(out, "<tr><th scope=\"row\">");
    site_link(out, "", step->own->page, arena_format(site->arena, "%s %s", step->own->suite, step->own->name));
    str_append(out, "</th><td>");
    site_verdict(out, change->verdict);
    str_appendf(out, "</td><td class=\"n effect %s\" data-v=\"%.6g\">", class, change->change.effect);
    site_percent(out, change->change.effect);
    str_appendf(out, "<span class=\"u\"> %%</span></td><td>%s</td><td>", site_date(site, step->started_ns));
    commit_range(site, change, out);
    if (change->environment) {
        str_append(out, "<br><span class=\"method\">");
        escape_html(out, arena_format(site->arena, "with it: %s", change->environment));
        str_append(out, "</span>");
    }
    str_append(out, "</td><td class=\"bar\">");
    site_spark(out, &step->own->history);
    str_append(out, "</td>");
    if (any_acknowledged) {
        str_append(out, "<td>");
        if (change->acknowledged)
            escape_html(out, change->acknowledged);
        str_append(out, "</td>");
    }
    str_append(out, "</tr>\n");
}

void site_step_table(const struct site *site, const struct site_step *steps, size_t count, struct str *out)
{
    bool any_acknowledged = false;
    for (size_t i = 0; i < count; i++)
        any_acknowledged = any_acknowledged || steps[i].change->acknowledged;
    str_appendf(
        out,
        "<div class=\"group\"><h3 hidden>steps</h3><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
        "<th scope=\"col\">case</th><th scope=\"col\">verdict</th><th scope=\"col\" class=\"n\">change</th>"
        "<th scope=\"col\">since</th><th scope=\"col\">commits</th><th scope=\"col\" class=\"bar\">history</th>%s"
        "</tr></thead><tbody>\n",
        any_acknowledged ? "<th scope=\"col\">acknowledged</th>" : "");
    for (size_t i = 0; i < count; i++)
        step_row(site, &steps[i], any_acknowledged, out);
    str_append(out, "</tbody></table></div></div>\n");
}
