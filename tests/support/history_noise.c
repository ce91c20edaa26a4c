/* history_noise.c: seeded histories with a known step, or none. */
#include "tests/support/history_noise.h"
#include <math.h>

#define LOGNORMAL_SD 0.8
#define CORRELATION  0.5

const char *history_noise_name(enum history_noise kind)
{
    static const char *const names[] = { "gauss", "lognormal", "AR .5", "spikes 5 %", "bimodal" };
    return names[kind];
}

static double noise_of(struct rng *rng, enum history_noise kind, double before)
{
    double normal = rng_normal(rng), variance = LOGNORMAL_SD * LOGNORMAL_SD;
    switch (kind) {
    case HISTORY_LOGNORMAL:
        return (exp(LOGNORMAL_SD * normal) - exp(variance / 2)) / (exp(variance / 2) * sqrt(exp(variance) - 1));
    case HISTORY_CORRELATED: return CORRELATION * before + sqrt(1 - CORRELATION * CORRELATION) * normal;
    case HISTORY_SPIKES: return normal + (rng_uniform(rng) < 0.05 ? 5 + 15 * rng_uniform(rng) : 0);
    case HISTORY_BIMODAL: return normal / 2 + (rng_uniform(rng) < 0.3 ? 4 : 0);
    default: return normal;
    }
}

void history_noise_make(struct rng *rng, enum history_noise kind, double *noise, size_t count)
{
    double before = rng_normal(rng);
    for (size_t i = 0; i < count; i++)
        before = noise[i] = noise_of(rng, kind, before);
}

void history_make(struct rng *rng, enum history_noise kind, double sd, size_t at, double step, double *values,
                  size_t count)
{
    history_noise_make(rng, kind, values, count);
    for (size_t i = 0; i < count; i++)
        values[i] = 1000 * fmax(0.01, 1 + sd * values[i]) * (i >= at ? 1 + step : 1);
}
