/* gate_remeasure.c: see gate_remeasure.h. */
#include "harness/cli/gate_remeasure.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/judge/gate_confirm.h"
#include "harness/run/ab.h"
#include "harness/run/fingerprint.h"
#include "harness/run/git.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMMITS_SHOWN = 3 };

/* One night that is measured again. */
struct again {
    struct comparison *comparison;
    struct judging *judging;
    const struct gate_remeasure_options *options;
    struct arena *arena;
    struct store *store; /* for writing: the measurements are runs like any other */
    const char *commit;  /* of the judged run */
    double left_s;
    bool interrupted; /* Ctrl-C: the answer of the gate is still wanted, without further measuring */
};

static const char *fact_of(const struct store_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(facts[i].name, name))
            return facts[i].value;
    return NULL;
}

static int git(const struct again *again, const char *const *words, const char **answer, struct error *error)
{
    const char *directory = again->options->repository ? again->options->repository : ".";
    return git_run(directory, words, -1, again->arena, answer, error);
}

/* ---- can it be measured here? ---- */

static int check_commit(const struct again *again, const char *commit, struct error *error)
{
    const char *name = arena_format(again->arena, "%s^{commit}", commit), *shallow = "";
    const char *const verify[] = { "rev-parse", "--verify", "--quiet", "--end-of-options", name, NULL };
    const char *const inside[] = { "rev-parse", "--is-shallow-repository", NULL };
    int code = git(again, inside, &shallow, error);
    if (code)
        return error_prefix(error, "no repository to build from");
    if (git(again, verify, NULL, NULL) == 0)
        return 0;
    return error_set(error, ERROR_STATE, "commit %.10s is not in this repository%s", commit,
                     str_equal(shallow, "true") ? ", which is a shallow clone (git fetch --unshallow)" : "");
}

/* A tree with changes is in no commit: nobody can build it again. */
static int check_clean(const struct store_run_row *run, struct error *error)
{
    const char *dirty = fact_of(run->build, run->build_count, "git_dirty");
    if (str_equal(dirty, "yes") || str_equal(dirty, "true"))
        return error_set(error, ERROR_STATE, "run %lld measured changes that were not committed", (long long)run->id);
    return 0;
}

static int check_machine(const struct again *again, struct error *error)
{
    const struct store_run_row *run = &again->comparison->candidate;
    struct fingerprint here;
    fingerprint_collect(&here, "", again->arena);
    bool same = str_equal(here.key, run->fingerprint);
    int code = same ? 0
                    : error_set(error, ERROR_STATE, "run %lld was measured on another machine (%s, this one is %s)",
                                (long long)run->id, run->fingerprint, here.key);
    fingerprint_release(&here);
    return code;
}

static int check_night(struct again *again, struct error *error)
{
    const struct store_run_row *run = &again->comparison->candidate;
    again->commit = fact_of(run->build, run->build_count, "git_commit");
    int code = check_clean(run, error);
    if (!code && !again->commit)
        code = error_set(error, ERROR_STATE, "run %lld does not know its commit", (long long)run->id);
    if (!code)
        code = check_machine(again, error);
    if (!code)
        code = check_commit(again, again->commit, error);
    return code ? code : store_open(&again->store, again->judging->settings->database, false, error);
}

static int check_pair(const struct again *again, const struct gate_confirm_pair *pair, struct error *error)
{
    struct store_run_row good;
    if (!pair->good)
        return error_set(error, ERROR_STATE, "run %lld does not know its commit", (long long)pair->good_run);
    int code = store_run_find(again->store, arena_format(again->arena, "%lld", (long long)pair->good_run), again->arena,
                              &good, error);
    if (!code)
        code = check_clean(&good, error);
    return code ? code : check_commit(again, pair->good, error);
}

/* ---- words ---- */

/* As git abbreviates it, which is unique here. */
static const char *abbreviate(const struct again *again, const char *commit)
{
    const char *const words[] = { "rev-parse", "--short=10", commit, NULL };
    const char *answer;
    return git(again, words, &answer, NULL) == 0 ? answer : commit;
}

