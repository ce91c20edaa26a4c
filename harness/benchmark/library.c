/* library.c: the program around the benchmarks: initialize, list or run, report, shut down. */
#include "harness/benchmark/internal.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *benchmark_version(void)
{
    return "v1.9.5";
}

void benchmark_initialize(int *argc, char **argv)
{
    struct benchmark_registry *registry = benchmark_registry_get();
    int none = 0;
    bool exit_usage;
    if (!argc || !argv)
        argc = &none;
    benchmark_flags_set_defaults(registry);
    free(registry->executable);
    registry->executable = mem_strdup(*argc > 0 && argv[0] ? argv[0] : "unknown");
    benchmark_flags_parse(registry, argc, argv, &exit_usage);
    if (exit_usage) {
        benchmark_flags_print_usage(stdout, registry);
        exit(0);
    }
}

void benchmark_set_help(const char *text)
{
    struct benchmark_registry *registry = benchmark_registry_get();
    free(registry->help);
    registry->help = text ? mem_strdup(text) : NULL;
}

bool benchmark_report_unrecognized_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        fprintf(stderr, "%s: error: unrecognized command-line flag: %s\n", argv[0], argv[i]);
    return argc > 1;
}

/* Also before benchmark_initialize, which reads the environment too, but only once: what the program sets stays. */
static struct benchmark_flags *flags_get(void)
{
    benchmark_flags_set_defaults(benchmark_registry_get());
    return &benchmark_registry_get()->flags;
}

const char *benchmark_filter(void)
{
    return flags_get()->filter;
}

void benchmark_set_filter(const char *filter)
{
    struct benchmark_flags *flags = flags_get();
    char *copy = mem_strdup(filter ? filter : "");
    free(flags->filter);
    flags->filter = copy;
}

int benchmark_verbosity(void)
{
    return flags_get()->verbosity;
}

int benchmark_exit_status(void)
{
    const struct benchmark_registry *registry = benchmark_registry_get();
    return registry->flags.exit_code && (registry->nothing_matched || registry->had_error);
}

/* ---- reporters ---- */

static bool wants_color(const char *text)
{
    static const char *const terminals[] = { "xterm",
                                             "xterm-color",
                                             "xterm-256color",
                                             "screen",
                                             "screen-256color",
                                             "tmux",
                                             "tmux-256color",
                                             "rxvt-unicode",
                                             "rxvt-unicode-256color",
                                             "linux",
                                             "cygwin",
                                             "xterm-kitty",
                                             "alacritty",
                                             "foot",
                                             "foot-extra",
                                             "wezterm" };
    if (strcmp(text, "auto") != 0)
        return benchmark_flags_is_true(text);
    const char *term = getenv("TERM");
    if (!term || !isatty(STDOUT_FILENO))
        return false;
    for (size_t i = 0; i < sizeof terminals / sizeof terminals[0]; i++)
        if (strcmp(term, terminals[i]) == 0)
            return true;
    return false;
}

struct benchmark_reporter *benchmark_create_default_display_reporter(void)
{
    const struct benchmark_flags *flags = flags_get();
    struct benchmark_reporter *reporter = benchmark_printer_create(flags->format, stdout, stderr);
    benchmark_printer_of(reporter)->color = wants_color(flags->color);
    benchmark_printer_of(reporter)->tabular = flags->counters_tabular;
    return reporter;
}

/* The display and, with --benchmark_out, the file. */
struct output {
    struct benchmark_reporter *display, *file;
    struct benchmark_reporter *own_display, *own_file; /* those that the library made */
    FILE *stream;                                      /* of the file */
};

/* As fopen, but never on one of the first three descriptors, which are free where the program was started with them
 * closed: what is printed would land in the file. */
static FILE *open_results(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0 && fd <= STDERR_FILENO) {
        int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(fd);
        fd = high;
    }
    FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!stream && fd >= 0)
        close(fd);
    return stream;
}

