/* explain_table.c: the metrics of passes as tables: which columns there are, and why values are missing. */
#include "reports/explain.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COLUMN_LIMIT = 64, NOTE_LIMIT = 64, EQUAL_LEAST = 3 };

/* ---- metrics ---- */

static void append_word(struct str *title, const char *word, size_t length)
{
    static const char *const written[] = { "RSS", "CPU", "CPUs", "IPC", "L1i", "L1d", "LL", "LLC", "dTLB" };
    str_append(title, title->length ? " " : "");
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        if (strlen(written[i]) == length && strncasecmp(written[i], word, length) == 0) {
            str_append(title, written[i]);
            return;
        }
    str_append_bytes(title, word, length);
}

/* Underscores would be read as one word; what the pass is called is said by the heading, and "bytes" by the values. */
static const char *title_of(struct arena *arena, const struct store_series *series)
{
    struct str title = { 0 };
    const char *name = series->name;
    name += str_starts(name, "callgrind_") ? strlen("callgrind_") : 0;
    while (*name) {
        size_t length = strcspn(name, "_");
        bool is_unit = title.length && length == 5 && strncmp(name, "bytes", 5) == 0 && str_equal(series->unit, "B");
        if (length && !is_unit)
            append_word(&title, name, length);
        name += length + (name[length] == '_');
    }
    const char *text = arena_strdup(arena, str_text(&title));
    str_release(&title);
    return text;
}

static bool has_pass(const struct view_case *view_case, enum store_pass pass)
{
    for (size_t m = 0; m < view_case->source->metric_count; m++)
        if (view_case->source->metrics[m].pass == pass)
            return true;
    return false;
}

/* A timed process counts too where somebody asked it to and no pass of its own did; then the state, the share of time
 * or the threads tell a counter from the other metrics. The estimate of cycles is nothing that was asked for: every
 * timed sample has it, and a table of it would say the times again. */
static bool belongs(const struct view_case *view_case, const struct store_series *series, enum store_pass pass)
{
    if (series->pass == pass)
        return true;
    if (pass != STORE_PASS_COUNTERS || series->pass != STORE_PASS_TIMED || has_pass(view_case, STORE_PASS_COUNTERS))
        return false;
    if (str_equal(series->name, "estimated_cycles"))
        return false;
    bool never_seen = series->worst_state == STORE_NOT_COUNTED && !series->remedy && series->running_share <= 0;
    return !never_seen && (series->worst_state != STORE_OK || series->running_share > 0 || series->thread_count > 0);
}

/* ---- tables ---- */

/* Sums up tables while their cases come one by one. */
struct builder {
    struct arena *arena;
    enum store_pass pass;
    /* of the table that is being built */
    struct explain_column columns[COLUMN_LIMIT];
    bool has_value[COLUMN_LIMIT];
    size_t column_count;
    /* of all */
    struct explain_note notes[NOTE_LIMIT];
    const struct view_case *note_cases[NOTE_LIMIT]; /* the last one counted */
    struct str note_metrics[NOTE_LIMIT];
    size_t note_count;
};

/* "page faults" need no unit "faults", nor "context switches" a unit "switches". */
static const char *unit_of(const struct store_series *series, const char *title)
{
    return str_ends(title, series->unit) ? "" : series->unit;
}

static void add_column(struct builder *builder, const struct store_series *series, double value)
{
    size_t c = 0;
    while (c < builder->column_count && !str_equal(builder->columns[c].name, series->name))
        c++;
    if (c == COLUMN_LIMIT)
        return;
    if (c == builder->column_count) {
        const char *title = title_of(builder->arena, series);
        builder->columns[builder->column_count++] =
            (struct explain_column){ .name = series->name,
                                     .title = title,
                                     .unit = unit_of(series, title),
                                     .kind = number_kind_of(series->name, series->unit) };
    }
    builder->has_value[c] = builder->has_value[c] || isfinite(value);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && str_equal(a, b));
}

