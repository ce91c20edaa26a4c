/* options.c: command lines against a table of options. */
#include "harness/cli/options.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <regex.h>
#include <string.h>

static int check_regex(const char *name, const char *text, struct error *error)
{
    regex_t regex;
    int code = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char reason[128];
        regerror(code, &regex, reason, sizeof reason);
        return error_set(error, ERROR_USAGE, "--%s: '%s' is not a regular expression: %s", name, text, reason);
    }
    regfree(&regex);
    return 0;
}

static void append(struct option_list *list, const char *text)
{
    MEM_GROW(list->items, list->count, list->capacity);
    list->items[list->count++] = text;
}

static int store_value(const struct option *option, const char *text, struct error *error)
{
    switch (option->kind) {
    case OPTION_FLAG: break;
    case OPTION_TEXT: *(const char **)option->target = text; break;
    case OPTION_NAMED:
        append(option->target, option->name);
        append(option->target, text);
        break;
    case OPTION_LIST: append(option->target, text); break;
    case OPTION_COUNT: {
        int64_t value;
        if (!str_parse_i64(text, &value) || value < 1 || value > 1000000)
            return error_set(error, ERROR_USAGE, "--%s: '%s' is not a whole number from 1 to 1000000", option->name,
                             text);
        *(int *)option->target = (int)value;
        break;
    }
    case OPTION_DURATION: {
        double value;
        if (!str_parse_duration(text, &value) || !(value > 0))
            return error_set(error, ERROR_USAGE, "--%s: '%s' is not a duration above zero (10, 10s, 250ms, 5m)",
                             option->name, text);
        *(double *)option->target = value;
        break;
    }
    case OPTION_REGEX: *(const char **)option->target = text; return check_regex(option->name, text, error);
    }
    return 0;
}

/* The option that argument names ("--name", "--name=value", "-n"), or NULL. *value is the text after '=' or NULL. */
static const struct option *match_option(const struct option *options, size_t count, const char *argument,
                                         const char **value)
{
    *value = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct option *option = &options[i];
        if (argument[1] != '-') {
            if (option->letter && argument[1] == option->letter && argument[2] == 0)
                return option;
            continue;
        }
        size_t length = strlen(option->name);
        if (strncmp(argument + 2, option->name, length) != 0)
            continue;
        if (argument[2 + length] == '=')
            *value = argument + 2 + length + 1;
        if (argument[2 + length] == '=' || argument[2 + length] == 0)
            return option;
    }
    return NULL;
}

static const struct option *find_option(const struct option *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(options[i].name, name))
            return &options[i];
    return NULL;
}

/* -f was --format in commands that write documents; it is --filter everywhere now, and -F is --format. What was typed
 * still works: where there is no --filter, and where the word behind it is the name of a format. */
static const struct option *match_former(const struct option *options, size_t count, const char *argument,
                                         const char *next)
{
    static const char *const formats[] = { "text",   "markdown",   "html",    "json",   "csv", "junit",
                                           "sarif",  "github",     "gobench", "gbench", "png", "svg",
                                           "folded", "speedscope", "pprof",   "stacks" };
    const struct option *format = find_option(options, count, "format");
    if (!format || !str_equal(argument, "-f"))
        return NULL;
    if (!find_option(options, count, "filter"))
        return format;
    for (size_t i = 0; next && i < sizeof formats / sizeof formats[0]; i++)
        if (str_equal(next, formats[i])) {
            log_warn("-f %s is taken for --format %s: its letter is -F now, -f is --filter", next, next);
            return format;
        }
    return NULL;
}

int options_parse(const struct option *options, size_t option_count, int argc, char **argv, struct option_list *rest,
                  struct error *error)
{
    bool only_positional = false;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (only_positional || argument[0] != '-' || argument[1] == 0) {
            append(rest, argument);
            continue;
        }
        if (str_equal(argument, "--")) {
            only_positional = true;
            continue;
        }
        const char *value;
        const struct option *option = match_option(options, option_count, argument, &value);
        const struct option *former = match_former(options, option_count, argument, i + 1 < argc ? argv[i + 1] : NULL);
        option = former ? former : option;
        if (!option)
            return error_set(error, ERROR_USAGE, "unknown option %s", argument);
        if (option->kind == OPTION_FLAG) {
            if (value)
                return error_set(error, ERROR_USAGE, "--%s takes no value", option->name);
            *(bool *)option->target = true;
            continue;
        }
        if (!value && i + 1 < argc)
            value = argv[++i];
        if (!value)
            return error_set(error, ERROR_USAGE, "--%s needs a value", option->name);
        int code = store_value(option, value, error);
        if (code != 0)
            return code;
    }
    return 0;
}

char *options_quote(size_t count, const char *const *words)
{
    struct str line = { 0 };
    for (size_t i = 0; i < count; i++) {
        bool plain = words[i][0] && strspn(words[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                     "0123456789_-+=:,./@%^") == strlen(words[i]);
        str_append(&line, i ? " " : "");
        if (plain) {
            str_append(&line, words[i]);
            continue;
        }
        str_append_char(&line, '\'');
        for (const char *p = words[i]; *p; p++)
            str_appendf(&line, *p == '\'' ? "'\\''" : "%c", *p);
        str_append_char(&line, '\'');
    }
    return str_take(&line);
}
