/* record_run.c: --prony_allocation_profile=FILE: call stacks of what a case allocates in its loop, sampled in a run of
 * their own behind the last repetition and appended to the file. docs/FORMATS.md has the format. */
#include "harness/benchmark/internal.h"
#include "harness/probe/probe_allocations.h"
#include "harness/probe/probe_recording.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH_SAMPLES = 1000, WANTED_SAMPLES = 10000, SEED = 1 };
static const double RUN_SECONDS = 2; /* at the pace of the timed run */

struct recording_run {
    uint64_t interval_bytes;
    struct probe_allocations before, after;
    struct probe_recording recording;
    struct error error;
    bool failed;
};

static void begin(void *context)
{
    struct recording_run *run = context;
    probe_allocations_read(&run->before);
    run->failed = probe_recording_start(run->interval_bytes, SEED, &run->error) != 0;
}

static void end(void *context, int64_t iterations)
{
    struct recording_run *run = context;
    (void)iterations;
    probe_recording_stop(&run->recording);
    probe_allocations_read(&run->after);
}

static int64_t choose_iterations(const struct benchmark_runner *runner, const struct benchmark_run *timed)
{
    double each = timed->iterations > 0 ? timed->real_seconds / (double)timed->iterations : 0;
    double most = (double)runner->iterations;
    most = each * most > RUN_SECONDS ? RUN_SECONDS / each : most;
    return most < 1 ? 1 : (int64_t)most;
}

static int64_t record(struct benchmark_runner *runner, struct recording_run *run, int64_t iterations)
{
    struct benchmark_watch watch = { .begin = begin, .end = end, .context = run };
    return benchmark_runner_watch(runner, &watch, iterations);
}

static int append_file(const char *path, const struct str *text, struct error *error)
{
    FILE *file = fopen(path, "ae");
    if (!file)
        return error_system(error, errno, "%s", path);
    size_t written = fwrite(str_text(text), 1, text->length, file);
    if (fclose(file) != 0 || written != text->length)
        return error_system(error, errno, "%s", path);
    return 0;
}

static int save(const char *path, const char *name, int64_t operations, struct recording_run *run)
{
    const struct probe_recording *recording = &run->recording;
    struct str text = { 0 };
    str_appendf(&text, "prony-allocations 1\ncase %s\noperations %" PRId64 "\n", name, operations);
    str_appendf(&text, "allocations %" PRIu64 "\nbytes %" PRIu64 "\n", run->after.count - run->before.count,
                run->after.requested_bytes - run->before.requested_bytes);
    str_appendf(&text, "interval_bytes %" PRIu64 "\nseed %" PRIu64 "\nlost %" PRIu64 "\n", recording->interval_bytes,
                recording->seed, recording->lost_count);
    int code = probe_recording_write(&text, &run->error);
    code = code ? code : append_file(path, &text, &run->error);
    str_release(&text);
    return code;
}

void benchmark_record_prepare(const struct benchmark_flags *flags)
{
    if (!flags->allocation_profile[0] || flags->list_tests || probe_allocations_available())
        return;
    fprintf(stderr, "--prony_allocation_profile: %s\n", probe_allocations_problem());
    exit(1);
}

/* Where nobody gave an interval and the usual one gave few samples, one that fits what was allocated. */
void benchmark_record_run(struct benchmark_runner *runner, const struct benchmark_run *timed)
{
    const struct benchmark_flags *flags = runner->flags;
    uint64_t wanted = (uint64_t)flags->allocation_interval;
    struct recording_run run = { .interval_bytes = wanted ? wanted : PROBE_RECORDING_INTERVAL };
    int64_t operations = record(runner, &run, choose_iterations(runner, timed));
    uint64_t bytes = run.after.requested_bytes - run.before.requested_bytes;
    if (operations > 0 && !run.failed && !wanted && run.recording.sample_count < ENOUGH_SAMPLES && bytes > 0) {
        run.interval_bytes = bytes / WANTED_SAMPLES;
        operations = record(runner, &run, choose_iterations(runner, timed));
    }
    if (operations <= 0 && !run.failed)
        run.failed = error_set(&run.error, ERROR_STATE, "the run was skipped or failed") != 0;
    if (run.failed || save(flags->allocation_profile, timed->run_name, operations, &run))
        fprintf(stderr, "%s: no profile of allocations: %s\n", timed->run_name, run.error.text);
}
