/* cmd_logits.c: prony-engine logits: the logits of every position of a prompt as raw numbers, for comparing engines. */
#include "engines/native/native.h"
#include "engines/native/tool/model_arguments.h"
#include "harness/base/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run(struct opened_model *model, uint32_t *tokens, size_t count, const char *path, struct error *error)
{
    struct session *session = NULL;
    model->session_options.all_logits = true;
    if (!model->session_options.context)
        model->session_options.context = count;
    int code = native_ops.session_open(&session, model->engine, &model->session_options, error);
    if (!code)
        code = native_ops.prefill(session, tokens, count, error);
    if (!code) {
        size_t rows;
        const float *logits = native_ops.logits(session, &rows);
        code = file_write(path, logits, rows * model->info.vocab_size * sizeof *logits, error);
        if (!code)
            fprintf(stderr, "%s: %zu rows of %zu f32\n", path, rows, model->info.vocab_size);
    }
    native_ops.session_close(session);
    return code;
}

int cmd_logits(int argc, char **argv)
{
    struct model_arguments arguments = { 0 };
    const char *ids = NULL, *text = NULL, *path = NULL;
    const struct option_row rows[] = {
        MODEL_ARGUMENT_ROWS(arguments),
        { "-p", OPTION_TEXT, &text, "TEXT", "the prompt" },
        { "--ids", OPTION_TEXT, &ids, "\"1 2 3\"", "the prompt as token ids" },
        { "-o", OPTION_TEXT, &path, "FILE", "written: little-endian f32, one row of the vocabulary a position" },
        { .name = NULL },
    };
    struct command_line line = {
        .usage = "logits -m MODEL (--ids \"1 2 3\" | -p TEXT) -o FILE [options]",
        .summary = "Writes the logits of every position of a prompt.",
        .rows = rows,
    };
    int exit_code;
    struct opened_model model;
    if (!command_parse(&line, argc, argv, &exit_code))
        return exit_code;
    if (!ids == !text)
        return command_misused(&line, "give either -p TEXT or --ids");
    if (!path)
        return command_misused(&line, "-o FILE is missing");
    if (!model_arguments_open(&model, &arguments, &line, &exit_code))
        return exit_code;
    struct error error;
    uint32_t *tokens = NULL;
    size_t count;
    int code = ids ? parse_ids(ids, &tokens, &count, &error)
                   : native_ops.tokenize(model.engine, text, strlen(text),
                                         TOKENIZE_ADD_SPECIAL | TOKENIZE_PARSE_SPECIAL, &tokens, &count, &error);
    if (!code)
        code = run(&model, tokens, count, path, &error);
    free(tokens);
    native_ops.close(model.engine);
    return code ? command_failed(&error) : COMMAND_OK;
}
