/* table.c: the rows of rmsnorm.
 *
 * One line a variant, all variants of a format together, the fastest measured first, the scalar row last. The line
 * declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/tables.h"

#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define RMSNORM_ROWS                           \
    X86(rmsnorm_f32__avx512, CPU_AVX512, 1e-6) \
    X86(rmsnorm_f32__avx2, CPU_AVX2, 1e-6)     \
    ROW(rmsnorm_f32__scalar, 0, 0)

#define ROW(name, ...) rmsnorm_function name;
RMSNORM_ROWS
#undef ROW

#define ROW(name_, needs_, tolerance_) \
    { .name = #name_,                  \
      .op = OP_RMSNORM,                \
      .format = FORMAT_F32,            \
      .needs = needs_,                 \
      .function.rmsnorm = name_,       \
      .tolerance = tolerance_ },
const struct kernel_row kernel_rmsnorm_rows[] = { RMSNORM_ROWS };
const size_t kernel_rmsnorm_row_count = sizeof kernel_rmsnorm_rows / sizeof *kernel_rmsnorm_rows;
#undef ROW
