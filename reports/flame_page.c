/* flame_page.c: the interactive flame graph, one file that loads nothing: style, skeleton and script are assets, the
 * profile is JSON. All foreign text goes through escape_html or json_text. */
#include "reports/flame.h"
#include "harness/base/arena.h"
#include "harness/base/mem.h"
#include "reports/asset.h"
#include "reports/escape.h"
#include "reports/json_text.h"
#include "reports/profile.h"
#include <stdlib.h>

enum { TABLE_ROWS = 50 };

void flame_page_begin(const char *title, const char *facts, bool difference, struct str *out)
{
    str_append(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    escape_html(out, title);
    str_append(out, " · Prony</title>\n<style>\n");
    str_append(out, asset_text("flame.css"));
    str_append(out, asset_text("flame_svg.css"));
    str_append(out, "</style>\n</head>\n<body>\n<header><p class=\"brand\">Prony · ");
    str_append(out, difference ? "difference of two profiles" : "profile");
    str_append(out, "</p><h1>");
    escape_html(out, title);
    str_append(out, "</h1><p class=\"facts\">");
    escape_html(out, facts);
    str_append(out, "</p></header>\n<main>\n");
}

/* ---- data ---- */

static int compare_addresses(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t) * (const char *const *)a, right = (uintptr_t) * (const char *const *)b;
    return left < right ? -1 : left > right;
}

static size_t text_number(const char *const *texts, size_t count, const char *text)
{
    const char *const *found = bsearch(&text, texts, count, sizeof *texts, compare_addresses);
    return (size_t)(found - texts);
}

/* Equal texts of stacks have one address, so that each is written once. */
void flame_page_frames(const struct stacks *stacks, struct str *out)
{
    const struct stacks_frame *frames = stacks_frames(stacks);
    size_t count = stacks_frame_count(stacks), text_count = 0, unique = 0;
    const char **texts = mem_array(3 * count, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        texts[text_count++] = frames[i].function;
        texts[text_count++] = frames[i].object;
        texts[text_count++] = frames[i].file;
    }
    qsort(texts, text_count, sizeof *texts, compare_addresses);
    for (size_t i = 0; i < text_count; i++)
        if (i == 0 || texts[i] != texts[i - 1])
            texts[unique++] = texts[i];
    str_append(out, "\"texts\":[");
    for (size_t i = 0; i < unique; i++) {
        str_append(out, i ? ",\n" : "\n");
        json_text(out, texts[i]);
    }
    /* Six numbers a frame: function, object, file, line, kind, class. */
    str_append(out, "],\n\"frames\":[");
    for (size_t i = 0; i < count; i++)
        str_appendf(out, "%s%zu,%zu,%zu,%u,%d,%d", i ? "," : "", text_number(texts, unique, frames[i].function),
                    text_number(texts, unique, frames[i].object), text_number(texts, unique, frames[i].file),
                    frames[i].line, (int)frames[i].kind, (int)flame_class(&frames[i]));
    str_append(out, "],\n\"classes\":[");
    for (int i = 0; i < FLAME_CLASS_COUNT; i++)
        str_appendf(out, "%s\"%s\"", i ? "," : "", flame_class_name((enum flame_class)i));
    str_append(out, "]");
    free(texts);
}

/* Four numbers a node but the root: distance back to the parent, frame, weight, samples. */
static void append_nodes(const struct stacks *stacks, struct str *out)
{
    const struct stacks_node *nodes = stacks_nodes(stacks);
    str_appendf(out, "\"root\":[%llu,%llu],\n\"nodes\":[", (unsigned long long)nodes[0].self,
                (unsigned long long)nodes[0].count);
    for (size_t i = 1; i < stacks_node_count(stacks); i++)
        str_appendf(out, "%s%zu,%u,%llu,%llu", i > 1 ? "," : "", i - nodes[i].parent, nodes[i].frame,
                    (unsigned long long)nodes[i].self, (unsigned long long)nodes[i].count);
    str_append(out, "]");
}

void flame_page_end(const char *data, const char *table, const char *fallback, struct str *out)
{
    str_append(out, asset_text("flame.html"));
    str_append(out, "<noscript><div class=\"scroll\">\n");
    str_append(out, fallback);
    str_append(out, "</div></noscript>\n");
    str_append(out, table);
    str_append(out, "</main>\n<footer><p>Written by Prony " PRONY_VERSION
                    "</p></footer>\n<script type=\"application/json\" id=\"data\">");
    str_append(out, data);
    str_append(out, "</script>\n<script>\n");
    str_append(out, asset_text("flame.js"));
    str_append(out, "</script>\n</body>\n</html>\n");
}

int profile_html(const struct profile *profile, const struct profile_options *options, struct str *out,
                 struct error *error)
{
    (void)options;
    (void)error;
    struct arena arena = { 0 };
    struct str data = { 0 }, table = { 0 }, fallback = { 0 };
    flame_page_begin(profile->about.title, profile_summary(profile, &arena), false, out);
    str_append(&data, "{\"title\":");
    json_text(&data, profile->about.title);
    str_append(&data, ",\"unit\":");
    json_text(&data, profile->about.unit);
    str_append(&data, ",\n");
    flame_page_frames(profile->stacks, &data);
    str_append(&data, ",\n");
    append_nodes(profile->stacks, &data);
    str_append(&data, "}\n");
    str_append(&table, "<section id=\"functions\"><h2>Top functions</h2>\n");
    profile_html_table(profile, TABLE_ROWS, &table);
    str_append(&table, "</section>\n");
    flame_svg(profile->stacks, profile->about.title, profile->about.unit, &fallback);
    flame_page_end(str_text(&data), str_text(&table), str_text(&fallback), out);
    str_release(&data);
    str_release(&table);
    str_release(&fallback);
    arena_release(&arena);
    return 0;
}
