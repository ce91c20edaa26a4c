/* attribution_text.c: see attribution.h; for a terminal. */
#include "reports/attribution.h"
#include "reports/text.h"
#include <math.h>

enum { INDENT = 2, PART_LIMIT = 8 };

static void part(struct str *out, struct arena *arena, const char *name, double base_ns, double candidate_ns,
                 double whole_ns, double kernel, double layer)
{
    char text[48];
    double change_ns = candidate_ns - base_ns;
    text_pad(out, INDENT + 2);
    text_left(out, name, 26);
    text_right(out, base_ns > 0 ? number_text(text, sizeof text, NUMBER_TIME_NS, base_ns) : "", 12);
    text_right(out, candidate_ns > 0 && base_ns > 0 ? number_text(text, sizeof text, NUMBER_TIME_NS, candidate_ns) : "",
               12);
    text_right(out,
               arena_format(arena, "%s%s", change_ns > 0 ? "+" : "",
                            number_text(text, sizeof text, NUMBER_TIME_NS, change_ns)),
               12);
    text_right(out, whole_ns != 0 ? arena_format(arena, "%.0f %%", round(100 * change_ns / whole_ns) + 0.0) : "", 9);
    text_right(out, isfinite(kernel) ? judgement_effect(text, sizeof text, kernel) : "", 13);
    text_right(out, isfinite(layer) ? judgement_effect(text, sizeof text, layer) : "", 12);
    text_end_line(out);
}

void attribution_text(struct str *out, const struct compare_attribution *item, struct arena *arena)
{
    char text[48];
    const struct compare_metric *time = &item->whole->time;
    double whole_ns = time->candidate.median - time->base.median;
    text_pad(out, INDENT);
    text_left(out,
              arena_format(arena, "%s %s: %s, %s an iteration", item->whole->suite, item->whole->name,
                           judgement_medians(time, " → ", arena), judgement_effect(text, sizeof text, time->effect)),
              TEXT_WIDTH - INDENT);
    text_end_line(out);
    static const struct {
        const char *title;
        int width;
    } heads[] = { { "base", 12 }, { "candidate", 12 },    { "change", 12 },
                  { "share", 9 }, { "kernel alone", 13 }, { "layer alone", 12 } };
    text_pad(out, INDENT + 2);
    text_left(out, "operation", 26);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        text_right(out, heads[i].title, heads[i].width);
    text_end_line(out);
    double rest_ns = 0;
    for (size_t i = 0; i < item->count; i++) {
        const struct compare_part *p = &item->parts[i];
        if (i < PART_LIMIT)
            part(out, arena, p->operation, p->base_ns, p->candidate_ns, whole_ns, p->kernel_effect, p->layer_effect);
        else
            rest_ns += p->candidate_ns - p->base_ns;
    }
    if (item->count > PART_LIMIT)
        part(out, arena, arena_format(arena, "%zu others", item->count - PART_LIMIT), 0, rest_ns, whole_ns, NAN, NAN);
    part(out, arena, "not explained", 0, item->residual_ns, whole_ns, NAN, NAN);
    if (isfinite(item->predicted_ns) && item->predicted_ns != 0)
        part(out, arena, "as the kernels alone say", 0, item->predicted_ns, whole_ns, NAN, NAN);
}