static bool names_metric(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = list; (p = strstr(p, name)) != NULL; p += length)
        if ((p == list || p[-1] == ' ') && (p[length] == ',' || !p[length]))
            return true;
    return false;
}

/* A formula without an operand gives the operand's reason: one note for both. */
static const char *root_of(const char *reason)
{
    while (reason && str_starts(reason, "needs ") && strstr(reason, ": "))
        reason = strstr(reason, ": ") + 2;
    return reason;
}

size_t explain_note_find(const struct explain_pass *pass, const struct store_series *series)
{
    bool marked = isfinite(view_series_median(series));
    size_t n = 0;
    while (n < pass->note_count &&
           !(pass->notes[n].marked == marked && same_text(pass->notes[n].reason, root_of(series->reason)) &&
             same_text(pass->notes[n].remedy, series->remedy)))
        n++;
    return n;
}

static void add_note(struct builder *builder, const struct view_case *view_case, const struct store_series *series,
                     double value)
{
    bool marked = isfinite(value);
    if (series->worst_state == STORE_OK || !series->reason)
        return;
    const struct explain_pass so_far = { .notes = builder->notes, .note_count = builder->note_count };
    size_t n = explain_note_find(&so_far, series);
    if (n == NOTE_LIMIT)
        return;
    struct explain_note *note = &builder->notes[n];
    if (n == builder->note_count) {
        *note = (struct explain_note){ .reason = root_of(series->reason), .remedy = series->remedy, .marked = marked };
        builder->note_cases[n] = NULL;
        builder->note_metrics[n] = (struct str){ 0 };
        builder->note_count++;
    }
    if (builder->note_cases[n] != view_case)
        note->case_count++;
    builder->note_cases[n] = view_case;
    const char *title = title_of(builder->arena, series);
    if (!names_metric(str_text(&builder->note_metrics[n]), title))
        str_appendf(&builder->note_metrics[n], "%s%s", builder->note_metrics[n].length ? ", " : "", title);
}

/* True if the case took part in the pass. */
static bool collect_case(struct builder *builder, const struct view_case *view_case, bool *has_value)
{
    bool any = false;
    for (size_t m = 0; m < view_case->source->metric_count; m++) {
        const struct store_series *series = &view_case->source->metrics[m];
        if (!belongs(view_case, series, builder->pass))
            continue;
        double value = view_series_median(series);
        add_column(builder, series, value);
        add_note(builder, view_case, series, value);
        *has_value = *has_value || isfinite(value);
        any = true;
    }
    return any;
}

static struct explain_cell find_cell(const struct view_case *view_case, const char *name, enum store_pass pass)
{
    for (size_t m = 0; m < view_case->source->metric_count; m++) {
        const struct store_series *series = &view_case->source->metrics[m];
        if (belongs(view_case, series, pass) && str_equal(series->name, name))
            return (struct explain_cell){ series, view_series_median(series) };
    }
    return (struct explain_cell){ NULL, NAN };
}

/* Columns that no case has a value of go: the notes name them. */
static void finish_table(const struct builder *builder, struct explain_table *table)
{
    struct explain_column *columns = arena_array(builder->arena, builder->column_count, sizeof *columns);
    for (size_t c = 0; c < builder->column_count; c++)
        if (builder->has_value[c])
            columns[table->column_count++] = builder->columns[c];
    table->columns = columns;
    struct explain_cell *cells = arena_array(builder->arena, table->case_count * table->column_count, sizeof *cells);
    for (size_t i = 0; i < table->case_count; i++)
        for (size_t c = 0; c < table->column_count; c++)
            cells[i * table->column_count + c] = find_cell(table->cases[i], columns[c].name, builder->pass);
    table->cells = cells;
}

static void finish_notes(struct builder *builder, struct explain_pass *pass)
{
    pass->notes = arena_array(builder->arena, builder->note_count, sizeof *pass->notes);
    pass->note_count = builder->note_count;
    for (size_t n = 0; n < builder->note_count; n++) {
        pass->notes[n] = builder->notes[n];
        pass->notes[n].metrics = arena_strdup(builder->arena, str_text(&builder->note_metrics[n]));
        str_release(&builder->note_metrics[n]);
    }
}

