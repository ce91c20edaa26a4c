/* ab_tree.c: a tree for each side that is no program.
 *
 * A ref gets a git worktree below the cache, keyed by repository and commit, and is built there once:
 *
 *     CACHE/NAME-HASH/COMMIT         the tree
 *     CACHE/NAME-HASH/COMMIT.lock    flock: exclusive while it is checked out and built, shared while it is measured
 *     CACHE/NAME-HASH/COMMIT.built   how it was built; missing or another text = build (again)
 *     CACHE/NAME-HASH/COMMIT.log     what the build said
 *
 * A directory is built where it is, every time: that is what its own build system is good at. */
#include "harness/run/git.h"
#include "harness/run/ab_internal.h"
#include "harness/run/child.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_POLL_US = 100000, ATTEMPT_LIMIT = 8 };

/* What belongs to a worktree and lies beside it. */
struct tree_files {
    const char *lock, *stamp, *log;
};

const char *ab_tree_cache(struct arena *arena)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/') /* the standard: others are to be ignored */
        return arena_format(arena, "%s/prony/worktrees", cache);
    return arena_format(arena, "%s/.cache/prony/worktrees", home && *home ? home : "/tmp");
}

static const char *key_of(struct arena *arena, const char *path)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *p = path; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    size_t length = strlen(path);
    if (str_ends(path, "/.git"))
        length -= strlen("/.git");
    char *copy = arena_strndup(arena, path, length), *slash = strrchr(copy, '/');
    char *name = slash && slash[1] ? slash + 1 : copy;
    if (*name == '.') /* --clean does not look at hidden ones */
        *name = '_';
    return arena_format(arena, "%.60s-%016llx", *name && *name != '/' ? name : "root", (unsigned long long)hash);
}

/* ---- the lock ---- */

/* Is this still the file of that name? Somebody may have cleaned it away before we got the lock. */
static bool is_current(int fd, const char *path)
{
    struct stat ours, theirs;
    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
           ours.st_dev == theirs.st_dev;
}

/* Waits for the lock; says so once. */
static int take_lock(struct ab *ab, const char *path, int operation, int *fd, struct error *error)
{
    bool said = false;
    *fd = -1;
    for (;;) {
        if (*fd < 0 && (*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644)) < 0)
            return error_system(error, errno, "%s (set XDG_CACHE_HOME to a directory that can be written)", path);
        if (flock(*fd, operation | LOCK_NB) == 0) {
            if (is_current(*fd, path))
                return 0;
            close(*fd);
            *fd = -1;
            continue;
        }
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_system(error, errno, "cannot lock %s", path);
        if (!said)
            log_info("%s: waiting for another prony that uses this tree", path);
        said = true;
        if (interrupt_arrived(&ab->interrupt))
            return error_set(error, ERROR_STATE, "interrupted");
        usleep(LOCK_POLL_US);
    }
}

/* ---- what is built how ---- */

static int load_conf(struct ab *ab, struct ab_side *side, struct error *error)
{
    const char *own = arena_format(&ab->arena, "%s/" AB_CONF_NAME, side->path);
    const char *here = ab->repository ? arena_format(&ab->arena, "%s/" AB_CONF_NAME, ab->repository) : NULL;
    if (ab->options.conf)
        return ab_conf_load(&side->conf, ab->options.conf, &ab->arena, error);
    if (file_exists(own))
        return ab_conf_load(&side->conf, own, &ab->arena, error);
    if (here && file_exists(here)) {
        if (!side->said_conf)
            log_info("%s: has no " AB_CONF_NAME " of its own; taking %s", side->text, here);
        side->said_conf = true;
        return ab_conf_load(&side->conf, here, &ab->arena, error);
    }
    return error_set(error, ERROR_USAGE,
                     "%s: no " AB_CONF_NAME " in %s, which says how to build and what to measure; write there: "
                     "[project] with build = COMMAND, and [suite NAME] with program = PATH",
                     side->text, here ? ab->repository : side->path);
}

