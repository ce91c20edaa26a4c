/* svg.c: gnuplot's SVG made fit for the inside of an HTML page: colours become CSS variables, ids get the chart's
 * prefix, tooltips become <title>, gnuplot's own titles, fonts, filters and empty groups go. */
#include "reports/chart.h"
#include "reports/escape.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append_color(struct str *out, int index)
{
    switch (index) {
    case CHART_INK: str_append(out, "currentColor"); break;
    case CHART_MUTED: str_append(out, "var(--muted)"); break;
    case CHART_GRID: str_append(out, "var(--grid)"); break;
    case CHART_HIDDEN: str_append(out, "transparent"); break; /* still catches the pointer */
    default:
        if (index >= CHART_STEP_0)
            str_appendf(out, "var(--d%d)", (index - CHART_STEP_0) % CHART_STEPS);
        else if (index >= CHART_SERIES_0)
            str_appendf(out, "var(--s%d)", (index - CHART_SERIES_0) % CHART_SERIES);
        else
            str_append(out, "currentColor");
    }
}

/* rgb( 0,  0, 17) -> the index; its length, or 0 if text is not such a colour, but one of its own. */
static size_t parse_color(const char *text, int *index)
{
    int red, green, used = 0;
    char start[32] = ""; /* sscanf measures all of a text first */
    if (!str_starts(text, "rgb("))
        return 0;
    strncpy(start, text, sizeof start - 1);
    if (sscanf(start, "rgb( %d , %d , %d )%n", &red, &green, index, &used) < 3 || red || green)
        return 0;
    return (size_t)used;
}

/* What is dropped from or replaced in a tag. */
static const struct {
    const char *from, *to;
} replacements[] = {
    { " stroke-linecap=\"butt\" stroke-linejoin=\"miter\"", "" },
    { " font-family=\"sans-serif\"", "" },
    { " color=\"black\"", "" },
    { " color=\"#FFFFFF\"", "" },
    { "\"black\"", "\"currentColor\"" },
    { " id=\"gnuplot_canvas\"", "" },
    { " class=\"gridline\"", "" },
    { " shape-rendering='crispEdges'", "" },
    { "xlink:href", "href" },
    { "stroke-width=\"1.00\"", "stroke-width=\"1\"" },
};

/* One tag from '<' to '>', length bytes, rewritten. */
static void rewrite_tag(struct str *out, const char *tag, size_t length, const char *prefix)
{
    const char *end = tag + length;
    while (tag < end) {
        int index = 0;
        size_t plain = strcspn(tag, "\" xgr\n\t\r"); /* where nothing below begins */
        if (plain > (size_t)(end - tag))
            plain = (size_t)(end - tag);
        str_append_bytes(out, tag, plain);
        tag += plain;
        if (tag == end)
            break;
        size_t used = 0;
        for (size_t i = 0; i < sizeof replacements / sizeof replacements[0] && !used; i++)
            if (str_starts(tag, replacements[i].from)) {
                used = strlen(replacements[i].from);
                str_append(out, replacements[i].to);
            }
        if (!used && str_starts(tag, "gpPt"))
            str_append(out, prefix); /* both the id and the reference to it */
        if (!used && str_starts(tag, "gpDot"))
            str_append(out, prefix);
        if (!used && *tag == 'r' && (used = parse_color(tag, &index)) > 0)
            append_color(out, index);
        if (!used) {
            bool blank = *tag == ' ' || *tag == '\n' || *tag == '\t' || *tag == '\r';
            if (!blank || out->data[out->length - 1] != ' ')
                str_append_char(out, blank ? ' ' : *tag);
            used = 1;
        }
        tag += used;
    }
}

