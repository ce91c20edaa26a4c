/* svg.c: gnuplot's SVG made fit for the inside of an HTML page: colours become CSS variables, ids get the chart's
 * prefix, tooltips become <title>, gnuplot's own titles, fonts, filters and empty groups go. */
#include "reports/chart.h"
#include "reports/escape.h"
#include <stdint.h>
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

/* What is dropped from or replaced in a tag; all begin with a blank, which is asked for first. */
static const struct {
    const char *from, *to;
    size_t length;
} attributes[] = {
#define ATTRIBUTE(from, to)       \
    {                             \
        from, to, sizeof from - 1 \
    }
    ATTRIBUTE(" stroke-linecap=\"butt\" stroke-linejoin=\"miter\"", ""),
    ATTRIBUTE(" stroke-width=\"1.00\"", " stroke-width=\"1\""),
    ATTRIBUTE(" font-family=\"sans-serif\"", ""),
    ATTRIBUTE(" color=\"black\"", ""),
    ATTRIBUTE(" color=\"#FFFFFF\"", ""),
    ATTRIBUTE(" id=\"gnuplot_canvas\"", ""),
    ATTRIBUTE(" class=\"gridline\"", ""),
    ATTRIBUTE(" shape-rendering='crispEdges'", ""),
};

enum { GROUPS = 64, SYMBOLS = 32, DOT = SYMBOLS - 1 };

/* An SVG on its way. Sites have thousands, so that one pass over it must do. */
struct svg {
    struct str out;
    const struct chart *chart;
    const char *prefix;
    uint32_t used; /* symbols that something refers to: bit n for gpPt<n> */
    /* Where the tags of open groups begin. */
    struct group {
        size_t begin, length;
    } open[GROUPS], closed; /* closed: the last one */
    size_t depth, closed_end;
    size_t empty_end; /* length of out behind a group's tag with nothing behind it; 0 = something is there */
};

/* text is at the first double quote, blank or letter of what may have to change. Returns what was used up of it; 0:
 * nothing known, take the character. */
static size_t rewrite_blank(struct str *out, const char *text, const char *end)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if ((size_t)(end - text) >= attributes[i].length && text[1] == attributes[i].from[1] &&
            memcmp(text, attributes[i].from, attributes[i].length) == 0) {
            str_append(out, attributes[i].to);
            return attributes[i].length;
        }
    return 0;
}

/* gpPt12 of a definition or a reference: the id gets the chart's prefix, as pages hold several. */
static size_t rewrite_symbol(struct svg *svg, const char *text)
{
    bool dot = str_starts(text, "gpDot");
    if (!dot && !str_starts(text, "gpPt"))
        return 0;
    char *end = NULL;
    unsigned long number = dot ? DOT : strtoul(text + 4, &end, 10);
    if (text[-1] == '#' && number < SYMBOLS)
        svg->used |= 1u << number;
    str_append(&svg->out, svg->prefix);
    str_appendf(&svg->out, "p%lu", number);
    return dot ? 5 : (size_t)(end - text);
}

/* One tag from '<' to '>', length bytes, rewritten. */
static void rewrite_tag(struct svg *svg, const char *tag, size_t length)
{
    struct str *out = &svg->out;
    const char *end = tag + length;
    while (tag < end) {
        int index = 0;
        size_t plain = strcspn(tag, "\" xgr\n\t\r"), used = 0; /* where nothing below begins */
        if (plain > (size_t)(end - tag))
            plain = (size_t)(end - tag);
        str_append_bytes(out, tag, plain);
        tag += plain;
        if (tag == end)
            break;
        if (*tag == ' ') {
            used = rewrite_blank(out, tag, end);
        } else if (*tag == '"' && str_starts(tag, "\"black\"")) {
            str_append(out, "\"currentColor\"");
            used = strlen("\"black\"");
        } else if (*tag == 'x' && str_starts(tag, "xlink:href")) {
            str_append(out, "href");
            used = strlen("xlink:href");
        } else if (*tag == 'g') {
            used = rewrite_symbol(svg, tag);
        } else if (*tag == 'r' && (used = parse_color(tag, &index)) > 0) {
            append_color(out, index);
        }
        if (!used) {
            bool blank = *tag == ' ' || *tag == '\n' || *tag == '\t' || *tag == '\r';
            if (!blank || out->data[out->length - 1] != ' ')
                str_append_char(out, blank ? ' ' : *tag);
            used = 1;
        }
        tag += used;
    }
}

