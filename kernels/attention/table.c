/* table.c: the rows of attention.
 *
 * One line a variant, all variants of a format together, the fastest measured first, the scalar row last. The line
 * declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/tables.h"
#include "kernels/attention/scalar.h"
#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define ATTENTION_ROWS                                                                     \
    X86(attention_f32__avx512, FORMAT_F32, CPU_AVX512, tiled_scratch_bytes, 2e-6)          \
    X86(attention_f32__avx2, FORMAT_F32, CPU_AVX2, tiled_scratch_bytes, 2e-6)              \
    ROW(attention_f32__scalar, FORMAT_F32, 0, scalar_attention_scratch_bytes, 0)           \
    X86(attention_f16__amx, FORMAT_F16, CPU_AMX | CPU_AVX512BF16, amx_scratch_bytes, 1e-4) \
    X86(attention_f16__avx512, FORMAT_F16, CPU_AVX512, tiled_scratch_bytes, 2e-6)          \
    X86(attention_f16__avx2, FORMAT_F16, CPU_AVX2, tiled_scratch_bytes, 2e-6)              \
    ROW(attention_f16__scalar, FORMAT_F16, 0, scalar_attention_scratch_bytes, 0)

#if defined(__x86_64__)
/* struct tile_buffers of tiled.h, for the widest vectors. */
static size_t tiled_scratch_bytes(size_t head_size, size_t count)
{
    size_t padded = (head_size + 15) / 16 * 16;
    return (64 * head_size + 64 * padded + 6 * 64 + 2 * count) * sizeof(float);
}

/* struct buffers of attention_f16__amx.c, in which two bf16 take the place of a float; also enough for the row it
 * hands few queries to. */
static size_t amx_scratch_bytes(size_t head_size, size_t count)
{
    size_t depth = (head_size + 31) / 32 * 32, width = (head_size + 15) / 16 * 16, rows = (count + 15) / 16 * 16;
    size_t operands = rows * depth + 64 * depth + 64 * width + 64 * 16;
    return (operands + 16 * 64 + rows * width + rows * 16 + rows) * sizeof(float);
}
#endif

#define ROW(name, ...) attention_function name;
ATTENTION_ROWS
#undef ROW

#define ROW(name_, format_, needs_, scratch_, tolerance_) \
    { .name = #name_,                                     \
      .op = OP_ATTENTION,                                 \
      .format = format_,                                  \
      .needs = needs_,                                    \
      .function.attention = name_,                        \
      .scratch_bytes = scratch_,                          \
      .tolerance = tolerance_ },
const struct kernel_row kernel_attention_rows[] = { ATTENTION_ROWS };
const size_t kernel_attention_row_count = sizeof kernel_attention_rows / sizeof *kernel_attention_rows;
#undef ROW
