/* ab_plan.c: what is measured, which is the same text for both sides: of two programs their one suite; of trees the
 * plan that was asked for, or what the base's prony.conf says. */
#include "harness/run/ab_internal.h"
#include "harness/base/file.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>

/* A file below the tree: as it was written, with .plan, or in suites/. NULL if there is none. */
static const char *find_in_tree(struct ab *ab, const char *tree, const char *word)
{
    static const char *const patterns[] = { "%s/%s", "%s/%s.plan", "%s/suites/%s.plan" };
    const char *candidates[] = { arena_format(&ab->arena, "%s/%s", tree, word),
                                 arena_format(&ab->arena, "%s/%s.plan", tree, word),
                                 arena_format(&ab->arena, "%s/suites/%s.plan", tree, word) };
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (file_exists(candidates[i]))
            return candidates[i];
    return NULL;
}

static int read_plan(struct ab *ab, const char *path, struct error *error)
{
    char *text;
    size_t size;
    int code = file_read(path, &text, &size, error);
    if (code != 0)
        return code;
    ab->plan_path = path;
    ab->plan_text = arena_strndup(&ab->arena, text, size);
    free(text);
    return 0;
}

/* The suite is called as the base's program; the candidate's may have another name. */
static int make_plan_of_program(struct ab *ab, struct error *error)
{
    const char *slash = strrchr(ab->sides[AB_BASE].path, '/');
    if (ab->options.plan || ab->options.conf)
        return error_set(error, ERROR_USAGE, "%s is a program: a plan or a conf has no meaning for it",
                         ab->sides[AB_BASE].text);
    ab->plan_path = slash ? slash + 1 : ab->sides[AB_BASE].path;
    ab->plan_text = arena_format(&ab->arena, "[suite %s]\nprogram = program\n", ab->plan_path);
    return 0;
}

int ab_plan_find(struct ab *ab, struct error *error)
{
    const struct ab_side *base = &ab->sides[AB_BASE];
    if (base->kind == AB_PROGRAM)
        return make_plan_of_program(ab, error);
    const char *word = ab->options.plan ? ab->options.plan : base->conf.plan;
    if (!word && base->conf.suites) {
        ab->plan_path = base->conf.source;
        ab->plan_text = base->conf.suites;
        return 0;
    }
    if (!word)
        return error_set(error, ERROR_USAGE,
                         "%s: says how to build, but not what to measure: add plan = FILE to its [project], or a "
                         "[suite NAME] with program = PATH; or give --plan",
                         base->conf.source);
    const char *path = find_in_tree(ab, base->path, word);
    if (path)
        return read_plan(ab, path, error);
    char *shipped;
    int code = plan_find(word, &shipped, error);
    if (code == 0)
        code = read_plan(ab, arena_strdup(&ab->arena, shipped), error);
    free(shipped);
    return code;
}
