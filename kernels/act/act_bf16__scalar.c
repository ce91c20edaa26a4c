/* act_bf16__scalar.c: f32 -> bf16, in plain C. */
#include "kernels/kernel.h"

act_function act_bf16__scalar;

void act_bf16__scalar(void *dst, const float *x, size_t x_stride, size_t rows, size_t cols)
{
    size_t padded = act_padded_cols(cols);
    uint16_t *out = dst;
    for (size_t row = 0; row < rows; row++, x += x_stride, out += padded)
        for (size_t i = 0; i < padded; i++)
            out[i] = i < cols ? float_to_bf16(x[i]) : 0;
}
