/* import_internal.h: what the readers of the formats share. */
#ifndef PRONY_RUN_IMPORT_INTERNAL_H
#define PRONY_RUN_IMPORT_INTERNAL_H

#include "harness/base/str.h"
#include "harness/run/facts.h"
#include "harness/run/import.h"
#include <jansson.h>
#include <stdbool.h>

/* A file of more is refused: JSON takes up to 20 times its size in memory. */
#define IMPORT_LIMIT_BYTES ((size_t)256 << 20)

/* A file that was read, in the forms that readers want. */
struct import_source {
    const char *path, *name; /* name: without its directories */
    const char *text;        /* NUL-terminated; NULL for a directory */
    size_t length;
    bool is_directory, is_lines; /* is_lines: json is a list of the values of its lines */
    json_t *json;                /* NULL: not JSON; json_fault says why, json_line where */
    char json_fault[200];
    int64_t modified_ns; /* the date of formats that have none */
};

/* One run of a file, as it will be stored. Strings live in the document's arena. */
struct import_run {
    struct str identity; /* what its uuid is made of; empty = the whole file. Needs no memory of options */
    const char *command;
    const char *uuid, *fingerprint; /* set by import.c */
    int64_t started_ns, ended_ns;   /* 0 = the file's date; as started */
    bool one_process;               /* its repetitions are taken for processes, because nothing else is there */
    int processes;                  /* of joined files; 0 = not joined */
    struct facts machine, build, environment;
    struct store_sample *samples; /* malloc'ed list */
    size_t sample_count, sample_capacity;
};

struct import_document {
    struct arena *arena;
    const struct import_options *options;
    struct import_run *runs;
    size_t count, capacity;
    char *part; /* instead of runs: the path of a database to merge */
};

struct import_format {
    struct import_format_row row;
    bool (*recognize)(const struct import_source *source); /* by the content; never fails */
    int (*read)(const struct import_source *source, struct import_document *document, struct error *error);
    /* Instead of read: a format that is a database itself becomes one, document->part. */
    int (*prepare)(const struct import_source *source, struct import_document *document, struct error *error);
};
extern const struct import_format import_formats[];
extern const size_t import_format_count;

/* import_source.c: close even when open failed. "-" is the standard input. */
int import_source_open(struct import_source *source, const char *path, struct error *error);
void import_source_close(struct import_source *source);
const char *import_skip_blanks(const char *text);

/* import_prony.c: the runs of document->part into the store; part away again. */
int import_merge_prony(const struct import_source *source, const struct import_document *document, struct store *store,
                       struct arena *arena, struct import_ids *ids, struct error *error);
void import_discard_prony(struct import_document *document);

/* import.c: a new run at the end; the pointer holds until the next one. */
struct import_run *import_add_run(struct import_document *document);
/* A new sample, zeroed but for suite and name, which are copied. */
struct store_sample *import_add_sample(struct import_document *document, struct import_run *run, const char *suite,
                                       const char *name);
/* A metric more for a sample (its list grows in the arena). */
void import_add_metric(struct import_document *document, struct store_sample *sample, const char *name,
                       const char *unit, double value);

/* import_batches.c: the last sample, whose single operations are what one process measured, becomes up to 20: medians
 * of consecutive batches, each a repetition. Returns how many samples it is now. Metrics stay with the first. */
size_t import_split(struct import_document *document, struct import_run *run);

/* import_values.c */
/* The text if it says anything: tools write "unknown", "(unknown)" and "(detached head)" where they do not know. */
const char *import_known(const char *text);
/* Factor to nanoseconds of "ns", "us", "µs", "ms", "s", "sec", "seconds"; NaN for anything else. */
double import_unit_ns(const char *unit);
/* A unit of another tool as the name of a metric: "MB/s" -> "mb_per_second". */
const char *import_metric_name(struct arena *arena, const char *unit);
/* NULL if it is missing or of another type. */
const char *import_text(const json_t *object, const char *key);
/* NaN if it is missing or no number. */
double import_number(const json_t *object, const char *key);
/* 0 if it is missing, no number, or not representable. */
int64_t import_integer(const json_t *object, const char *key);
/* Sorted and without blanks: equal content gives equal text. In the arena. */
const char *import_canonical(struct arena *arena, const json_t *json);
/* Adds every text, number and boolean of an object as a fact, "prefix" before its key. */
void import_add_facts(struct facts *facts, const json_t *object, const char *prefix);

#endif