/* ---- groups ---- */

static void truncate_to(struct str *out, size_t length)
{
    out->length = length;
    out->data[length] = 0;
}

/* The tag of a group was written at begin. gnuplot closes and opens the same one around every point. */
static void open_group(struct svg *svg, size_t begin)
{
    struct str *out = &svg->out;
    struct group group = { begin, out->length - begin };
    bool again = svg->closed_end == begin && begin && svg->closed.length == group.length &&
                 memcmp(out->data + svg->closed.begin, out->data + begin, group.length) == 0;
    if (again) {
        truncate_to(out, begin - strlen("</g>"));
        group = svg->closed;
    }
    if (svg->depth < GROUPS)
        svg->open[svg->depth] = group;
    svg->depth++;
    svg->closed_end = 0;
    svg->empty_end = again ? 0 : out->length;
}

/* Groups without content go. */
static void close_group(struct svg *svg)
{
    struct str *out = &svg->out;
    struct group group = { 0, 0 };
    if (svg->depth)
        svg->depth--;
    if (svg->depth < GROUPS)
        group = svg->open[svg->depth];
    if (group.length && svg->empty_end == out->length && group.begin + group.length == out->length) {
        truncate_to(out, group.begin);
        /* The group around it is empty too if nothing was before this one. */
        bool first = svg->depth && svg->depth <= GROUPS &&
                     svg->open[svg->depth - 1].begin + svg->open[svg->depth - 1].length == out->length;
        svg->empty_end = first ? out->length : 0;
        return;
    }
    str_append(out, "</g>");
    svg->closed = group;
    svg->closed_end = group.length ? out->length : 0;
    svg->empty_end = 0;
}

/* <g onmousemove="gnuplot_svg.showHypertext(evt,'t12')" ...>: the text is looked up, which makes each of them another
 * group. */
static void open_tip(struct svg *svg, const char *number)
{
    size_t index = (size_t)strtoul(number, NULL, 10);
    str_append(&svg->out, "<g class=\"tip\"><title>");
    if (index < svg->chart->tip_count)
        escape_html(&svg->out, svg->chart->tips[index]);
    str_append(&svg->out, "</title>");
    if (svg->depth < GROUPS)
        svg->open[svg->depth] = (struct group){ 0, 0 };
    svg->depth++;
}

static void rewrite_group(struct svg *svg, const char *tag, size_t length)
{
    static const char tip[] = "<g onmousemove=\"gnuplot_svg.showHypertext(evt,'t";
    size_t begin = svg->out.length;
    if (str_starts(tag, tip)) {
        open_tip(svg, tag + sizeof tip - 1);
        return;
    }
    if (str_starts(tag, "<g id=\"")) /* gnuplot_plot_N */
        str_append(&svg->out, "<g>");
    else
        rewrite_tag(svg, tag, length);
    open_group(svg, begin);
}

/* ---- symbols ---- */

/* Past the end tag of an element whose content is dropped. */
static const char *skip_element(const char *at, const char *end_tag)
{
    const char *end = strstr(at, end_tag);
    return end ? end + strlen(end_tag) : at + strlen(at);
}

