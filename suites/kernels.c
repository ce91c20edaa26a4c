/* kernels.c: the suite of single operations: every row of every table that this CPU can run, over shapes of real
 * models, and the ceilings (peak/...) that it could reach at most.
 *
 * A case checks its row against the scalar row before anything is timed. Data are built in setup_case, so listing is
 * instant. One thread, unless the name says threads:N. */
#include "harness/base/arena.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/pool.h"
#include "harness/base/str.h"
#include "harness/benchmark/benchmark.h"
#include "suites/common/ceilings.h"
#include "suites/common/operands.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct suite {
    struct cpu_info cpu;
    struct kernel_set chosen; /* by --kernels, for this CPU */
    struct ceilings ceilings;
    struct operands_stream stream;
    struct arena families;
    const char *kernels; /* --kernels */
    int threads[16];     /* --threads */
    size_t thread_count;
};

/* What a family's cases share. */
struct family {
    struct suite *suite;
    const struct kernel_row *row; /* NULL: a ceiling */
    const struct peak_row *peak;
};

/* ---- shapes ---- */

/* Members as kernel_shape has them for the operation. */
struct shapes {
    const char *names[4]; /* of the arguments, in the order rows, cols, count, group of struct kernel_shape */
    const struct kernel_shape *shapes;
    size_t count;
};

/* qwen2.5-0.5b: attention output, gate and up, down; llama-3.2-1b: attention, gate; llama 7b: attention. */
#define MATRICES(count)                                                                                 \
    { 896, 896, count, 0 }, { 4864, 896, count, 0 }, { 896, 4864, count, 0 }, { 2048, 2048, count, 0 }, \
        { 8192, 2048, count, 0 },                                                                       \
    {                                                                                                   \
        4096, 4096, count, 0                                                                            \
    }
static const struct kernel_shape matvec_shapes[] = { MATRICES(0) };
static const struct kernel_shape matmul_shapes[] = { MATRICES(16), MATRICES(512) };
/* One KV head: 7 query heads of 64 (qwen2.5-0.5b), 4 of 128 (llama 3 8b); decode at two depths, prefill. */
static const struct kernel_shape attention_shapes[] = { { 512, 64, 1, 7 },  { 2048, 64, 1, 7 },  { 512, 64, 512, 7 },
                                                        { 512, 128, 1, 4 }, { 2048, 128, 1, 4 }, { 512, 128, 512, 4 } };
static const struct kernel_shape act_shapes[] = { { 1, 896, 0, 0 }, { 1, 4864, 0, 0 }, { 512, 896, 0, 0 } };
static const struct kernel_shape row_shapes[] = { { 64, 896, 0, 0 }, { 64, 4096, 0, 0 } };
static const struct kernel_shape width_shapes[] = { { 0, 896, 1, 0 }, { 0, 2048, 1, 0 }, { 0, 4096, 1, 0 } };
static const struct kernel_shape inner_shapes[] = { { 0, 4864, 1, 0 }, { 0, 8192, 1, 0 }, { 0, 11008, 1, 0 } };
static const struct kernel_shape rope_shapes[] = { { 0, 64, 14, 0 }, { 0, 128, 32, 0 } };
static const struct kernel_shape softmax_shapes[] = { { 0, 512, 1, 0 }, { 0, 2048, 1, 0 }, { 0, 152064, 1, 0 } };

#define SHAPES(list) list, sizeof list / sizeof list[0]
static const struct shapes op_shapes[OP_COUNT] = {
    [OP_ACT] = { { "rows", "cols" }, SHAPES(act_shapes) },
    [OP_MATVEC] = { { "rows", "cols" }, SHAPES(matvec_shapes) },
    [OP_MATMUL] = { { "rows", "cols", "count" }, SHAPES(matmul_shapes) },
    [OP_DEQUANTIZE] = { { "rows", "cols" }, SHAPES(row_shapes) },
    [OP_QUANTIZE] = { { "rows", "cols" }, SHAPES(row_shapes) },
    [OP_RMSNORM] = { { NULL, "cols" }, SHAPES(width_shapes) },
    [OP_ROPE] = { { NULL, "head", "heads" }, SHAPES(rope_shapes) },
    [OP_ATTENTION] = { { "positions", "head", "count", "group" }, SHAPES(attention_shapes) },
    [OP_SILU_MUL] = { { NULL, "cols" }, SHAPES(inner_shapes) },
    [OP_ADD] = { { NULL, "cols" }, SHAPES(width_shapes) },
    [OP_SOFTMAX] = { { NULL, "cols" }, SHAPES(softmax_shapes) },
};

