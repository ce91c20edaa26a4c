/* attribution_markdown.c: see attribution.h; for a comment. */
#include "reports/attribution.h"
#include "reports/escape.h"
#include <math.h>

enum { PART_LIMIT = 12, NAME_LIMIT = 110 };

static void part_row(struct str *out, const char *name, double base_ns, double candidate_ns, double change_ns,
                     double kernel)
{
    char text[48];
    str_append(out, "| ");
    struct str fitted = { 0 };
    escape_fit(&fitted, name, NAME_LIMIT);
    escape_markdown(out, str_text(&fitted));
    str_release(&fitted);
    str_appendf(out, " | %s", base_ns > 0 ? number_text(text, sizeof text, NUMBER_TIME_NS, base_ns) : "");
    str_appendf(out, " | %s", candidate_ns > 0 ? number_text(text, sizeof text, NUMBER_TIME_NS, candidate_ns) : "");
    str_appendf(out, " | %s%s", change_ns > 0 ? "+" : "", number_text(text, sizeof text, NUMBER_TIME_NS, change_ns));
    str_appendf(out, " | %s |\n", isfinite(kernel) ? judgement_effect(text, sizeof text, kernel) : "");
}

void attribution_markdown(struct str *out, const struct compare_attribution *item, struct arena *arena)
{
    escape_markdown(out, judgement_medians(&item->whole->time, " → ", arena));
    str_append(out, "\n\n| operation | base | candidate | change | kernel alone |\n|---|---:|---:|---:|---:|\n");
    for (size_t p = 0; p < item->count && p < PART_LIMIT; p++)
        part_row(out, item->parts[p].operation, item->parts[p].base_ns, item->parts[p].candidate_ns,
                 item->parts[p].candidate_ns - item->parts[p].base_ns, item->parts[p].kernel_effect);
    part_row(out, "not explained", 0, 0, item->residual_ns, NAN);
    if (isfinite(item->predicted_ns) && item->predicted_ns != 0)
        part_row(out, "what the kernels alone predict", 0, 0, item->predicted_ns, NAN);
}
