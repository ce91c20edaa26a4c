/* command.h: the commands of prony-engine and the one way they read their command line.
 *
 * To add a command: cmd_<name>.c with int cmd_<name>(int, char **), its declaration here, one row in main.c's table.
 * A command prints results to stdout and talk to stderr, and returns the exit code: 0, COMMAND_FAILED for what went
 * wrong at run time, COMMAND_USAGE for a wrong command line. */
#ifndef PRONY_TOOL_COMMAND_H
#define PRONY_TOOL_COMMAND_H

#include "harness/base/error.h"
#include <stdbool.h>
#include <stddef.h>

enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

/* argv[0] is the command's name. */
int cmd_generate(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_logits(int argc, char **argv);
int cmd_perplexity(int argc, char **argv);
int cmd_synth(int argc, char **argv);
int cmd_tokenize(int argc, char **argv);

/* What value points at: OPTION_FLAG bool, OPTION_TEXT const char *, OPTION_I64 int64_t, OPTION_U64 uint64_t,
 * OPTION_F64 double. The value keeps what it had when the option is absent: that is the default. */
enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_I64, OPTION_U64, OPTION_F64 };

struct option_row {
    const char *name; /* with its dashes: "-m", "--seed" */
    enum option_kind kind;
    void *value;
    const char *argument; /* "FILE" in the help; NULL for a flag */
    const char *help;
};

/* A command line as --help shows it. Rows end with a row whose name is NULL. */
struct command_line {
    const char *usage;   /* "generate -m MODEL -p TEXT [options]" */
    const char *summary; /* one line */
    const struct option_row *rows;
    const char **operands; /* filled with what is not an option, in order */
    size_t operand_max, operand_count;
};

/* Reads argv ("--name value" and "--name=value"; "--" ends the options). False = the command must return *exit_code:
 * 0 after --help (printed to stdout), COMMAND_USAGE after a mistake (one line on stderr). */
bool command_parse(struct command_line *line, int argc, char **argv, int *exit_code);

/* One line on stderr; return COMMAND_FAILED and COMMAND_USAGE, so that a command can end with "return
 * command_failed(&error);". An ERROR_USAGE is COMMAND_USAGE in command_failed too. */
int command_failed(const struct error *error);
int command_misused(const struct command_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