/* Shape members that have a name are arguments of the case; the others are 1 or unused. */
static struct kernel_shape shape_of(struct benchmark_state *state, const struct kernel_row *row)
{
    const struct shapes *shapes = &op_shapes[row->op];
    struct kernel_shape shape = { .count = 1 };
    size_t *members[] = { &shape.rows, &shape.cols, &shape.count, &shape.group };
    size_t argument = 0;
    for (size_t i = 0; i < 4; i++)
        if (shapes->names[i])
            *members[i] = (size_t)benchmark_state_range(state, argument++);
    return shape;
}

/* ---- kernel cases ---- */

struct kernel_case {
    struct operands operands;
    struct operands_error difference; /* from the scalar row */
    double peak_flops, peak_bytes;    /* ceilings; 0 = unknown or without meaning */
    size_t copy;                      /* whose turn is next; goes on from run to run, so that none starts warm */
};

static enum peak_class class_of(const struct kernel_row *row)
{
    if (row->op != OP_MATVEC && row->op != OP_MATMUL)
        return PEAK_F32;
    return row->act == ACT_Q8 ? PEAK_INT8 : row->act == ACT_BF16 ? PEAK_BF16 : PEAK_F32;
}

static void set_up_kernel(struct benchmark_state *state)
{
    const struct family *family = benchmark_state_user_data(state);
    struct suite *suite = family->suite;
    struct kernel_shape shape = shape_of(state, family->row);
    struct error error;
    struct kernel_case *data = mem_alloc(sizeof *data);
    benchmark_state_set_fixture(state, data);
    size_t stream_bytes = operands_are_streamed(family->row->op) ? suite->ceilings.stream_bytes : 0;
    if (operands_prepare(&data->operands, family->row, &shape, &suite->stream, stream_bytes, &error)) {
        benchmark_state_skip_with_error(state, "%s", error.text);
        return;
    }
    if (benchmark_is_counting_instructions())
        return;
    data->difference = operands_check(&data->operands);
    if (family->row != data->operands.reference && !(data->difference.rms <= family->row->tolerance)) {
        benchmark_state_skip_with_error(state, "output differs from the scalar kernel: rel %.3g > %.3g",
                                        data->difference.rms, family->row->tolerance);
        return;
    }
    data->peak_flops = ceilings_flops(&suite->ceilings, class_of(family->row), family->row->needs);
    if (operands_are_streamed(family->row->op))
        data->peak_bytes = ceilings_read_bandwidth(&suite->ceilings);
}

static void tear_down_kernel(struct benchmark_state *state)
{
    struct kernel_case *data = benchmark_state_fixture(state);
    operands_release(&data->operands);
    free(data);
}

static void label_kernel(struct benchmark_state *state, const struct suite *suite, const struct operands *operands)
{
    const struct kernel_row *row = operands->row;
    bool chosen = suite->chosen.rows[row->op][row->op == OP_ACT ? (int)row->act : (int)row->format] == row;
    char copy[32], all[32];
    if (operands_are_streamed(row->op))
        benchmark_state_set_label(state, "%s%zu copies of %s in turn, %s", chosen ? "chosen, " : "",
                                  operands->copy_count, str_bytes(copy, sizeof copy, (double)operands->copy_bytes),
                                  str_bytes(all, sizeof all, (double)(operands->copy_bytes * operands->copy_count)));
    else
        benchmark_state_set_label(state, "%sdata in cache", chosen ? "chosen, " : "");
}

