/* summary_explain.c: see summary_explain.h.
 *
 * A column that no case has a value for is not shown: the notes name it. Every dash in a table has the number of a
 * note, every reason and its remedy stand once. */
#include "harness/cli/summary_explain.h"
#include "harness/base/mem.h"
#include "reports/account.h"
#include "reports/escape.h"
#include "reports/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INDENT = 2,
    GAP = 2,
    NAME_LIMIT = 44,
    NAME_LEAST = 12,
    TITLE_WIDTH = 60,
    TITLE_LINES = 3,
    CELL_SIZE = 96,
    UNIT_LIMIT = 8
};

/* One pass while it is written down. */
struct writer {
    const struct view *view;
    const struct explain_pass *pass;
    struct str *out;
    size_t *numbers; /* of each note that a dash refers to, from 1; 0 = none does */
    size_t number_count;
};

/* ---- cells ---- */

static size_t note_number(struct writer *writer, const struct store_series *series)
{
    size_t found = explain_note_find(writer->pass, series);
    if (found == writer->pass->note_count)
        return 0;
    if (!writer->numbers[found])
        writer->numbers[found] = ++writer->number_count;
    return writer->numbers[found];
}

static void format_cell(struct writer *writer, const struct explain_column *column, const struct explain_cell *cell,
                        char *buffer)
{
    struct explain_column shown = *column;
    /* "switches" under "context switches" says nothing, and "instructions/cycle" of ipc neither. */
    if (shown.kind == NUMBER_COUNT && (strstr(shown.title, shown.unit) || strlen(shown.unit) > UNIT_LIMIT))
        shown.unit = "";
    explain_text(buffer, CELL_SIZE, &shown, cell);
    size_t number = cell->series && !isfinite(cell->value) ? note_number(writer, cell->series) : 0;
    if (number)
        snprintf(buffer, CELL_SIZE, "– [%zu]", number);
}

/* ---- columns ---- */

/* Breaks title into lines of at most width columns; false if it takes more than TITLE_LINES. lines may be NULL. */
static bool wrap_title(const char *title, int width, char lines[TITLE_LINES][CELL_SIZE])
{
    int line = 0, used = 0;
    for (const char *p = title; *p;) {
        int length = (int)strcspn(p, " ");
        if (length > width || length >= CELL_SIZE)
            return false;
        if (used && used + 1 + length > width) {
            line++;
            used = 0;
        }
        if (line == TITLE_LINES)
            return false;
        if (lines)
            snprintf(lines[line] + (used ? used : 0), CELL_SIZE - (size_t)used, "%s%.*s", used ? " " : "", length, p);
        used += length + (used ? 1 : 0);
        p += length + (p[length] == ' ');
    }
    return true;
}

static int column_width(struct writer *writer, const struct explain_table *table, size_t c)
{
    int width = 4;
    for (size_t i = 0; i < table->case_count; i++) {
        char text[CELL_SIZE];
        format_cell(writer, &table->columns[c], &table->cells[i * table->column_count + c], text);
        width = escape_width(text) > width ? escape_width(text) : width;
    }
    while (width < CELL_SIZE - 1 && !wrap_title(table->columns[c].title, width, NULL))
        width++;
    return width;
}

/* ---- tables ---- */

static int name_width(const struct explain_table *table)
{
    int width = NAME_LEAST;
    for (size_t i = 0; i < table->case_count; i++)
        width = escape_width(table->cases[i]->name) > width ? escape_width(table->cases[i]->name) : width;
    return width > NAME_LIMIT ? NAME_LIMIT : width;
}

/* The titles of columns [first, last), their last lines in one row. */
static void write_titles(const struct writer *writer, const struct explain_table *table, const int *widths, int names,
                         size_t first, size_t last)
{
    int most = 1;
    char(*lines)[TITLE_LINES][CELL_SIZE] = mem_array(last - first, sizeof *lines);
    int *counts = mem_array(last - first, sizeof *counts);
    for (size_t c = first; c < last; c++) {
        wrap_title(table->columns[c].title, widths[c], lines[c - first]);
        while (counts[c - first] < TITLE_LINES && lines[c - first][counts[c - first]][0])
            counts[c - first]++;
        most = counts[c - first] > most ? counts[c - first] : most;
    }
    for (int line = 0; line < most; line++) {
        text_left(writer->out, line == most - 1 ? table->title : "", INDENT + names);
        for (size_t c = first; c < last; c++) {
            int own = line - (most - counts[c - first]);
            text_pad(writer->out, GAP);
            text_right(writer->out, own >= 0 ? lines[c - first][own] : "", widths[c]);
        }
        text_end_line(writer->out);
    }
    free(lines);
    free(counts);
}

static void write_rows(struct writer *writer, const struct explain_table *table, const int *widths, int names,
                       size_t first, size_t last)
{
    for (size_t i = 0; i < table->case_count; i++) {
        text_pad(writer->out, INDENT);
        text_left(writer->out, table->cases[i]->name, names);
        for (size_t c = first; c < last; c++) {
            char text[CELL_SIZE];
            format_cell(writer, &table->columns[c], &table->cells[i * table->column_count + c], text);
            text_pad(writer->out, GAP);
            text_right(writer->out, text, widths[c]);
        }
        text_end_line(writer->out);
    }
}

