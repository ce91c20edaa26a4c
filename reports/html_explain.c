/* html_explain.c: checks, counters and noise as HTML. */
#include "reports/html_explain.h"
#include "reports/escape.h"
#include "reports/html.h"
#include <math.h>
#include <stdio.h>

enum { NOISE_ROWS = 12, THREADS_SHOWN = 16 };

/* ---- checks ---- */

static void check_item(struct str *out, const struct store_check *check)
{
    str_appendf(out, "<li class=\"%s\"><span class=\"kind\">%s</span><div><p><b>", check->verdict, check->verdict);
    escape_html(out, check->name);
    str_append(out, "</b> ");
    escape_html(out, check->seen);
    str_append(out, "</p><p class=\"reason\">");
    escape_html(out, check->meaning);
    if (check->remedy && *check->remedy) {
        str_append(out, " <code>");
        escape_html(out, check->remedy);
        str_append(out, "</code>");
    }
    str_append(out, "</p></div></li>\n");
}

static void check_list(const struct explain *explain, const char *verdict, struct str *out)
{
    for (size_t i = 0; i < explain->check_count; i++)
        if (str_equal(explain->checks[i].verdict, verdict))
            check_item(out, &explain->checks[i]);
}

void html_checks(const struct explain *explain, struct str *out)
{
    size_t bad = explain->check_fail + explain->check_warn,
           passed = explain->check_count - bad - explain->check_unknown;
    if (explain->check_count == 0)
        return;
    str_append(out, "<section id=\"checks\"><h2>Can the machine be trusted?</h2>\n");
    if (bad) {
        str_append(out, "<ul class=\"problems checks\">\n");
        check_list(explain, "fail", out);
        check_list(explain, "warn", out);
        str_append(out, "</ul>\n");
    }
    static const char *const folded[] = { "unknown", "pass" };
    const size_t counts[] = { explain->check_unknown, passed };
    for (size_t i = 0; i < 2; i++) {
        if (!counts[i])
            continue;
        str_appendf(out, "<details class=\"more\"><summary>%zu %s</summary><ul class=\"problems checks\">\n", counts[i],
                    i ? "passed" : "could not be found out");
        check_list(explain, folded[i], out);
        str_append(out, "</ul></details>\n");
    }
    str_append(out, "</section>\n");
}

/* ---- counters ---- */

/* The state with its reason, and the threads, as the cell's title. */
static void cell_title(struct str *out, const struct explain_cell *cell)
{
    const struct store_series *series = cell->series;
    if (!series)
        return;
    bool has_reason = series->worst_state != STORE_OK && series->reason;
    if (!has_reason && !series->thread_count)
        return;
    str_append(out, " title=\"");
    if (has_reason) {
        escape_html(out, series->reason);
        if (series->running_share > 0 && series->running_share < 1)
            str_appendf(out, " (counted %.0f %% of the time)", 100 * series->running_share);
        if (series->thread_count)
            str_append(out, "\n");
    }
    for (size_t t = 0; t < series->thread_count && t < THREADS_SHOWN; t++) {
        char number[48];
        str_appendf(out, "%sthread %zu: %s", t ? ", " : "", t,
                    number_text(number, sizeof number, NUMBER_COUNT, series->thread_values[t]));
    }
    str_append(out, "\"");
}

static void counter_cell(const struct explain_column *column, const struct explain_cell *cell, struct str *out)
{
    char digits[32];
    bool absent = !isfinite(cell->value);
    str_appendf(out, "<td class=\"n%s\"", absent ? " none" : *explain_mark(cell) ? " marked" : "");
    if (!absent)
        str_appendf(out, " data-v=\"%.9g\"", cell->value);
    cell_title(out, cell);
    if (absent) {
        str_append(out, ">–</td>");
        return;
    }
    struct number_scale scale = number_scale(column->kind, cell->value);
    str_appendf(out, ">%s%s", explain_mark(cell), explain_digits(digits, sizeof digits, column, cell));
    const char *unit = column->kind == NUMBER_COUNT ? column->unit : "";
    if (*scale.unit || *unit) {
        str_appendf(out, "<span class=\"u\"> %s", scale.unit);
        escape_html(out, unit);
        str_append(out, "</span>");
    }
    str_append(out, "</td>");
}

