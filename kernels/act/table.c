/* table.c: the rows of act: activations from f32 to what a matrix kernel reads.
 *
 * One line a variant, all variants of an output format together, the fastest measured first, the scalar row last. The
 * line declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/tables.h"

#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define ACT_ROWS                                \
    X86(act_q8__avx512, ACT_Q8, CPU_AVX512)     \
    X86(act_q8__avx2, ACT_Q8, CPU_AVX2)         \
    ROW(act_q8__scalar, ACT_Q8, 0)              \
    X86(act_bf16__avx512, ACT_BF16, CPU_AVX512) \
    X86(act_bf16__avx2, ACT_BF16, CPU_AVX2)     \
    ROW(act_bf16__scalar, ACT_BF16, 0)

#define ROW(name, ...) act_function name;
ACT_ROWS
#undef ROW

/* Tolerance 0: every variant writes the same bytes. */
#define ROW(name_, act_, needs_) \
    { .name = #name_, .op = OP_ACT, .format = FORMAT_F32, .act = act_, .needs = needs_, .function.act = name_ },
const struct kernel_row kernel_act_rows[] = { ACT_ROWS };
const size_t kernel_act_row_count = sizeof kernel_act_rows / sizeof *kernel_act_rows;
#undef ROW
