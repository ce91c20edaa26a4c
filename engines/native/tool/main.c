/* main.c: prony-engine, the native engine as a program of its own: the table of its commands. */
#include "engines/native/tool/command.h"

#include "harness/base/log.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

/* One row a command, one file a row: cmd_<name>.c. */
static const struct command commands[] = {
    { "generate", cmd_generate, "continue a text" },
    { "info", cmd_info, "what is in a model file, and how this machine would run it" },
    { "logits", cmd_logits, "write the logits of every position of a prompt" },
    { "perplexity", cmd_perplexity, "how well a model predicts a text" },
    { "synth", cmd_synth, "write a GGUF model of a published shape with random weights" },
    { "tokenize", cmd_tokenize, "text to token ids and back" },
    { NULL, NULL, NULL },
};

static void print_commands(FILE *file)
{
    fprintf(file, "usage: prony-engine COMMAND [options]\n\nRuns GGUF models with Prony's native engine.\n\n");
    for (const struct command *command = commands; command->name; command++)
        fprintf(file, "  %-12s %s\n", command->name, command->summary);
    fprintf(file, "\nprony-engine COMMAND --help tells more; --version prints the version.\n");
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "prony-engine: no command given (see prony-engine --help)\n");
        return COMMAND_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_commands(stdout);
        return COMMAND_OK;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("prony-engine %s\n", PRONY_VERSION);
        return COMMAND_OK;
    }
    for (const struct command *command = commands; command->name; command++) {
        if (!strcmp(argv[1], command->name))
            return command->run(argc - 1, argv + 1);
    }
    fprintf(stderr, "prony-engine: unknown command '%s' (see prony-engine --help)\n", argv[1]);
    return COMMAND_USAGE;
}

int main(int argc, char **argv)
{
    log_set_program("prony-engine");
    /* A file-size limit is then a write that fails, with its reason and its clean-up, instead of a death. */
    signal(SIGXFSZ, SIG_IGN);
    int exit_code = run(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && exit_code == COMMAND_OK) {
        fprintf(stderr, "prony-engine: cannot write the results to stdout\n");
        return COMMAND_FAILED;
    }
    return exit_code;
}
