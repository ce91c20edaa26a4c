/* ab_conf.c: text -> struct ab_conf. The suites stay text: plan.c reads them. */
#include "harness/run/ab_conf.h"
#include "harness/base/conf.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>

struct target {
    struct ab_conf *conf;
    struct arena *arena;
    struct error *error;
};

static int fail(struct target *target, const struct conf_entry *entry, const char *expected)
{
    return error_set(target->error, ERROR_FORMAT, "%s:%d: %s = %s: expected %s", target->conf->source, entry->line,
                     entry->key, entry->value, expected);
}

static int append(struct target *target, struct plan_strings *list, const char *text)
{
    const char **longer = arena_array(target->arena, list->count + 1, sizeof *longer);
    if (list->count)
        memcpy(longer, list->items, list->count * sizeof *longer);
    longer[list->count++] = arena_strdup(target->arena, text);
    list->items = longer;
    return 0;
}

/* A path inside the tree: trees are made and removed by us, so nothing may lead out of them. */
static bool is_inside(const char *path)
{
    if (!*path || *path == '/')
        return false;
    for (const char *p = path; *p;) {
        size_t length = strcspn(p, "/");
        if (length == 2 && p[0] == '.' && p[1] == '.')
            return false;
        p += length + (p[length] == '/');
    }
    return true;
}

static int add_path(struct target *target, const struct conf_entry *entry, struct plan_strings *list)
{
    return is_inside(entry->value) ? append(target, list, entry->value)
                                   : fail(target, entry, "a path below the root of the repository");
}

static int apply(struct target *target, const struct conf_entry *entry)
{
    struct ab_conf *conf = target->conf;
    if (str_equal(entry->key, "build"))
        return *entry->value ? append(target, &conf->build, entry->value) : fail(target, entry, "a shell command");
    if (str_equal(entry->key, "programs"))
        return add_path(target, entry, &conf->programs);
    if (str_equal(entry->key, "copy"))
        return add_path(target, entry, &conf->copies);
    if (str_equal(entry->key, "link"))
        return add_path(target, entry, &conf->links);
    if (str_equal(entry->key, "code"))
        return add_path(target, entry, &conf->code);
    if (str_equal(entry->key, "plan")) {
        conf->plan = arena_strdup(target->arena, entry->value);
        return is_inside(entry->value) ? 0 : fail(target, entry, "a path below the root of the repository");
    }
    if (str_equal(entry->key, "build_timeout"))
        return str_parse_duration(entry->value, &conf->build_timeout_s) && conf->build_timeout_s > 0
                   ? 0
                   : fail(target, entry, "a duration above zero (30m)");
    return error_set(target->error, ERROR_FORMAT,
                     "%s:%d: unknown key '%s' (build, build_timeout, programs, plan, code, copy and link belong here)",
                     conf->source, entry->line, entry->key);
}

/* The text without [project]: blank lines instead, so that messages still name the right line. NULL if nothing is left.
 */
static const char *cut_project(const char *text, size_t length, struct arena *arena)
{
    char *rest = arena_strndup(arena, text, length);
    bool inside = false, empty = true;
    for (char *line = rest, *next; *line; line = next) {
        size_t size = strcspn(line, "\n");
        next = line + size + (line[size] == '\n');
        const char *start = line + strspn(line, " \t");
        if (*start == '[') {
            const char *kind = start + 1 + strspn(start + 1, " \t");
            inside = str_starts(kind, "project") && strchr(" \t]", kind[strlen("project")]);
        }
        if (inside)
            memset(line, ' ', size);
        else if (start < line + size && *start != '#' && *start != '\r')
            empty = false;
    }
    return empty ? NULL : rest;
}

static int check_whole(struct target *target)
{
    struct ab_conf *conf = target->conf;
    if (conf->plan && conf->suites)
        return error_set(target->error, ERROR_FORMAT,
                         "%s: has a plan (%s) and settings or suites of its own; one of both", conf->source,
                         conf->plan);
    return 0;
}

int ab_conf_parse(struct ab_conf *ab_conf, const char *source, const char *text, size_t length, struct arena *arena,
                  struct error *error)
{
    *ab_conf = (struct ab_conf){ .source = arena_strdup(arena, source), .build_timeout_s = 3600 };
    struct target target = { .conf = ab_conf, .arena = arena, .error = error };
    struct conf conf;
    bool found = false;
    int code = conf_parse(&conf, source, text, length, error);
    if (code != 0)
        return code;
    for (size_t i = 0; code == 0 && i < conf.section_count; i++) {
        const struct conf_section *section = &conf.sections[i];
        if (!str_equal(section->kind, "project"))
            continue;
        if (found)
            code = error_set(error, ERROR_FORMAT, "%s:%d: a second [project]", source, section->line);
        found = true;
        for (size_t k = 0; code == 0 && k < section->entry_count; k++)
            code = apply(&target, &section->entries[k]);
    }
    conf_release(&conf);
    if (code == 0 && !found)
        code = error_set(error, ERROR_FORMAT, "%s: has no [project], which says how it is built (docs/FORMATS.md)",
                         source);
    if (code == 0)
        ab_conf->suites = cut_project(text, length, arena);
    return code == 0 ? check_whole(&target) : code;
}

int ab_conf_load(struct ab_conf *conf, const char *path, struct arena *arena, struct error *error)
{
    char *text;
    size_t size;
    int code = file_read(path, &text, &size, error);
    if (code != 0)
        return code;
    code = ab_conf_parse(conf, path, text, size, arena, error);
    free(text);
    return code;
}
