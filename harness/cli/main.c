/* main.c: the command table of `prony` and its dispatch. */
#include "harness/cli/command.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* In the order of the work: measure, look, judge, keep. */
static const struct command *const commands[] = {
    &cmd_run,    &cmd_ab,   &cmd_calibrate, &cmd_profile, &cmd_trace,   &cmd_doctor,  &cmd_events,
    &cmd_list,   &cmd_show, &cmd_report,    &cmd_flame,   &cmd_compare, &cmd_gate,    &cmd_history,
    &cmd_bisect, &cmd_tag,  &cmd_import,    &cmd_db,      &cmd_help,    &cmd_version,
};
static const size_t command_count = sizeof commands / sizeof commands[0];

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (str_equal(commands[i]->name, name))
            return commands[i];
    return NULL;
}

void command_print_help(const struct command *command)
{
    bool asks = str_ends(command->summary, "?");
    printf("usage: %s\n\n%s%s\n\n%s", command->synopsis, command->summary, asks ? "" : ".", command->help);
}

void command_print_overview(void)
{
    printf("usage: prony COMMAND [ARGUMENTS]\n\n"
           "Measures inference engines, remembers every measurement, and says what changed.\n\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
    printf("\nprony COMMAND --help explains a command, with examples.\n"
           "Environment: PRONY_DB (database, default prony.db), PRONY_MODELS (model files, separated by colons).\n"
           "Exit status: 0 good, 1 regressed, 2 could not run, 3 undecided.\n");
}

int command_fail(const struct command *command, const struct error *error)
{
    log_error("%s: %s", command->name, error->text);
    if (error->code == ERROR_USAGE)
        fprintf(stderr, "try: prony %s --help\n", command->name);
    return EXIT_COULD_NOT_RUN;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (str_equal(argv[i], "--"))
            return false;
        if (str_equal(argv[i], "--help") || str_equal(argv[i], "-h"))
            return true;
    }
    return false;
}

/* Results that never reached the file or pipe behind stdout are an error, not a success. */
static int flush_results(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    log_error("cannot write the results to standard output");
    return EXIT_COULD_NOT_RUN;
}

int main(int argc, char **argv)
{
    log_set_program("prony");
    /* A closed pipe (`prony list | head`) and a file size limit are errors of a write, not reasons to be killed. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    /* Some parents ignore SIGCHLD, which is inherited and would make the kernel reap our children before we can. */
    signal(SIGCHLD, SIG_DFL);

    const char *database = getenv("PRONY_DB");
    struct app app = { .database_path = database && *database ? database : "prony.db", .argc = argc, .argv = argv };
    if (argc < 2) {
        command_print_overview();
        return flush_results(EXIT_COULD_NOT_RUN);
    }
    const char *name = argv[1];
    if (str_equal(name, "--help") || str_equal(name, "-h"))
        name = "help";
    if (str_equal(name, "--version") || str_equal(name, "-V"))
        name = "version";
    const struct command *command = command_find(name);
    if (!command) {
        log_error("there is no command '%s'; prony help lists them", name);
        return EXIT_COULD_NOT_RUN;
    }
    if (asks_for_help(argc - 1, argv + 1)) {
        command_print_help(command);
        return flush_results(EXIT_OK);
    }
    return flush_results(command->run(&app, argc - 1, argv + 1));
}