static void open_file(struct output *output, const struct benchmark_flags *flags)
{
    if (!flags->out[0] && output->file) {
        fputs("A custom file reporter was provided but --benchmark_out=<file> was not specified.\n",
              output->display->talk);
        exit(1);
    }
    if (!flags->out[0])
        return;
    output->stream = open_results(flags->out);
    if (!output->stream) {
        fprintf(output->display->talk, "invalid file name: '%s'\n", flags->out);
        exit(1);
    }
    if (!output->file) {
        output->file = output->own_file = benchmark_printer_create(flags->out_format, NULL, NULL);
        benchmark_printer_of(output->file)->tabular = flags->counters_tabular;
        benchmark_printer_of(output->file)->keep_complete = true;
        setvbuf(output->stream, NULL, _IONBF, 0); /* one write a batch: nothing can happen between two */
    }
    output->file->out = output->file->talk = output->stream;
}

static void open_output(struct output *output, struct benchmark_reporter *display, struct benchmark_reporter *file)
{
    if ((display && !display->ops) || (file && !file->ops)) {
        fputs("benchmark_run_specified_with: a reporter without its functions (ops)\n", stderr);
        exit(1);
    }
    *output = (struct output){ .display = display, .file = file };
    if (!display)
        output->display = output->own_display = benchmark_create_default_display_reporter();
    if (!output->display->out)
        output->display->out = stdout;
    if (!output->display->talk)
        output->display->talk = stderr;
    open_file(output, &benchmark_registry_get()->flags);
}

/* Counts with their states do not fit into a console's line: who asks for them there sees nothing otherwise. */
static void point_at_counts(const struct output *output, const struct benchmark_flags *flags)
{
    bool in_json = strcmp(flags->format, "json") == 0 || (flags->out[0] && strcmp(flags->out_format, "json") == 0);
    if (flags->counters[0] && output->own_display && !in_json)
        fputs("--prony_counters: what was counted stands in the JSON only (--benchmark_format=json or "
              "--benchmark_out=FILE)\n",
              output->display->talk);
}

/* Results that were not written are worth an exit status. */
static void close_output(struct output *output)
{
    const struct benchmark_flags *flags = &benchmark_registry_get()->flags;
    bool display_failed = fflush(output->display->out) || ferror(output->display->out), file_failed = false;
    fflush(output->display->talk);
    if (output->stream) {
        output->file->out = output->file->talk = NULL;
        file_failed = ferror(output->stream);
        file_failed |= fclose(output->stream) != 0;
    }
    benchmark_release_reporter(output->own_display);
    benchmark_release_reporter(output->own_file);
    if (display_failed)
        fputs("stdout: not all results could be written\n", stderr);
    if (file_failed)
        fprintf(stderr, "%s: not all results could be written\n", flags->out);
    if (display_failed || file_failed)
        exit(1);
}

/* ---- calls of reporters; NULL is the file that was not asked for ---- */

static bool report_context(struct benchmark_reporter *reporter, const struct benchmark_context *context)
{
    if (!reporter || !reporter->ops->report_context)
        return true;
    bool go = reporter->ops->report_context(reporter, context);
    fflush(reporter->out);
    fflush(reporter->talk);
    return go;
}

static void report_runs(struct benchmark_reporter *reporter, const struct benchmark_runner *runner,
                        bool aggregates_only)
{
    const struct benchmark_runs *aggregates = &runner->aggregates;
    if (!reporter)
        return;
    if (reporter->ops->report_runs_config)
        reporter->ops->report_runs_config(reporter, runner->min_time, runner->explicit_iterations > 0,
                                          runner->iterations);
    if (reporter->ops->report_runs && (!aggregates_only || !aggregates->count))
        reporter->ops->report_runs(reporter, runner->runs.items, runner->runs.count);
    if (reporter->ops->report_runs && aggregates->count)
        reporter->ops->report_runs(reporter, aggregates->items, aggregates->count);
    fflush(reporter->out);
    fflush(reporter->talk);
}

