/* gate_self_test.c: see gate_self_test.h. */
#include "harness/cli/gate_self_test.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/cli/command.h"
#include "harness/run/ab.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUDGET_S   120.0
#define MIN_TIME_S 0.05
enum { BLOCKS = 16, SIDE_COUNT = 3 };

static const char *const side_names[SIDE_COUNT] = { "base", "slowed", "copy" };

/* A directory with the same program three times: as it is, slowed down, and as it is once more. */
struct bench {
    char directory[64];
    char *program, *database;
    char *sides[SIDE_COUNT];
};

static int make_side(struct bench *bench, int side, struct arena *arena, struct error *error)
{
    const char *directory = arena_format(arena, "%s/%s", bench->directory, side_names[side]);
    bench->sides[side] = arena_format(arena, "%s/sampling", directory);
    /* Other bytes, or they would be the same code, about which nothing needs to be measured. */
    const char *script = arena_format(arena, "#!/bin/sh\n# %s\n%sexec '%s' \"$@\"\n", side_names[side],
                                      side == 1 ? "export PRONY_SELF_TEST_SLOWDOWN=2\n" : "", bench->program);
    int code = file_make_directories(directory, error);
    if (!code)
        code = file_write(bench->sides[side], script, strlen(script), error);
    if (!code && chmod(bench->sides[side], 0700) != 0)
        code = error_system(error, errno, "%s", bench->sides[side]);
    return code;
}

static int make_bench(struct bench *bench, struct arena *arena, struct error *error)
{
    char directory[4096];
    if (!file_program_directory(directory, sizeof directory))
        return error_set(error, ERROR_STATE, "cannot find the directory of this program");
    bench->program = arena_format(arena, "%s/sampling", directory);
    if (access(bench->program, X_OK) != 0)
        return error_system(error, errno, "the self-test needs the suite %s (make build)", bench->program);
    if (strchr(bench->program, '\''))
        return error_set(error, ERROR_UNSUPPORTED, "the self-test cannot quote %s", bench->program);
    const char *temporary = getenv("TMPDIR");
    snprintf(bench->directory, sizeof bench->directory, "%.40s/prony-gate-XXXXXX",
             temporary && *temporary && strlen(temporary) <= 40 ? temporary : "/tmp");
    if (!mkdtemp(bench->directory)) {
        bench->directory[0] = 0;
        return error_system(error, errno, "cannot make a directory for the self-test");
    }
    bench->database = arena_format(arena, "%s/prony.db", bench->directory);
    int code = 0;
    for (int i = 0; !code && i < SIDE_COUNT; i++)
        code = make_side(bench, i, arena, error);
    return code;
}

static void remove_bench(const struct bench *bench)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    char path[128];
    if (!bench->directory[0])
        return;
    for (int i = 0; i < SIDE_COUNT; i++) {
        snprintf(path, sizeof path, "%s/%s/sampling", bench->directory, side_names[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s", bench->directory, side_names[i]);
        rmdir(path);
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(path, sizeof path, "%s/prony.db%s", bench->directory, endings[i]);
        unlink(path);
    }
    rmdir(bench->directory);
}

/* The gate's answer about one side against the base. */
static int ask(struct judging *judging, const struct bench *bench, int side, struct store *store, struct gate *gate,
               struct error *error)
{
    const struct ab_options options = { .base = bench->sides[0],
                                        .candidate = bench->sides[side],
                                        .filter = "^greedy/",
                                        .budget_s = BUDGET_S,
                                        .blocks = BLOCKS,
                                        .min_time_s = MIN_TIME_S,
                                        .command = "prony gate --self-test",
                                        .quiet = true,
                                        .no_doctor = true };
    struct ab *ab = NULL;
    struct ab_result result;
    int code = ab_prepare(&ab, &options, error);
    if (!code)
        code = ab_execute(ab, store, &result, error);
    if (!code && result.interrupted)
        code = error_set(error, ERROR_STATE, "interrupted");
    if (code) {
        ab_release(ab);
        return code;
    }
    const struct gate_input input = { .policy = judging->policy,
                                      .comparisons = &result.comparison,
                                      .comparison_count = 1,
                                      .partial = true,
                                      .now_ns = clock_utc_ns() };
    gate_judge(gate, &input, judging->arena);
    const struct compare_metric *time = result.comparison.case_count ? &result.comparison.cases[0].time : NULL;
    printf("%-7s %s", side_names[side], gate_status_name(gate->status));
    if (time)
        printf(": %s, time %+.1f %% [%+.1f, %+.1f], %zu pairs", result.comparison.cases[0].name,
               judge_percent(time->effect), judge_percent(time->interval.low), judge_percent(time->interval.high),
               time->pairs);
    printf("\n");
    ab_release(ab);
    return 0;
}

static void conclude(const struct gate *slowed, const struct gate *copy, int *status)
{
    *status = EXIT_COULD_NOT_RUN;
    if (slowed->status != GATE_REGRESSED)
        printf("FAILED: the gate did not see that every second draw is done twice (+50 %%): %s. It cannot be trusted: "
               "the policy allows it, or this machine is too busy to tell\n",
               slowed->count ? slowed->findings[0].text : slowed->line);
    else if (copy->status == GATE_REGRESSED)
        printf("FAILED: the gate calls an unchanged copy a regression: %s. It cannot be trusted\n",
               copy->count ? copy->findings[0].text : copy->line);
    else
        *status = EXIT_OK;
    if (*status == EXIT_OK)
        printf("the gate fires where something is slower, and not where nothing is\n");
}

int gate_self_test(struct judging *judging, int *status, struct error *error)
{
    struct bench bench = { 0 };
    struct store *store = NULL;
    struct gate slowed, copy;
    int code = make_bench(&bench, judging->arena, error);
    if (!code)
        code = store_open(&store, bench.database, false, error);
    if (!code)
        code = ask(judging, &bench, 1, store, &slowed, error);
    if (!code)
        code = ask(judging, &bench, 2, store, &copy, error);
    if (!code)
        conclude(&slowed, &copy, status);
    else
        error_prefix(error, "self-test");
    store_close(store);
    remove_bench(&bench);
    return code;
}
