/* cmd_version.c: `prony version`: which prony this is, and what it was built with. */
#include "harness/cli/command.h"
#include "harness/run/build_info.h"
#include <sqlite3.h>
#include <stdio.h>

static int run(struct app *app, int argc, char **argv)
{
    (void)app, (void)argc, (void)argv;
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
            "exit status: 0\n",
    .run = run,
};
