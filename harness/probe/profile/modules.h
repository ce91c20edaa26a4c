/* modules.h: ELF files of profiled programs, each opened once however many processes have mapped it.
 *
 * Addresses of a module are those of its program headers ("virtual addresses"), so what is learned about one holds
 * wherever the file is mapped. Not thread-safe. */
#ifndef PRONY_PROBE_PROFILE_MODULES_H
#define PRONY_PROBE_PROFILE_MODULES_H

#include "harness/base/arena.h"
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the file that is loaded. */
struct module_segment {
    uint64_t offset, address, file_size, memory_size;
};

/* Where a compilation unit has code. */
struct module_unit {
    uint64_t start, end;
    Dwarf_Off die;
};

/* What symbols.c and unwind.c have found out about an address. */
struct module_entry {
    uint64_t key; /* address + 1; 0 = free */
    void *value;
};
struct module_cache {
    struct module_entry *entries;
    size_t count, capacity;
};

struct module {
    const char *path, *name; /* name: without the directory; "[vdso]" */
    Dwfl *dwfl;
    Dwfl_Module *handle;
    Elf *elf;
    struct module_segment *segments;
    size_t segment_count;
    uint64_t bias; /* libdwfl's addresses minus ours */
    bool has_units;
    struct module_unit *units; /* sorted; symbols.c */
    size_t unit_count, unit_capacity;
    uint64_t *functions; /* sorted starts of functions that have unwind tables; symbols.c */
    size_t function_count;
    bool has_functions;
    struct module_cache symbols, rows; /* values live in the set's arena */
};

struct modules {
    struct module **items;
    size_t count, capacity;
    struct arena arena; /* texts and cached values */
};

/* The file at that path, or "[vdso]" for the kernel's page of this machine. NULL if it cannot be read or is no ELF
 * file for this kind of CPU; that is remembered. */
struct module *modules_find(struct modules *modules, const char *path);
void modules_release(struct modules *modules);

/* The virtual address of a byte of the file; false if it is not loaded. */
bool module_address(const struct module *module, uint64_t file_offset, uint64_t *address);
/* Reads an 8-byte word of what the file says lies at a virtual address. */
bool module_read_word(const struct module *module, uint64_t address, uint64_t *word);

/* NULL if there is no such key yet. */
void *module_cache_find(const struct module_cache *cache, uint64_t address);
void module_cache_add(struct module_cache *cache, uint64_t address, void *value);

#endif
