/* cmd_info.c: prony-engine info: what is in a model file, and how this machine would run it. */
#include "engines/native/native.h"
#include "engines/native/tool/model_arguments.h"
#include "harness/base/str.h"
#include <stdio.h>

static void print_model(struct opened_model *model, struct engine *engine)
{
    struct engine_info *info = &model->info;
    struct error error;
    const struct tokenizer *tokenizer = native_tokenizer(engine, &error);
    native_ops.describe(engine, info, NULL); /* again: the tokenizer's memory counts */
    char size[32];
    printf("name          %s\n", info->model_name);
    printf("architecture  %s (GGUF version %u)\n", info->architecture, engine->model.gguf.version);
    printf("format        %s\n", info->format);
    printf("parameters    %.1f million\n", (double)info->parameters * 1e-6);
    printf("weights       %s mapped", str_bytes(size, sizeof size, (double)info->weight_bytes));
    printf(", %s private\n", str_bytes(size, sizeof size, (double)info->private_bytes));
    printf("layers        %zu\n", info->layers);
    printf("width         %zu, feed-forward %zu\n", info->width, info->ff_width);
    printf("attention     %zu heads of %zu, %zu for keys and values\n", info->heads, info->head_size, info->kv_heads);
    printf("context       %zu\n", info->context_limit);
    printf("vocabulary    %zu\n", info->vocab_size);
    if (tokenizer)
        printf("tokenizer     %s\n", tokenizer_kind(tokenizer));
    else
        printf("tokenizer     none: %s\n", error.text);
    printf("loaded in     %.2f ms\n", model->load_s * 1e3);
}

int cmd_info(int argc, char **argv)
{
    struct model_arguments arguments = { .threads = 1 };
    const struct option_row rows[] = {
        { "--kernels", OPTION_TEXT, &arguments.kernels, "LIST", "kernels to use: scalar, avx2, avx512, a name, ..." },
        { .name = NULL },
    };
    struct command_line line = {
        .usage = "info MODEL",
        .summary = "Prints what a GGUF model is, its tensors' formats and the kernels that would run it.",
        .rows = rows,
        .operands = &arguments.model,
        .operand_max = 1,
    };
    int exit_code;
    struct opened_model model;
    if (!command_parse(&line, argc, argv, &exit_code))
        return exit_code;
    if (!line.operand_count)
        return command_misused(&line, "MODEL is missing");
    if (!model_arguments_open(&model, &arguments, &line, &exit_code))
        return exit_code;
    print_model(&model, model.engine);
    printf("\nmatrices by format:\n");
    for (int i = 0; i < FORMAT_COUNT; i++) {
        char size[32];
        uint64_t bytes = model.engine->model.bytes_by_format[i];
        if (bytes)
            printf("  %-18s %s\n", format_table[i].name, str_bytes(size, sizeof size, (double)bytes));
    }
    printf("\nkernels:\n");
    for (size_t i = 0; i < model.info.choice_count; i++)
        printf("  %-18s %s\n", model.info.choices[i].operation, model.info.choices[i].variant);
    native_ops.close(model.engine);
    return COMMAND_OK;
}
