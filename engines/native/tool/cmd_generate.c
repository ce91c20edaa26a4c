/* cmd_generate.c: prony-engine generate: continues a text. The text goes to stdout as it comes, the rates to stderr. */
#include "engines/native/native.h"
#include "engines/native/tool/model_arguments.h"
#include "engines/sampler.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct generate_arguments {
    struct model_arguments model;
    const char *text, *file, *ids;
    int64_t count;
    double temperature, top_p, min_p, repeat_penalty;
    int64_t top_k;
    uint64_t seed;
    bool ignore_end;
};

/* What was measured, in nanoseconds since the prompt was handed over. */
struct timing {
    int64_t start_ns, prefill_ns, first_token_ns, end_ns;
    size_t prompt, generated;
};

struct output {
    struct engine *engine;
    struct utf8_stream stream;
    char *buffer;
    size_t capacity;
};

static int print_token(struct output *output, uint32_t token, struct error *error)
{
    const char *bytes;
    size_t length;
    int code = native_ops.token_bytes(output->engine, token, &bytes, &length, error);
    if (code)
        return code;
    if (output->capacity < 3 * length + 8) {
        output->capacity = 3 * length + 8;
        output->buffer = mem_resize(output->buffer, output->capacity, 1);
    }
    fwrite(output->buffer, 1, utf8_stream_push(&output->stream, bytes, length, output->buffer), stdout);
    if (fflush(stdout))
        return error_set(error, ERROR_IO, "cannot write the text to stdout");
    return 0;
}

/* Without a tokenizer the ids themselves are the output. */
static int emit(struct output *output, uint32_t token, struct error *error)
{
    if (native_tokenizer(output->engine, NULL))
        return print_token(output, token, error);
    printf("%u ", token);
    fflush(stdout);
    return 0;
}

static int generate(struct session *session, struct sampler *sampler, struct output *output,
                    const struct generate_arguments *arguments, const uint32_t *tokens, struct timing *timing,
                    struct error *error)
{
    native_tokenizer(output->engine, NULL); /* with --ids nobody has built it yet, and it is no part of the rates */
    timing->start_ns = clock_wall_ns();
    int code = native_ops.prefill(session, tokens, timing->prompt, error);
    timing->prefill_ns = clock_wall_ns() - timing->start_ns;
    for (size_t i = 0; !code && i < timing->prompt; i++)
        sampler_accept(sampler, tokens[i]);
    while (!code && timing->generated < (size_t)arguments->count) {
        uint32_t token;
        code = sampler_draw(sampler, native_ops.logits(session, NULL), &token, error);
        if (code || (!arguments->ignore_end && native_ops.token_ends(output->engine, token)))
            break;
        sampler_accept(sampler, token);
        code = emit(output, token, error);
        if (!timing->generated++)
            timing->first_token_ns = clock_wall_ns() - timing->start_ns;
        if (!code && timing->generated < (size_t)arguments->count)
            code = native_ops.decode(session, token, error);
    }
    timing->end_ns = clock_wall_ns() - timing->start_ns;
    char rest[8];
    fwrite(rest, 1, utf8_stream_finish(&output->stream, rest), stdout);
    if (timing->generated)
        printf("\n");
    fflush(stdout);
    return code;
}

static void print_timing(const struct opened_model *model, const struct timing *timing)
{
    fprintf(stderr, "load %.1f ms, %d threads\n", model->load_s * 1e3, model->info.threads);
    fprintf(stderr, "prefill %zu tokens in %.1f ms, %.1f tokens/s\n", timing->prompt, (double)timing->prefill_ns * 1e-6,
            (double)timing->prompt / ((double)timing->prefill_ns * 1e-9));
    if (!timing->generated)
        return;
    fprintf(stderr, "first token after %.1f ms\n", (double)timing->first_token_ns * 1e-6);
    double decode_s = (double)(timing->end_ns - timing->first_token_ns) * 1e-9;
    if (timing->generated > 1)
        fprintf(stderr, "decode %zu tokens in %.1f ms, %.1f tokens/s\n", timing->generated - 1, decode_s * 1e3,
                (double)(timing->generated - 1) / decode_s);
}

