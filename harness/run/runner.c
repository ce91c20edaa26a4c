/* runner.c: the rounds.
 *
 * Invariant: whatever happens, the run in the database ends as complete, interrupted or failed, unless this process is
 * killed or the database itself fails; and no child outlives it. */
#include "harness/run/cgroup.h"
#include "harness/run/doctor.h"
#include "harness/run/fingerprint.h"
#include "harness/run/runner_internal.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A case that failed in so many rounds is left alone: a hang would cost its time limit again and again. */
enum { FAILED_ROUNDS_LIMIT = 2 };

/* ---- prepare ---- */

static void choose_seed(struct runner *runner)
{
    uint32_t random;
    if (runner->options.has_seed)
        runner->seed = runner->options.seed;
    else if (runner->plan.has_seed)
        runner->seed = runner->plan.seed;
    else if (getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random)
        runner->seed = random; /* short enough to be typed again */
    else
        runner->seed = (uint64_t)clock_utc_ns();
}

static bool is_selected(const struct runner *runner, const char *name)
{
    for (size_t i = 0; i < runner->options.suite_count; i++)
        if (str_equal(runner->options.suites[i], name))
            return true;
    return runner->options.suite_count == 0;
}

static int check_selection(const struct runner *runner, struct error *error)
{
    for (size_t i = 0; i < runner->options.suite_count; i++) {
        bool found = false;
        for (size_t s = 0; s < runner->plan.suite_count; s++)
            found = found || str_equal(runner->plan.suites[s].name, runner->options.suites[i]);
        if (!found)
            return error_set(error, ERROR_USAGE, "%s: has no suite '%s'", runner->plan.source,
                             runner->options.suites[i]);
    }
    return 0;
}

/* What a user has exported for suites by hand would disturb every timed process of a run; a run counts in passes. */
static void forget_exported(void)
{
    static const char *const names[] = {
        "PRONY_COUNTERS",          "PRONY_MEMORY", "PRONY_GROWTH", "PRONY_SPANS", "PRONY_CALLGRIND", "PRONY_PROFILE",
        "PRONY_ALLOCATION_PROFILE"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            log_warn("%s=%s is left out: it would disturb the times; --counters, --memory and --spans measure in "
                     "processes of their own",
                     names[i], value);
        unsetenv(names[i]);
    }
}

static bool has_variable(const struct plan_strings *environment, const char *prefix)
{
    for (size_t i = 0; i < environment->count; i++)
        if (str_starts(environment->items[i], prefix))
            return true;
    return false;
}

/* The plan's variables; --model wins over all of them. Addresses stay random, unless the plan or the user says
 * otherwise: each sample comes from another process, so their effect averages out and counts in the interval, where a
 * single fixed layout would make a change of it look like a change of speed. */
static const char **make_environment(struct runner *runner, const struct plan_suite *section)
{
    const char **list = arena_array(&runner->arena, section->environment.count + 4, sizeof *list);
    size_t count = 0;
    bool keep_aslr = !getenv("PRONY_KEEP_ASLR") && !has_variable(&section->environment, "PRONY_KEEP_ASLR=");
    if (runner->options.model_count) {
        struct str models = { 0 };
        for (size_t i = 0; i < runner->options.model_count; i++)
            str_appendf(&models, "%s%s", i ? ":" : "", runner->options.models[i]);
        list[count++] = arena_format(&runner->arena, "PRONY_MODELS=%s", str_text(&models));
        str_release(&models);
    }
    bool has_models = count > 0;
    if (keep_aslr)
        list[count++] = "PRONY_KEEP_ASLR=1";
    if (!getenv("PRONY_NOISE") && !has_variable(&section->environment, "PRONY_NOISE="))
        list[count++] = "PRONY_NOISE=1"; /* which samples are to be trusted */
    for (size_t i = 0; i < section->environment.count; i++)
        if (!has_models || !str_starts(section->environment.items[i], "PRONY_MODELS="))
            list[count++] = section->environment.items[i];
    return list;
}