/* As the tables of the cases are cut. */
static bool same_table(const struct view *view, const struct view_case *a, const struct view_case *b)
{
    return str_equal(a->suite, b->suite) &&
           (str_equal(a->operation, b->operation) || view_is_fragmented(view, a->suite));
}

/* The table of all cases from first on that share its suite and operation, as far as they have a value. */
static struct explain_table build_table(struct builder *builder, const struct view *view, size_t first, bool *done,
                                        struct explain_pass *pass)
{
    const struct view_case *head = &view->cases[first];
    struct explain_table table = { .title =
                                       view_is_fragmented(view, head->suite)
                                           ? head->suite
                                           : arena_format(builder->arena, "%s / %s", head->suite, head->operation) };
    table.cases = arena_array(builder->arena, view->case_count - first, sizeof *table.cases);
    builder->column_count = 0;
    memset(builder->has_value, 0, sizeof builder->has_value);
    for (size_t i = first; i < view->case_count; i++) {
        if (!same_table(view, &view->cases[i], head))
            continue;
        done[i] = true;
        bool has_value = false;
        pass->case_count += collect_case(builder, &view->cases[i], &has_value);
        if (has_value)
            table.cases[table.case_count++] = &view->cases[i];
    }
    finish_table(builder, &table);
    return table;
}

struct explain_pass explain_build_pass(const struct view *view, enum store_pass pass)
{
    struct explain_pass built = { .tables = arena_array(view->arena, view->case_count + 1, sizeof *built.tables) };
    struct builder *builder = mem_alloc(sizeof *builder);
    bool *done = mem_array(view->case_count + 1, sizeof *done);
    memset(done, 0, (view->case_count + 1) * sizeof *done);
    *builder = (struct builder){ .arena = view->arena, .pass = pass };
    for (size_t i = 0; i < view->case_count; i++) {
        if (done[i])
            continue;
        struct explain_table table = build_table(builder, view, i, done, &built);
        if (table.column_count)
            built.tables[built.table_count++] = table;
    }
    finish_notes(builder, &built);
    free(done);
    free(builder);
    return built;
}

/* ---- columns that say the same of every case ---- */

static bool is_telling(const struct explain_table *table, size_t c)
{
    const struct explain_cell *first = &table->cells[c];
    for (size_t i = 0; i < table->case_count; i++) {
        const struct explain_cell *cell = &table->cells[i * table->column_count + c];
        if (!cell->series || cell->series->worst_state != STORE_OK || !(cell->value == first->value))
            return true;
    }
    return first->value != 0 && table->case_count < EQUAL_LEAST;
}

struct explain_table explain_telling(const struct explain_table *table, struct arena *arena, const char **equal)
{
    struct explain_table telling = *table;
    struct explain_column *columns = arena_array(arena, table->column_count, sizeof *columns);
    struct explain_cell *cells = arena_array(arena, table->column_count * table->case_count, sizeof *cells);
    size_t *kept = arena_array(arena, table->column_count, sizeof *kept);
    struct str text = { 0 };
    telling.column_count = 0;
    for (size_t c = 0; c < table->column_count; c++) {
        char value[64];
        if (is_telling(table, c)) {
            kept[telling.column_count] = c;
            columns[telling.column_count++] = table->columns[c];
        } else {
            str_appendf(&text, "%s%s %s", text.length ? ", " : "", table->columns[c].title,
                        explain_text(value, sizeof value, &table->columns[c], &table->cells[c]));
        }
    }
    for (size_t i = 0; i < table->case_count; i++)
        for (size_t c = 0; c < telling.column_count; c++)
            cells[i * telling.column_count + c] = table->cells[i * table->column_count + kept[c]];
    telling.columns = columns;
    telling.cells = cells;
    *equal = arena_strdup(arena, str_text(&text));
    str_release(&text);
    return telling;
}
