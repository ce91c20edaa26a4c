/* conformance.h: what the programs of checks share: benchmarks that do next to nothing, and programs that exit. */
#ifndef PRONY_TESTS_CONFORMANCE_H
#define PRONY_TESTS_CONFORMANCE_H

#include "tests/unit/benchmark_clock.h"
#include "tests/unit/benchmark_support.h"
#include <regex.h>

/* Each iteration takes 150 ns of manual time and 10 ns on every clock. */
static inline void brief(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass_time(10, 10, 10);
        benchmark_state_set_iteration_time(state, 150e-9);
    }
}

/* A family with fixed iterations in manual time. */
static inline struct benchmark *add_manual(const char *name, benchmark_function *function, int64_t iterations)
{
    return benchmark_use_manual_time(benchmark_iterations(benchmark_register(name, function, NULL), iterations));
}

static inline struct benchmark *add_brief(const char *name)
{
    return benchmark_iterations(benchmark_register(name, brief, NULL), 1);
}

/* What is registered, listed. */
static inline void expect_names(const char *expected)
{
    struct outcome outcome = run_library("--benchmark_list_tests");
    assert_string_equal(outcome.out, expected);
    outcome_release(&outcome);
}

/* A whole program in a process of its own: register_all, then benchmark_main. */
struct exited {
    char *out, *err;
    int status; /* 128 + signal if one ended it */
};
static inline struct exited run_main(const char *flag, void (*register_all)(void))
{
    struct exited exited = { 0 };
    struct redirection out = redirect(STDOUT_FILENO), err = redirect(STDERR_FILENO);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t)flag, NULL };
        int argc = 2;
        register_all();
        benchmark_initialize(&argc, argv);
        if (benchmark_report_unrecognized_arguments(argc, argv))
            exit(1);
        benchmark_run_specified();
        int status = benchmark_exit_status();
        benchmark_shutdown();
        exit(status);
    }
    waitpid(child, &exited.status, 0);
    exited.err = restore(&err);
    exited.out = restore(&out);
    exited.status = WIFEXITED(exited.status) ? WEXITSTATUS(exited.status) : 128 + WTERMSIG(exited.status);
    return exited;
}

static inline void exited_release(struct exited *exited)
{
    free(exited->out);
    free(exited->err);
}

static inline void expect_match(const char *text, const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
    if (regexec(&regex, text, 0, NULL, 0) != 0)
        fail_msg("nothing matches %s in:\n%s", pattern, text);
    regfree(&regex);
}

static inline void expect_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

static inline size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* The record of this name; fails if there is none. */
static inline json_t *record_named(const struct outcome *outcome, const char *name)
{
    json_t *found;
    size_t index;
    json_array_foreach(outcome->records, index, found)
    {
        if (strcmp(text(found, "name"), name) == 0)
            return found;
    }
    fail_msg("no record %s", name);
    return NULL;
}

#endif