static int prepare_passes(struct runner *runner, struct runner_suite *suite, struct error *error)
{
    const struct runner_options *options = &runner->options;
    const struct plan_suite *section = suite->section;
    bool has_plan = !options->no_plan_passes;
    const char *counters = options->counters ? options->counters : has_plan ? section->counters : NULL;
    if (counters && str_equal(counters, "none"))
        counters = NULL;
    bool is_empty = counters && counters[strspn(counters, ", \t")] == 0;
    int code = is_empty ? error_set(error, ERROR_USAGE, "expected groups, metrics or events with commas, or none")
                        : passes_parse(&suite->passes, counters, options->memory || (has_plan && section->memory),
                                       options->spans || (has_plan && section->spans), &runner->arena, error);
    suite->passes.profile = options->profile;
    if (code != 0 && options->counters)
        error_prefix(error, "--counters");
    else if (code != 0)
        error_prefix(error, "%s:%d: counters", runner->plan.source, section->line);
    return code;
}

static int prepare_suite(struct runner *runner, const struct plan_suite *section, struct runner_suite *suite,
                         struct error *error)
{
    const struct runner_options *options = &runner->options;
    *suite = (struct runner_suite){ .section = section,
                                    .rounds = options->rounds ? options->rounds : section->rounds,
                                    .timeout_s = options->timeout_s > 0 ? options->timeout_s : section->timeout_s,
                                    .stderr_tail = "" };
    struct error problem;
    int found = options->program_directory_count
                    ? plan_find_program_in(section, options->program_directories, options->program_directory_count,
                                           &suite->program, &problem)
                    : plan_find_program(&runner->plan, section, &suite->program, &problem);
    if (found != 0) {
        suite->failure = arena_strdup(&runner->arena, problem.text);
        return 0;
    }
    suite->arguments = arena_array(&runner->arena, section->arguments.count + 1, sizeof *suite->arguments);
    suite->arguments[suite->argument_count++] = suite->program;
    for (size_t i = 0; i < section->arguments.count; i++)
        suite->arguments[suite->argument_count++] = section->arguments.items[i];
    suite->environment = make_environment(runner, section);
    suite->directory = options->directory;
    int code = prepare_passes(runner, suite, error);
    return code == 0 ? listing_ask(runner, suite, error) : code;
}

int runner_prepare(struct runner *runner, const struct runner_options *options, struct error *error)
{
    *runner = (struct runner){ .options = *options };
    forget_exported();
    int code = interrupt_begin(&runner->interrupt, error);
    if (code != 0)
        return code;
    code = options->plan_text
               ? plan_parse(&runner->plan, options->plan_path, options->plan_text, strlen(options->plan_text), error)
               : plan_load(&runner->plan, options->plan_path, error);
    if (code == 0)
        code = check_selection(runner, error);
    if (code == 0)
        code = cpus_detect(&runner->cpus, "", error);
    if (code == 0) {
        choose_seed(runner);
        runner->suites = mem_array(runner->plan.suite_count, sizeof *runner->suites);
    }
    for (size_t i = 0; code == 0 && i < runner->plan.suite_count; i++) {
        if (!is_selected(runner, runner->plan.suites[i].name))
            continue;
        struct runner_suite *suite = &runner->suites[runner->suite_count++];
        if (!runner->plan.suites[i].min_time)
            runner->plan.suites[i].min_time = options->min_time;
        code = prepare_suite(runner, &runner->plan.suites[i], suite, error);
        runner->round_count =
            suite->case_count && suite->rounds > runner->round_count ? suite->rounds : runner->round_count;
    }
    if (code != 0)
        runner_release(runner);
    return code;
}

void runner_release(struct runner *runner)
{
    for (size_t i = 0; i < runner->suite_count; i++)
        free(runner->suites[i].program);
    free(runner->suites);
    plan_release(&runner->plan);
    arena_release(&runner->arena);
    interrupt_end(&runner->interrupt);
}

const char *runner_failure_text(const struct runner_suite *suite, struct arena *arena)
{
    const char *name = arena_format(arena, "%s: ", suite->section->name);
    const char *last = strrchr(suite->stderr_tail, '\n');
    last = last ? last + 1 : suite->stderr_tail;
    return arena_format(arena, *last ? "%s%s (%s)" : "%s%s%s", str_starts(suite->failure, name) ? "" : name,
                        suite->failure, last);
}