static void finalize(struct benchmark_reporter *reporter)
{
    if (!reporter)
        return;
    if (reporter->ops->finalize)
        reporter->ops->finalize(reporter);
    fflush(reporter->out);
    fflush(reporter->talk);
}

static void list(struct benchmark_reporter *reporter, const char *const *names, size_t count)
{
    if (reporter->ops->list)
        reporter->ops->list(reporter, names, count);
    else
        for (size_t i = 0; i < count; i++)
            fprintf(reporter->out, "%s\n", names[i]);
    fflush(reporter->out);
    fflush(reporter->talk);
}

/* ---- running ---- */

/* The console's first column holds the longest name, and the longest aggregate of it if anything repeats. */
static size_t name_width(const struct benchmark_instances *instances, const struct benchmark_flags *flags)
{
    size_t width = 10, statistic_width = strlen("median");
    bool repeats = flags->repetitions > 1;
    for (size_t i = 0; i < instances->count; i++) {
        const struct benchmark *family = instances->items[i].family;
        size_t length = strlen(instances->items[i].name);
        width = length > width ? length : width;
        repeats = repeats || family->repetitions > 1;
        for (size_t s = 0; s < family->statistic_count; s++) {
            length = strlen(family->statistics[s].name);
            statistic_width = length > statistic_width ? length : statistic_width;
        }
    }
    return repeats ? width + 1 + statistic_width : width;
}

static void list_instances(const struct benchmark_instances *instances, struct benchmark_reporter *display)
{
    const char **names = mem_array(instances->count, sizeof *names);
    for (size_t i = 0; i < instances->count; i++)
        names[i] = instances->items[i].name;
    list(display, names, instances->count);
    free(names);
}

/* Where the finished cases go. */
struct session {
    struct benchmark_registry *registry;
    struct output *output;
    double *values_ns;
    struct benchmark_points *points; /* by family_index */
    size_t points_count;
    int64_t keep_next_ns; /* when to keep unfinished cases again */
};

/* Counts the cases of every family that wants its complexity. */
static void prepare_complexity(struct session *session, const struct benchmark_instances *instances)
{
    session->points_count = (size_t)instances->items[instances->count - 1].family_index + 1;
    session->points = mem_array(session->points_count, sizeof *session->points);
    for (size_t i = 0; i < instances->count; i++)
        if (instances->items[i].family->complexity != BENCHMARK_O_NONE)
            session->points[instances->items[i].family_index].unfinished++;
}

static void release_complexity(struct session *session)
{
    for (size_t i = 0; i < session->points_count; i++)
        benchmark_points_release(&session->points[i]);
    free(session->points);
}

/* BigO and RMS stand behind the aggregates of the family's last case. */
static void add_complexity(struct session *session, struct benchmark_runner *runner)
{
    struct benchmark_points *points = &session->points[runner->instance->family_index];
    if (!points->unfinished)
        return;
    benchmark_complexity_add(points, runner->instance, runner->runs.items, runner->runs.count);
    if (--points->unfinished == 0)
        benchmark_complexity_compute(&runner->aggregates, points);
}

static void report_finished(struct session *session, struct benchmark_runner *runner)
{
    struct output *output = session->output;
    benchmark_runner_finish(runner);
    add_complexity(session, runner);
    for (size_t r = 0; r < runner->runs.count; r++)
        session->registry->had_error |= runner->runs.items[r].skipped == BENCHMARK_SKIPPED_WITH_ERROR;
    if (runner->runs.count) {
        report_runs(output->display, runner, runner->display_aggregates_only);
        report_runs(output->file, runner, runner->file_aggregates_only);
    }
    benchmark_runner_release(runner);
}

static void keep(struct benchmark_reporter *reporter, const struct benchmark_runner *runner, bool aggregates_only)
{
    if (reporter && reporter->ops == &benchmark_json_ops && !aggregates_only)
        benchmark_json_keep(reporter, runner->runs.items, runner->runs.count);
}

