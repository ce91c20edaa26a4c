/* model_arguments.c: see model_arguments.h. */
#include "engines/native/tool/model_arguments.h"

#include "engines/native/native.h"
#include "harness/base/clock.h"
#include "harness/base/cpu.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool check(const struct model_arguments *arguments, struct session_options *options,
                  const struct command_line *line, int *exit_code)
{
    *options = (struct session_options){ .kv_format = FORMAT_F16 };
    if (!arguments->model)
        *exit_code = command_misused(line, "-m MODEL is missing");
    else if (arguments->threads < 0 || arguments->threads > 1024)
        *exit_code = command_misused(line, "-t %" PRId64 ": expected 0 (as many as CPUs) to 1024", arguments->threads);
    else if (arguments->context < 0 || arguments->context > 1 << 30)
        *exit_code = command_misused(line, "--ctx %" PRId64 " is out of range", arguments->context);
    else if (arguments->kv && !str_equal(arguments->kv, "f16") && !str_equal(arguments->kv, "f32"))
        *exit_code = command_misused(line, "--kv %s: expected f16 or f32", arguments->kv);
    else
        *exit_code = COMMAND_OK;
    if (str_equal(arguments->kv, "f32"))
        options->kv_format = FORMAT_F32;
    options->context = (size_t)arguments->context;
    return *exit_code == COMMAND_OK;
}

bool model_arguments_open(struct opened_model *model, const struct model_arguments *arguments,
                          const struct command_line *line, int *exit_code)
{
    *model = (struct opened_model){ 0 };
    if (!check(arguments, &model->session_options, line, exit_code))
        return false;
    struct cpu_info cpu;
    cpu_detect(&cpu);
    int cpus = cpu.online_count > 0 ? cpu.online_count : 1;
    struct engine_options options = {
        .model = arguments->model,
        .kernels = arguments->kernels,
        .threads = arguments->threads ? (int)arguments->threads : cpus,
    };
    struct error error;
    int64_t start_ns = clock_wall_ns();
    int code = native_ops.open(&model->engine, &options, &error);
    if (!code)
        code = native_ops.describe(model->engine, &model->info, &error);
    model->load_s = (double)(clock_wall_ns() - start_ns) * 1e-9;
    if (!code)
        return true;
    native_ops.close(model->engine);
    *exit_code = command_failed(&error);
    return false;
}

int parse_ids(const char *text, uint32_t **tokens, size_t *count, struct error *error)
{
    char *copy = mem_strdup(text), *rest = copy;
    size_t capacity = 0;
    int code = 0;
    *tokens = NULL;
    *count = 0;
    for (char *word; !code && (word = strsep(&rest, " ,\t\n"));) {
        uint64_t id;
        if (!*word)
            continue;
        if (!str_parse_u64(word, &id) || id > UINT32_MAX) {
            code = error_set(error, ERROR_USAGE, "'%s' is not a token id", word);
            break;
        }
        MEM_GROW(*tokens, *count, capacity);
        (*tokens)[(*count)++] = (uint32_t)id;
    }
    free(copy);
    if (!code && !*count)
        code = error_set(error, ERROR_USAGE, "no token ids given");
    if (code) {
        free(*tokens);
        *tokens = NULL;
    }
    return code;
}
