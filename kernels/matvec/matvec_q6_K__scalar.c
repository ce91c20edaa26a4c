/* matvec_q6_K__scalar.c: y = W x, q6_K weights, in plain C. */
#include "kernels/matvec/scalar.h"
#include "kernels/dequantize/unpack.h"

matvec_function matvec_q6_K__scalar;

static float matvec_row(const struct block_q6_K *block, const int8_t *x, const float *x_scale, size_t blocks)
{
    double sum = 0;
    for (size_t b = 0; b < blocks; b++, x += 256, x_scale += 8) {
        double d = half_to_float(block[b].d);
        int8_t q[256];
        unpack_q6_K(q, &block[b]);
        for (int group = 0; group < 16; group++)
            sum +=
                d * x_scale[group / 2] * (block[b].scales[group] * scalar_dot_i8(q + 16 * group, x + 16 * group, 16));
    }
    return (float)sum;
}

void matvec_q6_K__scalar(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    const float *x_scale = act_q8_scales(act, cols);
    for (size_t r = 0; r < rows; r++)
        y[r] = matvec_row((const void *)((const char *)w + r * w_row_bytes), act, x_scale, cols / 256);
}
