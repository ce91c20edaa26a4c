/* attribution_markdown.c: see attribution.h; for a comment. Names of operations stand in <code>: there GitHub makes
 * neither mentions nor links of them. */
#include "reports/attribution.h"
#include "reports/escape.h"
#include <math.h>

enum { PART_LIMIT = 12, NAME_LIMIT = 60 };

static void effect_cell(struct str *out, double effect)
{
    char text[48];
    str_appendf(out, " %s |", isfinite(effect) ? judgement_effect(text, sizeof text, effect) : "");
}

static void row(struct str *out, const struct attribution_row *row, struct attribution_scale scale)
{
    char text[64];
    struct str name = { 0 };
    escape_fit(&name, row->name, NAME_LIMIT);
    str_append(out, row->is_sum ? "| " : "| <code>");
    escape_markdown(out, str_text(&name));
    str_append(out, row->is_sum ? " |" : "</code> |");
    str_release(&name);
    str_appendf(out, " %s |", row->base_ns > 0 ? number_text(text, sizeof text, NUMBER_TIME_NS, row->base_ns) : "");
    str_appendf(out, " %s %s |", attribution_number(text, sizeof text, scale, row->change_ns), scale.unit);
    str_appendf(out, " %s |", attribution_interval(text, sizeof text, scale, row->interval));
    if (isfinite(row->share))
        str_appendf(out, " %.0f %% |", round(100 * row->share) + 0.0);
    else
        str_append(out, " |");
    effect_cell(out, row->effect);
    effect_cell(out, row->kernel_effect);
    str_append(out, "\n");
}

void attribution_markdown(struct str *out, const struct compare_attribution *item, struct arena *arena)
{
    const char *sentences[ATTRIBUTION_SENTENCES];
    size_t count, said = attribution_sentences(item, sentences, arena);
    const struct attribution_row *rows = attribution_rows(item, PART_LIMIT, arena, &count);
    escape_markdown(out, judgement_medians(&item->whole->time, " → ", arena));
    str_append(out, "\n\n");
    for (size_t i = 0; i < said; i++) {
        str_append(out, "- ");
        escape_markdown(out, sentences[i]);
        str_append(out, "\n");
    }
    str_append(out, "\n| operation | before | change | 95 % interval | share | change of it | kernel alone |\n"
                    "|---|---:|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < count; i++)
        row(out, &rows[i], attribution_scale(item));
    str_append(out, "\n");
    escape_markdown(out, attribution_legend(item, arena));
    str_append(out, "\n");
}
