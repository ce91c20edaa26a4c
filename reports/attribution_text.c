/* attribution_text.c: see attribution.h; for a terminal. */
#include "reports/attribution.h"
#include "reports/text.h"
#include <math.h>

enum { INDENT = 2, PART_LIMIT = 9, NAME = 27, BASE = 10, CHANGE = 9, INTERVAL = 18, SHARE = 8, EFFECT = 8 };

static void heads(struct str *out, struct attribution_scale scale, struct arena *arena)
{
    text_pad(out, INDENT);
    text_left(out, "operation", NAME);
    text_right(out, "before", BASE);
    text_right(out, arena_format(arena, "%s", scale.unit), CHANGE);
    text_right(out, "95 % interval", INTERVAL);
    text_right(out, "share", SHARE);
    text_right(out, "change", EFFECT);
    text_right(out, "kernel", EFFECT);
    text_right(out, "layer", EFFECT);
    text_end_line(out);
}

static void effect(struct str *out, double value)
{
    char text[48];
    text_right(out, isfinite(value) ? judgement_effect(text, sizeof text, value) : "", EFFECT);
}

static void row(struct str *out, const struct attribution_row *row, struct attribution_scale scale, struct arena *arena)
{
    char text[64];
    text_pad(out, INDENT);
    text_left(out, row->name, NAME);
    text_right(out, row->base_ns > 0 ? number_text(text, sizeof text, NUMBER_TIME_NS, row->base_ns) : "", BASE);
    text_right(out, attribution_number(text, sizeof text, scale, row->change_ns), CHANGE);
    text_right(out, attribution_interval(text, sizeof text, scale, row->interval), INTERVAL);
    text_right(out, isfinite(row->share) ? arena_format(arena, "%.0f %%", round(100 * row->share) + 0.0) : "", SHARE);
    effect(out, row->effect);
    effect(out, row->kernel_effect);
    effect(out, row->layer_effect);
    text_end_line(out);
}

void attribution_text(struct str *out, const struct compare_attribution *item, struct arena *arena)
{
    char text[48];
    const char *sentences[ATTRIBUTION_SENTENCES];
    struct attribution_scale scale = attribution_scale(item);
    size_t count, said = attribution_sentences(item, sentences, arena);
    const struct attribution_row *rows = attribution_rows(item, PART_LIMIT, arena, &count);
    text_paragraph(out,
                   arena_format(arena, "%s %s: %s, %s an iteration", item->whole->suite, item->whole->name,
                                judgement_medians(&item->whole->time, " → ", arena),
                                judgement_effect(text, sizeof text, item->whole->time.effect)),
                   INDENT);
    for (size_t i = 0; i < said; i++)
        text_paragraph(out, sentences[i], INDENT);
    heads(out, scale, arena);
    for (size_t i = 0; i < count; i++)
        row(out, &rows[i], scale, arena);
    text_paragraph(out, attribution_legend(item, arena), INDENT);
}
