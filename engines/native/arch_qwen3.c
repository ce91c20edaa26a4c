/* arch_qwen3.c: Qwen 3 (Yang et al. 2025), dense: no biases; every head of q and k is normalized before the rotation;
 * the head size is a key of its own. */
#include "engines/native/arch.h"

static const struct config_row config[] = { ARCH_DECODER_CONFIG };

static const struct tensor_row tensors[] = {
    ARCH_DECODER_TENSORS,
    { "attn_q_norm.weight", LAYER(q_norm), DIMENSION_ONE, DIMENSION_HEAD, TENSOR_REQUIRED },
    { "attn_k_norm.weight", LAYER(k_norm), DIMENSION_ONE, DIMENSION_HEAD, TENSOR_REQUIRED },
};

const struct arch_row arch_qwen3 = {
    .name = "qwen3",
    .rope_neox = true,
    .config = config,
    .config_count = sizeof config / sizeof config[0],
    .tensors = tensors,
    .tensor_count = sizeof tensors / sizeof tensors[0],
};
