/* ab_side.c: what the two words of the command line mean. In this order: "." and "worktree" are the tree we are in; a
 * path that begins with / ./ or ../ is a path; what git knows as a commit is one; else it is a path. A path to a
 * directory is a tree that was checked out already, one to a file is a suite program. */
#include "harness/run/git.h"
#include "harness/run/ab_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_here(const char *text)
{
    return str_equal(text, ".") || str_equal(text, "worktree");
}

static bool is_plainly_a_path(const char *text)
{
    return text[0] == '/' || str_starts(text, "./") || str_starts(text, "../") || str_equal(text, "..");
}

static const char *absolute(struct ab *ab, const char *path)
{
    char *clean = realpath(path, NULL);
    const char *kept = clean ? arena_strdup(&ab->arena, clean) : NULL;
    free(clean);
    return kept;
}

static int take_path(struct ab *ab, struct ab_side *side, const char *path, struct error *error)
{
    struct stat status;
    side->path = absolute(ab, path);
    if (!side->path || stat(side->path, &status) != 0)
        return error_system(error, errno, "%s", path);
    side->kind = S_ISDIR(status.st_mode) ? AB_TREE : AB_PROGRAM;
    if (side->kind == AB_PROGRAM && access(side->path, X_OK) != 0)
        return error_system(error, errno, "%s: cannot be executed", path);
    return 0;
}

/* 0 and *repository, or why there is none. */
static int find_repository(struct ab *ab, const char **repository, struct error *error)
{
    const char *const words[] = { "rev-parse", "--show-toplevel", NULL };
    return git_run(ab->options.repository ? ab->options.repository : ".", words, ab->interrupt.fd, &ab->arena,
                   repository, error);
}

/* The name of the branch that the ref is, so that the run belongs to its history: "main", also for origin/main. */
static const char *branch_of(struct ab *ab, const char *repository, const char *ref)
{
    const char *const words[] = { "rev-parse", "--symbolic-full-name", "--verify", "--quiet", ref, NULL };
    const char *full = "";
    if (git_run(repository, words, ab->interrupt.fd, &ab->arena, &full, NULL) != 0)
        return NULL;
    if (str_starts(full, "refs/heads/"))
        return full + strlen("refs/heads/");
    const char *remote = str_starts(full, "refs/remotes/") ? strchr(full + strlen("refs/remotes/"), '/') : NULL;
    return remote ? remote + 1 : NULL;
}

/* Is it a commit? Fills the side if so. */
static bool take_ref(struct ab *ab, struct ab_side *side, const char *repository, struct error *error)
{
    const char *name = arena_format(&ab->arena, "%s^{commit}", side->text);
    const char *const words[] = { "rev-parse", "--verify", "--quiet", "--end-of-options", name, NULL };
    if (git_run(repository, words, ab->interrupt.fd, &ab->arena, &side->commit, error) != 0)
        return false;
    side->kind = AB_REF;
    side->branch = branch_of(ab, repository, side->text);
    side->build[side->build_count++] = (struct store_fact){ "git_commit", side->commit };
    if (side->branch)
        side->build[side->build_count++] = (struct store_fact){ "git_branch", side->branch };
    side->build[side->build_count++] = (struct store_fact){ "git_dirty", "no" };
    return true;
}

static int resolve(struct ab *ab, struct ab_side *side, const char *repository, const struct error *no_repository,
                   struct error *error)
{
    struct error reason;
    if (is_here(side->text)) {
        side->kind = AB_TREE;
        side->path = repository ? repository : absolute(ab, ".");
        return 0;
    }
    if (is_plainly_a_path(side->text))
        return take_path(ab, side, side->text, error);
    if (repository && take_ref(ab, side, repository, &reason))
        return 0;
    if (access(side->text, F_OK) == 0)
        return take_path(ab, side, side->text, error);
    if (repository)
        return error_set(error, ERROR_USAGE, "%s: neither a commit of %s nor a file or directory", side->text,
                         repository);
    return error_set(error, ERROR_USAGE, "%s: no file or directory, and no git ref can be looked up: %s", side->text,
                     no_repository->text);
}

int ab_side_resolve(struct ab *ab, struct error *error)
{
    const char *repository = NULL;
    struct error no_repository = { 0 };
    ab->sides[AB_BASE].text = ab->options.base;
    ab->sides[AB_CANDIDATE].text = ab->options.candidate;
    if (find_repository(ab, &repository, &no_repository) != 0) {
        repository = NULL;
        if (ab->options.repository || no_repository.code == ERROR_STATE)
            return *error = no_repository, error->code;
    }
    ab->repository = repository;
    git_forget_environment();
    for (int i = 0; i < AB_SIDES; i++) {
        int code = resolve(ab, &ab->sides[i], repository, &no_repository, error);
        if (code != 0)
            return code;
    }
    const struct ab_side *base = &ab->sides[AB_BASE], *candidate = &ab->sides[AB_CANDIDATE];
    if ((base->kind == AB_PROGRAM) != (candidate->kind == AB_PROGRAM))
        return error_set(error, ERROR_USAGE, "%s is a program, so %s must be one, too",
                         (base->kind == AB_PROGRAM ? base : candidate)->text,
                         (base->kind == AB_PROGRAM ? candidate : base)->text);
    return 0;
}