/* The definitions of the symbols that are used, in their order; some refer to earlier ones. */
static void append_symbols(struct svg *body, const char *at, const char *end, struct str *out)
{
    struct svg one = { .prefix = body->prefix };
    struct {
        size_t begin, length;
    } kept[SYMBOLS];
    const char *tags[SYMBOLS];
    size_t count = 0, kept_count = 0;
    for (; at < end && count < SYMBOLS; at += strcspn(at, ">") + 1) {
        at += strcspn(at, "<");
        while (at < end && str_starts(at, "<filter"))
            at = skip_element(at, "</filter>"), at += strcspn(at, "<");
        if (at < end && memmem(at, strcspn(at, ">"), "id='gp", 6))
            tags[count++] = at;
    }
    while (count-- > 0) {
        const char *id = strstr(tags[count], "id='gp") + strlen("id='gp");
        unsigned long number = *id == 'D' ? DOT : strtoul(id + strlen("Pt"), NULL, 10);
        if (number >= SYMBOLS || !(body->used & 1u << number))
            continue;
        kept[kept_count].begin = one.out.length;
        rewrite_tag(&one, tags[count], strcspn(tags[count], ">") + 1);
        kept[kept_count].length = one.out.length - kept[kept_count].begin;
        kept_count++;
        body->used |= one.used;
    }
    str_append(out, kept_count ? "<defs>" : "");
    while (kept_count-- > 0)
        str_append_bytes(out, one.out.data + kept[kept_count].begin, kept[kept_count].length);
    str_append(out, one.out.length ? "</defs>" : "");
    str_release(&one.out);
}

/* Everything from at to the end; *symbols, *symbols_end: the definitions, left out. */
static void rewrite(struct svg *svg, const char *at, const char **symbols, const char **symbols_end)
{
    while (*at && !str_starts(at, "</svg>")) {
        size_t length = *at == '<' ? strcspn(at, ">") + 1 : strcspn(at, "<\n\t\r");
        if (*at == '<' && at[1] == 't' && str_starts(at, "<title>")) {
            at = skip_element(at, "</title>");
        } else if (*at == '<' && at[1] == 'f' && str_starts(at, "<filter")) {
            at = skip_element(at, "</filter>");
        } else if (*at == '<' && at[1] == 'd' && str_starts(at, "<defs>")) {
            *symbols = at + strlen("<defs>");
            at = skip_element(at, "</defs>");
            *symbols_end = at - strlen("</defs>");
        } else if (*at == '<' && at[1] == 'g' && (at[2] == ' ' || at[2] == '>')) {
            rewrite_group(svg, at, length);
            at += length;
        } else if (*at == '<' && str_starts(at, "</g>")) {
            close_group(svg);
            at += length;
        } else if (*at == '<') {
            rewrite_tag(svg, at, length);
            at += length;
        } else if (length == 0) { /* a line break */
            at++;
        } else {
            str_append_bytes(&svg->out, at, length);
            at += length;
        }
    }
}

const char *svg_inline(struct arena *arena, const char *text, const struct chart *chart, const char *prefix)
{
    const char *box = strstr(text, "viewBox=\""), *body = strstr(text, "</desc>");
    /* A file without an end is what a gnuplot that died half-way leaves. */
    if (!box || !body || !strstr(body, "</svg>"))
        return NULL;
    box += strlen("viewBox=\"");
    struct svg svg = { .chart = chart, .prefix = prefix };
    struct str out = { 0 };
    const char *symbols = NULL, *symbols_end = NULL;
    rewrite(&svg, body + strlen("</desc>"), &symbols, &symbols_end);
    str_appendf(&out, "<svg viewBox=\"%.*s\" role=\"img\" aria-label=\"", (int)strcspn(box, "\""), box);
    escape_html(&out, chart->title);
    str_append(&out, "\">");
    if (symbols)
        append_symbols(&svg, symbols, symbols_end, &out);
    str_append_bytes(&out, str_text(&svg.out), svg.out.length);
    str_append(&out, "</svg>");
    const char *result = arena_strdup(arena, str_text(&out));
    str_release(&svg.out);
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
