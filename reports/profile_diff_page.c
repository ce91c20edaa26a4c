/* profile_diff_page.c: the interactive flame graph of a difference. Eight numbers a node: distance back to the parent,
 * frame, weight and samples after, weight and samples before, whether it changed significantly, p. */
#include "harness/base/arena.h"
#include "reports/flame.h"
#include "reports/json_text.h"
#include "reports/profile_diff.h"
#include <math.h>

enum { TABLE_ROWS = 50 };

static void append_nodes(const struct profile_diff *diff, struct str *out)
{
    const struct stacks_node *before = stacks_nodes(diff->weights[PROFILE_BASELINE]);
    const struct stacks_node *after = stacks_nodes(diff->weights[PROFILE_CANDIDATE]);
    str_appendf(out, "\"root\":[%llu,%llu,%llu,%llu],\n\"nodes\":[", (unsigned long long)after[0].self,
                (unsigned long long)after[0].count, (unsigned long long)before[0].self,
                (unsigned long long)before[0].count);
    for (size_t i = 1; i < stacks_node_count(diff->weights[0]); i++) {
        double p = isnan(diff->p[i]) ? 1 : diff->p[i];
        str_appendf(out, "%s%zu,%u,%llu,%llu,%llu,%llu,%d,%.2g", i > 1 ? "," : "", i - after[i].parent, after[i].frame,
                    (unsigned long long)after[i].self, (unsigned long long)after[i].count,
                    (unsigned long long)before[i].self, (unsigned long long)before[i].count, diff->changed[i], p);
    }
    str_append(out, "]");
}

int profile_diff_html(const struct profile_diff *diff, const struct profile_options *options, struct str *out,
                      struct error *error)
{
    (void)options;
    (void)error;
    struct arena arena = { 0 };
    struct str data = { 0 }, table = { 0 }, fallback = { 0 };
    const char *title = profile_diff_title(diff, &arena);
    const char *facts = arena_format(&arena, "Baseline: %s. Candidate: %s.", profile_summary(diff->sides[0], &arena),
                                     profile_summary(diff->sides[1], &arena));
    flame_page_begin(title, facts, true, out);
    str_append(&data, "{\"difference\":true,\"title\":");
    json_text(&data, title);
    str_append(&data, ",\"unit\":");
    json_text(&data, diff->sides[0]->about.unit);
    str_appendf(&data, ",\"counted\":%s,\n", diff->counted ? "true" : "false");
    flame_page_frames(diff->weights[0], &data);
    str_append(&data, ",\n");
    append_nodes(diff, &data);
    str_append(&data, "}\n");
    str_append(&table, "<section id=\"functions\"><h2>Biggest changes</h2>\n");
    profile_diff_html_table(diff, TABLE_ROWS, &table);
    str_append(&table, "</section>\n");
    flame_svg(diff->weights[PROFILE_CANDIDATE], title, diff->sides[0]->about.unit, &fallback);
    flame_page_end(str_text(&data), str_text(&table), str_text(&fallback), out);
    str_release(&data);
    str_release(&table);
    str_release(&fallback);
    arena_release(&arena);
    return 0;
}
