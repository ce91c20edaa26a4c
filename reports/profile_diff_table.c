/* profile_diff_table.c: the biggest changes as tables, and the pair of numbers a stack that difffolded.pl writes. */
#include "harness/base/arena.h"
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/profile_diff.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct cells {
    char before[16], after[16], change[24];
};

/* "-" where a side has nothing; "+1.23*": points of a percent, starred if significant. */
static struct cells make_cells(const double *share, bool changed)
{
    struct cells cells;
    double change = 100 * (share[1] - share[0]);
    for (int side = 0; side < 2; side++) {
        char *cell = side ? cells.after : cells.before;
        if (share[side] > 0)
            snprintf(cell, sizeof cells.before, "%.2f", 100 * share[side]);
        else
            snprintf(cell, sizeof cells.before, "-");
    }
    snprintf(cells.change, sizeof cells.change, "%+.2f%s", fabs(change) < 0.005 ? 0.0 : change, changed ? "*" : "");
    return cells;
}

static bool is_shown(const struct profile_diff_function *function)
{
    return function->cumulative[0] > 0 || function->cumulative[1] > 0;
}

static size_t shown_count(const struct profile_diff *diff, size_t top)
{
    size_t count = diff->function_count < top ? diff->function_count : top;
    while (count > 0 && !is_shown(&diff->functions[count - 1]))
        count--;
    return count;
}

static const struct stacks_frame *frame_of(const struct profile_diff *diff, size_t index)
{
    return &stacks_frames(diff->weights[0])[diff->functions[index].frame];
}

static const char *name_of(const struct stacks_frame *frame)
{
    return *frame->function ? frame->function : "[unknown]";
}

int profile_diff_text(const struct profile_diff *diff, const struct profile_options *options, struct str *out,
                      struct error *error)
{
    (void)error;
    struct arena arena = { 0 };
    size_t count = shown_count(diff, options->top);
    escape_plain(out, profile_diff_title(diff, &arena));
    str_appendf(out, "\nthe top %zu of %zu functions by change; shares in %%\n\n%28s   %28s\n", count,
                diff->function_count, "flat  before   after  change", "cum  before   after  change");
    for (size_t i = 0; i < count; i++) {
        const struct profile_diff_function *function = &diff->functions[i];
        struct cells flat = make_cells(function->flat, function->flat_changed);
        struct cells cumulative = make_cells(function->cumulative, function->cumulative_changed);
        str_appendf(out, "%12s %7s %8s %12s %7s %8s  ", flat.before, flat.after, flat.change, cumulative.before,
                    cumulative.after, cumulative.change);
        escape_plain(out, name_of(frame_of(diff, i)));
        str_append_char(out, '\n');
    }
    str_append_char(out, '\n');
    str_append(out, profile_diff_note(diff, &arena));
    str_append_char(out, '\n');
    arena_release(&arena);
    return 0;
}

int profile_diff_markdown(const struct profile_diff *diff, const struct profile_options *options, struct str *out,
                          struct error *error)
{
    (void)error;
    struct arena arena = { 0 };
    str_append(out, "### ");
    escape_markdown(out, profile_diff_title(diff, &arena));
    str_append(out, "\n\n| function | object | flat % before | after | change | cum % before | after | change |\n"
                    "|---|---|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < shown_count(diff, options->top); i++) {
        const struct profile_diff_function *function = &diff->functions[i];
        struct cells flat = make_cells(function->flat, function->flat_changed);
        struct cells cumulative = make_cells(function->cumulative, function->cumulative_changed);
        const char *cells[] = {
            name_of(frame_of(diff, i)), frame_of(diff, i)->object, flat.before,      flat.after, flat.change,
            cumulative.before,          cumulative.after,          cumulative.change
        };
        for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++) {
            str_append(out, c ? " | " : "| ");
            escape_markdown(out, cells[c]);
        }
        str_append(out, " |\n");
    }
    str_append_char(out, '\n');
    escape_markdown(out, profile_diff_note(diff, &arena));
    str_append_char(out, '\n');
    arena_release(&arena);
    return 0;
}

static void html_cells(struct str *out, const double *share, bool changed, double p)
{
    struct cells cells = make_cells(share, changed);
    str_appendf(out, "<td class=\"n\">%s</td><td class=\"n\">%s</td><td class=\"n", cells.before, cells.after);
    str_appendf(out, "%s\"", !changed ? "" : share[1] > share[0] ? " up" : " down");
    if (!isnan(p))
        str_appendf(out, " title=\"p = %.2g\"", p);
    str_appendf(out, ">%s</td>", cells.change);
}

void profile_diff_html_table(const struct profile_diff *diff, size_t top, struct str *out)
{
    struct arena arena = { 0 };
    str_append(out, "<div class=\"scroll\"><table class=\"functions\"><thead><tr><th scope=\"col\">function</th>"
                    "<th scope=\"col\">object</th><th scope=\"col\" class=\"n\">flat % before</th>"
                    "<th scope=\"col\" class=\"n\">after</th><th scope=\"col\" class=\"n\">change</th>"
                    "<th scope=\"col\" class=\"n\">cum % before</th><th scope=\"col\" class=\"n\">after</th>"
                    "<th scope=\"col\" class=\"n\">change</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < shown_count(diff, top); i++) {
        const struct profile_diff_function *function = &diff->functions[i];
        bool changed = function->flat_changed || function->cumulative_changed;
        str_appendf(out, "<tr%s><th scope=\"row\">", changed ? "" : " class=\"quiet\"");
        escape_html(out, name_of(frame_of(diff, i)));
        str_append(out, "</th><td>");
        escape_html(out, frame_of(diff, i)->object);
        str_append(out, "</td>");
        html_cells(out, function->flat, function->flat_changed, function->flat_p);
        html_cells(out, function->cumulative, function->cumulative_changed, function->cumulative_p);
        str_append(out, "</tr>\n");
    }
    str_append(out, "</tbody></table></div>\n<p class=\"method\">");
    escape_html(out, profile_diff_note(diff, &arena));
    str_append(out, "</p>\n");
    arena_release(&arena);
}

/* "main;work 10 12": baseline, candidate. What flamegraph.pl draws as a difference. */
int profile_diff_folded(const struct profile_diff *diff, const struct profile_options *options, struct str *out,
                        struct error *error)
{
    (void)options;
    (void)error;
    const struct stacks_node *before = stacks_nodes(diff->weights[0]), *after = stacks_nodes(diff->weights[1]);
    size_t count = stacks_node_count(diff->weights[0]);
    uint32_t *path = mem_array(count, sizeof *path);
    for (size_t i = 1; i < count; i++) {
        size_t depth = 0;
        if (!before[i].self && !after[i].self)
            continue;
        for (uint32_t at = (uint32_t)i; at; at = before[at].parent)
            path[depth++] = before[at].frame;
        while (depth > 0) {
            struct str name = { 0 };
            escape_plain(&name, name_of(&stacks_frames(diff->weights[0])[path[--depth]]));
            for (char *at = name.data; *at; at++)
                str_append_char(out, *at == ';' ? ':' : *at);
            str_append_char(out, depth ? ';' : ' ');
            str_release(&name);
        }
        str_appendf(out, "%llu %llu\n", (unsigned long long)before[i].self, (unsigned long long)after[i].self);
    }
    free(path);
    return 0;
}
