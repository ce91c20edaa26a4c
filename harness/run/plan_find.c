/* plan_find.c: where plans and suite programs lie. */
#include "harness/run/plan.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where shipped plans may lie, relative to the program: build/bin, build/<variant>/bin, an installed prefix. */
static const char *const shipped_directories[] = { "../../suites", "../../../suites", "../share/prony" };

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

int plan_find(const char *word, char **path, struct error *error)
{
    if (is_file(word)) {
        *path = mem_strdup(word);
        return 0;
    }
    char directory[PATH_MAX];
    if (!strchr(word, '/') && file_program_directory(directory, sizeof directory)) {
        for (size_t i = 0; i < sizeof shipped_directories / sizeof shipped_directories[0]; i++) {
            *path = mem_format("%s/%s/%s.plan", directory, shipped_directories[i], word);
            char *clean = realpath(*path, NULL);
            free(*path);
            if (clean && is_file(clean)) {
                *path = clean;
                return 0;
            }
            free(clean);
        }
    }
    *path = NULL;
    if (strchr(word, '/'))
        return error_system(error, errno, "%s", word);
    return error_set(error, ERROR_USAGE, "%s: neither a file nor a shipped plan (prony list --plans shows them)", word);
}

void plan_list_shipped(struct arena *arena, struct plan_strings *paths)
{
    char directory[PATH_MAX];
    if (!file_program_directory(directory, sizeof directory))
        return;
    for (size_t i = 0; i < sizeof shipped_directories / sizeof shipped_directories[0]; i++) {
        char *pattern = mem_format("%s/%s/*.plan", directory, shipped_directories[i]);
        glob_t found;
        if (glob(pattern, 0, NULL, &found) == 0) {
            for (size_t k = 0; k < found.gl_pathc; k++) {
                char *clean = realpath(found.gl_pathv[k], NULL);
                if (!clean)
                    continue;
                MEM_GROW(paths->items, paths->count, paths->capacity);
                paths->items[paths->count++] = arena_strdup(arena, clean);
                free(clean);
            }
            globfree(&found);
        }
        free(pattern);
    }
}

/* The absolute form of directory/name if that is an executable file. */
static char *find_executable(const char *directory, const char *name)
{
    char *path = name[0] == '/' ? mem_strdup(name) : mem_format("%s/%s", directory, name);
    char *clean = is_file(path) && access(path, X_OK) == 0 ? realpath(path, NULL) : NULL;
    free(path);
    return clean;
}

int plan_find_program(const struct plan *plan, const struct plan_suite *suite, char **path, struct error *error)
{
    char directory[PATH_MAX] = ".";
    bool is_path = strchr(suite->program, '/') != NULL;
    if (!is_path && !file_program_directory(directory, sizeof directory))
        directory[0] = 0;
    *path = is_path || directory[0] == 0 ? NULL : find_executable(directory, suite->program);
    if (!*path)
        *path = find_executable(plan->directory, suite->program);
    if (!*path && is_path)
        *path = find_executable(".", suite->program);
    if (*path)
        return 0;
    if (is_path)
        return error_set(error, ERROR_IO, "%s: no such program in %s or the current directory", suite->program,
                         plan->directory);
    return error_set(error, ERROR_IO, "%s: no such program in %s or %s", suite->program, directory, plan->directory);
}

int plan_find_program_in(const struct plan_suite *suite, const char *const *directories, size_t count, char **path,
                         struct error *error)
{
    *path = NULL;
    for (size_t i = 0; i < count && !*path; i++)
        *path = find_executable(directories[i], suite->program);
    if (*path)
        return 0;
    struct str places = { 0 };
    for (size_t i = 0; i < count; i++)
        str_appendf(&places, "%s%s", i ? " or " : "", directories[i]);
    int code = error_set(error, ERROR_IO, "%s: no such program in %s", suite->program, str_text(&places));
    str_release(&places);
    return code;
}
