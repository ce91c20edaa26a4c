/* table.c: the rows of matvec.
 *
 * One line a variant, all variants of a format together, the fastest measured first, the scalar row last. The line
 * declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/tables.h"

#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define MATVEC_ROWS                                                         \
    X86(matvec_f32__avx512, FORMAT_F32, ACT_F32, CPU_AVX512, 1e-6)          \
    X86(matvec_f32__avx2, FORMAT_F32, ACT_F32, CPU_AVX2, 1e-6)              \
    ROW(matvec_f32__scalar, FORMAT_F32, ACT_F32, 0, 0)                      \
    X86(matvec_f16__avx512, FORMAT_F16, ACT_F32, CPU_AVX512, 1e-6)          \
    X86(matvec_f16__avx2, FORMAT_F16, ACT_F32, CPU_AVX2, 1e-6)              \
    ROW(matvec_f16__scalar, FORMAT_F16, ACT_F32, 0, 0)                      \
    X86(matvec_bf16__avx512, FORMAT_BF16, ACT_F32, CPU_AVX512, 1e-6)        \
    X86(matvec_bf16__avx2, FORMAT_BF16, ACT_F32, CPU_AVX2, 1e-6)            \
    ROW(matvec_bf16__scalar, FORMAT_BF16, ACT_F32, 0, 0)                    \
    X86(matvec_q8_0__avx512vnni, FORMAT_Q8_0, ACT_Q8, CPU_AVX512VNNI, 1e-6) \
    X86(matvec_q8_0__avx2, FORMAT_Q8_0, ACT_Q8, CPU_AVX2, 1e-6)             \
    ROW(matvec_q8_0__scalar, FORMAT_Q8_0, ACT_Q8, 0, 0)                     \
    X86(matvec_q4_0__avx512vnni, FORMAT_Q4_0, ACT_Q8, CPU_AVX512VNNI, 1e-6) \
    X86(matvec_q4_0__avx2, FORMAT_Q4_0, ACT_Q8, CPU_AVX2, 1e-6)             \
    ROW(matvec_q4_0__scalar, FORMAT_Q4_0, ACT_Q8, 0, 0)                     \
    X86(matvec_q4_1__avx512vnni, FORMAT_Q4_1, ACT_Q8, CPU_AVX512VNNI, 1e-6) \
    X86(matvec_q4_1__avx2, FORMAT_Q4_1, ACT_Q8, CPU_AVX2, 1e-6)             \
    ROW(matvec_q4_1__scalar, FORMAT_Q4_1, ACT_Q8, 0, 0)                     \
    X86(matvec_q5_0__avx512vnni, FORMAT_Q5_0, ACT_Q8, CPU_AVX512VNNI, 1e-6) \
    X86(matvec_q5_0__avx2, FORMAT_Q5_0, ACT_Q8, CPU_AVX2, 1e-6)             \
    ROW(matvec_q5_0__scalar, FORMAT_Q5_0, ACT_Q8, 0, 0)                     \
    X86(matvec_q5_1__avx512vnni, FORMAT_Q5_1, ACT_Q8, CPU_AVX512VNNI, 1e-6) \
    X86(matvec_q5_1__avx2, FORMAT_Q5_1, ACT_Q8, CPU_AVX2, 1e-6)             \
    ROW(matvec_q5_1__scalar, FORMAT_Q5_1, ACT_Q8, 0, 0)                     \
    X86(matvec_q4_K__avx512vnni, FORMAT_Q4_K, ACT_Q8, CPU_AVX512VNNI, 1e-6) \
    X86(matvec_q4_K__avx2, FORMAT_Q4_K, ACT_Q8, CPU_AVX2, 1e-6)             \
    ROW(matvec_q4_K__scalar, FORMAT_Q4_K, ACT_Q8, 0, 0)                     \
    X86(matvec_q5_K__avx512vnni, FORMAT_Q5_K, ACT_Q8, CPU_AVX512VNNI, 1e-6) \
    X86(matvec_q5_K__avx2, FORMAT_Q5_K, ACT_Q8, CPU_AVX2, 1e-6)             \
    ROW(matvec_q5_K__scalar, FORMAT_Q5_K, ACT_Q8, 0, 0)                     \
    X86(matvec_q6_K__avx512vnni, FORMAT_Q6_K, ACT_Q8, CPU_AVX512VNNI, 1e-6) \
    X86(matvec_q6_K__avx2, FORMAT_Q6_K, ACT_Q8, CPU_AVX2, 1e-6)             \
    ROW(matvec_q6_K__scalar, FORMAT_Q6_K, ACT_Q8, 0, 0)

#define ROW(name, ...) matvec_function name;
MATVEC_ROWS
#undef ROW

#define ROW(name_, format_, act_, needs_, tolerance_) \
    { .name = #name_,                                 \
      .op = OP_MATVEC,                                \
      .format = format_,                              \
      .act = act_,                                    \
      .needs = needs_,                                \
      .function.matvec = name_,                       \
      .tolerance = tolerance_ },
const struct kernel_row kernel_matvec_rows[] = { MATVEC_ROWS };
const size_t kernel_matvec_row_count = sizeof kernel_matvec_rows / sizeof *kernel_matvec_rows;
#undef ROW
