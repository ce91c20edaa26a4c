/* html_profile.c: the profiles of a run inside its report. The interactive page of each is part of the file, so that
 * the report stays one file; it is loaded when somebody opens it. */
#include "reports/escape.h"
#include "reports/html_explain.h"
#include <stdio.h>

enum { EMBEDDED_LIMIT_BYTES = 2 << 20, EMBEDDED_TOTAL_BYTES = 12 << 20 };

static void missing_profile(const struct profile *profile, const char *problem, struct str *out)
{
    str_append(out, "<figure class=\"full\"><figcaption><h3>");
    escape_html(out, profile->about.title);
    str_append(out, "</h3></figcaption><p class=\"missing\">");
    escape_html(out, problem);
    str_append(out, "</p></figure>\n");
}

/* False if it is too large: then the fragment's line says how to make it. */
static bool write_interactive(const struct profile *profile, size_t *total_bytes, struct str *page)
{
    const struct profile_options options = { .top = 20 };
    struct error error;
    if (profile_html(profile, &options, page, &error) != 0 || page->length > EMBEDDED_LIMIT_BYTES ||
        *total_bytes + page->length > EMBEDDED_TOTAL_BYTES)
        return false;
    *total_bytes += page->length;
    return true;
}

static void profile_figure(const struct profile *profile, size_t index, size_t *total_bytes, struct str *out)
{
    struct str page = { 0 };
    char anchor[48];
    bool embedded = write_interactive(profile, total_bytes, &page);
    snprintf(anchor, sizeof anchor, "#flame-%zu", index);
    profile_html_fragment(profile, embedded ? anchor : NULL, out);
    if (embedded) {
        str_appendf(out,
                    "<details class=\"more flame-page\" id=\"flame-%zu\"><summary>Interactive flame graph</summary>"
                    "<iframe loading=\"lazy\" title=\"Interactive flame graph\" srcdoc=\"",
                    index);
        escape_html(out, str_text(&page));
        str_append(out, "\"></iframe></details>\n");
    }
    str_release(&page);
}

void html_profiles(const struct explain *explain, struct str *out)
{
    size_t total_bytes = 0;
    if (explain->profile_count == 0)
        return;
    str_append(out, "<section id=\"profiles\"><h2>Profiles</h2><style>");
    profile_html_style(out);
    str_append(out, "</style>\n<div class=\"charts\">\n");
    for (size_t i = 0; i < explain->profile_count; i++) {
        const struct profile *profile = &explain->profiles[i];
        if (profile->stacks)
            profile_figure(profile, i, &total_bytes, out);
        else
            missing_profile(profile, explain->profile_problems[i], out);
    }
    str_append(out, "</div></section>\n");
}
