/* judgement_source.c: see judgement_source.h. Names come from databases of anybody: only parts that look like parts of
 * our file names become parts of a path. */
#include "reports/judgement_source.h"
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include <string.h>
#include <unistd.h>

static bool is_plain(const char *part)
{
    size_t length = strlen(part);
    return length > 0 && length < 64 &&
           strspn(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
}

/* path if it is there. */
static const char *existing(const char *root, const char *path, struct arena *arena)
{
    return access(arena_format(arena, "%s/%s", root, path), F_OK) == 0 ? path : NULL;
}

static const char *kernel_source(const char *root, const char *name, struct arena *arena)
{
    const char *operation = case_name_part(arena, name, 0), *format = case_name_part(arena, name, 1),
               *variant = case_name_part(arena, name, 2);
    const char *path = NULL;
    if (!is_plain(operation))
        return NULL;
    if (is_plain(format) && is_plain(variant))
        path =
            existing(root, arena_format(arena, "kernels/%s/%s_%s__%s.c", operation, operation, format, variant), arena);
    return path ? path : existing(root, arena_format(arena, "kernels/%s/table.c", operation), arena);
}

const char *judgement_source(const char *root, const char *suite, const char *name, struct arena *arena)
{
    const char *path = NULL;
    if (!root || !suite || !is_plain(suite))
        return NULL;
    if (name && str_equal(suite, "kernels"))
        path = kernel_source(root, name, arena);
    return path ? path : existing(root, arena_format(arena, "suites/%s.c", suite), arena);
}