static int run(struct opened_model *model, const struct generate_arguments *arguments, const uint32_t *tokens,
               size_t count, struct error *error)
{
    struct session *session = NULL;
    struct sampler *sampler = NULL;
    struct output output = { .engine = model->engine };
    struct timing timing = { .prompt = count };
    struct sampler_options sampling = {
        .temperature = (float)arguments->temperature,
        .top_k = (int32_t)arguments->top_k,
        .top_p = (float)arguments->top_p,
        .min_p = (float)arguments->min_p,
        .repetition_penalty = (float)arguments->repeat_penalty,
        .repetition_last = 64,
        .seed = arguments->seed,
    };
    if (!model->session_options.context)
        model->session_options.context = count + (size_t)arguments->count;
    if (model->session_options.context > model->info.context_limit)
        log_warn("%s: a context of %zu is longer than the %zu positions the model was trained for",
                 arguments->model.model, model->session_options.context, model->info.context_limit);
    int code = sampler_create(&sampler, &sampling, model->info.vocab_size, &model->engine->kernels, error);
    if (!code)
        code = native_ops.session_open(&session, model->engine, &model->session_options, error);
    if (!code)
        code = generate(session, sampler, &output, arguments, tokens, &timing, error);
    if (timing.prefill_ns && !code)
        print_timing(model, &timing);
    free(output.buffer);
    sampler_destroy(sampler);
    native_ops.session_close(session);
    return code;
}

static int read_prompt(struct engine *engine, const struct generate_arguments *arguments, uint32_t **tokens,
                       size_t *count, struct error *error)
{
    char *file_text = NULL;
    const char *text = arguments->text;
    size_t length = text ? strlen(text) : 0;
    int code = 0;
    if (arguments->ids)
        return parse_ids(arguments->ids, tokens, count, error);
    if (arguments->file) {
        code = file_read(arguments->file, &file_text, &length, error);
        text = file_text;
    }
    if (!code)
        code = native_ops.tokenize(engine, text, length, TOKENIZE_ADD_SPECIAL | TOKENIZE_PARSE_SPECIAL, tokens, count,
                                   error);
    if (!code && !*count)
        code = error_set(error, ERROR_USAGE, "the prompt is empty, and the model has no token that begins a text");
    free(file_text);
    return code;
}

static int check(const struct generate_arguments *arguments, const struct command_line *line)
{
    if (!arguments->text + !arguments->file + !arguments->ids != 2)
        return command_misused(line, "give one of -p TEXT, -f PROMPTFILE, --ids");
    if (arguments->count < 1 || arguments->count > 1 << 30)
        return command_misused(line, "-n %" PRId64 ": expected 1 to 1073741824", arguments->count);
    if (arguments->top_k < 0 || arguments->top_k > INT32_MAX)
        return command_misused(line, "--top-k %" PRId64 ": expected 0 (off) or more", arguments->top_k);
    return COMMAND_OK;
}

int cmd_generate(int argc, char **argv)
{
    struct generate_arguments arguments = {
        .count = 200, .temperature = 0, .top_k = 40, .top_p = 0.95, .min_p = 0.05, .repeat_penalty = 1
    };
    const struct option_row rows[] = {
        MODEL_ARGUMENT_ROWS(arguments.model),
        { "-p", OPTION_TEXT, &arguments.text, "TEXT", "the prompt" },
        { "-f", OPTION_TEXT, &arguments.file, "PROMPTFILE", "the prompt, from a file" },
        { "--ids", OPTION_TEXT, &arguments.ids, "\"1 2 3\"", "the prompt, as token ids" },
        { "-n", OPTION_I64, &arguments.count, "N", "tokens to generate at most (200)" },
        { "--temp", OPTION_F64, &arguments.temperature, "T", "temperature; 0 = greedy: the same text every time (0)" },
        { "--top-k", OPTION_I64, &arguments.top_k, "K", "only the K likeliest, 0 = off (40)" },
        { "--top-p", OPTION_F64, &arguments.top_p, "P", "only the likeliest that hold P of the mass, 1 = off (0.95)" },
        { "--min-p", OPTION_F64, &arguments.min_p, "P", "only those at least P times the likeliest, 0 = off (0.05)" },
        { "--repeat-penalty", OPTION_F64, &arguments.repeat_penalty, "R", "on the last 64 tokens, 1 = off (1)" },
        { "--seed", OPTION_U64, &arguments.seed, "N", "of the draws (0)" },
        { "--ignore-eos", OPTION_FLAG, &arguments.ignore_end, NULL, "go on after the end token" },
        { .name = NULL },
    };
    struct command_line line = {
        .usage = "generate -m MODEL -p TEXT [-n N] [options]",
        .summary = "Continues a text; the text goes to stdout, the rates to stderr.",
        .rows = rows,
    };
    int exit_code;
    struct opened_model model;
    if (!command_parse(&line, argc, argv, &exit_code))
        return exit_code;
    exit_code = check(&arguments, &line);
    if (exit_code != COMMAND_OK || !model_arguments_open(&model, &arguments.model, &line, &exit_code))
        return exit_code;
    struct error error;
    uint32_t *tokens = NULL;
    size_t count = 0;
    int code = read_prompt(model.engine, &arguments, &tokens, &count, &error);
    if (!code)
        code = run(&model, &arguments, tokens, count, &error);
    free(tokens);
    native_ops.close(model.engine);
    return code ? command_failed(&error) : COMMAND_OK;
}
