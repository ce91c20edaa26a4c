/* implementations_markdown.c: implementations side by side as Markdown: one table of speed-ups, then one of times and
 * memory a group, folded. */
#include "reports/escape.h"
#include "reports/implementations.h"
#include "reports/number.h"
#include <math.h>
#include <stdio.h>

static void put_value_heads(struct str *out, const struct implementations *implementations, const char *first)
{
    str_appendf(out, "| %s |", first);
    for (size_t v = 0; v < implementations->value_count; v++) {
        str_append_char(out, ' ');
        escape_markdown(out, implementations->values[v].value);
        str_append(out, " |");
    }
    str_append(out, "\n|---|");
    for (size_t v = 0; v < implementations->value_count; v++)
        str_append(out, "---:|");
    str_append_char(out, '\n');
}

static void put_totals(struct str *out, const struct implementations *implementations)
{
    char text[32];
    str_append(out, "| **all, geometric mean** |");
    for (size_t v = 0; v < implementations->value_count; v++) {
        double speedup = v == implementations->baseline_index ? 1 : implementations->values[v].speedup;
        str_appendf(out, " **%s%s** |", isfinite(speedup) ? number_digits_n(text, sizeof text, speedup, 3) : "–",
                    isfinite(speedup) ? "x" : "");
    }
    str_append_char(out, '\n');
}

static void put_speedups(struct str *out, const struct implementations *implementations)
{
    char text[96];
    put_value_heads(out, implementations, "case");
    put_totals(out, implementations);
    for (size_t i = 0; i < implementations->group_count; i++) {
        const struct implementation_group *group = &implementations->groups[i];
        str_append(out, "| ");
        escape_markdown(out, group->suite);
        str_append_char(out, ' ');
        escape_markdown(out, group->name);
        str_append(out, " |");
        for (size_t v = 0; v < implementations->value_count; v++)
            str_appendf(out, " %s |",
                        *implementations_speedup(text, sizeof text, implementations, group, v) ? text : "–");
        str_append_char(out, '\n');
    }
}

static const char *bytes_text(char *buffer, size_t size, double bytes)
{
    return isfinite(bytes) ? number_text(buffer, size, NUMBER_BYTES, bytes) : "–";
}

static void put_details(struct str *out, const struct implementations *implementations,
                        const struct implementation_group *group)
{
    char number[48], rss[48], heap[48];
    str_append(out, "\n**");
    escape_markdown(out, group->name);
    str_appendf(out, "**\n\n| %s | %s | n | peak RSS | heap | output |\n|---|---:|---:|---:|---:|---|\n",
                implementations->dimension, group->higher_is_better ? "rate" : "time");
    for (size_t v = 0; v < implementations->value_count; v++) {
        const struct implementation_cell *cell = &group->cells[v];
        if (!cell->source)
            continue;
        str_append(out, "| ");
        escape_markdown(out, implementations->values[v].value);
        str_appendf(
            out, " | %s | %zu | %s | %s | %s |\n",
            number_text(number, sizeof number, number_kind_of(group->metric, group->unit), cell->summary.median),
            cell->summary.count, bytes_text(rss, sizeof rss, cell->peak_rss_bytes),
            bytes_text(heap, sizeof heap, cell->heap_peak_bytes), implementations_output(cell));
    }
}

static void put_phases(struct str *out, const struct implementations *implementations,
                       const struct implementation_group *group)
{
    char text[48];
    if (!group->phase_count)
        return;
    str_append_char(out, '\n');
    put_value_heads(out, implementations, "where its time goes");
    for (size_t i = 0; i < group->phase_count; i++) {
        str_append(out, "| ");
        escape_markdown(out, group->phases[i]);
        str_append(out, " |");
        for (size_t v = 0; v < implementations->value_count; v++) {
            double time_ns = group->cells[v].phases_ns[i];
            str_appendf(out, " %s |",
                        isfinite(time_ns) ? number_text(text, sizeof text, NUMBER_TIME_NS, time_ns) : "–");
        }
        str_append_char(out, '\n');
    }
}

void implementations_markdown(const struct implementations *implementations, const char *title, struct str *out)
{
    str_append(out, "## ");
    escape_markdown(out, title);
    str_append(out, "\n\nSpeed-up, with its 95 % interval, against ");
    escape_markdown(out, implementations->baseline);
    str_append(out, ".\n\n");
    put_speedups(out, implementations);
    if (implementations->different_outputs)
        str_appendf(out, "\n**%zu of these compute something else than the baseline.**\n",
                    implementations->different_outputs);
    str_append(out, "\n<details><summary>Times, memory, output, phases</summary>\n");
    for (size_t i = 0; i < implementations->group_count; i++) {
        put_details(out, implementations, &implementations->groups[i]);
        put_phases(out, implementations, &implementations->groups[i]);
    }
    str_append(out, "\n</details>\n");
}
