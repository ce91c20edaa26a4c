/* suite.c: starting and finishing a suite program: flags, models, context. See suite.h. */
#include "suites/common/suite.h"
#include "harness/base/cpu.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char help_models[] = "          [--model=<file.gguf>]... (or PRONY_MODELS=<file>:<file>...)\n"
                                  "          [--engine=<name>] (native)\n"
                                  "          [--kernels=<instruction set or kernel>,...]\n"
                                  "          [--check={0|1}] (1: compare with the scalar kernels before timing)\n";
static const char help_spans[] =
    "          [--spans={0|1}] (0; or PRONY_SPANS; 1: where the time goes, as prony_spans)\n"
    "          [--trace=<file.json>] (or PRONY_TRACE; an iteration of each case for trace "
    "viewers)\n";
static const char help_threads[] = "          [--threads=<n>,<n>...] (1 and the number of CPUs)\n";

static const char no_model[] = "no model: give --model=FILE.gguf (repeatable) or set PRONY_MODELS; to make one:\n"
                               "  prony-engine synth --shape qwen2.5-0.5b --format q8_0 -o qwen2.5-0.5b-q8_0.gguf";

char *suite_format(struct suite *suite, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return arena_strdup(&suite->arena, text);
}

static int add_model(struct suite *suite, const char *path, struct error *error)
{
    if (suite->model_count == SUITE_MODELS_MAX)
        return error_set(error, ERROR_USAGE, "more than %d models", SUITE_MODELS_MAX);
    suite->models[suite->model_count++].path = arena_strdup(&suite->arena, path);
    return 0;
}

static int add_models(struct suite *suite, const char *list, struct error *error)
{
    int code = 0;
    while (code == 0 && *list != '\0') {
        size_t length = strcspn(list, ":");
        if (length > 0)
            code = add_model(suite, arena_strndup(&suite->arena, list, length), error);
        list += length + (list[length] == ':');
    }
    return code;
}

static int parse_threads(struct suite *suite, const char *list, struct error *error)
{
    suite->thread_count = 0;
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        int64_t count;
        if (!str_parse_i64(arena_strndup(&suite->arena, list, length), &count) || count < 1 || count > 1024)
            return error_set(error, ERROR_USAGE, "--threads: '%.*s' is not a number of threads", (int)length, list);
        if (suite->thread_count == SUITE_THREADS_MAX)
            return error_set(error, ERROR_USAGE, "--threads: more than %d numbers", SUITE_THREADS_MAX);
        suite->threads[suite->thread_count++] = (int)count;
        list += length + (list[length] == ',');
    }
    return suite->thread_count > 0 ? 0 : error_set(error, ERROR_USAGE, "--threads: the list is empty");
}

static void default_threads(struct suite *suite)
{
    struct cpu_info cpu;
    cpu_detect(&cpu);
    suite->threads[suite->thread_count++] = 1;
    if (cpu.online_count > 1)
        suite->threads[suite->thread_count++] = cpu.online_count;
}

/* "--name=value" -> value, else NULL. */
static const char *flag_value(const char *argument, const char *name)
{
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1 : NULL;
}

