/* ab.c: the path from two words on the command line to a judged comparison.
 *
 * Invariant: whatever happens after the runs have begun, both end in the database as complete, interrupted or failed.
 */
#include "harness/run/ab_internal.h"
#include "harness/run/facts.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* ---- prepare ---- */

static void choose_seed(struct ab *ab)
{
    uint32_t random;
    if (ab->options.has_seed)
        ab->seed = ab->options.seed;
    else if (getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random)
        ab->seed = random;
    else
        ab->seed = (uint64_t)clock_utc_ns();
}

/* Programs run in their own tree: what the caller meant relative to the current directory is made absolute. */
static void fix_models(struct ab *ab)
{
    const char **models = arena_array(&ab->arena, ab->options.model_count + 1, sizeof *models);
    for (size_t i = 0; i < ab->options.model_count; i++) {
        char *clean = realpath(ab->options.models[i], NULL);
        models[i] = arena_strdup(&ab->arena, clean ? clean : ab->options.models[i]);
        free(clean);
    }
    ab->options.models = models;
    const char *exported = getenv("PRONY_MODELS");
    struct str all = { 0 };
    for (const char *p = exported ? exported : ""; *p;) {
        size_t length = strcspn(p, ":");
        char *path = mem_strndup(p, length), *clean = length ? realpath(path, NULL) : NULL;
        str_appendf(&all, "%s%s", all.length ? ":" : "", clean ? clean : path);
        free(clean);
        free(path);
        p += length + (p[length] == ':');
    }
    if (all.length)
        setenv("PRONY_MODELS", str_text(&all), 1);
    str_release(&all);
}

static const char *directory_of(struct ab *ab, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash > path ? arena_strndup(&ab->arena, path, (size_t)(slash - path)) : "/";
}

/* Where the programs of a plan lie in this side's tree. */
static const char *const *program_directories(struct ab *ab, const struct ab_side *side, size_t *count)
{
    const char **list = arena_array(&ab->arena, side->conf.programs.count + 1, sizeof *list);
    *count = 0;
    for (size_t i = 0; i < side->conf.programs.count; i++)
        list[(*count)++] = arena_format(&ab->arena, "%s/%s", side->path, side->conf.programs.items[i]);
    list[(*count)++] = side->kind == AB_PROGRAM ? directory_of(ab, side->path) : side->path;
    return list;
}

/* A program of its own has no plan: its one section names it. */
static const char *plan_of(struct ab *ab, const struct ab_side *side)
{
    if (side->kind != AB_PROGRAM)
        return ab->plan_text;
    return arena_format(&ab->arena, "[suite %s]\nprogram = %s\n", ab->plan_path, side->path);
}

static int prepare_runner(struct ab *ab, struct ab_side *side, struct error *error)
{
    const struct ab_options *options = &ab->options;
    struct runner_options runner = { .plan_path = ab->plan_path,
                                     .plan_text = plan_of(ab, side),
                                     .rounds = AB_COUNTER_ROUNDS,
                                     .timeout_s = options->timeout_s,
                                     .has_seed = true,
                                     .seed = ab->seed,
                                     .filter = options->filter,
                                     .suites = options->suites,
                                     .suite_count = options->suite_count,
                                     .models = options->models,
                                     .model_count = options->model_count,
                                     .counters = options->counters,
                                     .memory = options->memory,
                                     .spans = options->spans,
                                     .profile = options->profile,
                                     .command = options->command,
                                     .quiet = options->quiet,
                                     .no_doctor = options->no_doctor,
                                     .directory = side->kind == AB_PROGRAM ? NULL : side->path,
                                     .build = side->build,
                                     .build_count = side->build_count,
                                     .min_time = ab->min_time,
                                     .no_plan_passes = true };
    runner.program_directories = program_directories(ab, side, &runner.program_directory_count);
    int code = runner_prepare(&side->runner, &runner, error);
    side->is_prepared = code == 0;
    return code;
}

