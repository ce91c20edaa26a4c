/* text_explain.c: counters, checks and their reasons for a terminal. */
#include "reports/escape.h"
#include "reports/text.h"

enum { INDENT = 2, VERDICT = 9 };

/* A line of its own for each case, since no table of twenty counters fits a terminal. */
static void counter_case(const struct explain_table *table, size_t index, struct str *out)
{
    struct str line = { 0 };
    const struct view_case *view_case = table->cases[index];
    text_pad(out, INDENT);
    text_left(out, view_case->name, TEXT_WIDTH - INDENT);
    text_end_line(out);
    for (size_t c = 0; c < table->column_count; c++) {
        const struct explain_cell *cell = &table->cells[index * table->column_count + c];
        char text[64];
        if (cell->value != cell->value) /* NaN: the notes say why */
            continue;
        str_appendf(&line, "%s%s ", line.length ? ", " : "", table->columns[c].title);
        escape_plain(&line, explain_text(text, sizeof text, &table->columns[c], cell));
    }
    text_paragraph(out, line.length ? str_text(&line) : "nothing could be counted", 2 * INDENT);
    str_release(&line);
}

static void note_line(const struct view *view, const struct explain_pass *pass, const struct explain_note *note,
                      struct str *out)
{
    const char *cases = note->case_count < pass->case_count
                            ? arena_format(view->arena, " (%zu of %zu cases)", note->case_count, pass->case_count)
                            : "";
    const char *text = arena_format(view->arena, "%s%s: %s%s%s%s", note->metrics, note->marked ? "" : " not available",
                                    note->reason, cases, note->remedy ? "; " : "", note->remedy ? note->remedy : "");
    struct str plain = { 0 };
    escape_plain(&plain, text);
    text_paragraph(out, str_text(&plain), INDENT);
    str_release(&plain);
}

static void pass_section(const struct view *view, const char *what, const struct explain_pass *pass, struct str *out)
{
    for (size_t t = 0; t < pass->table_count; t++) {
        text_heading(out, arena_format(view->arena, "%s: %s", what, pass->tables[t].title));
        for (size_t i = 0; i < pass->tables[t].case_count; i++)
            counter_case(&pass->tables[t], i, out);
    }
    if (pass->note_count)
        text_heading(out, arena_format(view->arena, "%s: what is missing or marked", what));
    for (size_t n = 0; n < pass->note_count; n++)
        note_line(view, pass, &pass->notes[n], out);
}

static void checks(const struct view *view, const struct explain *explain, struct str *out)
{
    static const char *const order[] = { "fail", "warn", "unknown" };
    if (explain->check_fail + explain->check_warn + explain->check_unknown == 0)
        return;
    text_heading(out, "Machine checks that did not pass");
    for (size_t v = 0; v < 3; v++)
        for (size_t i = 0; i < explain->check_count; i++) {
            const struct store_check *check = &explain->checks[i];
            if (!str_equal(check->verdict, order[v]))
                continue;
            text_pad(out, INDENT);
            text_left(out, check->verdict, VERDICT);
            text_left(out, arena_format(view->arena, "%s: %s", check->name, check->seen),
                      TEXT_WIDTH - INDENT - VERDICT);
            text_end_line(out);
            if (v == 2)
                continue;
            text_paragraph(out,
                           arena_format(view->arena, "%s%s%s", check->meaning, check->remedy ? " Remedy: " : "",
                                        check->remedy ? check->remedy : ""),
                           INDENT + VERDICT);
        }
}

static void profiles(const struct explain *explain, struct str *out)
{
    const struct profile_options options = { .top = 10 };
    struct error error;
    if (explain->profile_count)
        text_heading(out, "Profiles");
    for (size_t i = 0; i < explain->profile_count; i++) {
        if (!explain->profiles[i].stacks || profile_text(&explain->profiles[i], &options, out, &error) != 0)
            text_paragraph(out, explain->profile_problems[i] ? explain->profile_problems[i] : error.text, INDENT);
        str_append(out, i + 1 < explain->profile_count ? "\n" : "");
    }
}

void text_explain(const struct view *view, const struct explain *explain, struct str *out)
{
    for (size_t i = 0; i < explain->account_count; i++)
        account_write_text(&explain->accounts[i], out);
    profiles(explain, out);
    pass_section(view, "Counters", &explain->counters, out);
    pass_section(view, "Callgrind", &explain->callgrind, out);
    pass_section(view, "Memory", &explain->memory, out);
    checks(view, explain, out);
}
