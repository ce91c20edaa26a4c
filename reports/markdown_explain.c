/* markdown_explain.c: counters and checks as Markdown. */
#include "reports/markdown.h"
#include "reports/escape.h"
#include <math.h>

static void cell_text(struct str *out, const char *text)
{
    escape_markdown(out, text);
    str_append(out, " | ");
}

static void table_rows(const struct explain_table *table, struct str *out)
{
    str_append(out, "| case | ");
    for (size_t c = 0; c < table->column_count; c++)
        cell_text(out, table->columns[c].title);
    str_append(out, "\n|---|");
    for (size_t c = 0; c < table->column_count; c++)
        str_append(out, "---:|");
    str_append_char(out, '\n');
    for (size_t i = 0; i < table->case_count; i++) {
        str_append(out, "| ");
        cell_text(out, table->cases[i]->name);
        for (size_t c = 0; c < table->column_count; c++) {
            char text[64];
            cell_text(out,
                      explain_text(text, sizeof text, &table->columns[c], &table->cells[i * table->column_count + c]));
        }
        str_append_char(out, '\n');
    }
}

static void notes(const struct explain_pass *pass, struct str *out)
{
    for (size_t n = 0; n < pass->note_count; n++) {
        const struct explain_note *note = &pass->notes[n];
        str_append(out, n ? "- **" : "\n- **");
        escape_markdown(out, note->metrics);
        str_append(out, note->marked ? "**: " : "** not available: ");
        escape_markdown(out, note->reason);
        if (note->case_count < pass->case_count)
            str_appendf(out, " (%zu of %zu cases)", note->case_count, pass->case_count);
        if (note->remedy) {
            str_append(out, "; ");
            escape_markdown(out, note->remedy);
        }
        str_append_char(out, '\n');
    }
}

static void section(const char *title, const struct explain_pass *pass, struct arena *arena, struct str *out)
{
    if (pass->case_count)
        str_appendf(out, "\n## %s\n", title);
    for (size_t t = 0; t < pass->table_count; t++) {
        str_append(out, "\n### ");
        escape_markdown(out, pass->tables[t].title);
        str_append(out, "\n\n");
        const char *equal;
        const struct explain_table telling = explain_telling(&pass->tables[t], arena, &equal);
        if (telling.column_count)
            table_rows(&telling, out);
        if (*equal) {
            str_append(out, telling.column_count ? "\nEqual in all: " : "Equal in all: ");
            escape_markdown(out, equal);
            str_append_char(out, '\n');
        }
    }
    notes(pass, out);
}

static void checks(const struct explain *explain, struct str *out)
{
    static const char *const order[] = { "fail", "warn", "unknown", "pass" };
    if (explain->check_count == 0)
        return;
    str_append(
        out,
        "\n## Can the machine be trusted?\n\n| verdict | check | seen | meaning | remedy |\n|---|---|---|---|---|\n");
    for (size_t v = 0; v < sizeof order / sizeof order[0]; v++)
        for (size_t i = 0; i < explain->check_count; i++) {
            const struct store_check *check = &explain->checks[i];
            if (!str_equal(check->verdict, order[v]))
                continue;
            str_append(out, "| ");
            cell_text(out, check->verdict);
            cell_text(out, check->name);
            cell_text(out, check->seen);
            cell_text(out, check->meaning);
            cell_text(out, check->remedy ? check->remedy : "");
            str_append_char(out, '\n');
        }
}

static void profiles(const struct explain *explain, struct str *out)
{
    const struct profile_options options = { .top = 10 };
    struct error error;
    if (explain->profile_count)
        str_append(out, "\n## Profiles\n");
    for (size_t i = 0; i < explain->profile_count; i++) {
        str_append_char(out, '\n');
        if (!explain->profiles[i].stacks || profile_markdown(&explain->profiles[i], &options, out, &error) != 0)
            escape_markdown(out, explain->profile_problems[i] ? explain->profile_problems[i] : error.text);
    }
}

void markdown_explain(const struct view *view, const struct explain *explain, struct str *out)
{
    if (explain->account_count)
        str_append(out, "\n## Where the time goes\n");
    for (size_t i = 0; i < explain->account_count; i++)
        account_write_markdown(&explain->accounts[i], out);
    profiles(explain, out);
    section("Counters", &explain->counters, view->arena, out);
    section("Instruction counts under valgrind", &explain->callgrind, view->arena, out);
    section("Memory", &explain->memory, view->arena, out);
    checks(explain, out);
}
