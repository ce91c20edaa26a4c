/* synth_weights.c: see synth_weights.h.
 *
 * Every operation here is exact or correctly rounded by IEEE 754 (integers, +, *, /, sqrt), and no statement holds a
 * product and a sum that a compiler could fuse: the same bits on every machine. That is why the normal distribution is
 * approximated by a sum of four uniform numbers (Irwin-Hall) instead of a logarithm and a cosine. */
#include "engines/native/synth_weights.h"
#include "harness/base/rng.h"
#include <math.h>
#include <string.h>

/* FNV-1a. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++) {
        hash ^= (unsigned char)*name;
        hash *= UINT64_C(1099511628211);
    }
    return hash;
}

/* One draw: four 16-bit uniforms, summed and centred. Mean 0, variance (2^32 - 1) / 3, range +-131070. */
static inline int32_t irwin_hall(uint64_t bits)
{
    int32_t sum = (int32_t)(bits & 0xffff) + (int32_t)(bits >> 16 & 0xffff) + (int32_t)(bits >> 32 & 0xffff) +
                  (int32_t)(bits >> 48);
    return sum - 131070;
}

#define IRWIN_HALL_UNIT 2.6428998e-5f /* 1 / sqrt((2^32 - 1) / 3) */

/* Of the rows of padding tokens: nearly 150,000 of them must not drown the few thousand that mean something. */
#define UNUSED_SCALE 0.0625f

/* Llama 3.1's rule: wave lengths beyond the old context are stretched by the factor, short ones not at all, those
 * between are interpolated. (Llama 3.1 reference code, apply_scaling: low factor 1, high factor 4.) The base's power is
 * built from square roots, because pow() differs in the last bit between C libraries; head_size is a power of two. */
static void fill_rope_factors(float *x, const struct synth_shape *shape)
{
    const double two_pi = 6.283185307179586, low_factor = 1.0, high_factor = 4.0;
    const double old_context = (double)shape->rope_old_context, factor = (double)shape->rope_factor;
    double root = (double)shape->rope_base; /* base^(2 / head_size) */
    for (size_t n = shape->head_size / 2; n > 1; n /= 2)
        root = sqrt(root);
    double inverse_frequency = 1.0;
    for (size_t i = 0; i < shape->head_size / 2; i++) {
        double wave_length = two_pi * inverse_frequency;
        if (wave_length < old_context / high_factor) {
            x[i] = 1.0f;
        } else if (wave_length > old_context / low_factor) {
            x[i] = (float)factor;
        } else {
            double ratio = old_context / wave_length;
            double smooth = (ratio - low_factor) / (high_factor - low_factor);
            double stretched = (1.0 - smooth) / factor;
            double scale = stretched + smooth;
            x[i] = (float)(1.0 / scale);
        }
        inverse_frequency *= root;
    }
}

void synth_weights_row(float *x, const struct synth_shape *shape, const struct synth_tensor *tensor, uint64_t seed,
                       size_t row)
{
    if (tensor->role == ROLE_ROPE_FACTOR) {
        fill_rope_factors(x, shape);
        return;
    }
    struct rng rng;
    rng_seed(&rng, rng_mix(rng_mix(seed, hash_name(tensor->name)), row));
    float unit = tensor->deviation * IRWIN_HALL_UNIT;
    if (tensor->used_rows > 0 && row >= tensor->used_rows)
        unit *= UNUSED_SCALE;
    for (size_t i = 0; i < tensor->cols; i++) {
        float deviation = (float)irwin_hall(rng_next(&rng)) * unit;
        x[i] = deviation;
    }
    if (tensor->mean != 0.0f) {
        for (size_t i = 0; i < tensor->cols; i++)
            x[i] += tensor->mean;
    }
    if (tensor->signs) {
        for (size_t i = 0; i < tensor->cols; i++)
            x[i] = rng_next(&rng) >> 63 ? -x[i] : x[i];
    }
}
