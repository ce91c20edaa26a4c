/* record_allocations.c: a case's process that samples its allocations, and what came back in its file. */
#include "harness/run/record_allocations.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/runner_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last line that it said on stderr is why. */
static int explain(const struct trial *attempt, struct error *error)
{
    const char *tail = attempt->stderr_tail, *line = tail;
    for (const char *p = tail; *p; p++)
        if (*p == '\n' && p[1])
            line = p + 1;
    int length = (int)strcspn(line, "\n");
    return error_set(error, ERROR_STATE, "%s: %s%s%.*s", attempt->suite->cases[attempt->unit->cases[0]],
                     attempt->reason, length ? ": " : "", length, line);
}

static int read_one(const char *path, const char *name, struct allocations **allocations, struct error *error)
{
    size_t count;
    int code = allocations_read(path, allocations, &count, error);
    if (code == 0 && count == 1)
        return 0;
    if (code == 0 && count == 0)
        return error_set(error, ERROR_UNSUPPORTED,
                         "%s: the program recorded no allocations: it is not linked with prony's libbenchmark", name);
    if (code == 0) {
        allocations_release(*allocations, count);
        *allocations = NULL;
        code = error_set(error, ERROR_FORMAT, "%s: %zu profiles instead of one", name, count);
    }
    return code;
}

static int run_process(struct trial *attempt, const char *path, struct allocations **allocations, struct error *error)
{
    struct protocol_output output = { 0 };
    const char *name = attempt->suite->cases[attempt->unit->cases[0]];
    double wall_s;
    enum outcome outcome = measure_run(attempt, &output, &wall_s);
    if (outcome == OUTCOME_INTERRUPTED)
        return 0;
    if (outcome == OUTCOME_FAILED)
        return explain(attempt, error);
    if (output.samples[0].status != STORE_SAMPLE_OK)
        return error_set(error, ERROR_STATE, "%s: the case did not run: %s", name, output.samples[0].message);
    return read_one(path, name, allocations, error);
}

int record_allocations(struct runner *runner, struct runner_suite *suite, size_t case_index, int interval_bytes,
                       struct allocations **allocations, struct error *error)
{
    struct arena arena = { 0 };
    const char *parent = getenv("TMPDIR"), *variables[3] = { NULL };
    char *path = arena_format(&arena, "%s/prony-allocations-XXXXXX", parent && *parent ? parent : "/tmp");
    const struct schedule_unit unit = { .cases = &case_index, .case_count = 1 };
    struct execution execution = { .runner = runner, .progress = { .is_quiet = true } };
    struct trial attempt = {
        .execution = &execution, .suite = suite, .unit = &unit, .pass = "allocations", .variables = variables
    };
    int file = mkstemp(path), code;
    *allocations = NULL;
    if (file >= 0) {
        close(file);
        variables[0] = arena_format(&arena, "PRONY_ALLOCATION_PROFILE=%s", path);
        variables[1] = arena_format(&arena, "PRONY_ALLOCATION_INTERVAL=%d", interval_bytes);
        code = run_process(&attempt, path, allocations, error);
        unlink(path);
    } else {
        code = error_system(error, errno, "%s", path);
    }
    arena_release(&attempt.arena);
    arena_release(&arena);
    return code;
}

struct store_profile record_allocations_describe(const struct allocations *allocations, bool living, const char *suite,
                                                 struct arena *arena)
{
    double operations = allocations->operations ? (double)allocations->operations : 1;
    const char *name = arena_strdup(arena, allocations->name);
    const char *note =
        arena_format(arena,
                     "%g allocations and %g bytes an operation (exact); one sample in %llu bytes, "
                     "scaled to all %llu operations",
                     (double)allocations->allocation_count / operations, (double)allocations->bytes / operations,
                     (unsigned long long)allocations->interval_bytes, (unsigned long long)allocations->operations);
    return (struct store_profile){ .suite = suite,
                                   .name = name,
                                   .title = living ? arena_format(arena, "%s: not freed", name) : name,
                                   .kind = "allocations",
                                   .event = living ? "malloc, not freed" : "malloc",
                                   .unit = "B",
                                   .sample_count = living ? allocations->living_count : allocations->sample_count,
                                   .lost_count = allocations->lost_count,
                                   .truncated_count = allocations->truncated_count,
                                   .note = note };
}
