/* conf.h: the text format of plans, targets and settings.
 *
 *     # comment
 *     key = value              (before the first section: the section with kind "" )
 *     [kind name words]        (kind is the first word, name the rest, may be empty)
 *     key = value
 *     key = second value       (keys may repeat; order is kept)
 *
 * A value runs to the end of the line, blanks around it are dropped; there is no quoting and no continuation.
 * Errors name file and line: "plans/x.plan:7: expected key = value". */
#ifndef PRONY_BASE_CONF_H
#define PRONY_BASE_CONF_H

#include "harness/base/error.h"
#include <stddef.h>

struct conf_entry {
    const char *key;
    const char *value;
    int line;
};

struct conf_section {
    const char *kind;
    const char *name;
    int line;
    struct conf_entry *entries;
    size_t entry_count;
};

struct conf {
    struct conf_section *sections; /* sections[0] always exists and has kind "" */
    size_t section_count;
    char *source; /* the name used in messages */
    char *text;   /* owns every string above */
};

/* Parses length bytes of text. source is used in messages only. On error conf is left released. */
int conf_parse(struct conf *conf, const char *source, const char *text, size_t length, struct error *error);
void conf_release(struct conf *conf);

#endif
