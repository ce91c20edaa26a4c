/* benchmark_support.h: runs the library inside a test: flags in, records and texts out. */
#ifndef PRONY_TESTS_BENCHMARK_SUPPORT_H
#define PRONY_TESTS_BENCHMARK_SUPPORT_H

#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/benchmark/benchmark.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* What one run of the library gave. */
struct outcome {
    char *out, *err; /* what it wrote to stdout and stderr */
    char *file;      /* what it wrote to --benchmark_out; NULL without */
    json_t *json;    /* file, or else stdout, parsed strictly; NULL if it is no JSON */
    json_t *records; /* json's "benchmarks"; borrowed */
    size_t matched;
    int leftovers; /* arguments that were not recognized */
    int status;    /* benchmark_exit_status */
};

struct redirection {
    int saved, target;
    char path[64];
};

static inline struct redirection redirect(int target)
{
    struct redirection redirection = { .target = target };
    strcpy(redirection.path, "/tmp/benchmark_test_XXXXXX");
    int file = mkstemp(redirection.path);
    fflush(NULL);
    redirection.saved = dup(target);
    dup2(file, target);
    close(file);
    return redirection;
}

static inline char *restore(struct redirection *redirection)
{
    char *text = NULL;
    size_t size;
    fflush(NULL);
    dup2(redirection->saved, redirection->target);
    close(redirection->saved);
    assert_int_equal(file_read(redirection->path, &text, &size, NULL), 0);
    unlink(redirection->path);
    return text;
}

/* flags: separated by single blanks. "%OUT%" stands for a temporary file. Registered families are gone afterwards. */
static inline struct outcome run_library(const char *flags)
{
    struct outcome outcome = { 0 };
    char *copy = mem_strdup(flags), *rest = copy, *word;
    char *argv[32] = { (char *)(uintptr_t) "./program" };
    char path[64] = "";
    int argc = 1;
    struct redirection out = redirect(STDOUT_FILENO), err = redirect(STDERR_FILENO);
    while ((word = strsep(&rest, " ")) != NULL) {
        char *mark = strstr(word, "%OUT%");
        if (mark) {
            strcpy(path, "/tmp/benchmark_out_XXXXXX");
            close(mkstemp(path));
            *mark = 0;
            argv[argc++] = mem_format("%s%s", word, path);
        } else if (word[0]) {
            argv[argc++] = mem_strdup(word);
        }
    }
    int given = argc;
    char *all[32];
    memcpy(all, argv, sizeof all);
    benchmark_initialize(&argc, argv);
    outcome.leftovers = argc - 1;
    benchmark_report_unrecognized_arguments(argc, argv);
    if (argc == 1)
        outcome.matched = benchmark_run_specified();
    outcome.status = benchmark_exit_status();
    benchmark_shutdown();
    for (int i = 1; i < given; i++)
        free(all[i]);
    free(copy);
    outcome.err = restore(&err);
    outcome.out = restore(&out);
    if (path[0]) {
        size_t size;
        file_read(path, &outcome.file, &size, NULL);
        unlink(path);
    }
    outcome.json = json_loads(outcome.file ? outcome.file : outcome.out, JSON_REJECT_DUPLICATES, NULL);
    outcome.records = json_object_get(outcome.json, "benchmarks");
    return outcome;
}

static inline void outcome_release(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
    free(outcome->file);
    json_decref(outcome->json);
}

static inline json_t *record(const struct outcome *outcome, size_t index)
{
    json_t *found = json_array_get(outcome->records, index);
    assert_non_null(found);
    return found;
}

static inline double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("no number '%s'", key);
    return json_number_value(value);
}

static inline const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "(absent)";
}

static inline void assert_near(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fabs(want) + 1e-300))
        fail_msg("%.17g is not %.17g", got, want);
}

#endif
