/* table.c: the rows of matmul.
 *
 * One line a variant, all variants of a format together, the fastest measured first, the scalar row last. The line
 * declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/matmul/scratch.h"
#include "kernels/tables.h"

#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define MATMUL_ROWS                                                                               \
    X86(matmul_f32__avx512, FORMAT_F32, ACT_F32, CPU_AVX512, fma_scratch, 32, 1e-6)               \
    X86(matmul_f32__avx2, FORMAT_F32, ACT_F32, CPU_AVX2, fma_scratch, 16, 1e-6)                   \
    ROW(matmul_f32__scalar, FORMAT_F32, ACT_F32, 0, NULL, 0, 0)                                   \
    X86(matmul_f16__avx512, FORMAT_F16, ACT_F32, CPU_AVX512, fma_scratch, 32, 1e-6)               \
    X86(matmul_f16__avx2, FORMAT_F16, ACT_F32, CPU_AVX2, fma_scratch, 16, 1e-6)                   \
    ROW(matmul_f16__scalar, FORMAT_F16, ACT_F32, 0, NULL, 0, 0)                                   \
    X86(matmul_bf16__avx512, FORMAT_BF16, ACT_F32, CPU_AVX512, fma_scratch, 32, 1e-6)             \
    X86(matmul_bf16__avx2, FORMAT_BF16, ACT_F32, CPU_AVX2, fma_scratch, 16, 1e-6)                 \
    ROW(matmul_bf16__scalar, FORMAT_BF16, ACT_F32, 0, NULL, 0, 0)                                 \
    X86(matmul_q8_0__amx, FORMAT_Q8_0, ACT_BF16, CPU_AMX | CPU_AVX512BF16, amx_scratch, 32, 2e-2) \
    X86(matmul_q8_0__avx512vnni, FORMAT_Q8_0, ACT_Q8, CPU_AVX512VNNI, bytes_scratch, 32, 1e-5)    \
    X86(matmul_q8_0__avxvnni, FORMAT_Q8_0, ACT_Q8, CPU_AVXVNNI, bytes_scratch, 16, 1e-5)          \
    X86(matmul_q8_0__avx2, FORMAT_Q8_0, ACT_Q8, CPU_AVX2, bytes_scratch, 8, 1e-5)                 \
    ROW(matmul_q8_0__scalar, FORMAT_Q8_0, ACT_Q8, 0, scalar_scratch, 0, 0)                        \
    X86(matmul_q4_0__amx, FORMAT_Q4_0, ACT_BF16, CPU_AMX | CPU_AVX512BF16, amx_scratch, 32, 2e-2) \
    X86(matmul_q4_0__avx512vnni, FORMAT_Q4_0, ACT_Q8, CPU_AVX512VNNI, bytes_scratch, 32, 1e-5)    \
    X86(matmul_q4_0__avxvnni, FORMAT_Q4_0, ACT_Q8, CPU_AVXVNNI, bytes_scratch, 16, 1e-5)          \
    X86(matmul_q4_0__avx2, FORMAT_Q4_0, ACT_Q8, CPU_AVX2, bytes_scratch, 8, 1e-5)                 \
    ROW(matmul_q4_0__scalar, FORMAT_Q4_0, ACT_Q8, 0, scalar_scratch, 0, 0)                        \
    X86(matmul_q4_1__amx, FORMAT_Q4_1, ACT_BF16, CPU_AMX | CPU_AVX512BF16, amx_scratch, 32, 2e-2) \
    X86(matmul_q4_1__avx512vnni, FORMAT_Q4_1, ACT_Q8, CPU_AVX512VNNI, bytes_scratch, 32, 1e-5)    \
    X86(matmul_q4_1__avxvnni, FORMAT_Q4_1, ACT_Q8, CPU_AVXVNNI, bytes_scratch, 16, 1e-5)          \
    X86(matmul_q4_1__avx2, FORMAT_Q4_1, ACT_Q8, CPU_AVX2, bytes_scratch, 8, 1e-5)                 \
    ROW(matmul_q4_1__scalar, FORMAT_Q4_1, ACT_Q8, 0, scalar_scratch, 0, 0)                        \
    X86(matmul_q5_0__amx, FORMAT_Q5_0, ACT_BF16, CPU_AMX | CPU_AVX512BF16, amx_scratch, 32, 2e-2) \
    X86(matmul_q5_0__avx512vnni, FORMAT_Q5_0, ACT_Q8, CPU_AVX512VNNI, bytes_scratch, 32, 1e-5)    \
    X86(matmul_q5_0__avxvnni, FORMAT_Q5_0, ACT_Q8, CPU_AVXVNNI, bytes_scratch, 16, 1e-5)          \
    X86(matmul_q5_0__avx2, FORMAT_Q5_0, ACT_Q8, CPU_AVX2, bytes_scratch, 8, 1e-5)                 \
    ROW(matmul_q5_0__scalar, FORMAT_Q5_0, ACT_Q8, 0, scalar_scratch, 0, 0)                        \
    X86(matmul_q5_1__amx, FORMAT_Q5_1, ACT_BF16, CPU_AMX | CPU_AVX512BF16, amx_scratch, 32, 2e-2) \
    X86(matmul_q5_1__avx512vnni, FORMAT_Q5_1, ACT_Q8, CPU_AVX512VNNI, bytes_scratch, 32, 1e-5)    \
    X86(matmul_q5_1__avxvnni, FORMAT_Q5_1, ACT_Q8, CPU_AVXVNNI, bytes_scratch, 16, 1e-5)          \
    X86(matmul_q5_1__avx2, FORMAT_Q5_1, ACT_Q8, CPU_AVX2, bytes_scratch, 8, 1e-5)                 \
    ROW(matmul_q5_1__scalar, FORMAT_Q5_1, ACT_Q8, 0, scalar_scratch, 0, 0)                        \
    X86(matmul_q4_K__amx, FORMAT_Q4_K, ACT_BF16, CPU_AMX | CPU_AVX512BF16, amx_scratch, 32, 2e-2) \
    X86(matmul_q4_K__avx512vnni, FORMAT_Q4_K, ACT_Q8, CPU_AVX512VNNI, bytes_scratch, 32, 1e-5)    \
    X86(matmul_q4_K__avxvnni, FORMAT_Q4_K, ACT_Q8, CPU_AVXVNNI, bytes_scratch, 16, 1e-5)          \
    X86(matmul_q4_K__avx2, FORMAT_Q4_K, ACT_Q8, CPU_AVX2, bytes_scratch, 8, 1e-5)                 \
    ROW(matmul_q4_K__scalar, FORMAT_Q4_K, ACT_Q8, 0, scalar_scratch, 0, 0)                        \
    X86(matmul_q5_K__amx, FORMAT_Q5_K, ACT_BF16, CPU_AMX | CPU_AVX512BF16, amx_scratch, 32, 2e-2) \
    X86(matmul_q5_K__avx512vnni, FORMAT_Q5_K, ACT_Q8, CPU_AVX512VNNI, bytes_scratch, 32, 1e-5)    \
    X86(matmul_q5_K__avxvnni, FORMAT_Q5_K, ACT_Q8, CPU_AVXVNNI, bytes_scratch, 16, 1e-5)          \
    X86(matmul_q5_K__avx2, FORMAT_Q5_K, ACT_Q8, CPU_AVX2, bytes_scratch, 8, 1e-5)                 \
    ROW(matmul_q5_K__scalar, FORMAT_Q5_K, ACT_Q8, 0, scalar_scratch, 0, 0)                        \
    X86(matmul_q6_K__amx, FORMAT_Q6_K, ACT_BF16, CPU_AMX | CPU_AVX512BF16, amx_scratch, 32, 2e-2) \
    X86(matmul_q6_K__avx512vnni, FORMAT_Q6_K, ACT_Q8, CPU_AVX512VNNI, bytes_scratch, 32, 1e-5)    \
    X86(matmul_q6_K__avxvnni, FORMAT_Q6_K, ACT_Q8, CPU_AVXVNNI, bytes_scratch, 16, 1e-5)          \
    X86(matmul_q6_K__avx2, FORMAT_Q6_K, ACT_Q8, CPU_AVX2, bytes_scratch, 8, 1e-5)                 \
    ROW(matmul_q6_K__scalar, FORMAT_Q6_K, ACT_Q8, 0, scalar_scratch, 0, 0)

static size_t scalar_scratch(size_t cols, size_t count)
{
    (void)cols;
    return count * sizeof(double);
}

#if defined(__x86_64__)
static size_t fma_scratch(size_t cols, size_t count)
{
    (void)cols, (void)count;
    return MATMUL_SCRATCH_FMA;
}

static size_t bytes_scratch(size_t cols, size_t count)
{
    (void)cols, (void)count;
    return MATMUL_SCRATCH_BYTES;
}

static size_t amx_scratch(size_t cols, size_t count)
{
    (void)cols, (void)count;
    return MATMUL_SCRATCH_AMX;
}
#endif

#define ROW(name, ...) matmul_function name;
MATMUL_ROWS
#undef ROW

#define ROW(name_, format_, act_, needs_, scratch_, slice_rows_, tolerance_) \
    { .name = #name_,                                                        \
      .op = OP_MATMUL,                                                       \
      .format = format_,                                                     \
      .act = act_,                                                           \
      .needs = needs_,                                                       \
      .function.matmul = name_,                                              \
      .scratch_bytes = scratch_,                                             \
      .slice_rows = slice_rows_,                                             \
      .tolerance = tolerance_ },
const struct kernel_row kernel_matmul_rows[] = { MATMUL_ROWS };
const size_t kernel_matmul_row_count = sizeof kernel_matmul_rows / sizeof *kernel_matmul_rows;
#undef ROW