static void report_kernel(struct benchmark_state *state, const struct kernel_case *data)
{
    const struct operands *operands = &data->operands;
    struct kernel_cost cost = kernel_cost(operands->row, &operands->shape);
    double iterations = (double)benchmark_state_iterations(state), seconds = benchmark_state_cpu_seconds(state);
    benchmark_state_set_counter(state, "flops_per_second", cost.flops * iterations, BENCHMARK_COUNTER_RATE);
    benchmark_state_set_counter_base(state, "bytes_per_second", cost.bytes * iterations, BENCHMARK_COUNTER_RATE, 1024);
    benchmark_state_set_counter(state, "intensity", cost.flops / cost.bytes, BENCHMARK_COUNTER_PLAIN);
    if (data->peak_flops > 0)
        benchmark_state_set_counter(state, "percent_of_peak",
                                    100 * cost.flops * iterations / seconds / data->peak_flops,
                                    BENCHMARK_COUNTER_PLAIN);
    if (data->peak_bytes > 0)
        benchmark_state_set_counter(state, "percent_of_bandwidth",
                                    100 * cost.bytes * iterations / seconds / data->peak_bytes,
                                    BENCHMARK_COUNTER_PLAIN);
    if (operands->row != operands->reference && !benchmark_is_counting_instructions())
        benchmark_state_set_counter(state, "max_rel_error", data->difference.max, BENCHMARK_COUNTER_PLAIN);
}

static void run_kernel(struct benchmark_state *state)
{
    const struct family *family = benchmark_state_user_data(state);
    struct kernel_case *data = benchmark_state_fixture(state);
    const struct operands *operands = &data->operands;
    operands_call *call = operands_call_of(family->row->op);
    size_t copy = data->copy;
    while (benchmark_state_keep_running(state)) {
        call(operands, copy);
        copy = copy + 1 < operands->copy_count ? copy + 1 : 0;
    }
    data->copy = copy;
    report_kernel(state, data);
    label_kernel(state, family->suite, operands);
}

/* "matvec_q4_K__avx512vnni" -> "matvec/q4_K/avx512vnni". The operation's name may hold underscores itself. */
static char *case_name(const char *row_name, const char *op_name)
{
    size_t op_length = strlen(op_name);
    const char *format = row_name + op_length + 1, *isa = strstr(format, "__");
    return mem_format("%s/%.*s/%s", op_name, (int)(isa - format), format, isa + 2);
}

static struct family *new_family(struct suite *suite, const struct kernel_row *row, const struct peak_row *peak)
{
    struct family *family = arena_alloc(&suite->families, sizeof *family);
    *family = (struct family){ suite, row, peak };
    return family;
}

/* A scalar matmul of a large matrix takes seconds a call and says nothing new. */
static bool is_worth_it(const struct kernel_row *row, const struct kernel_shape *shape)
{
    if (shape->cols % format_table[row->format].block_values)
        return false;
    return row->op != OP_MATMUL || row->needs != 0 || shape->rows * shape->cols <= 896 * 896;
}

/* A family without arguments would be one case without a shape. */
static bool has_shape(const struct kernel_row *row)
{
    const struct shapes *shapes = &op_shapes[row->op];
    for (size_t i = 0; i < shapes->count; i++)
        if (is_worth_it(row, &shapes->shapes[i]))
            return true;
    return false;
}

static void register_row(struct suite *suite, const struct kernel_row *row)
{
    const struct shapes *shapes = &op_shapes[row->op];
    if (!has_shape(row))
        return;
    char *name = case_name(row->name, kernel_op_names[row->op]);
    struct benchmark *benchmark = benchmark_register(name, run_kernel, new_family(suite, row, NULL));
    const char *arg_names[4];
    size_t arg_count = 0;
    for (size_t i = 0; i < 4; i++)
        if (shapes->names[i])
            arg_names[arg_count++] = shapes->names[i];
    benchmark_arg_names(benchmark, arg_names, arg_count);
    for (size_t s = 0; s < shapes->count; s++) {
        const struct kernel_shape *shape = &shapes->shapes[s];
        const size_t members[] = { shape->rows, shape->cols, shape->count, shape->group };
        int64_t values[4];
        size_t count = 0;
        for (size_t i = 0; i < 4; i++)
            if (shapes->names[i])
                values[count++] = (int64_t)members[i];
        if (is_worth_it(row, shape))
            benchmark_args(benchmark, values, count);
    }
    benchmark_setup_case(benchmark, set_up_kernel);
    benchmark_teardown_case(benchmark, tear_down_kernel);
    free(name);
}

