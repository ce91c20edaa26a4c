/* model.c: reads the hyperparameters and binds every tensor of a GGUF file to the architecture's table.
 *
 * Invariant on success: each required tensor is there, has the shape that the hyperparameters demand, a format Prony
 * has kernels for, and no tensor of the file was left over (one that is ignored would change the result silently). */
#include "engines/native/model.h"

#include "engines/native/arch.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const struct arch_row *const arch_table[] = { &arch_llama, &arch_qwen2, &arch_qwen3 };

/* ---- hyperparameters ---- */

static int find_arch(struct model *model, struct error *error)
{
    const struct gguf *gguf = &model->gguf;
    if (!gguf->tensor_count)
        return error_set(error, ERROR_FORMAT, "%s: has no tensors: a vocabulary, not a model", gguf->path);
    struct gguf_string name;
    int code = gguf_text(gguf, "general.architecture", &name, error);
    if (code)
        return code;
    for (size_t i = 0; i < sizeof arch_table / sizeof arch_table[0]; i++) {
        if (gguf_string_equal(name, arch_table[i]->name)) {
            model->arch = arch_table[i];
            return 0;
        }
    }
    return error_set(error, ERROR_UNSUPPORTED, "%s: architecture '%.*s' is not supported (llama, qwen2, qwen3)",
                     gguf->path, (int)(name.length < 64 ? name.length : 64), name.data);
}

static int read_config_row(struct model *model, const struct config_row *row, struct error *error)
{
    char key[96];
    snprintf(key, sizeof key, "%s.%s", model->arch->name, row->key);
    char *target = (char *)&model->hyper + row->offset;
    if (row->kind == CONFIG_U32) {
        uint32_t *value = (uint32_t *)(void *)target;
        return row->required ? gguf_u32(&model->gguf, key, value, error)
                             : gguf_u32_or(&model->gguf, key, *value, value, error);
    }
    float *value = (float *)(void *)target;
    return row->required ? gguf_f32(&model->gguf, key, value, error)
                         : gguf_f32_or(&model->gguf, key, *value, value, error);
}

/* Position scaling: none, or linear (Chen et al. 2023). Llama 3 scales by a tensor of factors instead of a key. */
static int read_rope_scaling(struct model *model, struct error *error)
{
    const struct gguf *gguf = &model->gguf;
    char key[96];
    struct gguf_string type;
    snprintf(key, sizeof key, "%s.rope.scaling.type", model->arch->name);
    int code = gguf_text_or(gguf, key, "", &type, error);
    if (code)
        return code;
    bool is_linear = gguf_string_equal(type, "linear");
    if (type.length && !is_linear && !gguf_string_equal(type, "none"))
        return error_set(error, ERROR_UNSUPPORTED, "%s: %s '%.*s' is not supported (none, linear, rope_freqs.weight)",
                         gguf->path, key, (int)(type.length < 32 ? type.length : 32), type.data);
    float factor = 1;
    /* Files from before the scaling keys say only scale_linear. */
    snprintf(key, sizeof key, "%s.rope.%s", model->arch->name, type.length ? "scaling.factor" : "scale_linear");
    code = gguf_f32_or(gguf, key, 1, &factor, error);
    if (code)
        return code;
    if (type.length && !is_linear)
        factor = 1;
    if (!(factor > 0) || !isfinite(factor))
        return error_set(error, ERROR_FORMAT, "%s: %s is %g, expected a positive number", gguf->path, key,
                         (double)factor);
    model->hyper.rope_scale = 1 / factor;
    return 0;
}

static int check_range(const struct model *model, const char *key, uint32_t value, uint32_t max, struct error *error)
{
    if (value >= 1 && value <= max)
        return 0;
    return error_set(error, ERROR_FORMAT, "%s: %s.%s is %u, expected 1 to %u", model->gguf.path, model->arch->name, key,
                     value, max);
}

