/* symbols.c: DWARF first, then symbol tables, then the start of the function as the unwind tables know it. */
#include "harness/probe/profile/symbols.h"
#include "harness/probe/profile/demangle.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

struct symbols {
    struct maps maps;
    struct modules modules;
};

/* What is at an address of a module. */
struct found {
    size_t count;
    struct stacks_frame frames[];
};

/* ---- DWARF ---- */

static int compare_units(const void *a, const void *b)
{
    const struct module_unit *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* Not every compiler writes .debug_aranges, so the units are asked themselves. */
static void read_units(struct module *module)
{
    Dwarf_Addr bias;
    Dwarf_Die *unit = NULL;
    module->has_units = true;
    while ((unit = dwfl_module_nextcu(module->handle, unit, &bias)) != NULL) {
        Dwarf_Addr base, start, end;
        ptrdiff_t next = 0;
        while ((next = dwarf_ranges(unit, next, &base, &start, &end)) > 0) {
            if (start >= end)
                continue;
            MEM_GROW(module->units, module->unit_count, module->unit_capacity);
            module->units[module->unit_count++] =
                (struct module_unit){ start + bias - module->bias, end + bias - module->bias, dwarf_dieoffset(unit) };
        }
    }
    if (module->unit_count)
        qsort(module->units, module->unit_count, sizeof *module->units, compare_units);
}

static bool find_unit(struct module *module, uint64_t address, Dwarf_Die *unit, Dwarf_Addr *dwarf_address)
{
    if (!module->has_units)
        read_units(module);
    size_t low = 0, high = module->unit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (module->units[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || module->units[low - 1].end <= address)
        return false;
    Dwarf_Addr bias;
    Dwarf *dwarf = dwfl_module_getdwarf(module->handle, &bias);
    *dwarf_address = address + module->bias - bias;
    return dwarf && dwarf_offdie(dwarf, module->units[low - 1].die, unit) != NULL;
}

static const char *name_of(Dwarf_Die *die, struct arena *arena)
{
    Dwarf_Attribute attribute;
    const char *linkage = NULL;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
        dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
        linkage = dwarf_formstring(&attribute);
    /* C functions have one only where the library calls them otherwise inside. */
    if (linkage && linkage[0] == '_' && (linkage[1] == 'Z' || linkage[1] == 'R'))
        return demangle(arena, linkage);
    return dwarf_diename(die);
}

static bool describe(const struct module *module, Dwarf_Die *die, struct arena *arena, struct stacks_frame *frame)
{
    const char *name = name_of(die, arena);
    if (!name)
        return false;
    int line = 0;
    const char *file = dwarf_decl_file(die);
    if (dwarf_decl_line(die, &line) != 0)
        line = 0;
    *frame = (struct stacks_frame){ .function = name,
                                    .object = module->name,
                                    .file = file ? file : "",
                                    .line = (uint32_t)line,
                                    .kind = dwarf_tag(die) == DW_TAG_subprogram ? STACKS_USER : STACKS_INLINE };
    return true;
}

static bool is_artificial(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    bool flag = false;
    return dwarf_attr_integrate(die, DW_AT_artificial, &attribute) && dwarf_formflag(&attribute, &flag) == 0 && flag;
}

static size_t find_in_dwarf(struct module *module, uint64_t address, struct arena *arena, struct stacks_frame *frames)
{
    Dwarf_Die unit, *scopes = NULL, *chain = NULL;
    Dwarf_Addr at;
    if (!find_unit(module, address, &unit, &at))
        return 0;
    /* What dwarf_getscopes puts around an inlined function is where it was written; where it is called from is what
     * stands around its own entry. */
    int count = dwarf_getscopes(&unit, at, &scopes);
    count = count > 0 ? dwarf_getscopes_die(&scopes[0], &chain) : 0;
    size_t used = 0;
    bool whole = false;
    for (int i = 0; i < count && !whole; i++) {
        int tag = dwarf_tag(&chain[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        whole = tag == DW_TAG_subprogram;
        /* A compiler's wrapper around one instruction (_mm512_add_ps) is no function to anybody. */
        if (!whole && is_artificial(&chain[i]))
            continue;
        if (used == SYMBOLS_DEPTH) { /* the outer ones matter more */
            memmove(frames, frames + 1, (SYMBOLS_DEPTH - 1) * sizeof *frames);
            used--;
        }
        used += describe(module, &chain[i], arena, &frames[used]);
    }
    free(chain);
    free(scopes);
    return whole && used && frames[used - 1].kind == STACKS_USER ? used : 0;
}

/* ---- symbol tables ---- */

static bool find_in_symbols(const struct module *module, uint64_t address, struct arena *arena,
                            struct stacks_frame *frame)
{
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(module->handle, address + module->bias, &offset, &symbol, NULL, NULL, NULL);
    if (!name || !*name)
        return false;
    char *plain = arena_strndup(arena, name, strcspn(name, "@")); /* "memcpy@@GLIBC_2.14" */
    *frame = (struct stacks_frame){
        .function = demangle(arena, plain), .object = module->name, .file = "", .kind = STACKS_USER
    };
    return true;
}

/* Jumps to functions of other files have no symbols. */
static bool is_jump_table(const struct module *module, uint64_t address)
{
    Dwarf_Addr relative = address + module->bias, bias;
    Elf_Scn *section = dwfl_module_address_section(module->handle, &relative, &bias);
    size_t names;
    GElf_Shdr header;
    if (!section || !gelf_getshdr(section, &header) || elf_getshdrstrndx(module->elf, &names) != 0)
        return false;
    const char *name = elf_strptr(module->elf, names, header.sh_name);
    return name && str_starts(name, ".plt");
}

/* ---- unwind tables ---- */

static int compare_addresses(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* .eh_frame_hdr in the form that linkers write: a table of 4-byte pairs relative to its own address. Without another
 * name, all addresses of one function shall at least have one name together. */
static void read_functions(struct module *module)
{
    size_t count, size;
    const char *bytes = elf_rawfile(module->elf, &size);
    module->has_functions = true;
    if (!bytes || elf_getphdrnum(module->elf, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr program;
        if (!gelf_getphdr(module->elf, (int)i, &program) || program.p_type != PT_GNU_EH_FRAME)
            continue;
        const unsigned char *table = (const unsigned char *)bytes + program.p_offset;
        if (program.p_offset > size || program.p_filesz > size - program.p_offset || program.p_filesz < 12 ||
            table[0] != 1 || table[2] != (DW_EH_PE_udata4) || table[3] != (DW_EH_PE_datarel | DW_EH_PE_sdata4))
            return;
        uint32_t entries;
        memcpy(&entries, table + 8, sizeof entries);
        if (entries > (program.p_filesz - 12) / 8)
            return;
        module->functions = mem_array(entries + 1, sizeof *module->functions);
        for (uint32_t k = 0; k < entries; k++) {
            int32_t relative;
            memcpy(&relative, table + 12 + 8 * (size_t)k, sizeof relative);
            module->functions[module->function_count++] = program.p_vaddr + (uint64_t)(int64_t)relative;
        }
        qsort(module->functions, module->function_count, sizeof *module->functions, compare_addresses);
        return;
    }
}

static uint64_t function_start(struct module *module, uint64_t address)
{
    if (!module->has_functions)
        read_functions(module);
    size_t low = 0, high = module->function_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (module->functions[middle] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? module->functions[low - 1] : address;
}

/* ---- together ---- */

static const struct found *find(struct module *module, struct modules *modules, uint64_t address)
{
    struct found *found = module_cache_find(&module->symbols, address);
    if (found)
        return found;
    struct stacks_frame frames[SYMBOLS_DEPTH];
    struct arena *arena = &modules->arena;
    size_t count = find_in_dwarf(module, address, arena, frames);
    if (count == 0) {
        count = 1;
        frames[0] = (struct stacks_frame){ .object = module->name, .file = "", .kind = STACKS_USER };
        if (is_jump_table(module, address))
            frames[0].function = "[plt]";
        else if (!find_in_symbols(module, address, arena, &frames[0]))
            frames[0].function =
                arena_format(arena, "%s+0x%llx", module->name, (unsigned long long)function_start(module, address));
    }
    found = arena_alloc(arena, sizeof *found + count * sizeof *frames);
    found->count = count;
    memcpy(found->frames, frames, count * sizeof *frames);
    module_cache_add(&module->symbols, address, found);
    return found;
}

size_t symbols_of(const struct maps *maps, struct modules *modules, uint64_t address, bool is_return_address,
                  struct stacks_frame *frames, size_t limit)
{
    uint64_t virtual_address;
    address -= is_return_address;
    if (limit == 0)
        return 0;
    struct module *module = maps_module(maps, modules, address, &virtual_address);
    if (!module) {
        const struct map *map = maps_find(maps, address);
        const char *slash = map ? strrchr(map->path, '/') : NULL;
        bool is_named = map && *map->path && map->path[0] != '[' && !str_starts(map->path, "//");
        frames[0] =
            (struct stacks_frame){ .function = "[unknown]",
                                   .object =
                                       is_named ? arena_strdup(&modules->arena, slash ? slash + 1 : map->path) : "",
                                   .file = "",
                                   .kind = STACKS_MARK };
        return 1;
    }
    const struct found *found = find(module, modules, virtual_address);
    size_t skipped = found->count > limit ? found->count - limit : 0;
    memcpy(frames, found->frames + skipped, (found->count - skipped) * sizeof *frames);
    return found->count - skipped;
}

int symbols_open(struct symbols **symbols, const char *maps_text, struct error *error)
{
    *symbols = mem_alloc(sizeof **symbols);
    maps_add_text(&(*symbols)->maps, maps_text);
    if ((*symbols)->maps.count > 0)
        return 0;
    symbols_close(*symbols);
    *symbols = NULL;
    return error_set(error, ERROR_FORMAT, "no executable mapping in the text of /proc/PID/maps");
}

size_t symbols_resolve(struct symbols *symbols, uint64_t address, bool is_return_address, struct stacks_frame *frames,
                       size_t limit)
{
    return symbols_of(&symbols->maps, &symbols->modules, address, is_return_address, frames, limit);
}

void symbols_close(struct symbols *symbols)
{
    if (!symbols)
        return;
    maps_release(&symbols->maps);
    modules_release(&symbols->modules);
    free(symbols);
}