/* ---- ceilings ---- */

static void run_compute(struct benchmark_state *state)
{
    const struct peak_row *row = ((const struct family *)benchmark_state_user_data(state))->peak;
    const size_t steps = 10000;
    while (benchmark_state_keep_running(state)) {
        double result = row->compute(steps);
        benchmark_do_not_optimize(result);
    }
    double flops = row->flops * (double)steps * (double)benchmark_state_iterations(state);
    benchmark_state_set_counter(state, "flops_per_second", flops, BENCHMARK_COUNTER_RATE);
}

/* Arrays that threads walk together, each its own part. */
struct stream_case {
    const struct peak_row *row;
    struct pool *pool;
    float *arrays[3];
    size_t count; /* floats of one array */
};

static size_t array_count(enum peak_class peak_class)
{
    return peak_class == PEAK_READ ? 1 : peak_class == PEAK_COPY ? 2 : 3;
}

static void walk_part(void *context, int thread_index, int thread_count)
{
    const struct stream_case *data = context;
    size_t part = data->count / (size_t)thread_count / 64 * 64, start = part * (size_t)thread_index;
    const float *b = data->arrays[1] ? data->arrays[1] : data->arrays[0];
    double result =
        data->row->stream(data->arrays[0] + start, b + start, data->arrays[2] ? data->arrays[2] + start : NULL, part);
    benchmark_do_not_optimize(result);
}

static void set_up_stream(struct benchmark_state *state)
{
    const struct family *family = benchmark_state_user_data(state);
    struct stream_case *data = mem_alloc(sizeof *data);
    struct error error;
    size_t arrays = array_count(family->peak->peak_class);
    benchmark_state_set_fixture(state, data);
    data->row = family->peak;
    data->count = family->suite->ceilings.stream_bytes / arrays / sizeof(float);
    for (size_t i = 0; i < arrays; i++) {
        data->arrays[i] = mem_aligned(data->count * sizeof(float));
        if (!data->arrays[i]) {
            benchmark_state_skip_with_error(state, "no memory for arrays of %zu bytes", data->count * sizeof(float));
            return;
        }
        for (size_t j = 0; j < data->count; j++)
            data->arrays[i][j] = 1;
    }
    if (pool_create(&data->pool, (int)benchmark_state_range(state, 0), 1, &error))
        benchmark_state_skip_with_error(state, "%s", error.text);
}

static void tear_down_stream(struct benchmark_state *state)
{
    struct stream_case *data = benchmark_state_fixture(state);
    pool_destroy(data->pool);
    for (size_t i = 0; i < 3; i++)
        free(data->arrays[i]);
    free(data);
}

/* With several threads the caller's CPU time says nothing about the others, so wall time counts. */
static void run_stream(struct benchmark_state *state)
{
    struct stream_case *data = benchmark_state_fixture(state);
    while (benchmark_state_keep_running(state))
        pool_run(data->pool, walk_part, data);
    double bytes = data->row->bytes * (double)data->count * (double)benchmark_state_iterations(state);
    double seconds =
        pool_thread_count(data->pool) > 1 ? benchmark_state_real_seconds(state) : benchmark_state_cpu_seconds(state);
    benchmark_state_set_counter_base(state, "bytes_per_second", bytes / seconds, BENCHMARK_COUNTER_PLAIN, 1024);
    char all[32];
    size_t total = array_count(data->row->peak_class) * data->count * sizeof(float);
    benchmark_state_set_label(state, "arrays of %s together", str_bytes(all, sizeof all, (double)total));
}

/* "peak_f32__avx512" -> "peak/f32/avx512". */
static void register_compute(struct suite *suite, const struct peak_row *row)
{
    char *name = case_name(row->name, "peak");
    benchmark_register(name, run_compute, new_family(suite, NULL, row));
    free(name);
}

