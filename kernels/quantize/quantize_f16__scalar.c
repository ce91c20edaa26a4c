/* quantize_f16__scalar.c: f32 to IEEE binary16, round to nearest even. */
#include "kernels/kernel.h"

quantize_function quantize_f16__scalar;

void quantize_f16__scalar(void *w, const float *x, size_t cols)
{
    uint16_t *out = w;
    for (size_t i = 0; i < cols; i++)
        out[i] = float_to_half(x[i]);
}