/* "3 commits: 9c1b77aa02 dot: more careful; ..." of those in which it must have happened; "" if git cannot tell. */
static const char *list_commits(const struct again *again, const struct gate_confirm_pair *pair)
{
    const char *lines, *bad = pair->cases[0]->time.step ? pair->cases[0]->time.step->bad : NULL;
    const char *range = arena_format(again->arena, "%s..%s", pair->good, bad ? bad : again->commit);
    const char *const words[] = { "log", "--no-show-signature", "--format=%h %s", range, NULL };
    struct str text = { 0 };
    size_t count = 0;
    if (git(again, words, &lines, NULL) != 0 || !*lines)
        return "";
    for (const char *line = lines; *line; count++) {
        size_t length = strcspn(line, "\n");
        if (count < COMMITS_SHOWN)
            str_appendf(&text, "%s%.*s", count ? "; " : "", (int)(length < 80 ? length : 80), line);
        line += length + (line[length] == '\n');
    }
    const char *said = arena_format(again->arena, " (%zu commit%s: %s%s)", count, count == 1 ? "" : "s",
                                    str_text(&text), count > COMMITS_SHOWN ? "; ..." : "");
    str_release(&text);
    return said;
}

static void note(const struct again *again, const char *text)
{
    gate_confirm_note(again->comparison, text, again->arena);
}

/* The verdict of the history stands. */
static void refuse(const struct again *again, const char *what, const char *why)
{
    log_warn("%s: not measured again: %s", what, why);
    note(again,
         arena_format(again->arena, "%s was not measured again, the verdict of the history stands: %s.", what, why));
}

static const char *name_steps(const struct again *again, const struct gate_confirm_pair *pair)
{
    return arena_format(again->arena, "What stepped after %.10s (%zu case%s)",
                        pair->good ? pair->good : arena_format(again->arena, "run %lld", (long long)pair->good_run),
                        pair->count, pair->count == 1 ? "" : "s");
}

/* ---- measuring ---- */

/* The plan of the night, if it is still there; else what prony.conf says. */
static const char *plan_of(const struct again *again)
{
    const struct store_run_row *run = &again->comparison->candidate;
    const char *file = fact_of(run->environment, run->environment_count, "plan_file");
    return file && file_exists(file) ? file : NULL;
}

static void choose_cases(const struct gate_confirm_pair *pair, struct ab_options *options, struct arena *arena)
{
    struct ab_selected *only = arena_array(arena, pair->count, sizeof *only);
    const char **suites = arena_array(arena, pair->count, sizeof *suites);
    for (size_t i = 0; i < pair->count; i++) {
        bool known = false;
        only[i] = (struct ab_selected){ pair->cases[i]->suite, pair->cases[i]->name };
        for (size_t k = 0; k < options->suite_count; k++)
            known |= str_equal(suites[k], only[i].suite);
        if (!known)
            suites[options->suite_count++] = only[i].suite;
    }
    options->suites = suites;
    options->only = only;
    options->only_count = pair->count;
}

static void conclude(const struct again *again, const struct gate_confirm_pair *pair, const struct ab_result *result,
                     const char *span)
{
    gate_confirm_apply(again->comparison, pair, &result->comparison, again->arena);
    const char *line = gate_confirm_line(pair, again->arena);
    const char *commits = list_commits(again, pair);
    log_info("measured again: %s: %s", span, line);
    gate_confirm_note_refuted(again->comparison, pair, again->arena);
    note(again, arena_format(again->arena, "Measured again in turns, %s%s, runs %lld and %lld: %s.%s", span, commits,
                             (long long)result->base_run, (long long)result->candidate_run, line,
                             result->out_of_budget ? " The budget was spent." : ""));
}

