/* kernel_symbols.h: functions of the running kernel, from /proc/kallsyms. */
#ifndef PRONY_PROBE_PROFILE_KERNEL_SYMBOLS_H
#define PRONY_PROBE_PROFILE_KERNEL_SYMBOLS_H

#include "harness/base/stacks.h"
#include <stdbool.h>

struct kernel_symbol {
    uint64_t address;
    const char *name, *module; /* module: "kernel" or "nf_tables" */
};

/* Set to zero bytes: the file is read when the first address is looked up. */
struct kernel_symbols {
    bool is_read;
    char *text;
    struct kernel_symbol *items; /* sorted */
    size_t count, capacity;
};

/* Where the kernel hides its addresses (kernel.kptr_restrict), the frame is "[kernel]". */
struct stacks_frame kernel_symbols_resolve(struct kernel_symbols *symbols, uint64_t address);
/* Takes the text (of free()'s kind) as if it were the file. */
void kernel_symbols_parse(struct kernel_symbols *symbols, char *text);
void kernel_symbols_release(struct kernel_symbols *symbols);

#endif