/* Everything that decides what the build makes of the commit. */
static const char *describe_build(struct ab *ab, const struct ab_side *side)
{
    static const char *const names[] = { "CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS" };
    const struct ab_conf *conf = &side->conf;
    struct str text = { 0 };
    for (size_t i = 0; i < conf->build.count; i++)
        str_appendf(&text, "build = %s\n", conf->build.items[i]);
    for (size_t i = 0; i < conf->copies.count; i++)
        str_appendf(&text, "copy = %s\n", conf->copies.items[i]);
    for (size_t i = 0; i < conf->links.count; i++)
        str_appendf(&text, "link = %s\n", conf->links.items[i]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (getenv(names[i]))
            str_appendf(&text, "%s=%s\n", names[i], getenv(names[i]));
    const char *kept = arena_strdup(&ab->arena, str_text(&text));
    str_release(&text);
    return kept;
}

static bool is_built(struct ab *ab, const struct ab_side *side, const char *stamp)
{
    char *text;
    size_t size;
    if (file_read(stamp, &text, &size, NULL) != 0)
        return false;
    bool same = str_equal(text, describe_build(ab, side));
    free(text);
    return same;
}

/* ---- the worktree ---- */

static int run_tool(struct ab *ab, const char *const *arguments, struct error *error)
{
    struct child_request request = { .arguments = arguments,
                                     .output_limit_bytes = 1 << 20,
                                     .interrupt_fd = ab ? ab->interrupt.fd : -1 };
    struct child_result result;
    char text[128];
    int code = child_run(&request, &result, error);
    if (code == 0 && (result.end != CHILD_EXITED || result.status != 0))
        code = error_set(error, ERROR_IO, "%s %s: %.300s", arguments[0], arguments[1],
                         result.errors.length ? str_text(&result.errors)
                                              : child_describe(&result, &request, text, sizeof text));
    child_release(&result);
    return code;
}

static int check_out(struct ab *ab, struct ab_side *side, const char *stamp, struct error *error)
{
    const char *const head[] = { "rev-parse", "HEAD", NULL };
    const char *const prune[] = { "worktree", "prune", NULL };
    const char *const add[] = { "worktree", "add", "--force", "--detach", "--quiet", side->path, side->commit, NULL };
    const char *const remove[] = { "rm", "-rf", side->path, NULL };
    const char *now = "";
    if (file_exists(side->path) && git_run(side->path, head, ab->interrupt.fd, &ab->arena, &now, NULL) == 0 &&
        str_equal(now, side->commit))
        return 0; /* checked out, but not (completely) built */
    log_info("checking out %s (%.12s) in %s", side->text, side->commit, side->path);
    unlink(stamp);
    int code = run_tool(ab, remove, error);
    if (code == 0)
        code = git_run(ab->repository, prune, ab->interrupt.fd, &ab->arena, NULL, error);
    return code == 0 ? git_run(ab->repository, add, ab->interrupt.fd, &ab->arena, NULL, error) : code;
}

/* What git does not hold: models, settings. */
static int bring(struct ab *ab, struct ab_side *side, const char *name, bool is_link, struct error *error)
{
    const char *from = arena_format(&ab->arena, "%s/%s", ab->repository, name);
    const char *to = arena_format(&ab->arena, "%s/%s", side->path, name);
    char *parent = arena_strdup(&ab->arena, to);
    if (!file_exists(from))
        return error_set(error, ERROR_IO, "%s: %s = %s: there is no %s", side->conf.source, is_link ? "link" : "copy",
                         name, from);
    *strrchr(parent, '/') = 0;
    int code = file_make_directories(parent, error);
    if (code != 0)
        return code;
    if (!is_link) {
        const char *const copy[] = { "cp", "-aT", from, to, NULL };
        return run_tool(ab, copy, error);
    }
    struct stat status;
    if (lstat(to, &status) == 0 && !S_ISLNK(status.st_mode))
        return 0; /* the commit has it itself */
    unlink(to);
    return symlink(from, to) == 0 ? 0 : error_system(error, errno, "cannot link %s", to);
}

static int bring_all(struct ab *ab, struct ab_side *side, struct error *error)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < side->conf.copies.count; i++)
        code = bring(ab, side, side->conf.copies.items[i], false, error);
    for (size_t i = 0; code == 0 && i < side->conf.links.count; i++)
        code = bring(ab, side, side->conf.links.items[i], true, error);
    return code;
}

