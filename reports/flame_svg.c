/* flame_svg.c: the flame graph that needs no script. Children lie side by side below their parent, the widest first;
 * what the parent has in itself stays empty at the right. A long chain of calls in which next to nothing branches off
 * (what leads from main to the work) takes one row, so that the rows show the work. */
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/flame.h"
#include "reports/profile.h"
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 1200, ROW = 19, ROWS = 20, TEXT_ROOM = 28 };
/* A quarter of a percent. */
#define NARROWEST 3.0
/* Fewer frames than this between two others are drawn. A link of a chain keeps this share. */
enum { CHAIN_LEAST = 4, CHAIN_NAMES = 40 };
#define CHAIN_SHARE 0.97
/* Of the monospaced font in flame_svg.css: text is cut here, so its width must be known. */
#define LETTER_WIDTH 6.7

struct drawing {
    const struct stacks *stacks;
    const char *unit;
    uint64_t *totals;
    uint32_t *order; /* nodes by parent, then total */
    size_t *first;   /* of a node's children in order; one more than nodes */
    double scale;    /* units a weight */
    int rows;
    bool cut;
};

struct by_parent {
    uint64_t total;
    uint32_t parent, node;
};

static int compare(const void *left, const void *right)
{
    const struct by_parent *a = left, *b = right;
    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    if (a->total != b->total)
        return a->total > b->total ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node;
}

static void sort_children(struct drawing *drawing)
{
    size_t count = stacks_node_count(drawing->stacks);
    const struct stacks_node *nodes = stacks_nodes(drawing->stacks);
    struct by_parent *list = mem_array(count, sizeof *list);
    for (size_t i = 1; i < count; i++)
        list[i - 1] = (struct by_parent){ drawing->totals[i], nodes[i].parent, (uint32_t)i };
    qsort(list, count - 1, sizeof *list, compare);
    size_t at = 0;
    for (size_t parent = 0; parent <= count; parent++) {
        drawing->first[parent] = at;
        while (at < count - 1 && list[at].parent == parent)
            at++;
    }
    for (size_t i = 0; i + 1 < count; i++)
        drawing->order[i] = list[i].node;
    free(list);
}

static void draw_box(const struct drawing *drawing, uint32_t node, double x, double width, int row, struct str *out)
{
    const struct stacks_frame *frame = &stacks_frames(drawing->stacks)[stacks_nodes(drawing->stacks)[node].frame];
    const char *name = *frame->function ? frame->function : "[unknown]";
    char value[48];
    double percent = 100 * (double)drawing->totals[node] / (double)drawing->totals[0];
    str_appendf(out, "<g class=\"fc%d\"><title>", (int)flame_class(frame));
    escape_html(out, name);
    if (*frame->object) {
        str_append(out, " [");
        escape_html(out, frame->object);
        str_append(out, "]");
    }
    str_appendf(out, "\n%s, %.1f %%</title><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>",
                profile_value(value, sizeof value, drawing->unit, (double)drawing->totals[node]), percent, x, row * ROW,
                width < 2 ? width : width - 1, ROW - 1);
    if (width >= TEXT_ROOM) {
        struct str text = { 0 };
        escape_fit(&text, name, (int)((width - 8) / LETTER_WIDTH));
        str_appendf(out, "<text x=\"%.1f\" y=\"%d\">", x + 4, row * ROW + 13);
        escape_html(out, str_text(&text));
        str_append(out, "</text>");
        str_release(&text);
    }
    str_append(out, "</g>\n");
}

/* The last node of the chain of calls that begins at node, and how many nodes lie between. */
static uint32_t find_chain_end(const struct drawing *drawing, uint32_t node, size_t *between)
{
    size_t links = 0;
    for (;; links++) {
        size_t first = drawing->first[node];
        if (first == drawing->first[node + 1] ||
            (double)drawing->totals[drawing->order[first]] < CHAIN_SHARE * (double)drawing->totals[node])
            break;
        node = drawing->order[first];
    }
    *between = links > 0 ? links - 1 : 0;
    return node;
}

