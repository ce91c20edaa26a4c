/* attribution_html.c: see attribution.h; for the page of a judgement and for the site. */
#include "reports/attribution.h"
#include "reports/escape.h"
#include <math.h>

/* value: what the column is sorted by. */
static void cell(struct str *out, const char *text, double value)
{
    if (*text && isfinite(value))
        str_appendf(out, "<td class=\"n\" data-v=\"%.9g\">", value);
    else
        str_append(out, "<td class=\"n none\">");
    escape_html(out, text);
    str_append(out, "</td>");
}

static void effect_cell(struct str *out, double effect)
{
    char text[48];
    cell(out, isfinite(effect) ? judgement_effect(text, sizeof text, effect) : "", effect);
}

static void row(struct str *out, const struct attribution_row *row, struct attribution_scale scale, struct arena *arena)
{
    char text[64], interval[64];
    str_append(out, row->is_sum ? "<tr class=\"sum\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
    escape_html_name(out, row->name);
    str_append(out, "</th>");
    cell(out, row->base_ns > 0 ? number_text(text, sizeof text, NUMBER_TIME_NS, row->base_ns) : "", row->base_ns);
    attribution_interval(interval, sizeof interval, scale, row->interval);
    attribution_number(text, sizeof text, scale, row->change_ns);
    cell(out, arena_format(arena, "%s %s", text, scale.unit), row->change_ns);
    cell(out, interval, row->interval.low);
    cell(out, isfinite(row->share) ? arena_format(arena, "%.0f %%", round(100 * row->share) + 0.0) : "", row->share);
    effect_cell(out, row->effect);
    effect_cell(out, row->kernel_effect);
    effect_cell(out, row->layer_effect);
    str_append(out, "</tr>\n");
}

static void words(struct str *out, const struct compare_attribution *item, struct arena *arena)
{
    const char *sentences[ATTRIBUTION_SENTENCES];
    size_t count = attribution_sentences(item, sentences, arena);
    str_append(out, "<ul class=\"notes\">");
    for (size_t i = 0; i < count; i++) {
        str_append(out, "<li>");
        escape_html(out, sentences[i]);
        str_append(out, "</li>");
    }
    str_append(out, "</ul>\n");
}

void attribution_html(struct str *out, const struct compare_attribution *item, size_t index, struct arena *arena)
{
    size_t count;
    const struct attribution_row *rows = attribution_rows(item, item->count, arena, &count);
    struct attribution_scale scale = attribution_scale(item);
    str_appendf(out, "<details class=\"group\" open id=\"attribution-%zu\"><summary><h3>", index);
    escape_html_name(out, arena_format(arena, "%s %s", item->whole->suite, item->whole->name));
    str_append(out, "</h3><span class=\"count\">");
    escape_html(out, judgement_medians(&item->whole->time, " → ", arena));
    str_append(out, "</span></summary>\n");
    words(out, item, arena);
    str_append(out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">operation</th>"
                    "<th scope=\"col\" class=\"n\">before</th><th scope=\"col\" class=\"n\">change</th>"
                    "<th scope=\"col\" class=\"n\">95 % interval</th><th scope=\"col\" class=\"n\">share</th>"
                    "<th scope=\"col\" class=\"n\">change of it</th><th scope=\"col\" class=\"n\">kernel alone</th>"
                    "<th scope=\"col\" class=\"n\">layer alone</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++)
        row(out, &rows[i], scale, arena);
    str_append(out, "</tbody></table></div><p class=\"method\">");
    escape_html(out, attribution_legend(item, arena));
    str_append(out, "</p></details>\n");
}