static void notes_list(const struct explain_pass *pass, struct str *out)
{
    if (!pass->note_count)
        return;
    str_append(out, "<ul class=\"notes\">\n");
    for (size_t n = 0; n < pass->note_count; n++) {
        const struct explain_note *note = &pass->notes[n];
        str_append(out, note->marked ? "<li><b>" : "<li class=\"absent\"><b>");
        escape_html(out, note->metrics);
        str_append(out, note->marked ? "</b>: " : "</b> not available: ");
        escape_html(out, note->reason);
        if (note->case_count < pass->case_count)
            str_appendf(out, " (%zu of %zu cases)", note->case_count, pass->case_count);
        if (note->remedy && *note->remedy) {
            str_append(out, ". Remedy: <span class=\"remedy\">");
            escape_html(out, note->remedy);
            str_append(out, "</span>");
        }
        str_append(out, "</li>\n");
    }
    str_append(out, "</ul>");
}

static void table_rows(const struct explain_table *table, struct str *out)
{
    for (size_t i = 0; i < table->case_count; i++) {
        str_append(out, "<tr><th scope=\"row\">");
        escape_html_name(out, table->cases[i]->name);
        str_append(out, "</th>");
        for (size_t c = 0; c < table->column_count; c++)
            counter_cell(&table->columns[c], &table->cells[i * table->column_count + c], out);
        str_append(out, "</tr>\n");
    }
}

static void counter_columns(const struct explain_table *table, struct str *out)
{
    str_appendf(out,
                "<div class=\"scroll%s\" tabindex=\"0\"><table class=\"many\"><thead><tr><th scope=\"col\">case</th>",
                table->case_count > 30 ? " tall" : "");
    for (size_t c = 0; c < table->column_count; c++) {
        str_append(out, "<th scope=\"col\" class=\"n\">");
        escape_html(out, table->columns[c].title);
        str_append(out, "</th>");
    }
    str_append(out, "</tr></thead><tbody>\n");
    table_rows(table, out);
    str_append(out, "</tbody></table></div>");
}

static void counter_table(const struct explain_table *table, bool open, struct arena *arena, struct str *out)
{
    const char *equal;
    const struct explain_table telling = explain_telling(table, arena, &equal);
    str_appendf(out, "<details class=\"group\"%s><summary><h3>", open ? " open" : "");
    escape_html(out, table->title);
    str_appendf(out, "</h3><span class=\"count\">%zu case%s</span></summary>\n", table->case_count,
                table->case_count == 1 ? "" : "s");
    if (telling.column_count)
        counter_columns(&telling, out);
    if (*equal) {
        str_appendf(out, "<p class=\"account-notes\">%s: ", table->case_count > 1 ? "Equal in all" : "Besides");
        escape_html(out, equal);
        str_append(out, "</p>");
    }
    str_append(out, "</details>\n");
}

static void counter_section(const char *id, const char *title, const char *method, const struct explain_pass *pass,
                            struct arena *arena, struct str *out)
{
    if (pass->case_count == 0)
        return;
    str_appendf(out, "<section id=\"%s\"><h2>%s</h2><p class=\"method\">%s</p>\n", id, title, method);
    for (size_t t = 0; t < pass->table_count; t++)
        counter_table(&pass->tables[t], pass->table_count <= 4 || t < 2, arena, out);
    notes_list(pass, out);
    str_append(out, "</section>\n");
}

void html_counters(const struct view *view, const struct explain *explain, struct str *out)
{
    counter_section(
        "counters", "Counters",
        "An iteration of each case, all threads together, from processes of their own. ~ extrapolated from "
        "the share of time that it was counted, ≈ approximate or an estimate; the reason is in the tooltip.",
        &explain->counters, view->arena, out);
    counter_section("callgrind", "Instruction counts under valgrind",
                    "Exact counts of one iteration by callgrind, on the kernels that run under it: valgrind hides "
                    "AVX-512, so they may be others than those that were timed.",
                    &explain->callgrind, view->arena, out);
    counter_section("memory", "Memory", "Heap, mappings and growth of each case, from processes of their own.",
                    &explain->memory, view->arena, out);
}

