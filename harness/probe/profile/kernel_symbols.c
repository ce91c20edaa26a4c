/* kernel_symbols.c: the text stays in memory, names point into it. */
#include "harness/probe/profile/kernel_symbols.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const struct kernel_symbol *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

/* "ffffffff81000000 T _text", of a module with "\t[module]" behind. */
static void parse_line(struct kernel_symbols *symbols, char *line)
{
    char *end;
    uint64_t address = strtoull(line, &end, 16);
    if (address == 0 || end == line || end[0] != ' ' || !strchr("tTwW", end[1]) || end[1] == 0 || end[2] != ' ')
        return;
    char *name = end + 3, *module = strchr(name, '\t');
    if (module && module[1] == '[') {
        *module = 0;
        module += 2;
        module[strcspn(module, "]")] = 0;
    }
    MEM_GROW(symbols->items, symbols->count, symbols->capacity);
    symbols->items[symbols->count++] = (struct kernel_symbol){ address, name, module ? module : "kernel" };
}

void kernel_symbols_parse(struct kernel_symbols *symbols, char *text)
{
    symbols->is_read = true;
    symbols->text = text;
    for (char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        char *next = line + length + (line[length] == '\n');
        line[length] = 0;
        parse_line(symbols, line);
        line = next;
    }
    if (symbols->count)
        qsort(symbols->items, symbols->count, sizeof *symbols->items, compare);
}

struct stacks_frame kernel_symbols_resolve(struct kernel_symbols *symbols, uint64_t address)
{
    char *text;
    size_t size;
    if (!symbols->is_read && file_read("/proc/kallsyms", &text, &size, NULL) == 0)
        kernel_symbols_parse(symbols, text);
    symbols->is_read = true;
    size_t low = 0, high = symbols->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (symbols->items[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    struct stacks_frame frame = { .function = "[kernel]", .object = "kernel", .file = "", .kind = STACKS_KERNEL };
    if (low) {
        frame.function = symbols->items[low - 1].name;
        frame.object = symbols->items[low - 1].module;
    }
    return frame;
}

void kernel_symbols_release(struct kernel_symbols *symbols)
{
    free(symbols->items);
    free(symbols->text);
    *symbols = (struct kernel_symbols){ 0 };
}
