/* STREAM's triad in plain C: bound by memory, so the baseline's vectors are enough. */
#include "kernels/peak/peak.h"

peak_stream_function peak_triad__scalar;

double peak_triad__scalar(float *restrict a, const float *restrict b, const float *restrict c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        a[i] = b[i] + 3.0f * c[i];
    return (double)a[0];
}
