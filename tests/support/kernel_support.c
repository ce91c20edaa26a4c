/* kernel_support.c: see kernel_support.h. */
#include "tests/support/kernel_support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guarded guarded_alloc(size_t size_bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t payload = (size_bytes + page - 1) / page * page;
    struct guarded guarded = { .mapped_bytes = payload + page };
    guarded.base = mmap(NULL, guarded.mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guarded.base == MAP_FAILED || mprotect((char *)guarded.base + payload, page, PROT_NONE) != 0) {
        perror("guarded_alloc");
        exit(2);
    }
    guarded.data = (char *)guarded.base + payload - size_bytes;
    return guarded;
}

void guarded_release(struct guarded *guarded)
{
    munmap(guarded->base, guarded->mapped_bytes);
    *guarded = (struct guarded){ 0 };
}

struct guarded random_floats(size_t count, uint64_t seed)
{
    struct guarded floats = guarded_alloc(count * sizeof(float));
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < count; i++) {
        double value = rng_normal(&rng);
        ((float *)floats.data)[i] = (float)(rng_below(&rng, 200) == 0 ? 8 * value : value);
    }
    return floats;
}

static uint16_t random_half(struct rng *rng, double scale)
{
    double sign = rng_below(rng, 8) == 0 ? -1 : 1;
    return float_to_half((float)(sign * scale * (0.5 + rng_uniform(rng))));
}

static void fill_bytes(struct rng *rng, void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)data)[i] = (uint8_t)rng_next(rng);
}

/* Random bits everywhere, then sane scales where the format keeps them. */
static void random_block(struct rng *rng, enum tensor_format format, void *block)
{
    float value = (float)rng_normal(rng);
    uint16_t half = float_to_half(value), bf16 = float_to_bf16(value);
    fill_bytes(rng, block, format_table[format].block_bytes);
    switch (format) {
    case FORMAT_F32: memcpy(block, &value, 4); break;
    case FORMAT_F16: memcpy(block, &half, 2); break;
    case FORMAT_BF16: memcpy(block, &bf16, 2); break;
    case FORMAT_Q8_0: ((struct block_q8_0 *)block)->d = random_half(rng, 1.0 / 64); break;
    case FORMAT_Q4_0: ((struct block_q4_0 *)block)->d = random_half(rng, 1.0 / 4); break;
    case FORMAT_Q5_0: ((struct block_q5_0 *)block)->d = random_half(rng, 1.0 / 8); break;
    case FORMAT_Q4_1:
        ((struct block_q4_1 *)block)->d = random_half(rng, 1.0 / 4);
        ((struct block_q4_1 *)block)->m = random_half(rng, -2);
        break;
    case FORMAT_Q5_1:
        ((struct block_q5_1 *)block)->d = random_half(rng, 1.0 / 8);
        ((struct block_q5_1 *)block)->m = random_half(rng, -2);
        break;
    case FORMAT_Q4_K:
        ((struct block_q4_K *)block)->d = random_half(rng, 1.0 / 128);
        ((struct block_q4_K *)block)->dmin = random_half(rng, 1.0 / 16);
        break;
    case FORMAT_Q5_K:
        ((struct block_q5_K *)block)->d = random_half(rng, 1.0 / 256);
        ((struct block_q5_K *)block)->dmin = random_half(rng, 1.0 / 16);
        break;
    case FORMAT_Q6_K: ((struct block_q6_K *)block)->d = random_half(rng, 1.0 / 1024); break;
    default: abort();
    }
}

struct guarded random_weights(enum tensor_format format, size_t rows, size_t cols, uint64_t seed)
{
    size_t block_bytes = format_table[format].block_bytes, size = rows * format_row_bytes(format, cols);
    struct guarded weights = guarded_alloc(size);
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t at = 0; at < size; at += block_bytes) {
        union {
            struct block_q8_0 q8_0;
            struct block_q5_K q5_K;
            struct block_q6_K q6_K;
            float f32;
        } block;
        random_block(&rng, format, &block);
        memcpy((char *)weights.data + at, &block, block_bytes);
    }
    return weights;
}

double rms_error(const float *got, const float *want, size_t count)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(got[i]))
            return INFINITY;
        difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        size += (double)want[i] * want[i];
    }
    return difference == 0 ? 0 : sqrt(difference / size);
}

bool row_runs(const struct kernel_row *row)
{
    struct cpu_info cpu;
    cpu_detect(&cpu);
    return (row->needs & ~cpu.features) == 0;
}

const struct kernel_row *row_reference(const struct kernel_row *row)
{
    struct kernel_table table = kernel_table(row->op);
    for (size_t i = 0; i < table.count; i++) {
        const struct kernel_row *other = &table.rows[i];
        if (other->needs == 0 && other->format == row->format && (row->op != OP_ACT || other->act == row->act))
            return other;
    }
    return NULL;
}

struct guarded convert_activations(enum act_format act, const float *x, size_t rows, size_t cols)
{
    struct guarded converted = guarded_alloc(rows * act_row_bytes(act, cols));
    if (act == ACT_F32)
        memcpy(converted.data, x, rows * cols * sizeof(float));
    else
        kernel_find(act == ACT_Q8 ? "act_q8__scalar" : "act_bf16__scalar")
            ->function.act(converted.data, x, cols, rows, cols);
    return converted;
}
