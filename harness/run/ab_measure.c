/* ab_measure.c: one process of one side of one case: what came back is stored, or its failure is. */
#include "harness/run/ab_internal.h"
#include "harness/base/clock.h"
#include <math.h>

int ab_store_failure(struct ab *ab, const struct ab_case *subject, struct trial *attempt, struct error *error)
{
    const struct execution *execution = attempt->execution;
    struct store_sample sample = { .suite = subject->suite_name,
                                   .name = subject->name,
                                   .round = attempt->round,
                                   .process = attempt->process,
                                   .status = STORE_SAMPLE_ERROR,
                                   .message = attempt->reason,
                                   .real_time_ns = NAN,
                                   .cpu_time_ns = NAN };
    ab->progress.failure_count++;
    int code = measure_store_failure(attempt, error);
    return code == 0 ? store_sample_add(execution->store, execution->result->run_id, &sample, 1, error) : code;
}

/* Mean over the repetitions of a process, NAN if one of them gave no time. */
static double mean_time_ns(const struct protocol_output *output)
{
    double sum = 0;
    for (size_t i = 0; i < output->sample_count; i++) {
        if (output->samples[i].status != STORE_SAMPLE_OK)
            return NAN;
        sum += output->samples[i].real_time_ns;
    }
    return output->sample_count ? sum / (double)output->sample_count : NAN;
}

static void note_times(struct ab *ab, struct ab_case *subject, const struct protocol_output *output, double wall_s)
{
    subject->duration_s = subject->duration_s > 0 ? (subject->duration_s + wall_s) / 2 : wall_s;
    for (size_t i = 0; i < output->sample_count; i++)
        if (output->samples[i].status == STORE_SAMPLE_OK)
            ab->work_sum_s += output->samples[i].real_time_ns * (double)output->samples[i].iterations / 1e9;
    ab->process_sum_s += wall_s;
    ab->process_count++;
}

enum outcome ab_measure(struct ab *ab, struct ab_case *subject, int side, int round, const char *padding,
                        double *real_time_ns, int *code, struct error *error)
{
    struct ab_side *owner = &ab->sides[side];
    const char *const variables[] = { padding, NULL };
    struct schedule_unit unit = { .suite = subject->suite, .cases = &subject->index[side], .case_count = 1 };
    struct trial attempt = { .execution = &owner->execution,
                             .suite = ab->suites[subject->suite].sides[side],
                             .unit = &unit,
                             .round = round,
                             .process = owner->execution.process++,
                             .variables = variables,
                             .min_time = subject->min_time };
    struct protocol_output output = { 0 };
    double wall_s = 0;
    owner->execution.progress = ab->progress;
    enum outcome outcome = measure_run(&attempt, &output, &wall_s);
    *real_time_ns = NAN;
    if (outcome == OUTCOME_GOOD) {
        *code = measure_store_output(&attempt, &output, error);
        *real_time_ns = mean_time_ns(&output);
        note_times(ab, subject, &output, wall_s);
        if (isnan(*real_time_ns))
            subject->state = AB_CLOSED; /* it says itself that it cannot be measured */
    } else if (outcome == OUTCOME_FAILED) {
        *code = ab_store_failure(ab, subject, &attempt, error);
        subject->failures[side]++;
    } else {
        ab->result->interrupted = true;
    }
    arena_release(&attempt.arena);
    return outcome;
}
