/* arch_llama.c: Llama 1 to 3 (Touvron et al. 2023, Grattafiori et al. 2024), Mistral, SmolLM2 and others that use the
 * same block. Files hold q and k with rows permuted so that rotation works on neighbours. Some descendants have biases.
 */
#include "engines/native/arch.h"

static const struct config_row config[] = { ARCH_DECODER_CONFIG };

static const struct tensor_row tensors[] = {
    ARCH_DECODER_TENSORS,
    { "attn_q.bias", LAYER(q_bias), DIMENSION_ONE, DIMENSION_Q, TENSOR_OPTIONAL },
    { "attn_k.bias", LAYER(k_bias), DIMENSION_ONE, DIMENSION_KV, TENSOR_OPTIONAL },
    { "attn_v.bias", LAYER(v_bias), DIMENSION_ONE, DIMENSION_KV, TENSOR_OPTIONAL },
    { "attn_output.bias", LAYER(output_bias), DIMENSION_ONE, DIMENSION_WIDTH, TENSOR_OPTIONAL },
};

const struct arch_row arch_llama = {
    .name = "llama",
    .rope_neox = false,
    .config = config,
    .config_count = sizeof config / sizeof config[0],
    .tensors = tensors,
    .tensor_count = sizeof tensors / sizeof tensors[0],
};