/* Why equal hashes of the side prove nothing; NULL = they do. */
static const char *why_unclaimed(struct ab *ab, const struct ab_side *side, const struct ab_identity *identity)
{
    if (identity->missing)
        return arena_format(&ab->arena, "code = %s of its " AB_CONF_NAME " matches no file, or one that is none",
                            identity->missing);
    if (!identity->unseen || side->conf.code.count)
        return NULL;
    return side->kind == AB_PROGRAM
               ? identity->unseen
               : arena_format(&ab->arena, "%s, and code = FILES in [project] of " AB_CONF_NAME " does not say which",
                              identity->unseen);
}

/* One file on both sides cannot but be the same, whatever it loads. */
static bool is_one_file(const struct ab_suite *suite)
{
    return suite->sides[AB_BASE]->program &&
           str_equal(suite->sides[AB_BASE]->program, suite->sides[AB_CANDIDATE]->program);
}

static void compare_code(struct ab *ab, struct ab_suite *suite)
{
    const char *unclaimed = NULL;
    for (int i = 0; i < AB_SIDES; i++) {
        const struct ab_side *side = &ab->sides[i];
        const char *program = suite->sides[i]->program, *tree = side->kind == AB_PROGRAM ? NULL : side->path;
        struct ab_identity identity;
        if (!program || ab_identity_hash(program, tree, &side->conf.code, &identity, NULL) != 0)
            continue;
        suite->code[i] = arena_strdup(&ab->arena, identity.hash);
        unclaimed = unclaimed ? unclaimed : why_unclaimed(ab, side, &identity);
    }
    suite->identical = suite->code[AB_BASE] && str_equal(suite->code[AB_BASE], suite->code[AB_CANDIDATE]);
    if (!unclaimed || is_one_file(suite))
        return;
    suite->unclaimed = suite->identical ? unclaimed : NULL;
    suite->identical = false;
    suite->code[AB_BASE] = suite->code[AB_CANDIDATE] = NULL;
}

/* Both runners come from one plan and one selection, so section i of one is section i of the other. Programs without a
 * case to measure do not count. */
static void pair_suites(struct ab *ab)
{
    size_t measured = 0, identical = 0;
    ab->suite_count = ab->sides[AB_BASE].runner.suite_count;
    ab->suites = arena_array(&ab->arena, ab->suite_count, sizeof *ab->suites);
    for (size_t i = 0; i < ab->suite_count; i++) {
        struct ab_suite *suite = &ab->suites[i];
        for (int side = 0; side < AB_SIDES; side++)
            suite->sides[side] = &ab->sides[side].runner.suites[i];
        if (suite->sides[AB_BASE]->case_count + suite->sides[AB_CANDIDATE]->case_count == 0)
            continue;
        compare_code(ab, suite);
        measured++;
        identical += suite->identical;
    }
    ab->identical = measured > 0 && identical == measured;
    if (ab->identical)
        log_info("both sides are the same code: no regression is possible; what is measured shows the noise (A/A)");
    for (size_t i = 0; i < ab->suite_count; i++)
        if (ab->suites[i].unclaimed)
            log_info("%s: looks like the same code on both sides, but that is not claimed: %s",
                     ab->suites[i].sides[0]->section->name, ab->suites[i].unclaimed);
    for (size_t i = 0; i < ab->suite_count && !ab->identical; i++)
        if (ab->suites[i].identical && (i == 0 || !str_equal(ab->suites[i].code[0], ab->suites[i - 1].code[0])))
            log_info("%s: the same code on both sides, it cannot regress", ab->suites[i].sides[0]->section->name);
}

static bool find_case(const struct runner_suite *suite, const char *name, size_t *index)
{
    for (*index = 0; *index < suite->case_count; ++*index)
        if (str_equal(suite->cases[*index], name))
            return true;
    return false;
}

static bool is_selected(const struct ab *ab, const char *suite, const char *name)
{
    for (size_t i = 0; i < ab->options.only_count; i++)
        if (str_equal(ab->options.only[i].name, name) && str_equal(ab->options.only[i].suite, suite))
            return true;
    return ab->options.only_count == 0;
}

