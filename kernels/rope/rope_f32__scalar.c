/* rope_f32__scalar.c: rotary embedding in plain C. */
#include "kernels/kernel.h"

rope_function rope_f32__scalar;

void rope_f32__scalar(float *x, size_t head_stride, size_t heads, size_t rotary_size, const float *cos_sin, bool neox)
{
    size_t pairs = rotary_size / 2;
    size_t step = neox ? 1 : 2, partner = neox ? pairs : 1;
    for (; heads > 0; heads--, x += head_stride) {
        for (size_t i = 0; i < pairs; i++) {
            float c = cos_sin[2 * i], s = cos_sin[2 * i + 1];
            float a = x[i * step], b = x[i * step + partner];
            x[i * step] = a * c - b * s;
            x[i * step + partner] = a * s + b * c;
        }
    }
}