void runner_warn(const struct runner_suite *suite)
{
    struct arena arena = { 0 };
    log_warn("%s", runner_failure_text(suite, &arena));
    arena_release(&arena);
}

struct schedule_suite *runner_schedule_suites(const struct runner *runner, struct arena *arena)
{
    struct schedule_suite *list = arena_array(arena, runner->suite_count, sizeof *list);
    for (size_t i = 0; i < runner->suite_count; i++)
        list[i] = (struct schedule_suite){ .cases = runner->suites[i].cases,
                                           .cpus = runner->suites[i].cpus,
                                           .case_count = runner->suites[i].case_count,
                                           .rounds = runner->suites[i].rounds,
                                           .group = runner->suites[i].section->group };
    return list;
}

/* ---- execute ---- */

/* Every model the suites see, with its size: two files of one name are told apart. */
static void add_models(const struct runner *runner, struct facts *facts)
{
    const char *from_environment = getenv("PRONY_MODELS");
    struct str all = { 0 }, list = { 0 };
    for (size_t i = 0; i < runner->options.model_count; i++)
        str_appendf(&all, "%s%s", i ? ":" : "", runner->options.models[i]);
    if (!runner->options.model_count && from_environment)
        str_append(&all, from_environment);
    for (const char *p = str_text(&all); *p;) {
        size_t length = strcspn(p, ":");
        char *path = mem_strndup(p, length);
        struct stat status;
        if (length && stat(path, &status) == 0)
            str_appendf(&list, "%s%s (%lld bytes)", list.length ? ", " : "", path, (long long)status.st_size);
        else if (length)
            str_appendf(&list, "%s%s (missing)", list.length ? ", " : "", path);
        free(path);
        p += length + (p[length] == ':');
    }
    if (list.length)
        facts_add(facts, "models", str_text(&list));
    str_release(&all);
    str_release(&list);
}

/* The passes of all sections that share the name of this one, once. */
static void add_passes(const struct runner *runner, size_t index, struct facts *facts)
{
    struct str all = { 0 };
    const char *suite = runner->suites[index].section->name;
    for (size_t i = 0; i < runner->suite_count; i++) {
        struct str passes = { 0 };
        if (str_equal(runner->suites[i].section->name, suite))
            passes_describe(&runner->suites[i].passes, &passes);
        if (passes.length && i < index) {
            str_release(&passes);
            str_release(&all);
            return;
        }
        if (passes.length)
            str_appendf(&all, "%s%s", all.length ? "; " : "", str_text(&passes));
        str_release(&passes);
    }
    char *name = mem_format("%s.passes", suite);
    if (all.length)
        facts_add(facts, name, str_text(&all));
    free(name);
    str_release(&all);
}

/* What is true of this run's set-up: next to the machine's condition, so that a reader can repeat it. */
static void add_setup(const struct runner *runner, struct facts *facts)
{
    struct str order = { 0 };
    for (int i = 0; i < runner->cpus.count; i++)
        str_appendf(&order, "%s%zu", i ? "," : "", runner->cpus.order[i]);
    facts_add(facts, "cpu_order", str_text(&order));
    str_release(&order);
    facts_add(facts, "plan_file", runner->plan.source);
    add_models(runner, facts);
    facts_addf(facts, "process_id", "%ld", (long)getpid()); /* tells a run that goes on from one that was killed */
    for (size_t i = 0; i < runner->suite_count; i++) {
        char *name = mem_format("%s.program", runner->suites[i].section->name);
        facts_add(facts, name, runner->suites[i].program);
        free(name);
        add_passes(runner, i, facts);
    }
}

/* Where the first program of the plan lies: its repository is what is measured, not the one in which prony was called.
 */
static char *measured_directory(const struct runner *runner)
{
    for (size_t i = 0; i < runner->suite_count; i++) {
        const char *program = runner->suites[i].program, *slash = program ? strrchr(program, '/') : NULL;
        if (slash)
            return mem_strndup(program, slash > program ? (size_t)(slash - program) : 1);
    }
    return mem_strdup(".");
}

static void add_peak(struct facts *facts, const char *name)
{
    int64_t bytes;
    if (cgroup_memory_peak(facts->arena, "", &bytes))
        facts_addf(facts, name, "%lld", (long long)bytes);
}

