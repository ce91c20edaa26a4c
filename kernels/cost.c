/* cost.c: what an operation must compute and move, whatever the variant: the numerators of GFLOP/s and GB/s.
 *
 * Counted are the multiplications and additions of the definition (kernel.h), never those a variant adds by unpacking;
 * an exponential, a division and a square root count one each. Bytes are compulsory traffic: every input read once,
 * every output written once, so that bytes / time is a lower bound of the real traffic. */
#include "kernels/kernel.h"

static struct kernel_cost matrix_cost(const struct kernel_row *row, const struct kernel_shape *shape, size_t count)
{
    double weights = (double)shape->rows * (double)shape->cols;
    double weight_bytes = (double)shape->rows * (double)format_row_bytes(row->format, shape->cols);
    double act_bytes = (double)act_row_bytes(row->act, shape->cols);
    return (struct kernel_cost){
        .flops = 2 * weights * (double)count,
        .bytes = weight_bytes + (double)count * (act_bytes + 4 * (double)shape->rows),
    };
}

/* Of count queries the last one sees all positions, every earlier one sees one position less. */
static struct kernel_cost attention_cost(const struct kernel_row *row, const struct kernel_shape *shape)
{
    double count = (double)shape->count, group = (double)shape->group, head_size = (double)shape->cols;
    double positions = (double)shape->rows;
    double scores = group * (count * positions - count * (count - 1) / 2);
    double cache_bytes = 2 * positions * (double)format_row_bytes(row->format, shape->cols);
    return (struct kernel_cost){
        .flops = scores * (4 * head_size + 3), /* q.k and p.v; scale, subtract the maximum, exponential */
        .bytes = cache_bytes + 2 * 4 * count * group * head_size,
    };
}

static struct kernel_cost quantized_row_cost(const struct kernel_row *row, const struct kernel_shape *shape)
{
    double rows = (double)shape->rows, values = rows * (double)shape->cols;
    return (struct kernel_cost){
        .flops = 2 * values, /* scale and offset */
        .bytes = 4 * values + rows * (double)format_row_bytes(row->format, shape->cols),
    };
}

struct kernel_cost kernel_cost(const struct kernel_row *row, const struct kernel_shape *shape)
{
    double rows = (double)shape->rows, cols = (double)shape->cols, count = (double)shape->count;
    switch (row->op) {
    case OP_ACT: /* |x|, maximum, multiply, round */
        return (struct kernel_cost){
            .flops = row->act == ACT_Q8 ? 4 * rows * cols : rows * cols,
            .bytes = rows * (4 * cols + (double)act_row_bytes(row->act, shape->cols)),
        };
    case OP_MATVEC: return matrix_cost(row, shape, 1);
    case OP_MATMUL: return matrix_cost(row, shape, shape->count);
    case OP_DEQUANTIZE:
    case OP_QUANTIZE: return quantized_row_cost(row, shape);
    case OP_RMSNORM: return (struct kernel_cost){ .flops = 4 * count * cols, .bytes = 8 * count * cols + 4 * cols };
    case OP_ROPE: return (struct kernel_cost){ .flops = 3 * count * cols, .bytes = 8 * count * cols + 4 * cols };
    case OP_ATTENTION: return attention_cost(row, shape);
    case OP_SILU_MUL: return (struct kernel_cost){ .flops = 5 * count * cols, .bytes = 12 * count * cols };
    case OP_ADD: return (struct kernel_cost){ .flops = count * cols, .bytes = 12 * count * cols };
    case OP_SOFTMAX: return (struct kernel_cost){ .flops = 3 * count * cols, .bytes = 8 * count * cols };
    default: return (struct kernel_cost){ 0, 0 };
    }
}
