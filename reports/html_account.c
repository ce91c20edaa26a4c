/* html_account.c: where an iteration's time goes, as a bar and a table for each traced case. */
#include "reports/escape.h"
#include "reports/html_explain.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>

enum { COLOURS = 7, OPEN_ACCOUNTS = 2 };

/* Operations with a colour of their own; the others share one. */
struct palette {
    const char *operations[COLOURS];
    size_t count;
};

/* An operation's shares of all iterations. */
static double sum_shares(const struct explain *explain, const char *operation)
{
    double sum = 0;
    for (size_t a = 0; a < explain->account_count; a++)
        for (size_t i = 0; i < explain->accounts[a].operation_count; i++)
            if (str_equal(explain->accounts[a].operations[i].operation, operation))
                sum += explain->accounts[a].operations[i].share;
    return sum;
}

/* Gives the operation that takes most of what is left a colour, the same in every account; false if there is none. */
static bool add_colour(const struct explain *explain, struct palette *palette)
{
    double most = 0;
    const char *chosen = NULL;
    for (size_t a = 0; a < explain->account_count; a++)
        for (size_t i = 0; i < explain->accounts[a].operation_count; i++) {
            const char *operation = explain->accounts[a].operations[i].operation;
            double sum = sum_shares(explain, operation);
            bool done = false;
            for (size_t c = 0; c < palette->count; c++)
                done = done || str_equal(palette->operations[c], operation);
            if (!done && sum > most) {
                most = sum;
                chosen = operation;
            }
        }
    if (chosen)
        palette->operations[palette->count++] = chosen;
    return chosen != NULL;
}

static const char *colour_of(const struct palette *palette, const char *operation)
{
    static const char *const colours[COLOURS] = { "var(--s0)", "var(--s1)", "var(--s2)", "var(--s3)",
                                                  "var(--s4)", "var(--s5)", "var(--s6)" };
    for (size_t c = 0; c < palette->count; c++)
        if (str_equal(palette->operations[c], operation))
            return colours[c];
    return "var(--s7)";
}

static void bar_part(struct str *out, const char *colour, const char *name, double share)
{
    if (!(share > 0))
        return;
    str_appendf(out, "<i style=\"width:%.3f%%;background:%s\" title=\"", 100 * share, colour);
    escape_html(out, name);
    str_appendf(out, " %.1f %%\"></i>", 100 * share);
}

/* Operations in the order of execution. */
static void time_bar(const struct account *account, const struct palette *palette, struct str *out)
{
    str_append(out, "<span class=\"time-bar\" aria-hidden=\"true\">");
    for (size_t i = 0; i < account->operation_count; i++)
        bar_part(out, colour_of(palette, account->operations[i].operation), account->operations[i].operation,
                 account->operations[i].share);
    bar_part(out, "var(--muted)", "waiting", account->waiting_ns / account->iteration_ns);
    bar_part(out, "var(--grid)", "unexplained", account->unexplained_ns / account->iteration_ns);
    str_append(out, "</span>");
}

static void number(struct str *out, enum number_kind kind, double value)
{
    char digits[32];
    if (!(value > 0)) {
        str_append(out, "<td class=\"n none\">–</td>");
        return;
    }
    struct number_scale scale = number_scale(kind, value);
    str_appendf(out, "<td class=\"n\" data-v=\"%.9g\">%s<span class=\"u\"> %s</span></td>", value,
                number_digits_n(digits, sizeof digits, value * scale.factor, 4), scale.unit);
}

static void row_head(struct str *out, const char *colour, const char *name)
{
    str_append(out, "<tr><th scope=\"row\">");
    if (colour)
        str_appendf(out, "<i class=\"swatch\" style=\"background:%s\"></i>", colour);
    escape_html(out, name);
    str_append(out, "</th>");
}

static void time_cells(struct str *out, double time_ns, double share)
{
    number(out, NUMBER_TIME_NS, time_ns);
    str_appendf(out, "<td class=\"n\" data-v=\"%.6g\">%.1f<span class=\"u\"> %%</span></td>", share, 100 * share);
}