/* The most memory of this control group until the last timed round; what it was before the run tells whether it is
 * this run's. */
static int record_peak(struct execution *execution, struct error *error)
{
    struct facts facts = { .arena = &execution->runner->arena };
    add_peak(&facts, "cgroup_memory_peak_bytes");
    int code = facts.count
                   ? store_run_facts_add(execution->store, execution->result->run_id, facts.items, facts.count, error)
                   : 0;
    facts_release(&facts);
    return code;
}

static int begin_run(struct execution *execution, struct error *error)
{
    struct runner *runner = execution->runner;
    struct fingerprint fingerprint;
    struct facts build = { .arena = &runner->arena };
    fingerprint_collect(&fingerprint, "", &runner->arena);
    char *directory = measured_directory(runner);
    for (size_t i = 0; i < runner->options.build_count; i++) /* the first of a name counts */
        facts_add(&build, runner->options.build[i].name, runner->options.build[i].value);
    fingerprint_build(&build, directory);
    free(directory);
    add_setup(runner, &fingerprint.condition);
    add_peak(&fingerprint.condition, "cgroup_memory_peak_before_bytes");
    struct store_run run = {
        .plan = runner->plan.name,
        .command = runner->options.command ? runner->options.command : "",
        .seed = runner->seed,
        .fingerprint = fingerprint.hash,
        .machine = fingerprint.machine.items,
        .machine_count = fingerprint.machine.count,
        .build = build.items,
        .build_count = build.count,
        .environment = fingerprint.condition.items,
        .environment_count = fingerprint.condition.count,
    };
    int code = store_run_begin(execution->store, &run, &execution->result->run_id, error);
    facts_release(&build);
    fingerprint_release(&fingerprint);
    return code;
}

/* A quarter of a second: is this a machine and a moment to measure at all? */
static int examine_machine(struct execution *execution, struct error *error)
{
    const struct runner *runner = execution->runner;
    struct doctor_options options = { .root = "" };
    if (runner->options.no_doctor)
        return 0;
    for (size_t i = 0; i < runner->suite_count; i++)
        for (size_t k = 0; k < runner->suites[i].case_count; k++) {
            int cpus = CPU_COUNT(&runner->suites[i].cpus[k]);
            options.threads = cpus > options.threads ? cpus : options.threads;
        }
    options.model_bytes = doctor_model_bytes(runner->options.models, runner->options.model_count);
    return doctor_record(execution->store, execution->result->run_id, &options, runner->options.quiet, error);
}

/* Suites that could not be listed; and the cases of the others get their places. */
static int record_listing(struct execution *execution, struct error *error)
{
    struct runner *runner = execution->runner;
    int code = 0;
    for (size_t i = 0; code == 0 && i < runner->suite_count; i++) {
        struct runner_suite *suite = &runner->suites[i];
        if (!suite->failure) {
            code = store_cases_declare(execution->store, suite->section->name, suite->cases, suite->case_count, error);
            continue;
        }
        struct store_failure failure = { .suite = suite->section->name,
                                         .reason = suite->failure,
                                         .stderr_tail = suite->stderr_tail };
        execution->result->failure_count++;
        execution->progress.failure_count++;
        runner_warn(suite);
        code = store_failure_add(execution->store, execution->result->run_id, &failure, error);
    }
    return code;
}

static void allocate_bookkeeping(struct runner *runner)
{
    for (size_t i = 0; i < runner->suite_count; i++) {
        struct runner_suite *suite = &runner->suites[i];
        suite->failed_rounds = arena_array(&runner->arena, suite->case_count, sizeof(int));
        suite->duration_s = arena_array(&runner->arena, suite->case_count, sizeof(double));
        suite->rounds_left = arena_array(&runner->arena, suite->case_count, sizeof(int));
        for (size_t k = 0; k < suite->case_count; k++)
            suite->rounds_left[k] = suite->rounds;
        passes_begin(suite);
    }
}

/* Leaves out the cases that have failed too often. */
static struct schedule_unit keep_willing(const struct runner_suite *suite, const struct schedule_unit *unit,
                                         struct arena *arena)
{
    size_t *kept = arena_array(arena, unit->case_count, sizeof *kept);
    struct schedule_unit result = { .suite = unit->suite, .cases = kept };
    for (size_t i = 0; i < unit->case_count; i++)
        if (suite->failed_rounds[unit->cases[i]] < FAILED_ROUNDS_LIMIT)
            kept[result.case_count++] = unit->cases[i];
    return result;
}