/* Ten times a second at most, and for no more than a hundredth of the time: the repetitions so far are safe if the next
 * one kills the program. */
static void keep_repetitions(void *context, const struct benchmark_runner *runner)
{
    struct session *session = context;
    int64_t start_ns = runner->now_ns;
    if (runner->done == runner->repetitions || start_ns < session->keep_next_ns)
        return;
    keep(session->output->display, runner, runner->display_aggregates_only);
    keep(session->output->file, runner, runner->file_aggregates_only);
    int64_t took_ns = clock_wall_ns() - start_ns;
    session->keep_next_ns = start_ns + (took_ns > 1000000 ? 100 * took_ns : 100000000);
}

static void run_in_order(struct session *session, const struct benchmark_instances *instances)
{
    for (size_t i = 0; i < instances->count; i++) {
        struct benchmark_runner runner;
        benchmark_runner_start(&runner, &instances->items[i], session->registry, session->values_ns);
        runner.on_repetition = keep_repetitions;
        runner.context = session;
        benchmark_runner_repeat(&runner, runner.repetitions);
        report_finished(session, &runner);
    }
}

/* Repetitions of all cases in random order, so that a slow drift of the machine hits all alike. A case is reported
 * when its last repetition is done. */
static void run_interleaved(struct session *session, const struct benchmark_instances *instances, uint64_t seed)
{
    struct benchmark_runner *runners = mem_array(instances->count, sizeof *runners);
    size_t *slots = NULL, slot_count = 0, capacity = 0;
    struct rng rng;
    for (size_t i = 0; i < instances->count; i++) {
        benchmark_runner_start(&runners[i], &instances->items[i], session->registry, session->values_ns);
        for (int r = 0; r < runners[i].repetitions; r++) {
            MEM_GROW(slots, slot_count, capacity);
            slots[slot_count++] = i;
        }
    }
    rng_seed(&rng, seed);
    rng_shuffle(&rng, slots, slot_count);
    for (size_t s = 0; s < slot_count; s++) {
        struct benchmark_runner *runner = &runners[slots[s]];
        if (runner->done == runner->repetitions)
            continue; /* a failed setup_case ended it early */
        benchmark_runner_repeat(runner, 1);
        if (runner->done == runner->repetitions)
            report_finished(session, runner);
    }
    free(slots);
    free(runners);
}

/* The seed of the interleaving, which goes into the context so that an order can be had again. */
static uint64_t choose_seed(struct benchmark_registry *registry)
{
    char text[32];
    uint64_t seed;
    if (!str_parse_u64(registry->flags.seed, &seed))
        seed = (uint64_t)clock_utc_ns();
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    benchmark_registry_set_context(registry, "prony_interleaving_seed", text); /* of this run, not of one before */
    return seed;
}

/* Once per process; the context says what the clocks cost. */
static void calibrate(struct benchmark_registry *registry)
{
    struct benchmark_calibration *calibration = &registry->calibration;
    char text[32];
    if (!calibration->is_done)
        benchmark_calibration_measure(calibration);
    snprintf(text, sizeof text, "%.0f", calibration->real_ns);
    benchmark_registry_add_context(registry, "prony_clock_real_ns", text);
    snprintf(text, sizeof text, "%.0f", calibration->cpu_ns);
    benchmark_registry_add_context(registry, "prony_clock_cpu_ns", text);
}

