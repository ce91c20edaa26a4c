/* site_profile.c: the profiles of the newest run: a list with small flame graphs, and an interactive page each. */
#include "reports/escape.h"
#include "reports/site_internal.h"
#include <stdio.h>

const char *site_profile_page(const struct site *site, const struct profile *profile)
{
    return arena_format(site->arena, "profiles/%lld.html", (long long)profile->id);
}

static int write_flame(const struct site *site, const struct profile *profile, struct error *error)
{
    const struct profile_options options = { .top = 50 };
    struct str page = { 0 };
    int code = profile_html(profile, &options, &page, error);
    if (!code)
        code = site_file(site, site_profile_page(site, profile), str_text(&page), page.length, error);
    site->result->pages++;
    str_release(&page);
    return code;
}

int site_profiles(const struct site *site, struct error *error)
{
    const struct site_page page = { .path = "profiles.html", .title = "Profiles", .section = SITE_PROFILES };
    struct str out = { 0 };
    int code = 0;
    site_page_begin(site, &page, &out);
    site_page_main(&out);
    if (site->explain.profile_count) {
        str_append(&out, "<style>");
        profile_html_style(&out);
        str_append(&out, "</style>\n<div class=\"charts\">\n");
    } else {
        site_empty(&out, site->newest ? "The newest run has no profile: prony run --profile records them."
                                      : "Nothing has been measured yet.");
    }
    for (size_t i = 0; i < site->explain.profile_count && !code; i++) {
        const struct profile *profile = &site->explain.profiles[i];
        if (profile->stacks) {
            profile_html_fragment(profile, site_profile_page(site, profile), &out);
            code = write_flame(site, profile, error);
        } else {
            str_append(&out, "<figure class=\"full\"><figcaption><h3>");
            escape_html(&out, profile->about.title);
            str_append(&out, "</h3></figcaption><p class=\"missing\">");
            escape_html(&out, site->explain.profile_problems[i]);
            str_append(&out, "</p></figure>\n");
        }
    }
    if (site->explain.profile_count)
        str_append(&out, "</div>\n");
    if (!code)
        code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}
