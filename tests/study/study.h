/* study.h: what all studies do: a table in Markdown, targets that must be met, the text in docs/METHOD.md. */
#ifndef PRONY_TESTS_STUDY_H
#define PRONY_TESTS_STUDY_H

#include "harness/base/str.h"
#include <stdbool.h>

struct study {
    const char *name;  /* of its marks: "history" */
    struct str text;   /* Markdown */
    struct str missed; /* one line a target */
};

/* Appends a line of the text. */
void study_line(struct study *study, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Remembers a target that was missed. */
void study_target(struct study *study, bool met, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Prints the text, or puts it between "<!-- study:NAME -->" and "<!-- /study:NAME -->" of the file that the first
 * argument names. Returns the exit status: 1 if a target was missed or the file has no such marks. */
int study_end(struct study *study, int argc, char **argv);

#endif
