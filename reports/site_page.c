/* site_page.c: the frame of a page: head, navigation, search for a case, footer; and its way into a file. */
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/site_internal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *href, *title;
} sections[] = {
    [SITE_OVERVIEW] = { "index.html", "Overview" },    [SITE_SUITES] = { "suites.html", "Suites" },
    [SITE_HISTORY] = { "history.html", "History" },    [SITE_COMPARISONS] = { "comparisons.html", "Comparisons" },
    [SITE_PROFILES] = { "profiles.html", "Profiles" }, [SITE_ENVIRONMENT] = { "environment.html", "Environment" },
};

const char *site_root(const struct site_page *page)
{
    return strchr(page->path, '/') ? "../" : "";
}

void site_link(struct str *out, const char *root, const char *href, const char *text)
{
    str_appendf(out, "<a href=\"%s%s\">", root, href);
    escape_html_name(out, text);
    str_append(out, "</a>");
}

const char *site_date(const struct site *site, int64_t utc_ns)
{
    char text[32];
    clock_format_utc(text, utc_ns);
    return arena_format(site->arena, "%.10s %.5s", text, text + 11);
}

static void navigation(const struct site_page *page, const char *root, struct str *out)
{
    str_appendf(out, "<div class=\"top\"><a class=\"brand\" href=\"%sindex.html\">Prony</a><nav aria-label=\"Site\">",
                root);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        str_appendf(out, "<a href=\"%s%s\"%s>%s</a> ", root, sections[i].href,
                    i == page->section ? " aria-current=\"page\"" : "", sections[i].title);
    str_append(out,
               "</nav><div class=\"find\" hidden><input type=\"search\" id=\"find\" placeholder=\"Find a case  /\" "
               "aria-label=\"Find a case\" autocomplete=\"off\" aria-controls=\"finds\">"
               "<ul id=\"finds\" hidden></ul></div></div>\n");
}

void site_page_begin(const struct site *site, const struct site_page *page, struct str *out)
{
    const char *root = site_root(page);
    str_appendf(out,
                "<!doctype html>\n<html lang=\"en\" data-root=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
                root);
    escape_html(out, page->title);
    str_append(out, " · ");
    escape_html(out, site->title);
    str_appendf(out,
                "</title>\n<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"%sassets/site.css\">\n"
                "</head>\n<body class=\"site\">\n",
                root);
    navigation(page, root, out);
    str_append(out, "<header>");
    if (page->crumb) {
        str_append(out, "<p class=\"crumbs\">");
        site_link(out, root, page->crumb_href, page->crumb);
        str_append(out, "</p>");
    }
    str_append(out, "<h1>");
    escape_html_name(out, page->title);
    str_append(out, "</h1>\n");
}

void site_page_main(struct str *out)
{
    str_append(out, "</header>\n<main>\n");
}

int site_page_end(const struct site *site, const struct site_page *page, struct str *out, struct error *error)
{
    char time[32];
    const char *root = site_root(page);
    str_appendf(out,
                "</main>\n<footer><p>Written by Prony " PRONY_VERSION ", %s</p></footer>\n"
                "<script src=\"%sassets/data.js\"></script>\n<script src=\"%sassets/site.js\"></script>\n"
                "</body>\n</html>\n",
                clock_format_utc(time, site->options->now_ns), root, root);
    site->result->pages++;
    return site_file(site, page->path, str_text(out), out->length, error);
}

/* A name of its own first, so that nobody sees half a file. Not synced: the site can be written again. */
int site_file(const struct site *site, const char *path, const char *text, size_t length, struct error *error)
{
    char *whole = mem_format("%s/%s", site->directory, path), *part = mem_format("%s.part", whole);
    FILE *file = fopen(part, "w");
    int code = 0;
    if (!file || fwrite(text, 1, length, file) != length)
        code = error_system(error, errno, "%s", part);
    if (file && fclose(file) != 0 && !code)
        code = error_system(error, errno, "%s", part);
    if (!code && rename(part, whole) != 0)
        code = error_system(error, errno, "%s", whole);
    if (code && file)
        remove(part);
    site->result->size_bytes += (long long)length;
    free(whole);
    free(part);
    return code;
}
