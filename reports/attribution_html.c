/* attribution_html.c: see attribution.h; for the page of a judgement and for the site. */
#include "reports/attribution.h"
#include "reports/escape.h"
#include <math.h>

static void time_cell(struct str *out, double time_ns, bool sign)
{
    char text[48];
    if (!isfinite(time_ns)) {
        str_append(out, "<td class=\"n none\">–</td>");
        return;
    }
    str_appendf(out, "<td class=\"n\" data-v=\"%.9g\">%s%s</td>", time_ns, sign && time_ns > 0 ? "+" : "",
                number_text(text, sizeof text, NUMBER_TIME_NS, time_ns));
}

static void effect_cell(struct str *out, double effect)
{
    char text[40];
    if (!isfinite(effect)) {
        str_append(out, "<td class=\"n none\"></td>");
        return;
    }
    str_appendf(out, "<td class=\"n\" data-v=\"%.9g\">%s</td>", effect, judgement_effect(text, sizeof text, effect));
}

static void part_row(struct str *out, const char *name, double base_ns, double candidate_ns, double change_ns,
                     double kernel, double layer)
{
    str_append(out, "<tr><th scope=\"row\">");
    escape_html_name(out, name);
    str_append(out, "</th>");
    time_cell(out, base_ns, false);
    time_cell(out, candidate_ns, false);
    time_cell(out, change_ns, true);
    effect_cell(out, kernel);
    effect_cell(out, layer);
    str_append(out, "</tr>\n");
}

void attribution_html(struct str *out, const struct compare_attribution *item, size_t index, struct arena *arena)
{
    str_appendf(out, "<details class=\"group\" open id=\"attribution-%zu\"><summary><h3>", index);
    escape_html(out, arena_format(arena, "%s %s", item->whole->suite, item->whole->name));
    str_append(out, "</h3><span class=\"count\">");
    escape_html(out, judgement_medians(&item->whole->time, " → ", arena));
    str_append(
        out,
        "</span></summary>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">operation</th>"
        "<th scope=\"col\" class=\"n\">base</th><th scope=\"col\" class=\"n\">candidate</th>"
        "<th scope=\"col\" class=\"n\">change</th><th scope=\"col\" class=\"n\">kernel alone</th>"
        "<th scope=\"col\" class=\"n\">layer alone</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < item->count; i++)
        part_row(out, item->parts[i].operation, item->parts[i].base_ns, item->parts[i].candidate_ns,
                 item->parts[i].candidate_ns - item->parts[i].base_ns, item->parts[i].kernel_effect,
                 item->parts[i].layer_effect);
    part_row(out, "not explained", NAN, NAN, item->residual_ns, NAN, NAN);
    if (isfinite(item->predicted_ns) && item->predicted_ns != 0)
        part_row(out, "what the kernels alone predict", NAN, NAN, item->predicted_ns, NAN, NAN);
    str_append(out, "</tbody></table></div></details>\n");
}
