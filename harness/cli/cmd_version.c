/* cmd_version.c: `prony version`: which prony this is, and what it was built with. */
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/run/build_info.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static int run(struct app *app, int argc, char **argv)
{
    struct option_list rest = { 0 };
    struct error error;
    (void)app;
    int code = options_parse(NULL, 0, argc, argv, &rest, &error);
    if (code == 0 && rest.count)
        code = error_set(&error, ERROR_USAGE, "unexpected '%s'", rest.items[0]);
    free(rest.items);
    if (code)
        return command_fail(&cmd_version, &error);
    printf("prony %s\n", build_info_version());
    printf("compiler %s, flags %s\n", build_info_compiler(), build_info_flags());
    printf("sqlite %s\n", sqlite3_libversion());
    return EXIT_OK;
}

const struct command cmd_version = {
    .name = "version",
    .synopsis = "prony version",
    .summary = "Print the version, the compiler and its flags",
    .help = "example:\n"
            "  prony --version\n"
            "\n"
            "exit status: 0, or 2 for an option or an argument, as it takes none\n",
    .run = run,
};