/* <g onmousemove="gnuplot_svg.showHypertext(evt,'t12')" ...> */
static bool rewrite_tip(struct str *out, const char *tag, const struct chart *chart)
{
    static const char start[] = "<g onmousemove=\"gnuplot_svg.showHypertext(evt,'t";
    if (!str_starts(tag, start))
        return false;
    size_t index = (size_t)strtoul(tag + sizeof start - 1, NULL, 10);
    str_append(out, "<g class=\"tip\"><title>");
    if (index < chart->tip_count)
        escape_html(out, chart->tips[index]);
    str_append(out, "</title>");
    return true;
}

/* Past the end tag of an element whose content is dropped. */
static const char *skip_element(const char *at, const char *end_tag)
{
    const char *end = strstr(at, end_tag);
    return end ? end + strlen(end_tag) : at + strlen(at);
}

static void rewrite(struct str *out, const char *at, const struct chart *chart, const char *prefix)
{
    while (*at && !str_starts(at, "</svg>")) {
        size_t length = strcspn(at, ">") + 1;
        if (str_starts(at, "<title>")) {
            at = skip_element(at, "</title>");
        } else if (str_starts(at, "<filter")) {
            at = skip_element(at, "</filter>");
        } else if (str_starts(at, "<g id=\"")) {
            str_append(out, "<g>"); /* gnuplot_plot_N */
            at += length;
        } else if (*at == '<') {
            if (!rewrite_tip(out, at, chart))
                rewrite_tag(out, at, length, prefix);
            at += length;
        } else if (*at == '\n' || *at == '\t' || *at == '\r') {
            at++;
        } else {
            str_append_char(out, *at++);
        }
    }
}

/* Removes <g ...></g>, inner ones first, until none is left. */
static void drop_empty_groups(struct str *text)
{
    struct str kept = { 0 };
    size_t before;
    do {
        before = text->length;
        str_clear(&kept);
        for (const char *at = str_text(text); *at;) {
            const char *group = strstr(at, "<g");
            size_t before_group = group ? (size_t)(group - at) : strlen(at);
            str_append_bytes(&kept, at, before_group);
            at += before_group;
            size_t length = group ? strcspn(at, ">") + 1 : 0;
            if (group && (at[2] == ' ' || at[2] == '>') && str_starts(at + length, "</g>"))
                at += length + 4;
            else if (group)
                str_append_char(&kept, *at++);
        }
        struct str swap = *text;
        *text = kept;
        kept = swap;
    } while (text->length < before);
    str_release(&kept);
}

const char *svg_inline(struct arena *arena, const char *text, const struct chart *chart, const char *prefix)
{
    const char *box = strstr(text, "viewBox=\""), *body = strstr(text, "</desc>");
    /* A file without an end is what a gnuplot that died half-way leaves. */
    if (!box || !body || !strstr(body, "</svg>"))
        return NULL;
    box += strlen("viewBox=\"");
    struct str content = { 0 }, out = { 0 };
    rewrite(&content, body + strlen("</desc>"), chart, prefix);
    drop_empty_groups(&content);
    str_appendf(&out, "<svg viewBox=\"%.*s\" role=\"img\" aria-label=\"", (int)strcspn(box, "\""), box);
    escape_html(&out, chart->title);
    str_append(&out, "\">");
    str_append(&out, str_text(&content));
    str_append(&out, "</svg>");
    const char *result = arena_strdup(arena, str_text(&out));
    str_release(&content);
    str_release(&out);
    return result;
}

const char *svg_standalone(struct arena *arena, const char *text, const struct chart *chart)
{
    const char *inside = svg_inline(arena, text, chart, "");
    if (!inside)
        return NULL;
    double width = 0, height = 0;
    const char *box = strstr(inside, "viewBox=\"");
    if (!box || sscanf(box, "viewBox=\"0 0 %lf %lf", &width, &height) != 2)
        return NULL;
    const char *end = strchr(inside, '>') + 1;
    return arena_format(arena,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" "
                        "font-family=\"sans-serif\" color=\"#1d2025\"%.*s<rect width=\"%g\" height=\"%g\" "
                        "fill=\"#ffffff\"/>%s\n",
                        width, height, (int)(end - inside - 4), inside + 4, width, height, end);
}
