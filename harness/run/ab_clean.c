/* ab_clean.c: empties the cache of worktrees, but for those in use. */
#include "harness/run/git.h"
#include "harness/run/ab_internal.h"
#include "harness/run/child.h"
#include "harness/base/file.h"
#include "harness/base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* git forgets the worktree, too, if its repository is still there. */
static int remove_tree(const char *tree, struct error *error)
{
    const char *const words[] = { "worktree", "remove", "--force", "--force", tree, NULL };
    struct arena arena = { 0 };
    const char *const arguments[] = { "rm", "-rf", tree, NULL };
    struct child_request request = { .arguments = arguments, .interrupt_fd = -1 };
    struct child_result result;
    if (file_exists(tree))
        git_run(tree, words, -1, &arena, NULL, NULL);
    int code = child_run(&request, &result, error);
    if (code == 0 && (result.end != CHILD_EXITED || result.status != 0))
        code = error_set(error, ERROR_IO, "%s: cannot be removed: %.300s", tree, str_text(&result.errors));
    child_release(&result);
    arena_release(&arena);
    return code;
}

/* The lock's name without ".lock" is the tree's. */
static int clean_one(const char *lock, size_t *removed, size_t *in_use, struct error *error)
{
    struct arena arena = { 0 };
    const char *tree = arena_strndup(&arena, lock, strlen(lock) - strlen(".lock"));
    int fd = open(lock, O_RDWR | O_CLOEXEC), code = 0;
    if (fd < 0) {
        code = errno == ENOENT ? 0 : error_system(error, errno, "%s", lock);
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ++*in_use;
    } else {
        unlink(arena_format(&arena, "%s.built", tree));
        code = remove_tree(tree, error);
        if (code == 0) {
            unlink(arena_format(&arena, "%s.log", tree));
            unlink(lock);
            ++*removed;
        }
    }
    if (fd >= 0)
        close(fd);
    arena_release(&arena);
    return code;
}

/* A pattern below a directory whose own name is none. */
static const char *pattern_below(struct arena *arena, const char *directory, const char *pattern)
{
    struct str text = { 0 };
    for (; *directory; directory++) {
        if (strchr("*?[\\", *directory))
            str_append_char(&text, '\\');
        str_append_char(&text, *directory);
    }
    str_appendf(&text, "/%s", pattern);
    const char *kept = arena_strdup(arena, str_text(&text));
    str_release(&text);
    return kept;
}

int ab_clean(size_t *removed, size_t *in_use, struct error *error)
{
    struct arena arena = { 0 };
    const char *cache = ab_tree_cache(&arena);
    glob_t found;
    int code = 0;
    *removed = *in_use = 0;
    git_forget_environment();
    if (glob(pattern_below(&arena, cache, "*/*.lock"), 0, NULL, &found) == 0) {
        for (size_t i = 0; code == 0 && i < found.gl_pathc; i++)
            code = clean_one(found.gl_pathv[i], removed, in_use, error);
        globfree(&found);
    }
    if (glob(pattern_below(&arena, cache, "*"), 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            rmdir(found.gl_pathv[i]); /* only where nothing is left */
            if (str_ends(found.gl_pathv[i], ".log"))
                unlink(found.gl_pathv[i]);
        }
        globfree(&found);
    }
    arena_release(&arena);
    return code;
}