static void operation_row(const struct account_row *row, const char *colour, bool has_alone, struct str *out)
{
    row_head(out, colour, row->operation);
    str_appendf(out, "<td class=\"n\" data-v=\"%.6g\">%.4g</td>", row->calls, row->calls);
    time_cells(out, row->time_ns, row->share);
    number(out, NUMBER_BYTE_RATE, row->bytes_per_second);
    number(out, NUMBER_FLOP_RATE, row->flops_per_second);
    if (has_alone && isfinite(row->alone_ns) && row->time_ns > 0)
        str_appendf(out, "<td class=\"n\" title=\"alone %s\">%s%.0f<span class=\"u\"> %%</span></td>",
                    row->is_near ? "at the nearest measured shape" : "at this shape", row->is_near ? "~" : "",
                    100 * row->alone_ns / row->time_ns);
    else if (has_alone)
        str_append(out, "<td class=\"n none\">–</td>");
    str_append(out, "</tr>\n");
}

static void rest_row(struct str *out, const char *colour, const char *name, double time_ns, double iteration_ns,
                     bool has_alone)
{
    row_head(out, colour, name);
    str_append(out, "<td></td>");
    time_cells(out, time_ns, time_ns / iteration_ns);
    str_append(out, has_alone ? "<td></td><td></td><td></td></tr>\n" : "<td></td><td></td></tr>\n");
}

static void account_table(const struct account *account, const struct palette *palette, struct str *out)
{
    bool has_alone = account->alone_work_ns > 0;
    str_append(out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">operation</th>"
                    "<th scope=\"col\" class=\"n\">calls</th><th scope=\"col\" class=\"n\">time</th>"
                    "<th scope=\"col\" class=\"n\">share</th><th scope=\"col\" class=\"n\">memory</th>"
                    "<th scope=\"col\" class=\"n\">compute</th>");
    if (has_alone)
        str_append(out, "<th scope=\"col\" class=\"n\">kernels alone</th>");
    str_append(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < account->operation_count; i++)
        operation_row(&account->operations[i], colour_of(palette, account->operations[i].operation), has_alone, out);
    rest_row(out, "var(--muted)", "waiting", account->waiting_ns, account->iteration_ns, has_alone);
    rest_row(out, "var(--grid)", "unexplained", account->unexplained_ns, account->iteration_ns, has_alone);
    rest_row(out, NULL, "iteration", account->iteration_ns, account->iteration_ns, has_alone);
    str_append(out, "</tbody></table></div>\n");
}

static void account_notes(const struct account *account, struct str *out)
{
    struct str notes = { 0 };
    account_write_notes(account, &notes);
    if (notes.length) {
        str_append(out, "<p class=\"account-notes\">");
        escape_html(out, str_text(&notes));
        str_append(out, "</p>");
    }
    str_release(&notes);
}

static void account_group(const struct account *account, const struct palette *palette, bool open, struct str *out)
{
    char time[48];
    str_appendf(out, "<details class=\"group\"%s><summary><h3>", open ? " open" : "");
    escape_html_name(out, account->source->name);
    str_appendf(out, "</h3><span class=\"count\">%s an iteration",
                number_text(time, sizeof time, NUMBER_TIME_NS, account->iteration_ns));
    if (account->timed_ns > 0)
        str_appendf(out, ", %s without tracing", number_text(time, sizeof time, NUMBER_TIME_NS, account->timed_ns));
    str_appendf(out, ", %.1f %% unexplained</span>", 100 * account->unexplained_ns / account->iteration_ns);
    time_bar(account, palette, out);
    str_append(out, "</summary>\n");
    account_table(account, palette, out);
    account_notes(account, out);
    str_append(out, "</details>\n");
}

void html_accounts(const struct explain *explain, struct str *out)
{
    if (explain->account_count == 0)
        return;
    str_append(out, "<section id=\"accounts\"><h2>Where the time goes</h2><p class=\"method\">Operations of one "
                    "iteration, from a traced process of its own: wall time on the critical path, bytes and flops as "
                    "the shapes say. Waiting is time in which threads stood at barriers. Kernels alone: what the "
                    "kernels would take as the kernels suite measured them, divided among the threads without loss, "
                    "as a share of the time here.</p>\n");
    struct palette palette = { 0 };
    while (palette.count < COLOURS && add_colour(explain, &palette)) {}
    for (size_t i = 0; i < explain->account_count; i++)
        account_group(&explain->accounts[i], &palette, i < OPEN_ACCOUNTS, out);
    str_append(out, "</section>\n");
}