/* ---- noise ---- */

static void noise_number(struct str *out, double value, const char *format, double factor)
{
    char text[32];
    if (!isfinite(value)) {
        str_append(out, "<td class=\"n none\">–</td>");
        return;
    }
    snprintf(text, sizeof text, format, value * factor); /* formats are those below */
    str_appendf(out, "<td class=\"n\" data-v=\"%.9g\">%s</td>", value, text);
}

static void noise_row(const struct explain_noise *noise, bool detailed, struct str *out)
{
    char clock[48] = "–";
    const struct view_case *view_case = noise->view_case;
    str_append(out, "<tr><th scope=\"row\">");
    escape_html_name(out, view_case->suite);
    str_append(out, " ");
    escape_html_name(out, view_case->name);
    str_appendf(out, "</th><td class=\"n\" data-v=\"%zu\">%zu / %zu</td>", view_case->contaminated,
                view_case->contaminated, view_case->delay_known);
    noise_number(out, noise->run_delay_share, "%.1f %%", 100);
    noise_number(out, noise->switches, "%.1f", 1);
    if (detailed) {
        noise_number(out, noise->migrations, "%.2f", 1);
        noise_number(out, noise->minor_faults, "%.0f", 1);
        noise_number(out, noise->major_faults, "%.0f", 1);
        if (isfinite(noise->clock_low_ghz))
            snprintf(clock, sizeof clock, "%.2f – %.2f GHz", noise->clock_low_ghz, noise->clock_high_ghz);
        str_appendf(out, "<td class=\"n\">%s</td>", clock);
    }
    str_append(out, "</tr>\n");
}

/* Contaminated cases, and of a quiet run the first few, which show that it was quiet. */
static size_t noise_rows(const struct explain *explain)
{
    size_t rows = 0;
    while (rows < explain->noise_count && rows < NOISE_ROWS &&
           (explain->noise[rows].view_case->contaminated || (explain->noise_known && rows < 3)))
        rows++;
    return rows;
}

bool html_has_noise(const struct explain *explain)
{
    return noise_rows(explain) > 0;
}

void html_noise(const struct view *view, const struct explain *explain, struct str *out)
{
    size_t rows = noise_rows(explain);
    if (rows == 0)
        return;
    str_append(out, "<section id=\"noise\"><h2>What disturbed the samples</h2><p class=\"method\">");
    if (view->contaminated)
        str_appendf(out, "%zu of %zu cases have contaminated samples, which are kept and marked%s. ",
                    view->contaminated, view->measured,
                    2 * view->contaminated > view->measured ? "; these are times of a busy machine"
                                                            : "; the medians resist them");
    str_append(
        out,
        "Run delay: the largest share of a sample's wall time that its threads, added up, were ready but had no CPU. "
        "The rest are means a sample");
    str_append(out, explain->noise_known ? "; the clock is measured before and after each.</p>\n" : ".</p>\n");
    str_append(out, "<div class=\"group\"><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
                    "<th scope=\"col\">case</th><th scope=\"col\" class=\"n\">contaminated</th>"
                    "<th scope=\"col\" class=\"n\">run delay</th><th scope=\"col\" class=\"n\">preemptions</th>");
    if (explain->noise_known)
        str_append(out, "<th scope=\"col\" class=\"n\">migrations</th><th scope=\"col\" class=\"n\">minor faults</th>"
                        "<th scope=\"col\" class=\"n\">major faults</th><th scope=\"col\" class=\"n\">core clock</th>");
    str_append(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < rows; i++)
        noise_row(&explain->noise[i], explain->noise_known, out);
    str_append(out, "</tbody></table></div></div></section>\n");
}
