/* judgement_picture.c: the forest plot of the first comparison as a PNG or SVG file. */
#include "harness/base/file.h"
#include "reports/chart_forest.h"
#include "reports/judgement.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void remove_directory(const char *directory, struct arena *arena)
{
    DIR *list = opendir(directory);
    for (struct dirent *entry; list && (entry = readdir(list)) != NULL;)
        if (entry->d_name[0] != '.')
            unlink(arena_format(arena, "%s/%s", directory, entry->d_name));
    if (list)
        closedir(list);
    rmdir(directory);
}

static int draw(const struct judgement *judgement, const char *gnuplot, const char *directory, const char *ending,
                struct arena *arena, struct str *out, struct error *error)
{
    char *bytes;
    size_t length;
    struct chart chart = { 0 };
    const struct view view = { .arena = arena };
    struct chart_job job = chart_forest_job(&judgement->comparisons[0], 0, chart_forest_file_width, arena);
    int code = chart_save_jobs(&view, &job, 1, gnuplot, directory, &chart, error);
    if (!code && chart.reason)
        return error_set(error, ERROR_UNSUPPORTED, "no forest plot: %s", chart.reason);
    if (!code)
        code = file_read(arena_format(arena, "%s/forest%s", directory, ending), &bytes, &length, error);
    if (code)
        return code;
    str_append_bytes(out, bytes, length);
    free(bytes);
    return 0;
}

static int picture(const struct judgement *judgement, const struct report_options *options, const char *ending,
                   struct str *out, struct error *error)
{
    const char *base = getenv("TMPDIR");
    struct arena arena = { 0 };
    if (!judgement->count)
        return error_set(error, ERROR_UNSUPPORTED, "no forest plot: nothing was compared");
    if (!options->gnuplot)
        return error_set(error, ERROR_UNSUPPORTED, "no forest plot without charts");
    char *directory = arena_format(&arena, "%s/prony-forest-XXXXXX", base && *base ? base : "/tmp");
    int code = mkdtemp(directory) ? 0 : error_system(error, errno, "%s", directory);
    if (!code) {
        code = draw(judgement, options->gnuplot, directory, ending, &arena, out, error);
        remove_directory(directory, &arena);
    }
    arena_release(&arena);
    return code;
}

int judgement_png(const struct judgement *judgement, const struct report_options *options, struct str *out,
                  struct error *error)
{
    return picture(judgement, options, ".png", out, error);
}

int judgement_svg(const struct judgement *judgement, const struct report_options *options, struct str *out,
                  struct error *error)
{
    return picture(judgement, options, ".svg", out, error);
}
