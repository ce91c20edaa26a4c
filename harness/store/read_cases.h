/* read_cases.h: what the files share that read cases, histories and comparisons. Only they include it. */
#ifndef PRONY_STORE_READ_CASES_H
#define PRONY_STORE_READ_CASES_H

#include "harness/store/store_internal.h"

/* Where a sample's values belong: it is the index-th of its pass. */
struct place {
    int64_t sample_id;
    enum store_pass pass;
    size_t index;
};

/* Queries of one store_cases call, compiled once. */
struct reader {
    struct store *store;
    struct arena *arena;
    sqlite3_stmt *samples, *problems, *values, *distributions, *threads, *spans, *courses;
    /* Whether the run can have any: what it has none of is not asked for case by case. */
    bool has_problems, has_values, has_distributions, has_threads, has_spans, has_courses;
    /* of the case that is being read */
    struct place *places; /* of its samples, by id */
    size_t sample_count, place_capacity;
    size_t pass_counts[STORE_PASS_COUNT];
    int *pass_processes[STORE_PASS_COUNT];
};

double read_double(sqlite3_stmt *statement, int column); /* NaN for NULL */
double read_decode_double(const unsigned char *bytes);   /* of a blob */
void *read_copy(struct arena *arena, const void *items, size_t count, size_t item_bytes);
/* The error for rows that contradict each other. */
int read_damaged(const struct reader *reader, int64_t sample_id, const char *what, struct error *error);
/* After a loop over rows: describes how it ended, and makes the statement reusable. */
int read_finish(const struct reader *reader, sqlite3_stmt *statement, int result, struct error *error);

/* read_details.c: the parts of a case that few cases have. Their statements are bound. */
int read_thread_values(struct reader *reader, struct store_case *item, struct error *error);
int read_spans(struct reader *reader, struct store_case *item, struct error *error);
int read_courses(struct reader *reader, struct store_case *item, struct error *error);

/* read_summaries.c: the cases of a pruned run; none for others. */
int read_summarized_cases(struct store *store, int64_t run_id, struct arena *arena, struct store_case **cases,
                          size_t *count, struct error *error);

#endif
