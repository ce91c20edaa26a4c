/* options.c: reads a command's options from its table, and prints its help from the same table. */
#include "engines/native/tool/command.h"

#include "harness/base/str.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void print_help(const struct command_line *line)
{
    printf("usage: prony-engine %s\n\n%s\n\n", line->usage, line->summary);
    for (const struct option_row *row = line->rows; row->name; row++) {
        char head[64];
        snprintf(head, sizeof head, "%s%s%s", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
        printf("  %-22s %s\n", head, row->help);
    }
    printf("  %-22s %s\n", "--help", "this text");
}

int command_failed(const struct error *error)
{
    fprintf(stderr, "prony-engine: %s\n", error->text);
    return error->code == ERROR_USAGE ? COMMAND_USAGE : COMMAND_FAILED;
}

int command_misused(const struct command_line *line, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int name_length = (int)strcspn(line->usage, " ");
    fprintf(stderr, "prony-engine %.*s: %s (see prony-engine %.*s --help)\n", name_length, line->usage, text,
            name_length, line->usage);
    return COMMAND_USAGE;
}

/* The row called by argument, which may carry its value after "=": *value points there, else is NULL. */
static const struct option_row *find_row(const struct option_row *rows, const char *argument, const char **value)
{
    const char *equals = argument[0] == '-' && argument[1] == '-' ? strchr(argument, '=') : NULL;
    size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
    *value = equals ? equals + 1 : NULL;
    for (; rows->name; rows++) {
        if (strlen(rows->name) == length && !strncmp(rows->name, argument, length))
            return rows;
    }
    return NULL;
}

static bool store_value(const struct option_row *row, const char *text)
{
    switch (row->kind) {
    case OPTION_TEXT: *(const char **)row->value = text; return true;
    case OPTION_I64: return str_parse_i64(text, row->value);
    case OPTION_U64: return str_parse_u64(text, row->value);
    case OPTION_F64: return str_parse_f64(text, row->value);
    case OPTION_FLAG: return str_parse_bool(text, row->value);
    }
    return false;
}

bool command_parse(struct command_line *line, int argc, char **argv, int *exit_code)
{
    bool options_ended = false;
    line->operand_count = 0;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (options_ended || argument[0] != '-' || !argument[1]) {
            if (line->operand_count == line->operand_max) {
                *exit_code = command_misused(line, "unexpected argument '%s'", argument);
                return false;
            }
            line->operands[line->operand_count++] = argument;
            continue;
        }
        if (!strcmp(argument, "--")) {
            options_ended = true;
            continue;
        }
        if (!strcmp(argument, "--help") || !strcmp(argument, "-h")) {
            print_help(line);
            *exit_code = COMMAND_OK;
            return false;
        }
        const char *value;
        const struct option_row *row = find_row(line->rows, argument, &value);
        if (!row) {
            *exit_code = command_misused(line, "unknown option '%s'", argument);
            return false;
        }
        if (!value && row->kind == OPTION_FLAG)
            value = "true";
        if (!value && i + 1 < argc)
            value = argv[++i];
        if (!value) {
            *exit_code = command_misused(line, "option %s needs %s", row->name, row->argument);
            return false;
        }
        if (!store_value(row, value)) {
            *exit_code = command_misused(line, "option %s: '%s' is not a valid %s", row->name, value,
                                         row->argument ? row->argument : "yes or no");
            return false;
        }
    }
    return true;
}
