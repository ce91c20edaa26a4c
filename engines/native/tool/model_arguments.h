/* model_arguments.h: the arguments that all commands share that run a model. */
#ifndef PRONY_TOOL_MODEL_ARGUMENTS_H
#define PRONY_TOOL_MODEL_ARGUMENTS_H

#include "engines/engine.h"
#include "engines/native/tool/command.h"

struct model_arguments {
    const char *model, *kernels, *kv;
    int64_t threads; /* 0 = as many as CPUs */
    int64_t context; /* 0 = as the command needs */
};

/* Rows for a command's option table. */
#define MODEL_ARGUMENT_ROWS(arguments)                                                                                \
    { "-m", OPTION_TEXT, &(arguments).model, "MODEL", "the GGUF file" },                                              \
        { "-t", OPTION_I64, &(arguments).threads, "N", "threads, 0 = as many as CPUs (0)" },                          \
        { "--ctx", OPTION_I64, &(arguments).context, "N", "positions of the context, 0 = as the command needs (0)" }, \
        { "--kv", OPTION_TEXT, &(arguments).kv, "FORMAT", "of the KV cache: f16 or f32 (f16)" },                      \
    {                                                                                                                 \
        "--kernels", OPTION_TEXT, &(arguments).kernels, "LIST", "kernels to use: scalar, avx2, avx512, a name, ..."   \
    }

/* A model opened with a session's options made of the arguments. */
struct opened_model {
    struct engine *engine;
    struct engine_info info;
    struct session_options session_options;
    double load_s;
};

/* Checks the arguments and opens the model. False = return *exit_code (the message is printed). */
bool model_arguments_open(struct opened_model *model, const struct model_arguments *arguments,
                          const struct command_line *line, int *exit_code);

/* "1 2 3" (or with commas) -> ids; *tokens is owned by the caller. */
int parse_ids(const char *text, uint32_t **tokens, size_t *count, struct error *error);

#endif
