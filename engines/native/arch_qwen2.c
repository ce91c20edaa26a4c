/* arch_qwen2.c: Qwen 2 and 2.5 (Yang et al. 2024), dense: as Llama, with biases on q, k and v; rotation pairs the two
 * halves of a head. */
#include "engines/native/arch.h"

static const struct config_row config[] = { ARCH_DECODER_CONFIG };

static const struct tensor_row tensors[] = {
    ARCH_DECODER_TENSORS,
    { "attn_q.bias", LAYER(q_bias), DIMENSION_ONE, DIMENSION_Q, TENSOR_REQUIRED },
    { "attn_k.bias", LAYER(k_bias), DIMENSION_ONE, DIMENSION_KV, TENSOR_REQUIRED },
    { "attn_v.bias", LAYER(v_bias), DIMENSION_ONE, DIMENSION_KV, TENSOR_REQUIRED },
};

const struct arch_row arch_qwen2 = {
    .name = "qwen2",
    .rope_neox = true,
    .config = config,
    .config_count = sizeof config / sizeof config[0],
    .tensors = tensors,
    .tensor_count = sizeof tensors / sizeof tensors[0],
};
