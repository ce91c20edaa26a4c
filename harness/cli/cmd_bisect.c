/* cmd_bisect.c: `prony bisect`: which commit made it slower: git bisect, with `prony ab GOOD commit` as the judge.
 *
 * git's state lives in a worktree of its own without files, which is removed at the end, also after Ctrl-C: the user's
 * tree, index and branch are never touched. Every commit is judged against GOOD, which stays the base. */
#include "harness/base/arena.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/run/git.h"
#include "harness/run/child.h"
#include "harness/run/interrupt.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHORT = 10, ARGUMENT_LIMIT = 128, AB_GRACE_S = 30 };
/* What `git bisect run` wants of its command. */
enum { STEP_GOOD = 0, STEP_BAD = 1, STEP_SKIP = 125, STEP_ABORT = 128 };

struct settings {
    const char *database, *filter, *policy;
    bool step, unchecked;
    const char *good, *bad;
    const char *const *ab_words; /* for prony ab */
    size_t ab_word_count;
};

struct bisect {
    struct settings settings;
    struct interrupt interrupt;
    struct arena arena;
    const char *here;       /* the user's directory: where refs are looked up and ab runs */
    const char *good, *bad; /* full hashes */
    char *directory;        /* of our own; NULL = none yet */
    const char *tree;       /* the worktree in it */
    bool has_tree;
    struct str story; /* one line a judged commit */
};

static int parse(struct settings *settings, struct option_list *rest, int argc, char **argv, struct error *error)
{
    const struct option options[] = {
        { "case", 0, OPTION_REGEX, &settings->filter },       { "filter", 'f', OPTION_REGEX, &settings->filter },
        { "policy", 0, OPTION_TEXT, &settings->policy },      { "db", 0, OPTION_TEXT, &settings->database },
        { "no-check", 0, OPTION_FLAG, &settings->unchecked }, { "step", 0, OPTION_FLAG, &settings->step },
    };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, rest, error);
    size_t names = settings->step ? 1 : 2;
    if (!code && rest->count < names)
        code = error_set(error, ERROR_USAGE,
                         settings->step ? "--step needs the GOOD commit" : "a GOOD and a BAD commit are needed");
    if (code)
        return code;
    settings->good = rest->items[0];
    settings->bad = settings->step ? "HEAD" : rest->items[1];
    settings->ab_words = rest->items + names;
    settings->ab_word_count = rest->count - names;
    if (settings->ab_word_count > ARGUMENT_LIMIT / 2)
        return error_set(error, ERROR_USAGE, "too many words for prony ab");
    return 0;
}

static int git(struct bisect *bisect, const char *directory, const char **answer, struct error *error,
               const char *const *words)
{
    return git_run(directory, words, -1, &bisect->arena, answer, error);
}
#define GIT(bisect, directory, answer, error, ...) \
    git(bisect, directory, answer, error, (const char *const[]){ __VA_ARGS__, NULL })

static int find_commit(struct bisect *bisect, const char *name, const char **hash, struct error *error)
{
    const char *commit = arena_format(&bisect->arena, "%s^{commit}", name);
    int code = GIT(bisect, bisect->here, hash, error, "rev-parse", "--verify", "--quiet", "--end-of-options", commit);
    if (code == ERROR_IO && GIT(bisect, bisect->here, NULL, NULL, "rev-parse", "--git-dir") != 0)
        return error_set(error, ERROR_STATE, "%s is not in a git repository", bisect->here);
    return code == ERROR_IO ? error_set(error, ERROR_STATE, "git knows no commit '%s'", name) : code;
}

/* "a1b2c3d4e5 subject" */
static const char *describe(struct bisect *bisect, const char *hash)
{
    const char *line = hash;
    GIT(bisect, bisect->here, &line, NULL, "log", "-1", "--no-show-signature", "--format=%h %s", hash);
    return line;
}

/* ---- one commit ---- */

/* prony ab GOOD commit. Its report is talk here: it goes to stderr. Returns STEP_...; *status is ab's own. */
static int judge(struct bisect *bisect, const char *commit, int *status, struct error *error)
{
    const struct settings *settings = &bisect->settings;
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length < 0 ? 0 : length] = 0;
    const char *arguments[ARGUMENT_LIMIT] = { "/bin/sh", "-c",   "exec \"$0\" \"$@\" >&2", program, "ab", bisect->good,
                                              commit,    "--db", settings->database };
    size_t count = 9;
    if (settings->filter) {
        arguments[count++] = "--filter";
        arguments[count++] = settings->filter;
    }
    if (settings->policy) {
        arguments[count++] = "--policy";
        arguments[count++] = settings->policy;
    }
    for (size_t i = 0; i < settings->ab_word_count; i++)
        arguments[count++] = settings->ab_words[i];
    struct child_request request = {
        .arguments = arguments, .grace_s = AB_GRACE_S, .interrupt_fd = bisect->interrupt.fd, .keeps_streams = true
    };
    struct child_result result = { 0 };
    int code = child_run(&request, &result, error), answer = STEP_ABORT;
    *status = -1;
    if (!code && result.end == CHILD_EXITED) {
        *status = result.status;
        answer = result.status == EXIT_OK ? STEP_GOOD : result.status == EXIT_REGRESSED ? STEP_BAD : STEP_SKIP;
    }
    if (interrupt_arrived(&bisect->interrupt)) {
        answer = STEP_ABORT;
        error_set(error, ERROR_STATE, "interrupted");
    } else if (!code && answer == STEP_ABORT) {
        error_set(error, ERROR_STATE, "prony ab died");
    }
    child_release(&result);
    return answer;
}

