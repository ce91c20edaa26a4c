/* cmd_trace.c: `prony trace SUITE`: one traced run of a suite: the operations of an iteration, thread by thread, as a
 * file for trace viewers, and in short on the terminal. Nothing is stored: it is for looking. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/run/child.h"
#include "harness/run/interrupt.h"
#include "harness/run/plan.h"
#include "harness/run/protocol.h"
#include "reports/account.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_LIMIT = 64 << 20 };

struct arguments {
    const char *filter, *output;
    struct option_list models, rest;
};

static int parse(struct arguments *arguments, int argc, char **argv, struct error *error)
{
    const struct option options[] = { { "filter", 'f', OPTION_REGEX, &arguments->filter },
                                      { "output", 'o', OPTION_TEXT, &arguments->output },
                                      { "model", 'm', OPTION_LIST, &arguments->models } };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &arguments->rest, error);
    if (code == 0 && arguments->rest.count == 0)
        code = error_set(error, ERROR_USAGE, "which suite? (generate and layers can be traced)");
    return code;
}

/* ---- running the suite ---- */

static const char *const *command_line(const struct arguments *arguments, const char *program, struct arena *arena)
{
    const size_t most = arguments->rest.count + arguments->models.count + 5;
    const char **words = arena_array(arena, most, sizeof *words);
    size_t count = 0;
    words[count++] = program;
    words[count++] = "--benchmark_format=json";
    if (arguments->filter)
        words[count++] = arena_format(arena, "--benchmark_filter=%s", arguments->filter);
    for (size_t i = 0; i < arguments->models.count; i++)
        words[count++] = arena_format(arena, "--model=%s", arguments->models.items[i]);
    for (size_t i = 1; i < arguments->rest.count; i++)
        words[count++] = arguments->rest.items[i];
    words[count] = NULL;
    return words;
}

static int judge(const struct child_request *request, const struct child_result *result, const char *suite,
                 struct error *error)
{
    char how[256];
    if (result->end == CHILD_INTERRUPTED)
        return error_set(error, ERROR_STATE, "interrupted");
    if (result->end == CHILD_EXITED && result->status == 0)
        return 0;
    return error_set(error, ERROR_STATE, "%s %s: %s", suite, child_describe(result, request, how, sizeof how),
                     str_text(&result->errors));
}

static int run_suite(const struct arguments *arguments, const char *program, const char *trace_path,
                     struct arena *arena, struct protocol_output *output, struct error *error)
{
    const char *suite = arguments->rest.items[0];
    const char *const environment[] = { "PRONY_SPANS=1", arena_format(arena, "PRONY_TRACE=%s", trace_path), NULL };
    struct interrupt interrupt;
    struct child_result result;
    int code = interrupt_begin(&interrupt, error);
    if (code != 0)
        return code;
    const struct child_request request = { .arguments = command_line(arguments, program, arena),
                                           .environment = environment,
                                           .output_limit_bytes = OUTPUT_LIMIT,
                                           .interrupt_fd = interrupt.fd };
    code = child_run(&request, &result, error);
    if (code == 0)
        code = judge(&request, &result, suite, error);
    if (code == 0 && result.output.length == 0)
        code = error_set(error, ERROR_STATE, "%s: %s%s; its cases: %s --benchmark_list_tests", suite,
                         arguments->filter ? "no case matches " : "it has no cases",
                         arguments->filter ? arguments->filter : "", program);
    if (code == 0)
        code = protocol_parse(str_text(&result.output), result.output.length, arena, output, error);
    if (code == 0)
        fputs(str_text(&result.errors), stderr);
    child_release(&result);
    interrupt_end(&interrupt);
    return code;
}

/* ---- telling ---- */

/* A sample that was never stored, as a case of a run. */
static void make_case(struct store_case *item, const char *suite, const struct store_sample *sample,
                      struct arena *arena)
{
    struct store_series *metrics = arena_array(arena, sample->metric_count, sizeof *metrics);
    for (size_t i = 0; i < sample->metric_count; i++)
        metrics[i] = (struct store_series){ .name = sample->metrics[i].name,
                                            .unit = sample->metrics[i].unit,
                                            .pass = STORE_PASS_SPANS,
                                            .values = arena_alloc(arena, sizeof(double)),
                                            .count = 1 };
    for (size_t i = 0; i < sample->metric_count; i++)
        metrics[i].values[0] = sample->metrics[i].value;
    *item = (struct store_case){ .suite = suite,
                                 .name = sample->name,
                                 .metrics = metrics,
                                 .metric_count = sample->metric_count,
                                 .spans = sample->spans,
                                 .span_count = sample->span_count,
                                 .span_iteration_ns = sample->real_time_ns };
}