/* Cases of the base in its order, those that the candidate has too as pairs; then what only the candidate has. */
static void pair_cases(struct ab *ab)
{
    size_t most = 0;
    for (size_t i = 0; i < ab->suite_count; i++)
        most += ab->suites[i].sides[AB_BASE]->case_count + ab->suites[i].sides[AB_CANDIDATE]->case_count;
    ab->cases = arena_array(&ab->arena, most, sizeof *ab->cases);
    for (size_t i = 0; i < ab->suite_count; i++)
        for (int side = 0; side < AB_SIDES; side++) {
            const struct runner_suite *own = ab->suites[i].sides[side], *other = ab->suites[i].sides[!side];
            for (size_t k = 0; k < own->case_count; k++) {
                size_t index;
                bool shared = find_case(other, own->cases[k], &index);
                if ((shared && side == AB_CANDIDATE) || !is_selected(ab, own->section->name, own->cases[k]))
                    continue;
                struct ab_case *subject = &ab->cases[ab->case_count++];
                *subject = (struct ab_case){ .suite = i, .suite_name = own->section->name, .name = own->cases[k] };
                subject->on[side] = true;
                subject->on[!side] = shared;
                subject->index[side] = k;
                subject->index[!side] = index;
                ab->paired_count += shared;
            }
        }
}

/* Without a case on either side there is nothing that a run could hold, and a failed one would be the latest. */
static int check_cases(const struct ab *ab, struct error *error)
{
    if (ab->case_count)
        return 0;
    for (size_t i = 0; i < ab->suite_count; i++)
        for (int side = 0; side < AB_SIDES; side++)
            if (ab->suites[i].sides[side]->failure)
                return error_set(error, ERROR_STATE, "nothing to measure: %s: %s: %s", ab->sides[side].text,
                                 ab->suites[i].sides[side]->section->name, ab->suites[i].sides[side]->failure);
    return error_set(error, ERROR_STATE, "nothing to measure: no suite of either side has such a case");
}

/* What is measured comes from the base, but what the candidate would have measured must not be nonsense. */
static void check_candidate(const struct ab *ab)
{
    const struct ab_conf *conf = &ab->sides[AB_CANDIDATE].conf;
    struct plan plan;
    struct error error;
    if (ab->sides[AB_CANDIDATE].kind == AB_PROGRAM || !conf->suites)
        return;
    if (plan_parse(&plan, conf->source, conf->suites, strlen(conf->suites), &error) != 0)
        log_warn("%s: %s (not used here: what is measured stands in the base's)", ab->sides[AB_CANDIDATE].text,
                 error.text);
    else
        plan_release(&plan);
}

static int prepare_sides(struct ab *ab, struct error *error)
{
    int code = ab_side_resolve(ab, error);
    for (int i = 0; code == 0 && i < AB_SIDES; i++)
        if (ab->sides[i].kind != AB_PROGRAM)
            code = ab_tree_prepare(ab, &ab->sides[i], error);
    if (code == 0)
        code = ab_plan_find(ab, error);
    for (int i = 0; code == 0 && i < AB_SIDES; i++)
        code = prepare_runner(ab, &ab->sides[i], error);
    return code;
}

int ab_prepare(struct ab **ab, const struct ab_options *options, struct error *error)
{
    struct ab *self = *ab = mem_alloc(sizeof *self);
    self->options = *options;
    for (int i = 0; i < AB_SIDES; i++)
        self->sides[i].lock = -1;
    int code = interrupt_begin(&self->interrupt, error);
    if (code != 0) {
        free(self);
        *ab = NULL;
        return code;
    }
    choose_seed(self);
    fix_models(self);
    self->min_time = arena_format(&self->arena, "%g", options->min_time_s > 0 ? options->min_time_s : AB_MIN_TIME_S);
    code = prepare_sides(self, error);
    if (code == 0) {
        pair_suites(self);
        pair_cases(self);
        check_candidate(self);
        code = check_cases(self, error);
    }
    if (code != 0) {
        ab_release(self);
        *ab = NULL;
    }
    return code;
}

void ab_release(struct ab *ab)
{
    if (!ab)
        return;
    for (int i = AB_SIDES - 1; i >= 0; i--) {
        if (ab->sides[i].is_prepared)
            runner_release(&ab->sides[i].runner);
        if (ab->sides[i].lock >= 0)
            close(ab->sides[i].lock);
    }
    interrupt_end(&ab->interrupt);
    arena_release(&ab->arena);
    free(ab);
}

bool ab_is_identical(const struct ab *ab)
{
    return ab->identical;
}

size_t ab_case_count(const struct ab *ab)
{
    return ab->paired_count;
}

