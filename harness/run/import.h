/* import.h: what other tools measured, as runs of our own. One file import_<format>.c and one row in import_formats.c a
 * format (docs/FORMATS.md, "Imports"). */
#ifndef PRONY_RUN_IMPORT_H
#define PRONY_RUN_IMPORT_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/store/store.h"

/* Zero bytes = take everything from the file. */
struct import_options {
    const char *format;          /* name of a row; NULL = by the content */
    const char *branch, *commit; /* of the build, instead of what the file says */
    const char *date;            /* of the run: 2026-11-21T20:56:36Z and the like */
    const char *machine;         /* a name for it; or the fingerprint of a machine of this database */
    const char *suite;           /* of all cases, instead of what the file says */
};

/* Runs of one file, oldest first. Lives in the arena. */
struct import_ids {
    const int64_t *ids;  /* as they are in the store, new or not */
    size_t count, known; /* known: were there before (the same content, whatever the file's name) */
    const char *format;  /* that was recognized */
};

/* Reads a file (or criterion's directory, or "-", the standard input) and understands it; nothing is stored yet. A
 * damaged file is an error that names file, place and reason, and so is one of more than 256 MiB. options must live as
 * long as the input. */
struct import_input;
int import_open(struct import_input **input, const char *path, const struct import_options *options,
                struct error *error);
/* The one run of part goes into the one run of whole, as further processes: what a tool measured in one process a call
 * becomes a run of many. part must live as long as whole. Another format, machine or commit is an error. */
int import_join(struct import_input *whole, const struct import_input *part, struct error *error);
/* Into the store, in one transaction: all its runs or none. A uuid is made of the content, so the same file twice is
 * once. */
int import_write(struct import_input *input, struct store *store, struct arena *arena, struct import_ids *ids,
                 struct error *error);
void import_close(struct import_input *input);

/* The three of them. */
int import_file(struct store *store, const char *path, const struct import_options *options, struct arena *arena,
                struct import_ids *ids, struct error *error);

/* Whether path is there and looks like one of the formats: for commands that take runs and files alike. A
 * pipe is taken for one without a look: what it holds can be read once. */
bool import_is_file(const char *path);

/* "2026-11-21T20:56:36.5+01:00", "2026-11-21 20:56:36", "2026-11-21"; without a zone it is taken as UTC. */
bool import_parse_date(const char *text, int64_t *utc_ns);

/* Names of the formats and what they are, in the order they are tried; NULL behind the last. */
struct import_format_row {
    const char *name, *description;
};
const struct import_format_row *import_format_at(size_t index);

#endif