/* Returns how many cases had spans. */
static size_t print_accounts(const char *suite, const struct protocol_output *output, struct arena *arena)
{
    struct store_case *cases = arena_array(arena, output->sample_count, sizeof *cases);
    size_t told = 0;
    for (size_t i = 0; i < output->sample_count; i++)
        make_case(&cases[i], suite, &output->samples[i], arena);
    for (size_t i = 0; i < output->sample_count; i++) {
        struct account account;
        struct str text = { 0 };
        if (!account_build(&account, &cases[i], cases, output->sample_count, arena))
            continue;
        account_write_text(&account, &text);
        fputs(str_text(&text), stdout);
        str_release(&text);
        told++;
    }
    return told;
}

static int keep_file(const char *from, const char *to, struct error *error)
{
    struct stat status;
    char size[32];
    if (rename(from, to) != 0 || stat(to, &status) != 0)
        return error_system(error, errno, "%s", to);
    printf("\n%s (%s): open it in https://ui.perfetto.dev or in Chrome at chrome://tracing\n", to,
           str_bytes(size, sizeof size, (double)status.st_size));
    return 0;
}

static int trace(const struct arguments *arguments, const char *program, struct arena *arena, struct error *error)
{
    const char *suite = arguments->rest.items[0], *path = arguments->output ? arguments->output : "trace.json";
    const char *part = arena_format(arena, "%s.part", path);
    struct protocol_output output;
    unlink(part);
    int code = run_suite(arguments, program, part, arena, &output, error);
    if (code == 0 && print_accounts(suite, &output, arena) == 0)
        code =
            error_set(error, ERROR_UNSUPPORTED, "%s: none of its %zu cases traces operations (generate and layers do)",
                      suite, output.sample_count);
    if (code == 0)
        code = keep_file(part, path, error);
    if (code != 0)
        unlink(part);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    struct arguments arguments = { 0 };
    struct arena arena = { 0 };
    struct error error;
    char *program = NULL;
    (void)app;
    int code = parse(&arguments, argc, argv, &error);
    if (code == 0) {
        const struct plan plan = { .directory = "." };
        const struct plan_suite suite = { .program = arguments.rest.items[0] };
        code = plan_find_program(&plan, &suite, &program, &error);
    }
    if (code == 0)
        code = trace(&arguments, program, &arena, &error);
    free(program);
    arena_release(&arena);
    free(arguments.models.items);
    free(arguments.rest.items);
    return code == 0 ? EXIT_OK : command_fail(&cmd_trace, &error);
}

const struct command cmd_trace = {
    .name = "trace",
    .synopsis = "prony trace SUITE [--filter RE] [--model FILE]... [-o FILE] [-- ARGUMENT...]",
    .summary = "Show the operations of an iteration on a time line",
    .help = "  SUITE             generate or layers, or the path of a suite that knows PRONY_TRACE\n"
            "  -f, --filter RE   only cases that match this POSIX extended regular expression\n"
            "  -m, --model FILE  a model; repeatable (default: $PRONY_MODELS)\n"
            "  -o, --output FILE the trace (default: trace.json)\n"
            "  ARGUMENT...       more arguments for the suite\n"
            "\n"
            "Prints where an iteration's time goes, and writes the last iteration of each case, span by span and\n"
            "thread by thread, as a file for https://ui.perfetto.dev or chrome://tracing. Nothing is stored;\n"
            "prony run --spans does that.\n"
            "\n"
            "examples:\n"
            "  prony trace generate --filter ^decode/ --model model.gguf -o decode.json\n"
            "  prony trace generate --filter ^prefill/ --model model.gguf -- --threads=4\n"
            "\n"
            "exit status: 0, or 2 if the suite failed or traces nothing\n",
    .run = run,
};