static void register_stream(struct suite *suite, const struct peak_row *row, const char *kind)
{
    char *name = mem_format("peak/bandwidth/%s", kind);
    struct benchmark *benchmark = benchmark_register(name, run_stream, new_family(suite, NULL, row));
    benchmark_arg_name(benchmark, "threads");
    for (size_t i = 0; i < suite->thread_count; i++)
        benchmark_arg(benchmark, suite->threads[i]);
    benchmark_setup_case(benchmark, set_up_stream);
    benchmark_teardown_case(benchmark, tear_down_stream);
    free(name);
}

static void register_all(struct suite *suite)
{
    uint32_t features = suite->chosen.features;
    for (size_t i = 0; i < peak_row_count; i++)
        if (peak_rows[i].compute && (peak_rows[i].needs & ~features) == 0)
            register_compute(suite, &peak_rows[i]);
    register_stream(suite, peak_find(PEAK_READ, features), "read");
    register_stream(suite, peak_find(PEAK_COPY, features), "copy");
    register_stream(suite, peak_find(PEAK_TRIAD, features), "triad");
    for (int op = 0; op < OP_COUNT; op++) {
        struct kernel_table table = kernel_table((enum kernel_op)op);
        for (size_t i = 0; i < table.count; i++)
            if ((table.rows[i].needs & ~features) == 0)
                register_row(suite, &table.rows[i]);
    }
}

/* ---- the program ---- */

static const char help_text[] = "kernels: every kernel row this CPU can run, and the ceilings of this CPU\n"
                                "          [--kernels=<isa level or row>,...]  as prony-engine: limits what runs\n"
                                "          [--threads=<n>,<n>,...]             of peak/bandwidth (default 1 and all)\n";

static int parse_threads(struct suite *suite, const char *text, struct error *error)
{
    char *copy = mem_strdup(text), *rest = copy, *word;
    int code = 0;
    suite->thread_count = 0;
    while (!code && (word = strsep(&rest, ",")) != NULL) {
        int64_t value;
        if (!str_parse_i64(word, &value) || value < 1 || value > 1024 || suite->thread_count == 16)
            code = error_set(error, ERROR_USAGE, "--threads=%s: expected up to 16 numbers from 1 to 1024", text);
        else
            suite->threads[suite->thread_count++] = (int)value;
    }
    free(copy);
    return code;
}

/* Takes the suite's own flags out of argv. */
static int parse_options(struct suite *suite, int *argc, char **argv, struct error *error)
{
    int kept = 1, code = 0;
    for (int i = 1; i < *argc && !code; i++) {
        if (str_starts(argv[i], "--kernels="))
            suite->kernels = argv[i] + strlen("--kernels=");
        else if (str_starts(argv[i], "--threads="))
            code = parse_threads(suite, argv[i] + strlen("--threads="), error);
        else
            argv[kept++] = argv[i];
    }
    *argc = kept;
    return code;
}

static int configure(struct suite *suite, int *argc, char **argv, struct error *error)
{
    cpu_detect(&suite->cpu);
    suite->threads[suite->thread_count++] = 1;
    if (suite->cpu.online_count > 1)
        suite->threads[suite->thread_count++] = suite->cpu.online_count;
    int code = parse_options(suite, argc, argv, error);
    if (!code)
        code = kernel_select(&suite->chosen, &suite->cpu, suite->kernels, error);
    suite->ceilings.features = suite->chosen.features;
    suite->ceilings.stream_bytes = ceilings_stream_bytes(suite->cpu.l3_bytes);
    return code;
}

int main(int argc, char **argv)
{
    struct suite suite = { 0 };
    struct error error;
    char features[128];
    benchmark_maybe_reenter_without_aslr(argc, argv);
    log_set_program("kernels");
    benchmark_set_help(help_text);
    benchmark_initialize(&argc, argv);
    if (configure(&suite, &argc, argv, &error)) {
        log_error("%s", error.text);
        return 2;
    }
    if (benchmark_report_unrecognized_arguments(argc, argv))
        return 2;
    benchmark_add_custom_context("prony_version", PRONY_VERSION);
    benchmark_add_custom_context("prony_kernels", cpu_feature_names(suite.chosen.features, features, sizeof features));
    register_all(&suite);
    benchmark_run_specified();
    int status = benchmark_exit_status();
    benchmark_shutdown();
    operands_stream_release(&suite.stream);
    arena_release(&suite.families);
    return status;
}