static void write_equal(const struct explain_table *table, const char *equal, struct str *out)
{
    struct str text = { 0 };
    if (!*equal)
        return;
    if (table->column_count == 0 && table->case_count == 1)
        escape_plain(&text, table->cases[0]->name);
    else if (table->column_count == 0)
        str_appendf(&text, "%s, %zu cases", table->title, table->case_count);
    else
        str_append(&text, table->case_count > 1 ? "equal in all" : "besides");
    str_append(&text, ": ");
    escape_plain(&text, equal);
    text_paragraph(out, str_text(&text), INDENT);
    str_release(&text);
}

/* As many blocks as it takes for the columns to fit. */
static void write_columns(struct writer *writer, const struct explain_table *table)
{
    int *widths = mem_array(table->column_count + 1, sizeof *widths), names = name_width(table);
    for (size_t c = 0; c < table->column_count; c++)
        widths[c] = column_width(writer, table, c);
    for (size_t first = 0, last; first < table->column_count; first = last) {
        if (first)
            str_append_char(writer->out, '\n');
        int used = INDENT + names;
        for (last = first; last < table->column_count; last++) {
            if (last > first && used + GAP + widths[last] > TEXT_WIDTH)
                break;
            used += GAP + widths[last];
        }
        write_titles(writer, table, widths, names, first, last);
        write_rows(writer, table, widths, names, first, last);
    }
    free(widths);
}

static void write_table(struct writer *writer, const struct explain_table *table)
{
    const char *equal;
    struct explain_table telling = explain_telling(table, writer->view->arena, &equal);
    write_columns(writer, &telling);
    write_equal(&telling, equal, writer->out);
}

/* ---- notes ---- */

/* "~" or "≈" of the values that a note is about, "–" where there are none. */
static const char *note_mark(const struct writer *writer, size_t note)
{
    const struct explain_pass *pass = writer->pass;
    for (size_t t = 0; pass->notes[note].marked && t < pass->table_count; t++) {
        const struct explain_table *table = &pass->tables[t];
        for (size_t i = 0; i < table->case_count * table->column_count; i++)
            if (table->cells[i].series && *explain_mark(&table->cells[i]) &&
                explain_note_find(pass, table->cells[i].series) == note)
                return explain_mark(&table->cells[i]);
    }
    return "–";
}

static void write_note(const struct writer *writer, size_t index)
{
    const struct explain_note *note = &writer->pass->notes[index];
    struct str text = { 0 };
    if (writer->numbers[index])
        str_appendf(&text, "[%zu] ", writer->numbers[index]);
    else
        str_appendf(&text, "%s ", note_mark(writer, index));
    escape_plain(&text, note->metrics);
    str_append(&text, ": ");
    escape_plain(&text, note->reason);
    if (note->case_count < writer->pass->case_count)
        str_appendf(&text, " (%zu of %zu cases)", note->case_count, writer->pass->case_count);
    if (note->remedy) {
        str_append(&text, "; remedy: ");
        escape_plain(&text, note->remedy);
    }
    text_paragraph(writer->out, str_text(&text), INDENT);
    str_release(&text);
}

static void write_notes(const struct writer *writer)
{
    for (size_t number = 1; number <= writer->number_count; number++)
        for (size_t i = 0; i < writer->pass->note_count; i++)
            if (writer->numbers[i] == number)
                write_note(writer, i);
    for (size_t i = 0; i < writer->pass->note_count; i++)
        if (!writer->numbers[i])
            write_note(writer, i);
}

static void write_pass(const struct view *view, const char *title, const struct explain_pass *pass, struct str *out)
{
    if (pass->table_count + pass->note_count == 0)
        return;
    struct writer writer = {
        .view = view, .pass = pass, .out = out, .numbers = mem_array(pass->note_count + 1, sizeof(size_t))
    };
    text_heading(out, title);
    for (size_t t = 0; t < pass->table_count; t++) {
        if (t)
            str_append_char(out, '\n');
        write_table(&writer, &pass->tables[t]);
    }
    write_notes(&writer);
    free(writer.numbers);
}

/* ---- threads, spans, profiles ---- */

/* Each metric that is a sum over threads, with what each adds. */
static void write_threads(const struct store_case *item, struct str *out, bool *is_first)
{
    bool named = false;
    for (size_t m = 0; m < item->metric_count; m++) {
        const struct store_series *series = &item->metrics[m];
        if (series->thread_count == 0)
            continue;
        if (*is_first)
            text_heading(out, "By thread, an iteration");
        *is_first = false;
        if (!named) {
            text_pad(out, INDENT);
            text_left(out, item->name, TEXT_WIDTH - INDENT);
            text_end_line(out);
        }
        named = true;
        struct str line = { 0 };
        escape_plain(&line, series->name);
        str_append(&line, ":");
        for (size_t i = 0; i < series->thread_count; i++) {
            char text[48] = "–";
            if (isfinite(series->thread_values[i]))
                number_text(text, sizeof text, NUMBER_COUNT, series->thread_values[i]);
            str_appendf(&line, "%s %s", i ? "," : "", text);
        }
        text_paragraph(out, str_text(&line), 2 * INDENT);
        str_release(&line);
    }
}