static void run_instances(const struct benchmark_instances *instances, struct benchmark_registry *registry,
                          struct output *output)
{
    struct benchmark_context context;
    struct session session = { .registry = registry, .output = output };
    bool interleave = registry->flags.random_interleaving;
    uint64_t seed = interleave ? choose_seed(registry) : 0;
    calibrate(registry);
    benchmark_context_collect(&context, registry);
    context.name_width = name_width(instances, &registry->flags);
    context.measures_memory = registry->memory_manager != NULL;
    benchmark_ending_begin();
    if (report_context(output->display, &context) && report_context(output->file, &context)) {
        registry->perf = benchmark_perf_create(registry->perf_backend ? registry->perf_backend : probe_counters_perf(),
                                               registry->flags.perf_counters, instances);
        registry->metrics =
            benchmark_metrics_create(registry->perf_backend ? registry->perf_backend : probe_counters_system(),
                                     registry->flags.counters, registry->flags.counters_rdpmc);
        session.values_ns = mem_array(BENCHMARK_VALUE_LIMIT, sizeof *session.values_ns);
        prepare_complexity(&session, instances);
        if (interleave)
            run_interleaved(&session, instances, seed);
        else
            run_in_order(&session, instances);
        release_complexity(&session);
        free(session.values_ns);
        benchmark_perf_release(registry->perf);
        registry->perf = NULL;
        benchmark_metrics_release(registry->metrics);
        registry->metrics = NULL;
    }
    finalize(output->display);
    finalize(output->file);
    point_at_counts(output, &registry->flags);
    benchmark_ending_finish();
}

static void run_or_list(struct benchmark_registry *registry, struct benchmark_instances *instances,
                        struct output *output, const char *filter)
{
    FILE *talk = output->display->talk;
    struct error error;
    if (benchmark_instances_select(instances, registry, filter, &error))
        fprintf(talk, "%s\n", error.text);
    else if (!instances->count)
        fprintf(talk, "Failed to match any benchmarks against regex: %s\n",
                filter[0] && strcmp(filter, "all") != 0 ? filter : ".");
    registry->nothing_matched = instances->count == 0;
    if (instances->count && registry->flags.list_tests)
        list_instances(instances, output->display);
    else if (instances->count)
        run_instances(instances, registry, output);
}

size_t benchmark_run_specified_with(struct benchmark_reporter *display, struct benchmark_reporter *file,
                                    const char *filter)
{
    struct benchmark_registry *registry = benchmark_registry_get();
    struct benchmark_instances instances = { 0 };
    struct output output;
    if (benchmark_team_is_busy(registry->team)) {
        fputs("benchmark_run_specified: ignored, because a case on several threads is running\n", stderr);
        return 0;
    }
    benchmark_registry_begin_run(registry);
    /* Decimal points whatever the program's locale. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = uselocale(plain);
    registry->callers_locale = before;

    benchmark_flags_set_defaults(registry);
    benchmark_memory_prepare(registry);
    benchmark_record_prepare(&registry->flags);
    benchmark_callgrind_prepare(registry);
    if (registry->flags.dry_run)
        benchmark_registry_add_context(registry, "dry_run", "true");
    if (registry->flags.cpus[0])
        benchmark_registry_add_context(registry, "prony_cpus", registry->flags.cpus);
    open_output(&output, display, file);
    run_or_list(registry, &instances, &output, filter ? filter : registry->flags.filter);
    size_t count = instances.count;
    close_output(&output);
    benchmark_instances_release(&instances);
    uselocale(before);
    if (plain)
        freelocale(plain);
    benchmark_registry_end_run(registry);
    return count;
}

size_t benchmark_run_specified(void)
{
    return benchmark_run_specified_with(NULL, NULL, NULL);
}

void benchmark_shutdown(void)
{
    benchmark_registry_release(benchmark_registry_get());
}

int benchmark_main(int argc, char **argv)
{
    char name[] = "benchmark", *no_arguments[] = { name, NULL };
    if (!argv || argc < 1) { /* as some systems without processes start programs */
        argc = 1;
        argv = no_arguments;
    }
    benchmark_maybe_reenter_without_aslr(argc, argv);
    benchmark_initialize(&argc, argv);
    if (benchmark_report_unrecognized_arguments(argc, argv))
        return 1;
    benchmark_run_specified();
    int status = benchmark_exit_status();
    benchmark_shutdown();
    return status;
}
