/* profile_formats.c: the table of profile formats. */
#include "reports/profile.h"
#include <string.h>

const struct profile_format profile_formats[] = {
    { "text", ".txt", false, true, profile_text },
    { "markdown", ".md", false, true, profile_markdown },
    { "html", ".html", true, false, profile_html },
    { "folded", ".folded", false, false, profile_folded },
    { "speedscope", ".speedscope.json", false, false, profile_speedscope },
    { "pprof", ".pb.gz", true, false, profile_pprof },
    { "stacks", ".stacks", true, false, profile_encoded },
};
const size_t profile_format_count = sizeof profile_formats / sizeof profile_formats[0];

const struct profile_format *profile_format_find(const char *name)
{
    for (size_t i = 0; i < profile_format_count; i++)
        if (str_equal(profile_formats[i].name, name))
            return &profile_formats[i];
    return NULL;
}

const struct profile_format *profile_format_of_path(const char *path)
{
    for (size_t i = 0; i < profile_format_count; i++)
        if (str_ends(path, profile_formats[i].extension))
            return &profile_formats[i];
    return NULL;
}

int profile_encoded(const struct profile *profile, const struct profile_options *options, struct str *out,
                    struct error *error)
{
    (void)options;
    (void)error;
    stacks_encode(profile->stacks, out);
    return 0;
}

const char *profile_numbered_path(const char *path, const char *extension, size_t number, struct arena *arena)
{
    if (number < 2)
        return path;
    if (!str_ends(path, extension))
        return arena_format(arena, "%s-%zu", path, number);
    return arena_format(arena, "%.*s-%zu%s", (int)(strlen(path) - strlen(extension)), path, number, extension);
}
