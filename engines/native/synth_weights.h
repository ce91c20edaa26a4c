/* synth_weights.h: the values of one row of a synthesized tensor. */
#ifndef PRONY_NATIVE_SYNTH_WEIGHTS_H
#define PRONY_NATIVE_SYNTH_WEIGHTS_H

#include "engines/native/synth_plan.h"
#include <stdint.h>

/* Fills x[tensor->cols] with row number row (0 for a vector). The values depend on the seed, the tensor's name and the
 * row alone: not on the format, the other tensors, or which thread asks. */
void synth_weights_row(float *x, const struct synth_shape *shape, const struct synth_tensor *tensor, uint64_t seed,
                       size_t row);

#endif