static void describe_side(const struct ab_side *side, const char *role, struct str *out)
{
    str_appendf(out, "%-9s  %s", role, side->text);
    if (side->commit)
        str_appendf(out, " (%.12s)", side->commit);
    str_appendf(out, "  %s\n", side->path);
}

void ab_describe(const struct ab *ab, struct str *out)
{
    static const char *const where[] = { "", " (candidate only)", " (base only)", "" };
    describe_side(&ab->sides[AB_BASE], "base", out);
    describe_side(&ab->sides[AB_CANDIDATE], "candidate", out);
    for (size_t i = 0; i < ab->suite_count; i++) {
        const struct ab_suite *suite = &ab->suites[i];
        for (int side = 0; side < AB_SIDES; side++)
            if (suite->sides[side]->failure)
                str_appendf(out, "%s: %s: %s\n", ab->sides[side].text, suite->sides[side]->section->name,
                            suite->sides[side]->failure);
        if (suite->identical)
            str_appendf(out, "%s: the same code on both sides\n", suite->sides[AB_BASE]->section->name);
    }
    for (size_t i = 0; i < ab->case_count; i++) {
        const struct ab_case *subject = &ab->cases[i];
        str_appendf(out, "  %s %s%s\n", subject->suite_name, subject->name,
                    where[subject->on[AB_BASE] * 2 + subject->on[AB_CANDIDATE]]);
    }
    str_appendf(out, "%zu cases on both sides\n", ab->paired_count);
}

/* ---- execute ---- */

/* Which code each suite was, and which rounds measured something again: later comparisons need it. */
static int store_facts(struct ab *ab, int side, struct error *error)
{
    struct facts facts = { .arena = &ab->arena };
    for (size_t i = 0; i < ab->suite_count; i++)
        facts_add(&facts, arena_format(&ab->arena, "%s.code", ab->suites[i].sides[side]->section->name),
                  ab->suites[i].code[side]);
    for (size_t i = 0; i < ab->suite_count; i++)
        facts_add(&facts,
                  arena_format(&ab->arena, "%s" COMPARE_UNCLAIMED_FACT, ab->suites[i].sides[side]->section->name),
                  ab->suites[i].unclaimed);
    facts_add(&facts, COMPARE_CONFIRM_FACT, arena_format(&ab->arena, "%d", ab_confirm_from(ab)));
    int code = store_run_facts_add(ab->store, ab->sides[side].result.run_id, facts.items, facts.count, error);
    facts_release(&facts);
    return code;
}

/* One look at the machine counts for both. */
static int share_checks(struct ab *ab, struct error *error)
{
    struct store_check *checks;
    size_t count;
    int code = store_checks(ab->store, ab->sides[AB_BASE].result.run_id, &ab->arena, &checks, &count, error);
    return code == 0 && count ? store_checks_add(ab->store, ab->sides[AB_CANDIDATE].result.run_id, checks, count, error)
                              : code;
}

static int begin(struct ab *ab, struct error *error)
{
    int code = 0;
    for (int i = 0; code == 0 && i < AB_SIDES; i++) {
        struct ab_side *side = &ab->sides[i];
        side->execution = (struct execution){
            .runner = &side->runner, .store = ab->store, .result = &side->result, .side = side->text
        };
        side->runner.options.no_doctor = ab->options.no_doctor || i != AB_BASE;
        progress_begin(&side->execution.progress, stderr, ab->options.quiet, clock_wall_ns());
        code = runner_begin(&side->execution, error);
        if (code == 0)
            code = store_facts(ab, i, error);
    }
    ab->result->base_run = ab->sides[AB_BASE].result.run_id;
    ab->result->candidate_run = ab->sides[AB_CANDIDATE].result.run_id;
    if (code == 0)
        code = share_checks(ab, error);
    if (code != 0)
        return code;
    struct store_comparison comparison = { .kind = ab->identical ? "aa" : "ab",
                                           .base_run = ab->result->base_run,
                                           .candidate_run = ab->result->candidate_run,
                                           .base_name = ab->sides[AB_BASE].text,
                                           .candidate_name = ab->sides[AB_CANDIDATE].text,
                                           .seed = ab->seed,
                                           .look_count = ab_look_count(ab),
                                           .identical_binaries = ab->identical };
    return store_comparison_add(ab->store, &comparison, &ab->result->comparison_id, error);
}

