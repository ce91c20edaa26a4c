/* command.h: what a command of `prony` is, and what every command gets.
 *
 * To add a command: write cmd_<name>.c that defines `const struct command cmd_<name>`, declare it at the end of this
 * file, add it to the table in main.c. main.c answers --help for every command, so run() never sees it. */
#ifndef PRONY_CLI_COMMAND_H
#define PRONY_CLI_COMMAND_H

#include "harness/base/error.h"
#include "harness/cli/options.h"

/* Exit status of prony. Scripts and CI depend on these. */
enum exit_status {
    EXIT_OK = 0,
    EXIT_REGRESSED = 1,
    EXIT_COULD_NOT_RUN = 2, /* wrong usage, bad input, nothing ran, interrupted */
    EXIT_UNDECIDED = 3
};

/* What main knows and every command may need. Lives as long as the program. */
struct app {
    const char *database_path; /* $PRONY_DB, else "prony.db"; commands offer --db to override it */
    int argc;                  /* the whole command line as it was typed, for the record */
    char **argv;
};

struct command {
    const char *name;
    const char *synopsis; /* "prony show [RUN] [--filter RE]" */
    const char *summary;  /* a few words for the list of commands */
    const char *help;     /* options, examples, exit codes: whole lines, printed after the synopsis */
    /* argv[0] is the command's name. Returns the exit status; has already said what went wrong. */
    int (*run)(struct app *app, int argc, char **argv);
};

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);
void command_print_help(const struct command *command);
void command_print_overview(void);
/* "prony: <text>" on stderr, and for wrong usage a pointer to --help. Returns EXIT_COULD_NOT_RUN. */
int command_fail(const struct command *command, const struct error *error);

extern const struct command cmd_ab;
extern const struct command cmd_calibrate;
extern const struct command cmd_compare;
extern const struct command cmd_db;
extern const struct command cmd_bisect;
extern const struct command cmd_doctor;
extern const struct command cmd_flame;
extern const struct command cmd_events;
extern const struct command cmd_gate;
extern const struct command cmd_help;
extern const struct command cmd_import;
extern const struct command cmd_history;
extern const struct command cmd_list;
extern const struct command cmd_profile;
extern const struct command cmd_report;
extern const struct command cmd_run;
extern const struct command cmd_show;
extern const struct command cmd_tag;
extern const struct command cmd_trace;
extern const struct command cmd_version;

#endif