/* With the exclusive lock. */
static int make_tree(struct ab *ab, struct ab_side *side, const struct tree_files *files, bool rebuild,
                     struct error *error)
{
    int code = check_out(ab, side, files->stamp, error);
    if (code == 0)
        code = load_conf(ab, side, error);
    if (code != 0 || (is_built(ab, side, files->stamp) && !rebuild))
        return code;
    unlink(files->stamp);
    code = bring_all(ab, side, error);
    if (code == 0)
        code = ab_build_run(ab, side, files->log, error);
    const char *text = describe_build(ab, side);
    return code == 0 ? file_write(files->stamp, text, strlen(text), error) : code;
}

static void drop_lock(struct ab_side *side)
{
    if (side->lock >= 0)
        close(side->lock);
    side->lock = -1;
}

/* Ends with the shared lock on a tree that is built. A lock cannot be changed from exclusive to shared in one step, and
 * two that both hold it shared would wait for each other: it is given back in between, so it has to be looked again
 * whether the tree is still there. */
static int hold_tree(struct ab *ab, struct ab_side *side, const struct tree_files *files, bool rebuild,
                     struct error *error)
{
    for (int attempt = 0; attempt < ATTEMPT_LIMIT; attempt++) {
        int code = take_lock(ab, files->lock, LOCK_SH, &side->lock, error);
        if (code == 0 && !rebuild && file_exists(files->stamp) && file_exists(side->path)) {
            code = load_conf(ab, side, error);
            if (code != 0 || is_built(ab, side, files->stamp))
                return code;
        }
        drop_lock(side);
        if (code == 0)
            code = take_lock(ab, files->lock, LOCK_EX, &side->lock, error);
        if (code == 0)
            code = make_tree(ab, side, files, rebuild, error);
        drop_lock(side);
        if (code != 0)
            return code;
        rebuild = false;
    }
    return error_set(error, ERROR_STATE, "%s: is removed or changed by somebody else again and again", side->path);
}

static int prepare_ref(struct ab *ab, struct ab_side *side, struct error *error)
{
    const char *const words[] = { "rev-parse", "--path-format=absolute", "--git-common-dir", NULL };
    const struct ab_side *base = &ab->sides[AB_BASE];
    const char *common;
    int code = git_run(ab->repository, words, ab->interrupt.fd, &ab->arena, &common, error);
    if (code != 0)
        return code;
    const char *directory = arena_format(&ab->arena, "%s/%s", ab_tree_cache(&ab->arena), key_of(&ab->arena, common));
    side->path = arena_format(&ab->arena, "%s/%s", directory, side->commit);
    const struct tree_files files = { .lock = arena_format(&ab->arena, "%s.lock", side->path),
                                      .stamp = arena_format(&ab->arena, "%s.built", side->path),
                                      .log = arena_format(&ab->arena, "%s.log", side->path) };
    if (file_make_directories(directory, error) != 0)
        return error_prefix(error, "the cache of worktrees (set XDG_CACHE_HOME to another place)");
    /* One commit on both sides is one tree, which the base has built and holds already. */
    bool is_other = side != base && base->kind == AB_REF && str_equal(base->commit, side->commit);
    return hold_tree(ab, side, &files, ab->options.rebuild && !is_other, error);
}

/* Where the build of a directory says what it says: in the cache, or if that cannot be, in a new file. */
static int choose_log(struct ab *ab, const struct ab_side *side, const char **log, struct error *error)
{
    const char *key = key_of(&ab->arena, side->path), *cache = ab_tree_cache(&ab->arena);
    *log = arena_format(&ab->arena, "%s/%s.log", cache, key);
    if (file_make_directories(cache, NULL) == 0 && access(cache, W_OK) == 0)
        return 0;
    const char *base = getenv("TMPDIR");
    char *fresh = arena_format(&ab->arena, "%s/prony-build-XXXXXX", base && *base ? base : "/tmp");
    int fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0)
        return error_system(error, errno, "%s", fresh);
    close(fd);
    *log = fresh;
    return 0;
}

static int prepare_directory(struct ab *ab, struct ab_side *side, struct error *error)
{
    int code = load_conf(ab, side, error);
    if (code != 0 || side->conf.build.count == 0)
        return code;
    const char *log;
    code = choose_log(ab, side, &log, error);
    return code == 0 ? ab_build_run(ab, side, log, error) : code;
}

int ab_tree_prepare(struct ab *ab, struct ab_side *side, struct error *error)
{
    return side->kind == AB_REF ? prepare_ref(ab, side, error) : prepare_directory(ab, side, error);
}
