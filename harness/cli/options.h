/* options.h: command lines. `--name VALUE`, `--name=VALUE`, `-n VALUE`, flags without a value, `--` ends the options,
 * everything else is positional and may stand anywhere. */
#ifndef PRONY_CLI_OPTIONS_H
#define PRONY_CLI_OPTIONS_H

#include "harness/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char *, points into argv */
    OPTION_LIST,     /* struct option_list, repeatable */
    OPTION_COUNT,    /* int, at least 1 */
    OPTION_DURATION, /* double, seconds, above 0: 10, 10s, 250ms, 5m */
    OPTION_REGEX,    /* const char *, checked to be a POSIX extended regular expression */
    OPTION_NAMED /* struct option_list of name, value, name, value, ...: several options of one list keep their order */
};

struct option_list {
    const char **items; /* released with free() */
    size_t count, capacity;
};

struct option {
    const char *name; /* without the dashes */
    char letter;      /* or 0 */
    enum option_kind kind;
    void *target; /* of the type that kind says */
};

/* Fills the targets and leaves the positional arguments in *rest, in order. rest->items is owned by the caller, also
 * after an error. */
int options_parse(const struct option *options, size_t option_count, int argc, char **argv, struct option_list *rest,
                  struct error *error);

/* Words as one line that a shell would take back; owned by the caller. */
char *options_quote(size_t count, const char *const *words);

#endif