/* 1 if the argument was the suite's, 0 if not, -1 with *error set if it is wrong. */
static int parse_flag(struct suite *suite, const char *argument, unsigned wants, struct error *error)
{
    const char *value;
    if ((wants & SUITE_MODELS) && (value = flag_value(argument, "--model")) != NULL)
        return add_model(suite, value, error) == 0 ? 1 : -1;
    if ((wants & SUITE_MODELS) && (value = flag_value(argument, "--kernels")) != NULL) {
        suite->kernels = *value != '\0' ? value : NULL;
        return 1;
    }
    if ((wants & SUITE_MODELS) && (value = flag_value(argument, "--check")) != NULL) {
        if (str_parse_bool(value, &suite->check))
            return 1;
        error_set(error, ERROR_USAGE, "--check: '%s' is neither 0 nor 1", value);
        return -1;
    }
    if ((wants & SUITE_MODELS) && (value = flag_value(argument, "--engine")) != NULL) {
        suite->engine = engine_find(value);
        if (suite->engine != NULL)
            return 1;
        error_set(error, ERROR_USAGE, "--engine: there is no engine '%s'", value);
        return -1;
    }
    if ((wants & SUITE_SPANS) && (value = flag_value(argument, "--trace")) != NULL) {
        suite->trace_path = *value != '\0' ? value : NULL;
        return 1;
    }
    if ((wants & SUITE_SPANS) && (value = flag_value(argument, "--spans")) != NULL) {
        if (str_parse_bool(value, &suite->spans))
            return 1;
        error_set(error, ERROR_USAGE, "--spans: '%s' is neither 0 nor 1", value);
        return -1;
    }
    if ((wants & SUITE_THREADS) && (value = flag_value(argument, "--threads")) != NULL)
        return parse_threads(suite, value, error) == 0 ? 1 : -1;
    return 0;
}

/* What flags may overrule. */
static void read_environment(struct suite *suite, unsigned wants)
{
    const char *spans = getenv("PRONY_SPANS"), *trace = getenv("PRONY_TRACE");
    if (!(wants & SUITE_SPANS))
        return;
    if (spans != NULL && !str_parse_bool(spans, &suite->spans))
        log_warn("PRONY_SPANS: '%s' is neither 0 nor 1", spans);
    suite->trace_path = trace != NULL && *trace != '\0' ? trace : NULL;
}

static int parse_flags(struct suite *suite, int *argc, char **argv, unsigned wants, struct error *error)
{
    int kept = 1;
    read_environment(suite, wants);
    for (int i = 1; i < *argc; i++) {
        int taken = parse_flag(suite, argv[i], wants, error);
        if (taken < 0)
            return error->code;
        if (taken == 0)
            argv[kept++] = argv[i];
    }
    *argc = kept;
    if (benchmark_report_unrecognized_arguments(*argc, argv))
        return error_set(error, ERROR_USAGE, "--help lists the flags");
    if (suite->thread_count == 0)
        default_threads(suite);
    suite->spans = suite->spans || suite->trace_path != NULL;
    const char *models = getenv("PRONY_MODELS");
    if ((wants & SUITE_MODELS) && suite->model_count == 0 && models != NULL)
        return add_models(suite, models, error);
    return 0;
}

/* Whether the end of a name tells the format: "q8_0", "Q4_K_M", or "q4_K" for q4_K_S. */
static bool names_format(const char *end, const char *format)
{
    return strlen(end) >= strlen("f16") && strncasecmp(end, format, strlen(end)) == 0;
}

/* The stem of path; a final "-q8_0", ".Q8_0" or "_q8_0" that names the format goes too. */
static const char *model_name(struct suite *suite, const char *path, const char *format)
{
    const char *slash = strrchr(path, '/');
    char *name = arena_strdup(&suite->arena, slash != NULL ? slash + 1 : path);
    if (str_ends(name, ".gguf"))
        name[strlen(name) - strlen(".gguf")] = '\0';
    for (char *separator = name + 1; *name != '\0' && *separator != '\0'; separator++) {
        if (strchr("-._", *separator) != NULL && names_format(separator + 1, format)) {
            *separator = '\0';
            break;
        }
    }
    return name;
}

static void add_variants(struct str *variants, const struct engine_info *info)
{
    for (size_t i = 0; i < info->choice_count; i++) {
        if (strstr(str_text(variants), info->choices[i].variant) != NULL)
            continue;
        if (variants->length > 0)
            str_append_char(variants, ' ');
        str_append(variants, info->choices[i].variant);
    }
}