static const char *step_word(int answer, int status)
{
    return answer == STEP_GOOD        ? "good"
           : answer == STEP_BAD       ? "bad"
           : status == EXIT_UNDECIDED ? "undecided"
                                      : "not measured";
}

/* ---- the search ---- */

static int check_ends(struct bisect *bisect, struct error *error)
{
    int status;
    if (bisect->settings.unchecked)
        return 0;
    log_info("bisect: first the ends: %s against %s", bisect->settings.bad, bisect->settings.good);
    int answer = judge(bisect, bisect->bad, &status, error);
    if (answer == STEP_ABORT)
        return ERROR_STATE;
    if (answer == STEP_GOOD)
        return error_set(error, ERROR_STATE, "%s is not worse than %s: there is nothing to find", bisect->settings.bad,
                         bisect->settings.good);
    if (answer == STEP_SKIP)
        return error_set(error, ERROR_STATE, "%s: %s", bisect->settings.bad,
                         status == EXIT_UNDECIDED ? "undecided; give prony ab more time, or --no-check if you know it"
                                                  : "prony ab could not measure it");
    return 0;
}

static int start(struct bisect *bisect, struct error *error)
{
    const char *base = getenv("TMPDIR");
    char *directory = arena_format(&bisect->arena, "%s/prony-bisect-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(directory))
        return error_system(error, errno, "%s", directory);
    bisect->directory = directory;
    bisect->tree = arena_format(&bisect->arena, "%s/tree", directory);
    int code = GIT(bisect, bisect->here, NULL, error, "worktree", "add", "--no-checkout", "--detach", bisect->tree,
                   bisect->bad);
    bisect->has_tree = code == 0;
    return code ? code
                : GIT(bisect, bisect->tree, NULL, error, "bisect", "start", "--no-checkout", bisect->bad, bisect->good);
}

static void clean(struct bisect *bisect)
{
    struct error error;
    if (bisect->has_tree &&
        GIT(bisect, bisect->here, NULL, &error, "worktree", "remove", "--force", "--force", bisect->tree) != 0)
        log_warn("bisect: %s is left behind: %s", bisect->tree, error.text);
    if (bisect->directory)
        rmdir(bisect->directory);
}

/* Whether git has no more commits to ask for. Its own lines begin so; subjects of commits stand behind "[hash]". */
static bool is_done(const char *said)
{
    for (const char *line = said; *line;) {
        size_t digits = strspn(line, "0123456789abcdef");
        if ((digits >= 40 && str_starts(line + digits, " is the first bad commit")) ||
            str_starts(line, "There are only 'skip'ped commits left"))
            return true;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

/* Tells git; *done when it has no more commits to ask for. */
static int tell(struct bisect *bisect, const char *commit, int answer, bool *done, struct error *error)
{
    const char *word = answer == STEP_GOOD ? "good" : answer == STEP_BAD ? "bad" : "skip", *said = "";
    int code = GIT(bisect, bisect->tree, &said, error, "bisect", word, commit);
    *done = is_done(said);
    return *done ? 0 : code;
}

static int search(struct bisect *bisect, struct error *error)
{
    for (bool done = false; !done;) {
        const char *commit, *left;
        int status, code = GIT(bisect, bisect->tree, &commit, error, "rev-parse", "--verify", "BISECT_HEAD");
        if (code)
            return code;
        GIT(bisect, bisect->tree, &left, NULL, "rev-list", "--count", "refs/bisect/bad", "--not",
            "--glob=refs/bisect/good-*");
        log_info("bisect: %s commits left; now %s", left, describe(bisect, commit));
        int answer = judge(bisect, commit, &status, error);
        if (answer == STEP_ABORT)
            return ERROR_STATE;
        log_info("bisect: %.*s is %s", SHORT, commit, step_word(answer, status));
        str_appendf(&bisect->story, "  %-12s %s\n", step_word(answer, status), describe(bisect, commit));
        code = tell(bisect, commit, answer, &done, error);
        if (code)
            return code;
    }
    return 0;
}

/* One commit is left, or several of which some could not be judged. */
static int conclude(struct bisect *bisect, int *status, struct error *error)
{
    const char *left = "", *text = "";
    int code =
        GIT(bisect, bisect->tree, &left, error, "rev-list", "refs/bisect/bad", "--not", "--glob=refs/bisect/good-*");
    if (code)
        return code;
    bool single = strchr(left, '\n') == NULL;
    *status = single ? EXIT_OK : EXIT_UNDECIDED;
    if (single) {
        code = GIT(bisect, bisect->here, &text, error, "log", "-1", "--no-show-signature", "--date=short",
                   "--format=first bad commit: %H%n  %an, %ad%n  %s", left);
        printf("%s\n\njudged against %.*s:\n%s", text, SHORT, bisect->good, str_text(&bisect->story));
        return code;
    }
    printf("one of these commits is the first bad one; those between could not be judged:\n");
    for (const char *at = left; *at;) {
        size_t length = strcspn(at, "\n");
        printf("  %s\n", describe(bisect, arena_strndup(&bisect->arena, at, length)));
        at += length + (at[length] == '\n');
    }
    printf("\njudged against %.*s:\n%s", SHORT, bisect->good, str_text(&bisect->story));
    return 0;
}

static int bisect_all(struct bisect *bisect, int *status, struct error *error)
{
    int code = find_commit(bisect, bisect->settings.bad, &bisect->bad, error);
    if (!code && str_equal(bisect->good, bisect->bad))
        code =
            error_set(error, ERROR_USAGE, "%s and %s are the same commit", bisect->settings.good, bisect->settings.bad);
    if (!code && GIT(bisect, bisect->here, NULL, NULL, "merge-base", "--is-ancestor", bisect->good, bisect->bad) != 0)
        code = error_set(error, ERROR_USAGE, "%s is not an ancestor of %s: there is no way from the one to the other",
                         bisect->settings.good, bisect->settings.bad);
    if (!code)
        code = check_ends(bisect, error);
    if (!code)
        code = start(bisect, error);
    if (!code)
        code = search(bisect, error);
    if (!code)
        code = conclude(bisect, status, error);
    clean(bisect);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    struct bisect bisect = { .settings = { .database = app->database_path } };
    struct option_list rest = { 0 };
    struct error error;
    char here[PATH_MAX];
    int status = EXIT_OK, ab_status;
    int code = parse(&bisect.settings, &rest, argc, argv, &error);
    if (!code && !getcwd(here, sizeof here))
        code = error_system(&error, errno, "the current directory");
    if (!code)
        code = interrupt_begin(&bisect.interrupt, &error);
    if (!code) {
        bisect.here = here;
        git_forget_environment();
        code = find_commit(&bisect, bisect.settings.good, &bisect.good, &error);
        if (!code && bisect.settings.step) {
            const char *commit;
            code =
                find_commit(&bisect, "BISECT_HEAD", &commit, NULL) ? find_commit(&bisect, "HEAD", &commit, &error) : 0;
            status = code ? status : judge(&bisect, commit, &ab_status, &error);
            code = status == STEP_ABORT ? ERROR_STATE : code;
        } else if (!code) {
            code = bisect_all(&bisect, &status, &error);
        }
        interrupt_end(&bisect.interrupt);
    }
    if (code)
        status = command_fail(&cmd_bisect, &error);
    if (code && bisect.settings.step)
        status = STEP_ABORT; /* git bisect run stops */
    str_release(&bisect.story);
    arena_release(&bisect.arena);
    free(rest.items);
    return status;
}

const struct command cmd_bisect = {
    .name = "bisect",
    .synopsis = "prony bisect GOOD BAD [--case RE] [--policy FILE] [-- OPTIONS OF prony ab]",
    .summary = "Find the commit that made it slower",
    .help =
        "  GOOD BAD         commits; GOOD is an ancestor of BAD and the base of every comparison\n"
        "  --case RE        only cases whose name matches this POSIX extended regular expression (also --filter)\n"
        "  --policy FILE    what counts as regressed (docs/FORMATS.md)\n"
        "  --no-check       do not measure BAD against GOOD first\n"
        "  --db FILE        database (default: $PRONY_DB, else prony.db)\n"
        "  --step           judge one commit, BISECT_HEAD or else HEAD, for a git bisect of your own:\n"
        "                   git bisect run prony bisect --step GOOD --case RE\n"
        "\n"
        "git chooses the commits, `prony ab GOOD commit` judges each one. A commit that cannot be built or stays\n"
        "undecided is skipped. What git has to remember lies in a worktree of its own, which is removed at the end:\n"
        "your tree, index and branch stay as they are. Reports of the comparisons go to stderr and the database.\n"
        "\n"
        "examples:\n"
        "  prony bisect v1.4 HEAD --case '^matmul/q4_0'\n"
        "  prony bisect HEAD~30 HEAD --policy ci/nightly.policy -- --budget 2m\n"
        "\n"
        "exit status: 0 found, 2 could not run or nothing to find, 3 several commits are left that could not be judged.\n"
        "--step: 0 good, 1 bad, 125 skip, 128 stop\n",
    .run = run,
};
