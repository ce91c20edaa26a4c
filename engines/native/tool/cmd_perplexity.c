/* cmd_perplexity.c: prony-engine perplexity: how well a model predicts a text.
 *
 * The text is cut into windows of the context; each window starts afresh, and every token but the window's first is
 * scored: perplexity = exp(mean of -log p(token | window so far)). */
#include "engines/native/native.h"
#include "engines/native/tool/model_arguments.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct score {
    double negative_log_sum;
    size_t count;
};

/* -log softmax(logits)[token]; scratch[vocab] */
static double negative_log(const struct engine *engine, const float *logits, float *scratch, uint32_t token)
{
    size_t vocab = engine->model.hyper.vocab;
    float max = -INFINITY;
    for (size_t i = 0; i < vocab; i++)
        max = logits[i] > max ? logits[i] : max;
    double sum = engine->kernels.rows[OP_SOFTMAX][FORMAT_F32]->function.softmax(scratch, logits, 1, vocab);
    return log(sum) + (double)max - (double)logits[token];
}

static int score_window(struct session *session, const struct engine *engine, const uint32_t *tokens, size_t count,
                        float *scratch, struct score *score, struct error *error)
{
    int code = native_ops.rewind(session, 0, error);
    if (!code)
        code = native_ops.prefill(session, tokens, count, error);
    if (code)
        return code;
    const float *logits = native_ops.logits(session, NULL);
    for (size_t i = 0; i + 1 < count; i++)
        score->negative_log_sum += negative_log(engine, logits + i * engine->model.hyper.vocab, scratch, tokens[i + 1]);
    score->count += count - 1;
    return 0;
}

static int run(struct opened_model *model, const uint32_t *tokens, size_t count, struct score *score,
               struct error *error)
{
    struct session_options *options = &model->session_options;
    struct session *session;
    const bool terminal = isatty(STDERR_FILENO);
    if (count < 2)
        return error_set(error, ERROR_USAGE, "the text has %zu tokens; at least 2 are needed", count);
    if (!options->context)
        options->context = model->info.context_limit < 512 ? model->info.context_limit : 512;
    if (options->context < 2)
        return error_set(error, ERROR_USAGE, "a context of 1 position predicts nothing");
    options->all_logits = true;
    float *scratch = mem_array(model->info.vocab_size + 16, sizeof *scratch);
    int code = native_ops.session_open(&session, model->engine, options, error);
    for (size_t i = 0; !code && i + 1 < count; i += options->context) {
        size_t window = count - i < options->context ? count - i : options->context;
        code = score_window(session, model->engine, tokens + i, window, scratch, score, error);
        if (terminal)
            fprintf(stderr, "\r%zu of %zu tokens, perplexity %.4f ", i + window, count,
                    exp(score->negative_log_sum / (double)score->count));
    }
    if (terminal)
        fprintf(stderr, "\n");
    native_ops.session_close(session);
    free(scratch);
    return code;
}

int cmd_perplexity(int argc, char **argv)
{
    struct model_arguments arguments = { 0 };
    const char *path = NULL;
    const struct option_row rows[] = {
        MODEL_ARGUMENT_ROWS(arguments),
        { "-f", OPTION_TEXT, &path, "FILE", "the text" },
        { .name = NULL },
    };
    struct command_line line = {
        .usage = "perplexity -m MODEL -f TEXTFILE [options]",
        .summary =
            "Measures how well a model predicts a text, in windows of --ctx tokens (512, or the model's context if less).",
        .rows = rows,
    };
    int exit_code;
    struct opened_model model;
    struct error error;
    if (!command_parse(&line, argc, argv, &exit_code))
        return exit_code;
    if (!path)
        return command_misused(&line, "-f TEXTFILE is missing");
    if (!model_arguments_open(&model, &arguments, &line, &exit_code))
        return exit_code;
    char *text = NULL;
    uint32_t *tokens = NULL;
    size_t length, count;
    struct score score = { 0 };
    int code = file_read(path, &text, &length, &error);
    if (!code)
        code = native_ops.tokenize(model.engine, text, length, TOKENIZE_ADD_SPECIAL, &tokens, &count, &error);
    if (!code)
        code = run(&model, tokens, count, &score, &error);
    if (!code)
        printf("perplexity %.4f over %zu tokens\n", exp(score.negative_log_sum / (double)score.count), score.count);
    free(tokens);
    free(text);
    native_ops.close(model.engine);
    return code ? command_failed(&error) : COMMAND_OK;
}