static void show_unit(struct execution *execution, const struct runner_suite *suite, const struct schedule_unit *unit)
{
    char text[256];
    const char *name = suite->cases[unit->cases[0]];
    if (unit->case_count > 1)
        snprintf(text, sizeof text, "%s %.180s +%zu", suite->section->name, name, unit->case_count - 1);
    else
        snprintf(text, sizeof text, "%s %.200s", suite->section->name, name);
    execution->progress.estimated_left_s = runner_estimate_left(execution->runner);
    progress_show(&execution->progress, text, clock_wall_ns());
}

static int execute_round(struct execution *execution, int round, struct error *error)
{
    struct runner *runner = execution->runner;
    struct arena arena = { 0 };
    struct schedule_unit *units;
    size_t count;
    int code = 0;
    schedule_round(runner_schedule_suites(runner, &arena), runner->suite_count, runner->seed, round, &arena, &units,
                   &count);
    progress_round_begin(&execution->progress, round, clock_wall_ns());
    for (size_t i = 0; code == 0 && i < count && !execution->result->interrupted; i++) {
        struct runner_suite *suite = &runner->suites[units[i].suite];
        struct schedule_unit unit = keep_willing(suite, &units[i], &arena);
        if (interrupt_arrived(&runner->interrupt)) {
            execution->result->interrupted = true;
            break;
        }
        if (unit.case_count > 0) {
            show_unit(execution, suite, &unit);
            code = measure_unit(execution, round, &unit, error);
        }
        for (size_t k = 0; k < units[i].case_count; k++)
            suite->rounds_left[units[i].cases[k]]--;
        execution->progress.done++;
    }
    execution->progress.estimated_left_s = runner_estimate_left(runner);
    progress_clear(&execution->progress);
    if (code == 0 && !execution->result->interrupted)
        progress_round_end(&execution->progress, clock_wall_ns());
    arena_release(&arena);
    return code;
}

static size_t count_processes(const struct runner *runner)
{
    size_t total = 0;
    for (int round = 0; round < runner->round_count; round++) {
        struct arena arena = { 0 };
        struct schedule_unit *units;
        size_t count;
        schedule_round(runner_schedule_suites(runner, &arena), runner->suite_count, runner->seed, round, &arena, &units,
                       &count);
        total += count;
        arena_release(&arena);
    }
    return total;
}

int runner_begin(struct execution *execution, struct error *error)
{
    allocate_bookkeeping(execution->runner);
    int code = begin_run(execution, error);
    if (code != 0)
        return code;
    code = record_listing(execution, error);
    return code == 0 ? examine_machine(execution, error) : code;
}

int runner_end(struct execution *execution, int code, struct error *error)
{
    const struct runner_result *result = execution->result;
    const char *status = result->interrupted                  ? "interrupted"
                         : code != 0 || !result->sample_count ? "failed"
                                                              : "complete";
    /* When the database has failed, this may fail too: the first error is the one to report. */
    int end_code = store_run_end(execution->store, result->run_id, status, code == 0 ? error : NULL);
    return code != 0 ? code : end_code;
}

int runner_execute(struct runner *runner, struct store *store, struct runner_result *result, struct error *error)
{
    *result = (struct runner_result){ 0 };
    struct execution execution = { .runner = runner, .store = store, .result = result };
    progress_begin(&execution.progress, stderr, runner->options.quiet, clock_wall_ns());
    execution.progress.round_count = runner->round_count;
    execution.progress.total = count_processes(runner) + passes_count(runner);
    int code = runner_begin(&execution, error);
    if (result->run_id == 0)
        return code;
    for (int round = 0; code == 0 && round < runner->round_count && !result->interrupted; round++)
        code = execute_round(&execution, round, error);
    if (code == 0)
        code = record_peak(&execution, error);
    if (code == 0)
        code = passes_execute(&execution, error);
    progress_clear(&execution.progress);
    return runner_end(&execution, code, error);
}
