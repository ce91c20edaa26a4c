/* estimate.c: how long a run still takes.
 *
 * Timed rounds: what each case took so far, the mean of the known ones for the others. A pass: the same times, by a
 * factor that is a guess until the pass has measured something itself; valgrind is much slower than anything else, and
 * refuses much. */
#include "harness/run/runner_internal.h"

enum { KNOWN_LEAST = 3 };

static double mean_duration_s(const struct runner_suite *suite)
{
    double sum = 0;
    size_t known = 0;
    for (size_t k = 0; k < suite->case_count; k++) {
        sum += suite->duration_s[k];
        known += suite->duration_s[k] > 0;
    }
    return known ? sum / (double)known : 0;
}

/* The first guess of what a pass takes longer than a timed process. */
static double guess_factor(enum store_pass pass)
{
    return pass == STORE_PASS_CALLGRIND ? 20 : pass == STORE_PASS_PROFILE ? 5 : 1.5;
}

static double estimate_passes_s(const struct runner_suite *suite, double fallback_s)
{
    double mean_s = mean_duration_s(suite), left_s = 0;
    mean_s = mean_s > 0 ? mean_s : fallback_s;
    for (int pass = 0; pass < STORE_PASS_COUNT; pass++) {
        const struct pass_clock *clock = &suite->passes.clocks[pass];
        double process_s = mean_s * guess_factor((enum store_pass)pass);
        if (clock->done)
            process_s = clock->taken_s / (double)clock->done;
        left_s += process_s * (double)clock->left;
    }
    return left_s;
}

double runner_estimate_left(const struct runner *runner)
{
    double known_s = 0, left_s = 0;
    size_t known = 0, unknown_left = 0;
    for (size_t i = 0; i < runner->suite_count; i++) {
        const struct runner_suite *suite = &runner->suites[i];
        for (size_t k = 0; k < suite->case_count; k++) {
            if (suite->duration_s[k] > 0) {
                known++;
                known_s += suite->duration_s[k];
                left_s += suite->duration_s[k] * suite->rounds_left[k];
            } else {
                unknown_left += (size_t)suite->rounds_left[k];
            }
        }
    }
    if (known < KNOWN_LEAST)
        return -1;
    double mean_s = known_s / (double)known;
    for (size_t i = 0; i < runner->suite_count; i++)
        left_s += estimate_passes_s(&runner->suites[i], mean_s);
    return left_s + mean_s * (double)unknown_left;
}