static int check_hyper(const struct model *model, struct error *error)
{
    const struct hyper *hyper = &model->hyper;
    const char *path = model->gguf.path, *arch = model->arch->name;
    const struct {
        const char *key;
        uint32_t value, max;
    } ranges[] = {
        { "block_count", hyper->layers, 4096 },
        { "context_length", hyper->context, 1u << 30 },
        { "embedding_length", hyper->width, 1u << 20 },
        { "feed_forward_length", hyper->ff_width, 1u << 24 },
        { "attention.head_count", hyper->heads, 4096 },
        { "attention.head_count_kv", hyper->kv_heads, 4096 },
        { "attention.key_length", hyper->head_size, 1024 },
        { "rope.dimension_count", hyper->rotary_size, hyper->head_size },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        int code = check_range(model, ranges[i].key, ranges[i].value, ranges[i].max, error);
        if (code)
            return code;
    }
    if (hyper->heads % hyper->kv_heads)
        return error_set(error, ERROR_FORMAT, "%s: %s: %u heads cannot share %u key/value heads evenly", path, arch,
                         hyper->heads, hyper->kv_heads);
    if (hyper->value_size != hyper->head_size)
        return error_set(error, ERROR_UNSUPPORTED, "%s: %s: key length %u and value length %u differ: not supported",
                         path, arch, hyper->head_size, hyper->value_size);
    if (hyper->rotary_size % 2)
        return error_set(error, ERROR_FORMAT, "%s: %s.rope.dimension_count is odd: %u", path, arch, hyper->rotary_size);
    if (hyper->experts)
        return error_set(error, ERROR_UNSUPPORTED, "%s: a mixture of %u experts: only dense models are supported", path,
                         hyper->experts);
    if (!(hyper->norm_epsilon >= 0) || !isfinite(hyper->norm_epsilon) || !(hyper->rope_base > 0) ||
        !isfinite(hyper->rope_base))
        return error_set(error, ERROR_FORMAT, "%s: %s: norm epsilon %g or rope base %g is out of range", path, arch,
                         (double)hyper->norm_epsilon, (double)hyper->rope_base);
    return 0;
}

static int read_hyper(struct model *model, struct error *error)
{
    struct hyper *hyper = &model->hyper;
    hyper->rope_base = 10000;
    hyper->rope_neox = model->arch->rope_neox;
    for (size_t i = 0; i < model->arch->config_count; i++) {
        int code = read_config_row(model, &model->arch->config[i], error);
        if (code)
            return code;
    }
    if (!hyper->kv_heads)
        hyper->kv_heads = hyper->heads;
    if (!hyper->head_size && hyper->heads)
        hyper->head_size = hyper->width / hyper->heads;
    if (!hyper->value_size)
        hyper->value_size = hyper->head_size;
    if (!hyper->rotary_size)
        hyper->rotary_size = hyper->head_size;
    int code = read_rope_scaling(model, error);
    return code ? code : check_hyper(model, error);
}

/* ---- tensors ---- */

static size_t dimension_size(const struct hyper *hyper, enum dimension dimension)
{
    switch (dimension) {
    case DIMENSION_ONE: return 1;
    case DIMENSION_WIDTH: return hyper->width;
    case DIMENSION_FF: return hyper->ff_width;
    case DIMENSION_Q: return model_q_width(hyper);
    case DIMENSION_KV: return model_kv_width(hyper);
    case DIMENSION_HEAD: return hyper->head_size;
    case DIMENSION_VOCAB: return hyper->vocab;
    case DIMENSION_ROTARY_PAIRS: return hyper->rotary_size / 2;
    }
    return 0;
}

/* "896 x 896", slowest dimension first, as people write matrices. */
static const char *shape_text(char *buffer, size_t size, const struct gguf_tensor *tensor)
{
    size_t used = 0;
    buffer[0] = 0;
    for (size_t i = tensor->dimensions; i-- > 0 && used < size;)
        used += (size_t)snprintf(buffer + used, size - used, "%llu%s", (unsigned long long)tensor->shape[i],
                                 i ? " x " : "");
    return buffer;
}

static int check_shape(const struct model *model, const char *name, const struct gguf_tensor *tensor, size_t rows,
                       size_t cols, struct error *error)
{
    char found[96];
    if (tensor->shape[0] == cols && tensor->shape[1] == rows && tensor->shape[2] == 1 && tensor->shape[3] == 1)
        return 0;
    shape_text(found, sizeof found, tensor);
    if (rows == 1)
        return error_set(error, ERROR_FORMAT, "%s: tensor %s: expected %zu, found %s", model->gguf.path, name, cols,
                         found);
    return error_set(error, ERROR_FORMAT, "%s: tensor %s: expected %zu x %zu, found %s", model->gguf.path, name, rows,
                     cols, found);
}

static int bind_vector(const struct model *model, const char *name, const struct gguf_tensor *tensor,
                       const float **vector, struct error *error)
{
    if (tensor->format != FORMAT_F32)
        return error_set(error, ERROR_UNSUPPORTED, "%s: tensor %s: expected f32, found %s", model->gguf.path, name,
                         tensor->format < FORMAT_COUNT ? format_table[tensor->format].name : "an unknown format");
    if ((uintptr_t)tensor->data % sizeof(float))
        return error_set(error, ERROR_FORMAT, "%s: tensor %s: not aligned to 4 bytes", model->gguf.path, name);
    *vector = (const float *)(const void *)tensor->data;
    return 0;
}

