/* profile_table.c: the functions with most weight, as pprof's top prints them: flat is the weight of samples in the
 * function itself, cum of those in it or in what it called, sum% what the rows so far have together. */
#include "harness/base/arena.h"
#include "reports/escape.h"
#include "reports/profile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    struct arena arena;
    struct stacks_function *functions;
    size_t count, shown;
    double total;
};

struct row {
    char flat[48], cumulative[48];
    double flat_percent, sum_percent, cumulative_percent;
    const struct stacks_frame *frame;
};

static void table_make(struct table *table, const struct profile *profile, size_t top)
{
    *table = (struct table){ .total = (double)profile_total(profile) };
    stacks_top(profile->stacks, &table->functions, &table->count);
    table->shown = table->count < top ? table->count : top;
    while (table->shown > 0 && table->functions[table->shown - 1].cumulative == 0)
        table->shown--;
}

static void table_release(struct table *table)
{
    free(table->functions);
    arena_release(&table->arena);
}

/* sum: weight of the rows before; this row's is added. */
static struct row table_row(const struct table *table, const struct profile *profile, size_t index, double *sum)
{
    const struct stacks_function *function = &table->functions[index];
    struct row row = { .frame = &stacks_frames(profile->stacks)[function->frame] };
    double scale = table->total > 0 ? 100 / table->total : 0;
    *sum += (double)function->flat;
    profile_value(row.flat, sizeof row.flat, profile->about.unit, (double)function->flat);
    profile_value(row.cumulative, sizeof row.cumulative, profile->about.unit, (double)function->cumulative);
    row.flat_percent = (double)function->flat * scale;
    row.sum_percent = *sum * scale;
    row.cumulative_percent = (double)function->cumulative * scale;
    return row;
}

static const char *function_name(const struct stacks_frame *frame)
{
    return *frame->function ? frame->function : "[unknown]";
}

/* "prony-engine", or "" where the name says it already ("libc.so.6+0x1234"). */
static const char *object_name(const struct stacks_frame *frame)
{
    return str_starts(function_name(frame), frame->object) ? "" : frame->object;
}

int profile_text(const struct profile *profile, const struct profile_options *options, struct str *out,
                 struct error *error)
{
    (void)error;
    struct table table;
    double sum = 0;
    table_make(&table, profile, options->top);
    escape_plain(out, profile->about.title);
    str_append_char(out, '\n');
    escape_plain(out, profile_summary(profile, &table.arena));
    str_appendf(out, "\nthe top %zu of %zu functions\n\n%12s %6s %6s %12s %6s\n", table.shown, table.count, "flat",
                "flat%", "sum%", "cum", "cum%");
    for (size_t i = 0; i < table.shown; i++) {
        struct row row = table_row(&table, profile, i, &sum);
        str_appendf(out, "%12s %5.1f%% %5.1f%% %12s %5.1f%%  ", row.flat, row.flat_percent, row.sum_percent,
                    row.cumulative, row.cumulative_percent);
        escape_plain(out, function_name(row.frame));
        if (*object_name(row.frame)) {
            str_append(out, "  [");
            escape_plain(out, object_name(row.frame));
            str_append_char(out, ']');
        }
        str_append_char(out, '\n');
    }
    table_release(&table);
    return 0;
}

int profile_markdown(const struct profile *profile, const struct profile_options *options, struct str *out,
                     struct error *error)
{
    (void)error;
    struct table table;
    double sum = 0;
    table_make(&table, profile, options->top);
    str_append(out, "### ");
    escape_markdown(out, profile->about.title);
    str_append(out, "\n\n");
    escape_markdown(out, profile_summary(profile, &table.arena));
    str_append(out, "\n\n| function | object | flat | flat % | sum % | cum | cum % |\n|---|---|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < table.shown; i++) {
        struct row row = table_row(&table, profile, i, &sum);
        str_append(out, "| ");
        escape_markdown(out, function_name(row.frame));
        str_append(out, " | ");
        escape_markdown(out, row.frame->object);
        str_appendf(out, " | %s | %.1f | %.1f | %s | %.1f |\n", row.flat, row.flat_percent, row.sum_percent,
                    row.cumulative, row.cumulative_percent);
    }
    str_append_char(out, '\n');
    table_release(&table);
    return 0;
}

void profile_html_table(const struct profile *profile, size_t top, struct str *out)
{
    struct table table;
    double sum = 0;
    table_make(&table, profile, top);
    str_append(out, "<div class=\"scroll\"><table class=\"functions\"><thead><tr><th scope=\"col\">function</th>"
                    "<th scope=\"col\">object</th><th scope=\"col\" class=\"n\" title=\"in the function itself\">flat"
                    "</th><th scope=\"col\" class=\"n\">flat %</th><th scope=\"col\" class=\"n\" "
                    "title=\"of the rows so far\">sum %</th><th scope=\"col\" class=\"n\" "
                    "title=\"in it or in what it called\">cum</th><th scope=\"col\" class=\"n\">cum %</th>"
                    "</tr></thead><tbody>\n");
    for (size_t i = 0; i < table.shown; i++) {
        struct row row = table_row(&table, profile, i, &sum);
        str_append(out, "<tr><th scope=\"row\">");
        escape_html(out, function_name(row.frame));
        str_append(out, "</th><td>");
        escape_html(out, row.frame->object);
        str_appendf(out,
                    "</td><td class=\"n\">%s</td><td class=\"n\">%.1f</td><td class=\"n\">%.1f</td>"
                    "<td class=\"n\">%s</td><td class=\"n\">%.1f</td></tr>\n",
                    row.flat, row.flat_percent, row.sum_percent, row.cumulative, row.cumulative_percent);
    }
    str_append(out, "</tbody></table></div>\n");
    table_release(&table);
}
