/* table.c: the rows of dequantize.
 *
 * One line a variant, all variants of a format together, the fastest measured first, the scalar row last. The line
 * declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/tables.h"

#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define DEQUANTIZE_ROWS                                         \
    ROW(dequantize_f32__scalar, FORMAT_F32, 0, 0)               \
    X86(dequantize_f16__avx512, FORMAT_F16, CPU_AVX512, 1e-7)   \
    X86(dequantize_f16__avx2, FORMAT_F16, CPU_AVX2, 1e-7)       \
    ROW(dequantize_f16__scalar, FORMAT_F16, 0, 0)               \
    X86(dequantize_bf16__avx512, FORMAT_BF16, CPU_AVX512, 1e-7) \
    X86(dequantize_bf16__avx2, FORMAT_BF16, CPU_AVX2, 1e-7)     \
    ROW(dequantize_bf16__scalar, FORMAT_BF16, 0, 0)             \
    X86(dequantize_q8_0__avx512, FORMAT_Q8_0, CPU_AVX512, 1e-7) \
    X86(dequantize_q8_0__avx2, FORMAT_Q8_0, CPU_AVX2, 1e-7)     \
    ROW(dequantize_q8_0__scalar, FORMAT_Q8_0, 0, 0)             \
    X86(dequantize_q4_0__avx512, FORMAT_Q4_0, CPU_AVX512, 1e-7) \
    X86(dequantize_q4_0__avx2, FORMAT_Q4_0, CPU_AVX2, 1e-7)     \
    ROW(dequantize_q4_0__scalar, FORMAT_Q4_0, 0, 0)             \
    X86(dequantize_q4_1__avx512, FORMAT_Q4_1, CPU_AVX512, 1e-7) \
    X86(dequantize_q4_1__avx2, FORMAT_Q4_1, CPU_AVX2, 1e-7)     \
    ROW(dequantize_q4_1__scalar, FORMAT_Q4_1, 0, 0)             \
    X86(dequantize_q5_0__avx512, FORMAT_Q5_0, CPU_AVX512, 1e-7) \
    X86(dequantize_q5_0__avx2, FORMAT_Q5_0, CPU_AVX2, 1e-7)     \
    ROW(dequantize_q5_0__scalar, FORMAT_Q5_0, 0, 0)             \
    X86(dequantize_q5_1__avx512, FORMAT_Q5_1, CPU_AVX512, 1e-7) \
    X86(dequantize_q5_1__avx2, FORMAT_Q5_1, CPU_AVX2, 1e-7)     \
    ROW(dequantize_q5_1__scalar, FORMAT_Q5_1, 0, 0)             \
    X86(dequantize_q4_K__avx512, FORMAT_Q4_K, CPU_AVX512, 1e-7) \
    X86(dequantize_q4_K__avx2, FORMAT_Q4_K, CPU_AVX2, 1e-7)     \
    ROW(dequantize_q4_K__scalar, FORMAT_Q4_K, 0, 0)             \
    X86(dequantize_q5_K__avx512, FORMAT_Q5_K, CPU_AVX512, 1e-7) \
    X86(dequantize_q5_K__avx2, FORMAT_Q5_K, CPU_AVX2, 1e-7)     \
    ROW(dequantize_q5_K__scalar, FORMAT_Q5_K, 0, 0)             \
    X86(dequantize_q6_K__avx512, FORMAT_Q6_K, CPU_AVX512, 1e-7) \
    X86(dequantize_q6_K__avx2, FORMAT_Q6_K, CPU_AVX2, 1e-7)     \
    ROW(dequantize_q6_K__scalar, FORMAT_Q6_K, 0, 0)

#define ROW(name, ...) dequantize_function name;
DEQUANTIZE_ROWS
#undef ROW

#define ROW(name_, format_, needs_, tolerance_) \
    { .name = #name_,                           \
      .op = OP_DEQUANTIZE,                      \
      .format = format_,                        \
      .needs = needs_,                          \
      .function.dequantize = name_,             \
      .tolerance = tolerance_ },
const struct kernel_row kernel_dequantize_rows[] = { DEQUANTIZE_ROWS };
const size_t kernel_dequantize_row_count = sizeof kernel_dequantize_rows / sizeof *kernel_dequantize_rows;
#undef ROW
