/* site.c: the directory of the site: only a new or empty one, or a site of before, is written into; what pages share
 * (style, script, index of the cases) comes first, the pages then, the marker was there before all of them. */
#include "reports/site.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "reports/asset.h"
#include "reports/json_text.h"
#include "reports/site_charts.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const directories[] = { "assets", "suites", "cases", "comparisons", "profiles" };

/* *empty: no entry but the usual two. */
static int look_into(const char *directory, bool *empty, bool *ours, struct error *error)
{
    DIR *stream = opendir(directory);
    *empty = true;
    *ours = false;
    if (!stream)
        return errno == ENOENT ? 0 : error_system(error, errno, "%s", directory);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
            continue;
        *empty = false;
        *ours = *ours || str_equal(entry->d_name, SITE_MARKER);
    }
    closedir(stream);
    return 0;
}

static int make_directories(const char *directory, struct error *error)
{
    bool empty, ours;
    int code = look_into(directory, &empty, &ours, error);
    if (!code && !empty && !ours)
        code = error_set(error, ERROR_USAGE,
                         "%s is neither empty nor a site of prony (it has no " SITE_MARKER "): nothing was written",
                         directory);
    for (size_t i = 0; i < sizeof directories / sizeof directories[0] && !code; i++) {
        char *path = mem_format("%s/%s", directory, directories[i]);
        code = file_make_directories(path, error);
        free(path);
    }
    return code;
}

/* For the search: a page that was opened as a file may load a script, but not fetch data. */
static int write_index(const struct site *site, struct error *error)
{
    struct str out = { 0 };
    str_append(&out, "window.PRONY = { cases: [");
    for (size_t i = 0; i < site->case_count; i++) {
        const struct site_case *own = &site->cases[i];
        str_append(&out, i ? ",\n[" : "\n[");
        json_text(&out, own->suite);
        str_append(&out, ",");
        json_text(&out, own->name);
        str_append(&out, ",");
        json_text(&out, own->page);
        str_append(&out, ",");
        json_text(&out, own->change ? site_verdict_class(own->change->verdict) : "same");
        str_append(&out, "]");
    }
    str_append(&out, "\n] };\n");
    int code = site_file(site, "assets/data.js", str_text(&out), out.length, error);
    str_release(&out);
    return code;
}

static int write_shared(const struct site *site, struct error *error)
{
    static const char marker[] = "A site of prony. prony report --site overwrites this directory.\n";
    struct str style = { 0 }, script = { 0 };
    str_append(&style, asset_text("page.css"));
    str_append(&style, asset_text("site.css"));
    str_append(&script, asset_text("page.js"));
    str_append(&script, asset_text("site.js"));
    int code = site_file(site, SITE_MARKER, marker, sizeof marker - 1, error);
    if (!code)
        code = site_file(site, "assets/site.css", str_text(&style), style.length, error);
    if (!code)
        code = site_file(site, "assets/site.js", str_text(&script), script.length, error);
    if (!code)
        code = write_index(site, error);
    str_release(&style);
    str_release(&script);
    return code;
}

/* Pages of cases, comparisons and profiles that no longer are would be found by nobody but search machines. */
static void remove_old_pages(const char *directory, const char *below)
{
    char *path = mem_format("%s/%s", directory, below);
    DIR *stream = opendir(path);
    for (struct dirent *entry; stream && (entry = readdir(stream)) != NULL;)
        if (str_ends(entry->d_name, ".html")) {
            char *file = mem_format("%s/%s", path, entry->d_name);
            remove(file);
            free(file);
        }
    if (stream)
        closedir(stream);
    free(path);
}

static int write_pages(const struct site *site, const struct site_charts *charts, struct error *error)
{
    int code = site_overview(site, error);
    if (!code)
        code = site_suites(site, error);
    if (!code)
        code = site_cases(site, charts, error);
    if (!code)
        code = site_history(site, charts, error);
    if (!code)
        code = site_comparisons(site, charts, error);
    if (!code)
        code = site_profiles(site, error);
    if (!code)
        code = site_environment(site, error);
    return code;
}

int site_write(struct store *store, const char *directory, const char *title, const struct report_options *options,
               struct arena *arena, struct site_result *result, struct error *error)
{
    struct site *site = arena_alloc(arena, sizeof *site);
    struct site_charts charts;
    *result = (struct site_result){ 0 };
    *site = (struct site){ .store = store,
                           .arena = arena,
                           .options = options,
                           .directory = directory,
                           .title = title ? title : "Benchmarks",
                           .result = result };
    int code = make_directories(directory, error);
    if (!code)
        code = site_load(site, error);
    if (!code)
        code = write_shared(site, error);
    if (!code) {
        site_charts_draw(&charts, site);
        result->chart_problem = charts.problem;
        for (size_t i = 1; i < sizeof directories / sizeof directories[0]; i++)
            remove_old_pages(directory, directories[i]);
        code = write_pages(site, &charts, error);
    }
    site_release(site);
    return code;
}
