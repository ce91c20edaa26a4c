/* record.c: which sampler, the child under it, and what its records say. */
#include "harness/run/record.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/probe/profile/fold.h"
#include "harness/probe/profile/sampler_perf.h"
#include "harness/probe/profile/sampler_timer.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_LIMIT_BYTES = 64 << 20 };

/* A recording under way. */
struct session {
    const struct record_request *request;
    struct sampler_options options;
    struct sampler_event event;
    struct record_info *info;
    bool is_timer;
    struct sampler_perf *perf;
    struct recording recording;
};

static void add_note(struct record_info *info, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_note(struct record_info *info, const char *format, ...)
{
    size_t used = strlen(info->note);
    va_list arguments;
    if (used && used + 2 < sizeof info->note) {
        memcpy(info->note + used, "; ", 3);
        used += 2;
    }
    va_start(arguments, format);
    vsnprintf(info->note + used, sizeof info->note - used, format, arguments);
    va_end(arguments);
}

/* ---- which sampler ---- */

static int check_options(const struct session *session, struct error *error)
{
    size_t bytes = session->options.stack_bytes;
    if (bytes % 8 != 0 || bytes < 256 || bytes > SAMPLER_STACK_LIMIT)
        return error_set(error, ERROR_USAGE, "a sample's stack of %zu bytes: 256 to %d, a multiple of 8, is possible",
                         bytes, SAMPLER_STACK_LIMIT);
    return 0;
}

static int choose_sampler(struct session *session, struct error *error)
{
    const struct record_request *request = session->request;
    struct error reason = { 0 };
    int code = request->sampler == RECORD_TIMER ? ERROR_UNSUPPORTED
                                                : sampler_perf_probe(&session->options, &session->event, &reason);
    if (code == ERROR_UNSUPPORTED && request->sampler != RECORD_PERF) {
        session->is_timer = true;
        code = sampler_timer_check(request->arguments[0], error);
        if (code != 0 && reason.code)
            return error_prefix(error, "%s; and the timer cannot replace it", reason.text);
        if (code == 0 && reason.code)
            add_note(session->info, "sampled by a timer inside the program: %s", reason.text);
        return code;
    }
    if (code != 0 && error)
        *error = reason;
    return code;
}

/* ---- the run ---- */

static int attach(void *context, pid_t pid, struct error *error)
{
    struct session *session = context;
    return sampler_perf_open(&session->perf, pid, &session->options, &session->event, error);
}

static int run_child(struct session *session, struct child_result *result, struct error *error)
{
    const struct record_request *request = session->request;
    struct child_request child = { .arguments = request->arguments,
                                   .environment = request->environment,
                                   .directory = request->directory,
                                   .cpus = request->cpus,
                                   .timeout_s = request->timeout_s,
                                   .output_limit_bytes = OUTPUT_LIMIT_BYTES,
                                   .interrupt_fd = request->interrupt_fd,
                                   .keeps_streams = request->keeps_streams };
    if (!session->is_timer) {
        child.attach = attach;
        child.attach_context = session;
        int code = child_run(&child, result, error);
        if (!session->perf)
            return code;
        return sampler_perf_close(session->perf, code == 0 ? &session->recording : NULL, code == 0 ? error : NULL)
                   ? error->code
                   : code;
    }
    char **environment;
    int code = recording_open(&session->recording, error);
    if (code == 0)
        code = sampler_timer_environment(&session->options, session->recording.fd, request->environment, &environment,
                                         error);
    if (code != 0)
        return code;
    child.environment = (const char *const *)(uintptr_t)environment;
    code = child_run(&child, result, error);
    sampler_timer_free(environment);
    return code == 0 ? recording_map(&session->recording, error) : code;
}

/* ---- what came of it ---- */

static void describe(struct session *session, const struct fold_facts *facts, const struct child_result *result)
{
    struct record_info *info = session->info;
    double limit_hz = sampler_timer_limit_hz();
    info->event = session->is_timer ? "cpu-timer" : session->event.name;
    info->unit = session->is_timer ? "ns" : session->event.unit;
    info->frequency_hz = session->options.frequency_hz;
    info->duration_ns = (int64_t)(result->wall_s * 1e9);
    info->sample_count = facts->sample_count;
    info->lost_count = facts->lost_count;
    info->truncated_count = facts->truncated_count;
    info->weight = facts->weight;
    if (session->is_timer && limit_hz > 0 && info->frequency_hz > limit_hz) {
        add_note(info, "%g Hz, because the kernel's timer ticks no faster", limit_hz);
        info->frequency_hz = limit_hz;
    }
    if (session->is_timer)
        add_note(info, "no kernel frames: time in the kernel counts for the function that called it");
    else if (!session->event.kernel && session->request->no_kernel)
        add_note(info, "without time in the kernel");
    else if (!session->event.kernel)
        add_note(info, "without time in the kernel, which kernel.perf_event_paranoid keeps from this user");
    if (facts->throttle_count)
        add_note(info, "the kernel took fewer samples for a while (%llu times): kernel.perf_cpu_time_max_percent",
                 (unsigned long long)facts->throttle_count);
    if (session->recording.problem[0])
        add_note(info, "cut short: %s", session->recording.problem);
}

int record_profile(const struct record_request *request, struct stacks **stacks, struct record_info *info,
                   struct child_result *result, struct error *error)
{
    struct session session = { .request = request, .info = info, .recording = { .fd = -1 } };
    session.options = (struct sampler_options){
        .frequency_hz = request->frequency_hz ? request->frequency_hz : SAMPLER_FREQUENCY_DEFAULT,
        .stack_bytes = request->stack_bytes ? request->stack_bytes : SAMPLER_STACK_DEFAULT,
        .no_kernel = request->no_kernel,
    };
    *info = (struct record_info){ 0 };
    *result = (struct child_result){ 0 };
    *stacks = NULL;
    int code = check_options(&session, error);
    if (code == 0)
        code = choose_sampler(&session, error);
    if (code == 0)
        code = run_child(&session, result, error);
    if (code == 0) {
        struct fold_options options = { .merge_threads = request->merge_threads };
        struct fold_facts facts;
        *stacks = stacks_create();
        fold_records(session.recording.data, session.recording.size_bytes, &options, *stacks, &facts);
        describe(&session, &facts, result);
    }
    recording_close(&session.recording);
    return code;
}