/* One row for the frames between node and end. */
static void draw_chain(const struct drawing *drawing, uint32_t node, uint32_t end, size_t between, double x, int row,
                       struct str *out)
{
    const struct stacks_node *nodes = stacks_nodes(drawing->stacks);
    double width = (double)drawing->totals[end] * drawing->scale;
    str_appendf(out, "<g class=\"fc%d\"><title>%zu calls, from the inside:", (int)FLAME_UNKNOWN, between);
    size_t named = 0;
    for (uint32_t i = nodes[end].parent; i != node && named < CHAIN_NAMES; i = nodes[i].parent, named++) {
        const struct stacks_frame *frame = &stacks_frames(drawing->stacks)[nodes[i].frame];
        str_append_char(out, '\n');
        escape_html(out, *frame->function ? frame->function : "[unknown]");
    }
    str_appendf(out, "</title><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", x, row * ROW,
                width - 1, ROW - 1);
    char text[40];
    snprintf(text, sizeof text, "… %zu calls", between);
    if (width >= LETTER_WIDTH * (double)escape_width(text) + 8)
        str_appendf(out, "<text x=\"%.1f\" y=\"%d\">%s</text>", x + 4, row * ROW + 13, text);
    str_append(out, "</g>\n");
}

static void draw_below(struct drawing *drawing, uint32_t node, double x, int row, struct str *out);

/* Draws what is below node, which begins at x. The depth of the recursion is bounded by ROWS. */
static void draw_children(struct drawing *drawing, uint32_t node, double x, int row, struct str *out)
{
    for (size_t i = drawing->first[node]; i < drawing->first[node + 1]; i++) {
        uint32_t child = drawing->order[i];
        double width = (double)drawing->totals[child] * drawing->scale;
        if (width < NARROWEST)
            return; /* the rest is narrower still */
        if (row == ROWS) {
            drawing->cut = true;
            return;
        }
        drawing->rows = row >= drawing->rows ? row + 1 : drawing->rows;
        draw_box(drawing, child, x, width, row, out);
        draw_below(drawing, child, x, row + 1, out);
        x += width;
    }
}

/* The same, but a chain that begins at node is drawn as one row and its end. */
static void draw_below(struct drawing *drawing, uint32_t node, double x, int row, struct str *out)
{
    size_t between;
    uint32_t end = find_chain_end(drawing, node, &between);
    double width = (double)drawing->totals[end] * drawing->scale;
    if (between < CHAIN_LEAST || row + 2 > ROWS || width < NARROWEST) {
        draw_children(drawing, node, x, row, out);
        return;
    }
    draw_chain(drawing, node, end, between, x, row, out);
    draw_box(drawing, end, x, width, row + 1, out);
    drawing->rows = row + 2 > drawing->rows ? row + 2 : drawing->rows;
    draw_children(drawing, end, x, row + 2, out);
}

void flame_svg(const struct stacks *stacks, const char *title, const char *unit, struct str *out)
{
    size_t count = stacks_node_count(stacks);
    struct drawing drawing = { .stacks = stacks,
                               .unit = unit,
                               .totals = mem_array(count, sizeof *drawing.totals),
                               .order = mem_array(count, sizeof *drawing.order),
                               .first = mem_array(count + 1, sizeof *drawing.first) };
    struct str boxes = { 0 };
    stacks_totals(stacks, drawing.totals);
    sort_children(&drawing);
    if (drawing.totals[0]) {
        drawing.scale = (double)WIDTH / (double)drawing.totals[0];
        draw_children(&drawing, 0, 0, 0, &boxes);
    }
    str_appendf(out, "<svg class=\"flame\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Flame graph of ", WIDTH,
                drawing.rows * ROW + (drawing.cut ? ROW : 0));
    escape_html(out, title);
    str_append(out, "\">\n");
    str_append(out, str_text(&boxes));
    if (drawing.cut)
        str_appendf(out, "<text class=\"cut\" x=\"4\" y=\"%d\">deeper frames are left out</text>\n",
                    drawing.rows * ROW + 13);
    str_append(out, "</svg>\n");
    str_release(&boxes);
    free(drawing.totals);
    free(drawing.order);
    free(drawing.first);
}
