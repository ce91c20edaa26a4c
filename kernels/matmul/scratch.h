/* scratch.h: how much scratch the vector rows need, for table.c, which is compiled without their instruction sets. */
#ifndef PRONY_KERNELS_MATMUL_SCRATCH_H
#define PRONY_KERNELS_MATMUL_SCRATCH_H

enum {
    MATMUL_SCRATCH_AMX = 256 * 1024 * 2, /* a panel of bf16 (amx.h) */
    MATMUL_SCRATCH_FMA = 32 * 1024,      /* a panel of f32 (fma.h) */
    MATMUL_SCRATCH_BYTES = 720 * 1024    /* panels of bytes and a chunk of activations (bytes.h) */
};

#endif