static int describe_model(struct suite *suite, struct suite_model *model, struct str *variants, struct error *error)
{
    const struct engine_options options = { .model = model->path, .kernels = suite->kernels, .threads = 1 };
    struct engine *engine;
    struct engine_info info;
    int code = suite->engine->open(&engine, &options, error);
    if (code != 0)
        return code;
    code = suite->engine->describe(engine, &info, error);
    if (code == 0) {
        model->format = arena_strdup(&suite->arena, info.format);
        model->name = model_name(suite, model->path, model->format);
        model->vocab_size = info.vocab_size;
        model->layers = info.layers;
        model->width = info.width;
        model->ff_width = info.ff_width;
        model->heads = info.heads;
        model->kv_heads = info.kv_heads;
        model->head_size = info.head_size;
        model->context_limit = info.context_limit;
        model->has_variants = info.choice_count > 0;
        add_variants(variants, &info);
    }
    suite->engine->close(engine);
    return code;
}

static int describe_models(struct suite *suite, struct error *error)
{
    struct str variants = { 0 };
    int code = 0;
    for (size_t i = 0; i < suite->model_count && code == 0; i++)
        code = describe_model(suite, &suite->models[i], &variants, error);
    benchmark_add_custom_context("prony_engine", suite->engine->name);
    if (variants.length > 0)
        benchmark_add_custom_context("prony_kernels", str_text(&variants));
    str_release(&variants);
    return code;
}

static bool is_listing(int argc, char **argv)
{
    static const char flag[] = "--benchmark_list_tests";
    for (int i = 1; i < argc; i++) {
        bool list = true;
        const char *value = flag_value(argv[i], flag);
        if (strcmp(argv[i], flag) == 0 || (value != NULL && (!str_parse_bool(value, &list) || list)))
            return true;
    }
    return false;
}

bool suite_start(struct suite *suite, int *argc, char **argv, unsigned wants, int *exit_code)
{
    benchmark_maybe_reenter_without_aslr(*argc, argv);
    memset(suite, 0, sizeof *suite);
    suite->wants = wants;
    suite->engine = engine_find("native");
    const bool listing = is_listing(*argc, argv);
    char *help = mem_format("%s%s%s", wants & SUITE_MODELS ? help_models : "",
                            wants & SUITE_THREADS ? help_threads : "", wants & SUITE_SPANS ? help_spans : "");
    benchmark_set_help(help);
    free(help);
    benchmark_initialize(argc, argv);
    /* The profiler asks for what the case does, without its checks. */
    suite->check = !benchmark_is_counting_instructions() && !getenv("PRONY_PROFILE");

    struct error error;
    *exit_code = 2;
    int code = parse_flags(suite, argc, argv, wants, &error);
    if (code == 0 && (wants & SUITE_MODELS) && suite->model_count == 0 && !listing)
        code = error_set(&error, ERROR_USAGE, "%s", no_model);
    if (code == 0 && (wants & SUITE_MODELS))
        code = describe_models(suite, &error);
    if (code == 0)
        return true;
    fprintf(stderr, "%s: %s\n", argv[0], error.text);
    arena_release(&suite->arena);
    benchmark_shutdown();
    return false;
}

static int write_trace(struct suite *suite, int code)
{
    struct error error;
    if (suite_trace_write(&suite->trace, suite->trace_path, &error) == 0)
        return code;
    fprintf(stderr, "%s\n", error.text);
    return 2;
}

int suite_finish(struct suite *suite)
{
    /* Without a model there is nothing to list, which is not worth an error message. */
    if (suite->model_count > 0 || !(suite->wants & SUITE_MODELS))
        benchmark_run_specified();
    int code = benchmark_exit_status();
    benchmark_shutdown();
    if (suite->trace_path != NULL && suite->trace.case_count > 0)
        code = write_trace(suite, code);
    suite_trace_release(&suite->trace);
    for (size_t i = 0; i < suite->model_count; i++)
        free(suite->models[i].reference);
    arena_release(&suite->arena);
    return code;
}
