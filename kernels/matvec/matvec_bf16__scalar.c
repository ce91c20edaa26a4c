/* matvec_bf16__scalar.c: y = W x, bf16 weights and f32 activations, in plain C. */
#include "kernels/matvec/scalar.h"

matvec_function matvec_bf16__scalar;

void matvec_bf16__scalar(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    const float *x = act;
    for (size_t r = 0; r < rows; r++) {
        const uint16_t *row = (const void *)((const char *)w + r * w_row_bytes);
        double sum = 0;
        for (size_t i = 0; i < cols; i++)
            sum += (double)bf16_to_float(row[i]) * x[i];
        y[r] = (float)sum;
    }
}
