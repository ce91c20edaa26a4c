/* select.c: the tables of all operations, and the choice of one row for every operation and format. */
#include "kernels/tables.h"
#include <string.h>

const char *const kernel_op_names[OP_COUNT] = {
    [OP_ACT] = "act",           [OP_MATVEC] = "matvec",   [OP_MATMUL] = "matmul",   [OP_DEQUANTIZE] = "dequantize",
    [OP_QUANTIZE] = "quantize", [OP_RMSNORM] = "rmsnorm", [OP_ROPE] = "rope",       [OP_ATTENTION] = "attention",
    [OP_SILU_MUL] = "silu_mul", [OP_ADD] = "add",         [OP_SOFTMAX] = "softmax",
};

#define TABLE(op)                                                    \
    (struct kernel_table)                                            \
    {                                                                \
        .rows = kernel_##op##_rows, .count = kernel_##op##_row_count \
    }

struct kernel_table kernel_table(enum kernel_op op)
{
    switch (op) {
    case OP_ACT: return TABLE(act);
    case OP_MATVEC: return TABLE(matvec);
    case OP_MATMUL: return TABLE(matmul);
    case OP_DEQUANTIZE: return TABLE(dequantize);
    case OP_QUANTIZE: return TABLE(quantize);
    case OP_RMSNORM: return TABLE(rmsnorm);
    case OP_ROPE: return TABLE(rope);
    case OP_ATTENTION: return TABLE(attention);
    case OP_SILU_MUL: return TABLE(silu_mul);
    case OP_ADD: return TABLE(add);
    case OP_SOFTMAX: return TABLE(softmax);
    default: return (struct kernel_table){ NULL, 0 };
    }
}

const struct kernel_row *kernel_find(const char *name)
{
    for (int op = 0; op < OP_COUNT; op++) {
        struct kernel_table table = kernel_table((enum kernel_op)op);
        for (size_t i = 0; i < table.count; i++)
            if (strcmp(table.rows[i].name, name) == 0)
                return &table.rows[i];
    }
    return NULL;
}

/* Where a row stands in kernel_set.rows: act rows are told apart by what they write, all others by what they read. */
static const struct kernel_row **slot(struct kernel_set *set, const struct kernel_row *row)
{
    return &set->rows[row->op][row->op == OP_ACT ? (int)row->act : (int)row->format];
}

static void choose_defaults(struct kernel_set *set)
{
    memset(set->rows, 0, sizeof set->rows);
    for (int op = 0; op < OP_COUNT; op++) {
        struct kernel_table table = kernel_table((enum kernel_op)op);
        for (size_t i = 0; i < table.count; i++) {
            const struct kernel_row **chosen = slot(set, &table.rows[i]);
            if (!*chosen && (table.rows[i].needs & ~set->features) == 0)
                *chosen = &table.rows[i];
        }
    }
}

/* Copies the next word of a list separated by commas; *list moves behind it. False at the end of the list. */
static int next_word(const char **list, char *word, size_t size, struct error *error, bool *found)
{
    const char *start = *list;
    *found = *start != '\0';
    if (!*found)
        return 0;
    size_t length = strcspn(start, ",");
    *list = start + length + (start[length] == ',');
    if (length == 0 || length >= size)
        return error_set(error, ERROR_USAGE, "kernels '%.60s': expected a kernel's name or an instruction set", start);
    memcpy(word, start, length);
    word[length] = '\0';
    return 0;
}

/* Instruction set words limit everything, so they count before any row is forced, wherever they stand. */
static int apply_overrides(struct kernel_set *set, const struct cpu_info *cpu, const char *overrides, bool force,
                           struct error *error)
{
    char word[96];
    bool found;
    int code;
    while ((code = next_word(&overrides, word, sizeof word, error, &found)) == 0 && found) {
        const struct kernel_row *row = kernel_find(word);
        if (!row && strstr(word, "__"))
            return error_set(error, ERROR_USAGE, "unknown kernel '%s'", word);
        if (row && (row->needs & ~cpu->features) != 0) {
            char names[96];
            return error_set(error, ERROR_UNSUPPORTED, "kernel %s: this CPU lacks %s", word,
                             cpu_feature_names(row->needs & ~cpu->features, names, sizeof names));
        }
        if (row && force)
            *slot(set, row) = row;
        uint32_t limited;
        if (!row && (code = cpu_limit_features(cpu->features, word, &limited, error)) != 0)
            return code;
        if (!row)
            set->features &= limited;
    }
    return code;
}

int kernel_select(struct kernel_set *set, const struct cpu_info *cpu, const char *overrides, struct error *error)
{
    set->features = cpu->features;
    int code = overrides ? apply_overrides(set, cpu, overrides, false, error) : 0;
    if (code != 0)
        return code;
    choose_defaults(set);
    return overrides ? apply_overrides(set, cpu, overrides, true, error) : 0;
}
