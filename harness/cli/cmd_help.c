/* cmd_help.c: `prony help [COMMAND]`. */
#include "harness/cli/command.h"

static int run(struct app *app, int argc, char **argv)
{
    (void)app;
    if (argc < 2) {
        command_print_overview();
        return EXIT_OK;
    }
    const struct command *command = command_find(argv[1]);
    if (!command) {
        struct error error;
        error_set(&error, ERROR_STATE, "there is no command '%s'; prony help lists them", argv[1]);
        return command_fail(&cmd_help, &error);
    }
    command_print_help(command);
    return EXIT_OK;
}

const struct command cmd_help = {
    .name = "help",
    .synopsis = "prony help [COMMAND]",
    .summary = "List the commands, or explain one",
    .help = "examples:\n"
            "  prony help run\n"
            "\n"
            "exit status: 0, or 2 if there is no such command\n",
    .run = run,
};
