/* profile_fragment.c: a profile inside a report: a drawing without script, the top functions, the way to the rest. */
#include "harness/base/arena.h"
#include "reports/asset.h"
#include "reports/escape.h"
#include "reports/flame.h"
#include "reports/profile.h"

enum { FRAGMENT_ROWS = 10 };

void profile_html_style(struct str *out)
{
    str_append(out, asset_text("flame_svg.css"));
}

void profile_html_fragment(const struct profile *profile, const char *href, struct str *out)
{
    struct arena arena = { 0 };
    str_append(out, "<figure class=\"full profile\"><figcaption><h3>");
    escape_html(out, profile->about.title);
    str_append(out, "</h3><p>");
    escape_html(out, profile_summary(profile, &arena));
    str_append(out, "</p></figcaption>\n<div class=\"scroll\">");
    flame_svg(profile->stacks, profile->about.title, profile->about.unit, out);
    str_append(out, "</div>\n<p class=\"more\">");
    if (href) {
        str_append(out, "<a href=\"");
        escape_html(out, href);
        str_append(out, "\">Interactive flame graph</a>: search, zoom, threads.");
    } else if (profile->id) {
        str_appendf(out, "Interactive: <code>prony flame --profile %lld -o flame.html</code>", (long long)profile->id);
    }
    str_append(out, "</p>\n<details><summary>Top functions</summary>\n");
    profile_html_table(profile, FRAGMENT_ROWS, out);
    str_append(out, "</details></figure>\n");
    arena_release(&arena);
}