/* Names of ggml types that other quantizers write, for the message that refuses them. */
static const char *foreign_type_name(uint32_t gguf_type)
{
    static const char *const names[] = {
        [10] = "q2_K",  [11] = "q3_K",   [16] = "iq2_xxs", [17] = "iq2_xs", [18] = "iq3_xxs",
        [19] = "iq1_s", [20] = "iq4_nl", [21] = "iq3_s",   [22] = "iq2_s",  [23] = "iq4_xs",
        [29] = "iq1_m", [34] = "tq1_0",  [35] = "tq2_0",   [39] = "mxfp4",
    };
    const char *name = gguf_type < sizeof names / sizeof names[0] ? names[gguf_type] : NULL;
    return name ? name : "of an unknown name";
}

static int bind_matrix(struct model *model, const struct kernel_set *kernels, const char *name,
                       const struct gguf_tensor *tensor, struct matrix *matrix, struct error *error)
{
    const char *path = model->gguf.path;
    if (tensor->format == FORMAT_COUNT)
        return error_set(error, ERROR_UNSUPPORTED, "%s: tensor %s: ggml type %u (%s) is not supported", path, name,
                         tensor->gguf_type, foreign_type_name(tensor->gguf_type));
    const struct format_info *format = &format_table[tensor->format];
    if (tensor->shape[0] % format->block_values)
        return error_set(error, ERROR_FORMAT, "%s: tensor %s: rows of %llu values do not divide into %s blocks of %zu",
                         path, name, (unsigned long long)tensor->shape[0], format->name, format->block_values);
    *matrix = (struct matrix){
        .data = tensor->data,
        .format = tensor->format,
        .rows = (size_t)tensor->shape[1],
        .cols = (size_t)tensor->shape[0],
        .row_bytes = format_row_bytes(tensor->format, (size_t)tensor->shape[0]),
        .matvec = kernels->rows[OP_MATVEC][tensor->format],
        .matmul = kernels->rows[OP_MATMUL][tensor->format],
    };
    if (!matrix->matvec || !matrix->matmul)
        return error_set(error, ERROR_UNSUPPORTED, "%s: tensor %s: no kernel for %s", path, name, format->name);
    model->bytes_by_format[tensor->format] += tensor->size_bytes;
    return 0;
}

/* Binds one row of the table for one layer (or for none). used marks the tensors of the file that found their place. */
static int bind_row(struct model *model, const struct kernel_set *kernels, const struct tensor_row *row, size_t layer,
                    bool *used, struct error *error)
{
    char name[96];
    char *target;
    if (row->scope == SCOPE_LAYER) {
        snprintf(name, sizeof name, "blk.%zu.%s", layer, row->name);
        target = (char *)&model->layers[layer] + row->offset;
    } else {
        snprintf(name, sizeof name, "%s", row->name);
        target = (char *)&model->global + row->offset;
    }
    const struct gguf_tensor *tensor = gguf_find_tensor(&model->gguf, name);
    if (!tensor) {
        if (row->presence == TENSOR_OPTIONAL)
            return 0;
        return error_set(error, ERROR_FORMAT, "%s: tensor %s is missing", model->gguf.path, name);
    }
    used[tensor - model->gguf.tensors] = true;
    size_t rows = dimension_size(&model->hyper, row->rows), cols = dimension_size(&model->hyper, row->cols);
    int code = check_shape(model, name, tensor, rows, cols, error);
    if (code)
        return code;
    model->parameters += (uint64_t)rows * cols;
    model->weight_bytes += tensor->size_bytes;
    if (row->rows == DIMENSION_ONE)
        return bind_vector(model, name, tensor, (const float **)(void *)target, error);
    return bind_matrix(model, kernels, name, tensor, (struct matrix *)(void *)target, error);
}

static int bind_tensors(struct model *model, const struct kernel_set *kernels, bool *used, struct error *error)
{
    for (size_t i = 0; i < model->arch->tensor_count; i++) {
        const struct tensor_row *row = &model->arch->tensors[i];
        size_t repeats = row->scope == SCOPE_LAYER ? model->hyper.layers : 1;
        for (size_t layer = 0; layer < repeats; layer++) {
            int code = bind_row(model, kernels, row, layer, used, error);
            if (code)
                return code;
        }
    }
    for (size_t i = 0; i < model->gguf.tensor_count; i++) {
        struct gguf_string name = model->gguf.tensors[i].name;
        if (!used[i])
            return error_set(error, ERROR_UNSUPPORTED, "%s: tensor %.*s is not part of architecture %s",
                             model->gguf.path, (int)(name.length < 96 ? name.length : 96), name.data,
                             model->arch->name);
    }
    return 0;
}