static int execute(struct again *again, const struct gate_confirm_pair *pair, struct ab *ab, const char *span,
                   struct error *error)
{
    struct ab_result result;
    if (ab_is_identical(ab)) {
        gate_confirm_refute(again->comparison, pair,
                            arena_format(again->arena, "%s is the same code on both sides", span), again->arena);
        log_info("measured again: %s: the same code on both sides", span);
        gate_confirm_note_refuted(again->comparison, pair, again->arena);
        note(again, arena_format(again->arena,
                                 "Of what stepped, %s is the same code on both sides: nothing to measure.", span));
        return 0;
    }
    int code = ab_execute(ab, again->store, &result, error);
    again->interrupted |= code == 0 && result.interrupted;
    if (again->interrupted)
        code = error_set(error, ERROR_STATE, "interrupted");
    if (!code)
        conclude(again, pair, &result, span);
    return code;
}

static int measure(struct again *again, const struct gate_confirm_pair *pair, double budget_s, struct error *error)
{
    if (str_equal(pair->good, again->commit)) {
        const char *same = arena_format(again->arena, "both runs measured commit %.10s", again->commit);
        gate_confirm_refute(again->comparison, pair, same, again->arena);
        gate_confirm_note_refuted(again->comparison, pair, again->arena);
        note(again,
             arena_format(again->arena, "The history stepped between two runs of commit %.10s: no commit did it.",
                          again->commit));
        return 0;
    }
    const char *base = abbreviate(again, pair->good), *candidate = abbreviate(again, again->commit);
    struct ab_options options = { .base = base,
                                  .candidate = candidate,
                                  .repository = again->options->repository,
                                  .plan = plan_of(again),
                                  .models = again->options->models.items,
                                  .model_count = again->options->models.count,
                                  .budget_s = budget_s,
                                  .command = again->options->command,
                                  .no_doctor = true };
    struct ab *ab = NULL;
    choose_cases(pair, &options, again->arena);
    log_info("measuring again: %s..%s, %zu case%s, at most %.0f s", base, candidate, pair->count,
             pair->count == 1 ? "" : "s", budget_s);
    int code = ab_prepare(&ab, &options, error);
    if (!code)
        code = execute(again, pair, ab, arena_format(again->arena, "%s..%s", base, candidate), error);
    ab_release(ab);
    return code;
}

/* Each pair may take its share of what is left, by its number of cases. */
static void measure_all(struct again *again, const struct gate_confirm *confirm)
{
    size_t left = 0;
    for (size_t i = 0; i < confirm->count; i++)
        left += confirm->pairs[i].count;
    for (size_t i = 0; i < confirm->count; i++) {
        const struct gate_confirm_pair *pair = &confirm->pairs[i];
        struct error error;
        double share_s = again->left_s * (double)pair->count / (double)(left ? left : 1);
        int64_t began_ns = clock_wall_ns();
        int code = again->interrupted ? error_set(&error, ERROR_STATE, "interrupted") : check_pair(again, pair, &error);
        if (!code)
            code = measure(again, pair, share_s, &error);
        if (code)
            refuse(again, name_steps(again, pair), error.text);
        again->interrupted |= code && strstr(error.text, "interrupted"); /* also while it built */
        double took_s = (double)(clock_wall_ns() - began_ns) / 1e9;
        again->left_s -= fmin(took_s, share_s);
        left -= pair->count;
    }
}

void gate_remeasure(struct comparison *comparison, struct judging *judging,
                    const struct gate_remeasure_options *options)
{
    struct again again = { .comparison = comparison,
                           .judging = judging,
                           .options = options,
                           .arena = judging->arena,
                           .left_s = options->budget_s > 0 ? options->budget_s : GATE_REMEASURE_BUDGET_S };
    const struct gate_input input = { .policy = judging->policy,
                                      .acknowledgements = &judging->acknowledgements,
                                      .comparisons = comparison,
                                      .comparison_count = 1,
                                      .partial = true,
                                      .now_ns = clock_utc_ns() };
    struct gate gate;
    struct gate_confirm confirm;
    struct error error;
    gate_judge(&gate, &input, judging->arena);
    gate_confirm_plan(&confirm, comparison, &gate, judging->arena);
    if (confirm.count == 0)
        return;
    if (check_night(&again, &error) != 0)
        refuse(&again, "What stepped", error.text);
    else
        measure_all(&again, &confirm);
    store_close(again.store);
}
