/* explain_noise.c: what disturbed the timed samples. */
#include "reports/explain.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>

static const struct store_series *timed_series(const struct view_case *view_case, const char *name)
{
    for (size_t i = 0; i < view_case->source->metric_count; i++) {
        const struct store_series *series = &view_case->source->metrics[i];
        if (series->pass == STORE_PASS_TIMED && str_equal(series->name, name))
            return series;
    }
    return NULL;
}

static double mean_of(const struct view_case *view_case, const char *name)
{
    const struct store_series *series = timed_series(view_case, name);
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; series && i < view_case->source->sample_count; i++) {
        sum += isfinite(series->values[i]) ? series->values[i] : 0;
        count += isfinite(series->values[i]) ? 1 : 0;
    }
    return count ? sum / (double)count : NAN;
}

static double worst_delay(const struct view_case *view_case)
{
    const struct store_series *delay = timed_series(view_case, "run_delay_ns");
    const struct store_case *source = view_case->source;
    double worst = NAN;
    for (size_t i = 0; delay && i < source->sample_count; i++) {
        double wall_ns = source->real_time_ns[i] * (double)source->iterations[i];
        if (isfinite(delay->values[i]) && wall_ns > 0)
            worst = fmax(worst, delay->values[i] / wall_ns);
    }
    return worst;
}

static void find_clock(struct explain_noise *noise)
{
    static const char *const names[] = { "clock_before_ghz", "clock_after_ghz" };
    noise->clock_low_ghz = noise->clock_high_ghz = NAN;
    for (size_t n = 0; n < 2; n++) {
        const struct store_series *clock = timed_series(noise->view_case, names[n]);
        for (size_t i = 0; clock && i < noise->view_case->source->sample_count; i++) {
            noise->clock_low_ghz = fmin(noise->clock_low_ghz, clock->values[i]); /* fmin leaves NaN out */
            noise->clock_high_ghz = fmax(noise->clock_high_ghz, clock->values[i]);
        }
    }
}

static int more_disturbed_first(const void *a, const void *b)
{
    const struct explain_noise *x = a, *y = b;
    double share_x =
        x->view_case->delay_known ? (double)x->view_case->contaminated / (double)x->view_case->delay_known : -1;
    double share_y =
        y->view_case->delay_known ? (double)y->view_case->contaminated / (double)y->view_case->delay_known : -1;
    if (share_x != share_y)
        return share_x < share_y ? 1 : -1;
    double delay_x = isnan(x->run_delay_share) ? -1 : x->run_delay_share;
    double delay_y = isnan(y->run_delay_share) ? -1 : y->run_delay_share;
    if (delay_x != delay_y)
        return delay_x < delay_y ? 1 : -1;
    return x->view_case < y->view_case ? -1 : x->view_case > y->view_case;
}

void explain_build_noise(struct explain *explain, const struct view *view)
{
    explain->noise = arena_array(view->arena, view->case_count + 1, sizeof *explain->noise);
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        if (view_case->main.count == 0)
            continue;
        struct explain_noise *noise = &explain->noise[explain->noise_count++];
        *noise = (struct explain_noise){ .view_case = view_case,
                                         .run_delay_share = worst_delay(view_case),
                                         .switches = mean_of(view_case, "involuntary_switches"),
                                         .migrations = mean_of(view_case, "migrations"),
                                         .minor_faults = mean_of(view_case, "minor_faults"),
                                         .major_faults = mean_of(view_case, "major_faults") };
        find_clock(noise);
        explain->noise_known = explain->noise_known || !isnan(noise->clock_low_ghz) || !isnan(noise->minor_faults);
    }
    qsort(explain->noise, explain->noise_count, sizeof *explain->noise, more_disturbed_first);
}