static int load_weights(struct model *model, const struct kernel_set *kernels, struct error *error)
{
    const struct gguf_tensor *embedding = gguf_find_tensor(&model->gguf, "token_embd.weight");
    if (!embedding)
        return error_set(error, ERROR_FORMAT, "%s: tensor token_embd.weight is missing", model->gguf.path);
    if (embedding->shape[1] < 1 || embedding->shape[1] > 1u << 24)
        return error_set(error, ERROR_FORMAT, "%s: a vocabulary of %llu tokens is out of range", model->gguf.path,
                         (unsigned long long)embedding->shape[1]);
    model->hyper.vocab = (uint32_t)embedding->shape[1];
    /* Each layer has tensors of its own, so a count that the file cannot hold is caught before memory is taken for it.
     */
    if (model->hyper.layers > model->gguf.tensor_count)
        return error_set(error, ERROR_FORMAT, "%s: %u layers, but only %zu tensors", model->gguf.path,
                         model->hyper.layers, model->gguf.tensor_count);
    model->layers = arena_array(&model->arena, model->hyper.layers, sizeof *model->layers);
    bool *used = mem_array(model->gguf.tensor_count, sizeof *used);
    int code = bind_tensors(model, kernels, used, error);
    free(used);
    if (code)
        return code;
    if (!model->global.output.data)
        model->global.output = model->global.embedding;
    model->dequantize_embedding = kernels->rows[OP_DEQUANTIZE][model->global.embedding.format];
    if (!model->dequantize_embedding)
        return error_set(error, ERROR_UNSUPPORTED, "%s: no kernel dequantizes %s embeddings", model->gguf.path,
                         format_table[model->global.embedding.format].name);
    return 0;
}

/* ---- names ---- */

/* general.file_type as quantizers write it (ggml's llama_ftype), for the mixes that a single tensor does not show. */
static const char *file_type_name(uint32_t file_type)
{
    static const struct {
        uint32_t number;
        const char *name;
    } names[] = {
        { 0, "f32" },     { 1, "f16" },   { 2, "q4_0" },    { 3, "q4_1" },    { 7, "q8_0" },
        { 8, "q5_0" },    { 9, "q5_1" },  { 14, "q4_K_S" }, { 15, "q4_K_M" }, { 16, "q5_K_S" },
        { 17, "q5_K_M" }, { 18, "q6_K" }, { 32, "bf16" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].number == file_type)
            return names[i].name;
    }
    return NULL;
}

static int name_model(struct model *model, struct error *error)
{
    const struct gguf *gguf = &model->gguf;
    struct gguf_string name;
    uint32_t file_type;
    int code = gguf_text_or(gguf, "general.name", "", &name, error);
    if (!code)
        code = gguf_u32_or(gguf, "general.file_type", UINT32_MAX, &file_type, error);
    if (code)
        return code;
    if (name.length) {
        model->name = arena_strndup(&model->arena, name.data, name.length);
    } else {
        const char *slash = strrchr(gguf->path, '/'), *stem = slash ? slash + 1 : gguf->path;
        const char *dot = strrchr(stem, '.');
        model->name = arena_strndup(&model->arena, stem, dot ? (size_t)(dot - stem) : strlen(stem));
    }
    model->format_name = file_type_name(file_type);
    if (!model->format_name) {
        size_t largest = 0;
        for (size_t i = 1; i < FORMAT_COUNT; i++) {
            if (model->bytes_by_format[i] > model->bytes_by_format[largest])
                largest = i;
        }
        model->format_name = format_table[largest].name;
    }
    return 0;
}

/* Decoding streams through all weights for every token. Where the file is not in memory yet, this lets the kernel read
 * it into large pages (Linux, file systems with large folios), which saves thousands of page faults and most TLB
 * misses. Elsewhere it does nothing, and failing costs nothing. */
static void prefer_large_pages(const struct file_map *map)
{
    madvise((void *)(uintptr_t)map->data, map->size_bytes, MADV_HUGEPAGE);
}

int model_open(struct model *model, const char *path, const struct kernel_set *kernels, struct error *error)
{
    *model = (struct model){ 0 };
    int code = gguf_open(&model->gguf, path, error);
    if (code)
        return code;
    prefer_large_pages(&model->gguf.map);
    code = find_arch(model, error);
    if (!code)
        code = read_hyper(model, error);
    if (!code)
        code = load_weights(model, kernels, error);
    if (!code)
        code = name_model(model, error);
    if (code)
        model_close(model);
    return code;
}

void model_close(struct model *model)
{
    arena_release(&model->arena);
    gguf_close(&model->gguf);
    *model = (struct model){ 0 };
}