/* What was asked for besides time, once a side. */
static int run_passes(struct ab *ab, struct error *error)
{
    int code = 0;
    for (int i = 0; code == 0 && i < AB_SIDES && !ab->result->interrupted; i++) {
        struct execution *execution = &ab->sides[i].execution;
        if (passes_count(execution->runner) && !ab->options.quiet)
            log_info("%s: what explains its times", ab->sides[i].text);
        execution->progress = ab->progress;
        execution->progress.done = 0;
        execution->progress.total = passes_count(execution->runner);
        code = passes_execute(execution, error);
        progress_clear(&execution->progress);
        ab->result->interrupted |= execution->result->interrupted;
    }
    return code;
}

static int end(struct ab *ab, int code, struct error *error)
{
    for (int i = 0; i < AB_SIDES; i++) {
        struct ab_side *side = &ab->sides[i];
        if (side->result.run_id == 0)
            continue;
        side->result.interrupted |= ab->result->interrupted;
        ab->result->sample_count += side->result.sample_count;
        ab->result->failure_count += side->result.failure_count;
        code = runner_end(&side->execution, code, error);
    }
    return code;
}

/* A case that nobody came to would be missed by nobody. */
static const char *name_unreached(struct ab *ab)
{
    enum { NAMED = 3 };
    const char *names = NULL;
    size_t count = 0;
    for (size_t i = 0; i < ab->case_count; i++) {
        const struct ab_case *subject = &ab->cases[i];
        if (!subject->on[AB_BASE] || !subject->on[AB_CANDIDATE] || subject->blocks || subject->state != AB_OPEN ||
            ab->suites[subject->suite].identical)
            continue;
        if (count++ < NAMED)
            names = arena_format(&ab->arena, "%s%s%s %s", names ? names : "", names ? ", " : "", subject->suite_name,
                                 subject->name);
    }
    if (!count)
        return NULL;
    return arena_format(&ab->arena, "%zu of %zu cases were not reached before %s: %s%s", count, ab->paired_count,
                        ab->result->interrupted ? "the interruption" : "the budget was spent", names,
                        count > NAMED ? ", ..." : "");
}

/* So that prony gate --ab knows it, too. */
static int store_unreached(struct ab *ab, struct error *error)
{
    const struct store_fact fact = { COMPARE_UNREACHED_FACT, ab->result->unreached };
    int code = 0;
    for (int side = 0; fact.value && code == 0 && side < AB_SIDES; side++)
        code = store_run_facts_add(ab->store, ab->sides[side].result.run_id, &fact, 1, error);
    return code;
}

static void sum_up(struct ab *ab)
{
    ab->result->unreached = name_unreached(ab);
    ab->result->wall_s = (double)(clock_wall_ns() - ab->began_ns) / 1e9;
    if (ab->process_count) {
        ab->result->pair_s = 2 * ab->process_sum_s / (double)ab->process_count;
        ab->result->work_s = 2 * ab->work_sum_s / (double)ab->process_count;
    }
}

int ab_execute(struct ab *ab, struct store *store, struct ab_result *result, struct error *error)
{
    *result = (struct ab_result){ .identical = ab->identical,
                                  .case_count = ab->paired_count,
                                  .look_count = ab_look_count(ab) };
    ab->store = store;
    ab->result = result;
    progress_begin(&ab->progress, stderr, ab->options.quiet, clock_wall_ns());
    ab->began_ns = clock_wall_ns();
    int code = begin(ab, error);
    if (code == 0)
        code = ab_pilot(ab, error);
    ab->began_ns = clock_wall_ns(); /* the budget is for blocks */
    if (code == 0)
        code = ab_blocks(ab, error);
    sum_up(ab);
    if (code == 0)
        code = store_unreached(ab, error);
    if (code == 0)
        code = ab_spans(ab, error);
    if (code == 0)
        code = run_passes(ab, error);
    code = end(ab, code, error);
    if (code == 0)
        code = ab_look(ab, ab->last_look, error); /* runs that have ended, and what the passes gave */
    return code == 0 ? ab_store_outcomes(ab, error) : code;
}
