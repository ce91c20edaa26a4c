/* implementations_text.c: implementations side by side for a terminal: a block a group, a line a value, then where an
 * iteration's time goes in each. */
#include "reports/escape.h"
#include "reports/implementations.h"
#include "reports/number.h"
#include "reports/text.h"
#include <math.h>
#include <stdio.h>

enum { INDENT = 2, VALUE = 20, NUMBER = 16, SPEEDUP = 22, EFFICIENCY = 11, BYTES = 11, OUTPUT = 11 };
enum { PHASE = 20, PHASE_TIME = 12, PHASE_COLUMNS = (TEXT_WIDTH - INDENT - PHASE) / PHASE_TIME };

char *implementations_speedup(char *buffer, size_t size, const struct implementations *implementations,
                              const struct implementation_group *group, size_t value)
{
    const struct implementation_cell *cell = &group->cells[value];
    char one[32], low[32], high[32];
    if (value == implementations->baseline_index && cell->source)
        snprintf(buffer, size, "baseline");
    else if (!isfinite(cell->speedup))
        snprintf(buffer, size, "%s", "");
    else if (!(cell->interval.coverage >= JUDGE_CONFIDENCE - 1e-9))
        snprintf(buffer, size, "%sx (%zu process%s)", number_digits_n(one, sizeof one, cell->speedup, 3),
                 cell->summary.count, cell->summary.count == 1 ? "" : "es");
    else
        snprintf(buffer, size, "%sx [%s, %s]", number_digits_n(one, sizeof one, cell->speedup, 3),
                 number_digits_n(low, sizeof low, cell->interval.low, 3),
                 number_digits_n(high, sizeof high, cell->interval.high, 3));
    return buffer;
}

const char *implementations_output(const struct implementation_cell *cell)
{
    static const char *const names[] = { [COMPARE_OUTPUT_UNKNOWN] = "",
                                         [COMPARE_OUTPUT_SAME] = "same",
                                         [COMPARE_OUTPUT_WITHIN] = "within error",
                                         [COMPARE_OUTPUT_DIFFERENT] = "DIFFERENT" };
    return names[cell->output];
}

static void put_bytes(struct str *out, double bytes)
{
    char text[48];
    text_right(out, isfinite(bytes) ? number_text(text, sizeof text, NUMBER_BYTES, bytes) : "", BYTES);
}

static void put_cell(struct str *out, const struct implementations *implementations,
                     const struct implementation_group *group, size_t value)
{
    const struct implementation_cell *cell = &group->cells[value];
    char text[96];
    text_pad(out, INDENT);
    text_left(out, implementations->values[value].value, VALUE);
    if (!cell->source) {
        str_append(out, "not measured\n");
        return;
    }
    text_right(out, number_text(text, sizeof text, number_kind_of(group->metric, group->unit), cell->summary.median),
               NUMBER - 2);
    text_pad(out, 2);
    text_left(out, implementations_speedup(text, sizeof text, implementations, group, value), SPEEDUP);
    snprintf(text, sizeof text, "%.0f %%", 100 * cell->efficiency);
    text_right(out, isfinite(cell->efficiency) ? text : "", EFFICIENCY - 3);
    put_bytes(out, cell->peak_rss_bytes);
    put_bytes(out, cell->heap_peak_bytes);
    text_pad(out, 2);
    text_left(out, implementations_output(cell), OUTPUT + 2);
    text_end_line(out);
}

static void put_head(struct str *out, const struct implementations *implementations,
                     const struct implementation_group *group)
{
    text_pad(out, INDENT);
    text_left(out, implementations->dimension, VALUE);
    text_right(out, group->higher_is_better ? "rate" : "time", NUMBER - 2);
    text_pad(out, 2);
    text_left(out, "speed-up", SPEEDUP);
    text_right(out, isfinite(group->cells[implementations->baseline_index].efficiency) ? "efficiency" : "",
               EFFICIENCY - 1);
    text_right(out, "peak RSS", BYTES - 2);
    text_right(out, "heap", BYTES);
    text_pad(out, 2);
    text_left(out, "output", OUTPUT + 2);
    text_end_line(out);
}

static void put_phases(struct str *out, const struct implementations *implementations,
                       const struct implementation_group *group)
{
    size_t shown = implementations->value_count < PHASE_COLUMNS ? implementations->value_count : (size_t)PHASE_COLUMNS;
    char text[48];
    if (!group->phase_count)
        return;
    text_pad(out, INDENT);
    text_left(out, "where its time goes", PHASE);
    for (size_t v = 0; v < shown; v++)
        text_right(out, implementations->values[v].value, PHASE_TIME);
    text_end_line(out);
    for (size_t i = 0; i < group->phase_count; i++) {
        text_pad(out, INDENT);
        text_left(out, group->phases[i], PHASE);
        for (size_t v = 0; v < shown; v++) {
            double time_ns = group->cells[v].phases_ns[i];
            text_right(out, isfinite(time_ns) ? number_text(text, sizeof text, NUMBER_TIME_NS, time_ns) : "-",
                       PHASE_TIME);
        }
        text_end_line(out);
    }
}

static void put_total(struct str *out, const struct implementations *implementations, size_t value)
{
    const struct implementation_total *total = &implementations->values[value];
    char speedup[32], low[32], high[32];
    text_pad(out, INDENT);
    text_left(out, total->value, VALUE);
    if (value == implementations->baseline_index)
        str_append(out, "baseline");
    else if (!isfinite(total->speedup))
        str_append(out, "never beside the baseline");
    else
        str_appendf(out, "%sx", number_digits_n(speedup, sizeof speedup, total->speedup, 3));
    if (value != implementations->baseline_index && total->interval.coverage >= JUDGE_CONFIDENCE - 1e-9)
        str_appendf(out, " [%s, %s]", number_digits_n(low, sizeof low, total->interval.low, 3),
                    number_digits_n(high, sizeof high, total->interval.high, 3));
    if (value != implementations->baseline_index && total->count)
        str_appendf(out, " over %zu case%s", total->count, total->count == 1 ? "" : "s");
    text_end_line(out);
}

void implementations_text(const struct implementations *implementations, const char *title, struct str *out)
{
    escape_plain(out, title);
    str_append_char(out, '\n');
    for (int i = 0; i < TEXT_WIDTH; i++)
        str_append_char(out, '-');
    str_append_char(out, '\n');
    str_append(out, "\nSpeed-up over all, geometric mean\n");
    for (size_t v = 0; v < implementations->value_count; v++)
        put_total(out, implementations, v);
    for (size_t i = 0; i < implementations->group_count; i++) {
        const struct implementation_group *group = &implementations->groups[i];
        str_append_char(out, '\n');
        text_left(out, group->suite, (int)escape_width(group->suite) + 1);
        escape_plain(out, group->name);
        str_append_char(out, '\n');
        put_head(out, implementations, group);
        for (size_t v = 0; v < implementations->value_count; v++)
            put_cell(out, implementations, group, v);
        put_phases(out, implementations, group);
    }
    if (implementations->different_outputs)
        str_appendf(out, "\n%zu of these compute something else than the baseline.\n",
                    implementations->different_outputs);
}
