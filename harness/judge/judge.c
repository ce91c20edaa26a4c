/* judge.c: the words of verdicts, and which way is better. */
#include "harness/judge/judge.h"
#include "harness/base/str.h"
#include <math.h>
#include <string.h>

const char *judge_verdict_name(enum judge_verdict verdict)
{
    static const char *const names[JUDGE_VERDICT_COUNT] = {
        "regressed", "improved", "equivalent", "undecided", "wrong output", "failed", "new",
    };
    return names[verdict];
}

double judge_percent(double log_ratio)
{
    return 100 * expm1(log_ratio);
}

bool judge_higher_is_better(const char *metric, const char *unit)
{
    /* A rate, as number_of and the suites name them: something a second, a share of what is possible, or IPC. */
    static const char *const endings[] = { "_per_second", "percent_of_peak", "percent_of_bandwidth", "ipc" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t length = strlen(metric), ending = strlen(endings[i]);
        if (length >= ending && str_equal(metric + length - ending, endings[i]))
            return true;
    }
    return unit && strlen(unit) > 2 && str_equal(unit + strlen(unit) - 2, "/s");
}