/* Suites that were asked for spans and have none. */
static void write_untraced(const struct store_case *cases, size_t count, struct str *out)
{
    const char *last_suite = NULL, *last_reason = NULL;
    for (size_t i = 0; i < count; i++)
        for (size_t m = 0; m < cases[i].metric_count; m++) {
            const struct store_series *series = &cases[i].metrics[m];
            if (series->pass != STORE_PASS_SPANS || !str_equal(series->name, "spans") || !series->reason ||
                (str_equal(cases[i].suite, last_suite) && str_equal(series->reason, last_reason)))
                continue;
            last_suite = cases[i].suite;
            last_reason = series->reason;
            str_append_char(out, '\n');
            escape_plain(out, last_suite);
            str_append(out, ": no spans: ");
            escape_plain(out, last_reason);
            str_append_char(out, '\n');
        }
}

enum { SHARES_SHOWN = 6 };

struct share {
    const char *name;
    double share;
};

static int larger_first(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    return x->share < y->share ? 1 : x->share > y->share ? -1 : 0;
}

/* "ffn_down 31 %, output 24 %, ..., waiting 3.1 %, unexplained 0.4 %": what is large, and always the rest. */
static void write_shares(const struct account *account, struct arena *arena, struct str *out)
{
    struct share *shares = arena_array(arena, account->operation_count + 1, sizeof *shares);
    struct str line = { 0 };
    for (size_t i = 0; i < account->operation_count; i++)
        shares[i] = (struct share){ account->operations[i].operation, account->operations[i].share };
    qsort(shares, account->operation_count, sizeof *shares, larger_first);
    double others = 0;
    for (size_t i = 0; i < account->operation_count; i++) {
        if (i < SHARES_SHOWN)
            str_appendf(&line, "%s %.1f %%, ", shares[i].name, 100 * shares[i].share);
        else
            others += shares[i].share;
    }
    if (account->operation_count > SHARES_SHOWN)
        str_appendf(&line, "others %.1f %%, ", 100 * others);
    str_appendf(&line, "waiting %.1f %%, unexplained %.1f %%", 100 * account->waiting_ns / account->iteration_ns,
                100 * account->unexplained_ns / account->iteration_ns);
    text_pad(out, INDENT);
    text_left(out, account->source->name, TEXT_WIDTH - INDENT);
    text_end_line(out);
    text_paragraph(out, str_text(&line), 2 * INDENT);
    str_release(&line);
}

/* The accounts in two lines each, where the whole ones are not asked for. */
static void write_time_shares(const struct view *view, const struct explain *explain, struct str *out)
{
    if (explain->account_count == 0)
        return;
    text_heading(out, arena_format(view->arena, "Where the time goes (prony show %lld --spans has all of it)",
                                   (long long)view->run.id));
    for (size_t i = 0; i < explain->account_count; i++)
        write_shares(&explain->accounts[i], view->arena, out);
}

static void write_spans(const struct explain *explain, struct str *out)
{
    for (size_t i = 0; i < explain->account_count; i++)
        account_write_text(&explain->accounts[i], out);
}

static void write_profiles(const struct view *view, const struct explain *explain, struct str *out)
{
    if (explain->profile_count)
        text_heading(out, "Profiles");
    for (size_t i = 0; i < explain->profile_count; i++) {
        const struct profile *profile = &explain->profiles[i];
        struct str line = { 0 };
        str_appendf(&line, "%lld  ", (long long)profile->id);
        escape_fit(&line, profile->about.title, TITLE_WIDTH);
        str_appendf(&line, ": %s", profile_summary(profile, view->arena));
        text_paragraph(out, str_text(&line), INDENT);
        str_release(&line);
    }
}

/* What there is more of, and how to see it. */
static void write_hints(const struct view *view, const struct store_case *cases, size_t count,
                        const struct summary_options *options, struct str *out)
{
    size_t threads = 0;
    for (size_t i = 0; i < count && !options->threads; i++)
        for (size_t m = 0; m < cases[i].metric_count; m++)
            threads += cases[i].metrics[m].thread_count > 1;
    if (threads)
        str_appendf(out, "\ncounts of each thread: prony show %lld --threads\n", (long long)view->run.id);
}

void summary_explain(const struct view *view, const struct explain *explain, struct store_case *cases, size_t count,
                     const struct summary_options *options, struct str *out)
{
    bool is_first = true;
    if (options->spans) {
        write_spans(explain, out);
        write_untraced(cases, count, out);
    } else {
        write_time_shares(view, explain, out);
    }
    write_pass(view, "Counters, an iteration", &explain->counters, out);
    write_pass(view, "Under callgrind, an iteration", &explain->callgrind, out);
    write_pass(view, "Memory", &explain->memory, out);
    for (size_t i = 0; i < count && options->threads; i++)
        write_threads(&cases[i], out, &is_first);
    write_profiles(view, explain, out);
    write_hints(view, cases, count, options, out);
}
