/* doctor_watched.c: judges what doctor_watch.c saw. Thresholds are written down in docs/METHOD.md. */
#include "harness/run/doctor_internal.h"
#include "harness/stats/stats.h"
#include "harness/base/str.h"
#include <math.h>
#include <string.h>

#define NOT_WATCHED "not watched"
#define WATCH_IT    "prony doctor --seconds 3"

static void check_clock(struct doctor *doctor, struct store_check *check)
{
    const struct doctor_readings *r = doctor->readings;
    if (!r->clock_count) {
        doctor_say(doctor, check, DOCTOR_UNKNOWN, r->watched_s > 0 ? NULL : WATCH_IT, "%s",
                   r->watched_s > 0 ? "no way to read the core clock of this CPU" : NOT_WATCHED);
        return;
    }
    double *sorted = arena_array(doctor->arena, r->clock_count, sizeof *sorted);
    memcpy(sorted, r->clock_hz, r->clock_count * sizeof *sorted);
    stats_sort(sorted, r->clock_count);
    double p50 = stats_quantile_sorted(sorted, r->clock_count, 0.5);
    double spread = stats_quantile_sorted(sorted, r->clock_count, 0.9) / p50 - 1;
    char text[32];
    const char *const *governors;
    size_t settable =
        sysfs_glob(doctor->arena, doctor->root, "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor", &governors);
    doctor_say(doctor, check, doctor_grade(spread, 0.01, 0.05),
               settable ? "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
                        : "The clock is not set from here: ask the host's owner, or wait until others are done.",
               "%.3f GHz, its p90 is %s above its p50 (%zu readings)", p50 / 1e9,
               doctor_percent(text, sizeof text, spread), r->clock_count);
}

static void check_detour(struct doctor *doctor, struct store_check *check)
{
    const struct doctor_readings *r = doctor->readings;
    const struct doctor_detour *worst = NULL;
    double worst_share = -1, least_share = 2;
    for (size_t i = 0; i < r->detour_count; i++) {
        if (r->detours[i].watched_ns <= 0)
            continue;
        double share = (double)r->detours[i].lost_ns / (double)r->detours[i].watched_ns;
        least_share = share < least_share ? share : least_share;
        if (share > worst_share) {
            worst_share = share;
            worst = &r->detours[i];
        }
    }
    if (!worst) {
        doctor_say(doctor, check, DOCTOR_UNKNOWN, WATCH_IT, NOT_WATCHED);
        return;
    }
    char lost[32], least[32], watched[32], longest[32];
    doctor_percent(lost, sizeof lost, worst_share);
    doctor_percent(least, sizeof least, least_share);
    str_duration(watched, sizeof watched, (double)worst->watched_ns / 1e9);
    str_duration(longest, sizeof longest, (double)worst->longest_ns / 1e9);
    doctor_say(doctor, check, doctor_grade(worst_share, 0.01, 0.05),
               "top -H  # stop what else runs here; a virtual machine needs cores of its own",
               "CPU %zu lost %s of %s in %zu gaps, the longest %s (best CPU: %s)", worst->cpu, lost, watched,
               worst->gap_count, longest, least);
}

/* The interval's worse end is what a comparison of as many samples cannot tell from nothing. */
static void check_same(struct doctor *doctor, struct store_check *check)
{
    const struct doctor_readings *r = doctor->readings;
    if (r->same_count < 2) {
        doctor_say(doctor, check, DOCTOR_UNKNOWN, WATCH_IT, NOT_WATCHED);
        return;
    }
    struct stats_shift shift = stats_shift(r->a_ns, r->same_count, r->b_ns, r->same_count, 0.95);
    double base = stats_median(r->a_ns, r->same_count);
    double low = shift.interval.low / base, high = shift.interval.high / base;
    doctor->precision = fmax(fabs(low), fabs(high));
    char bound[32], length[32];
    doctor_percent(bound, sizeof bound, doctor->precision);
    str_duration(length, sizeof length, base / 1e9);
    doctor_say(doctor, check, doctor_grade(doctor->precision, 0.01, 0.05),
               "prony run PLAN --rounds 20  # more samples, at a quieter time",
               "A against A differs by %+.2f %% (%.0f %% interval %+.2f to %+.2f %%; %zu samples each of %s)",
               shift.estimate / base * 100, shift.interval.coverage * 100, low * 100, high * 100, r->same_count,
               length);
}

const struct doctor_row doctor_watch_rows[] = {
    { "self_test", "A difference smaller than this between two runs may be nothing at all.", check_same },
    { "detour", "Time that a program does not get is in its wall times, and no counter of the guest need show it.",
      check_detour },
    { "core_clock", "When the clock moves, so does every time, though the program is the same.", check_clock },
    { NULL, NULL, NULL },
};
