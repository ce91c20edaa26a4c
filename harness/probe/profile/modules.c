/* modules.c: opening ELF files for libdwfl, one session a file, placed where their program headers say. */
#include "harness/probe/profile/modules.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#else
enum { MACHINE = EM_NONE };
#endif

/* ---- addresses ---- */

bool module_address(const struct module *module, uint64_t file_offset, uint64_t *address)
{
    for (size_t i = 0; i < module->segment_count; i++) {
        const struct module_segment *segment = &module->segments[i];
        if (file_offset < segment->offset || file_offset - segment->offset >= segment->file_size)
            continue;
        *address = segment->address + (file_offset - segment->offset);
        return true;
    }
    return false;
}

bool module_read_word(const struct module *module, uint64_t address, uint64_t *word)
{
    for (size_t i = 0; i < module->segment_count; i++) {
        const struct module_segment *segment = &module->segments[i];
        uint64_t offset = address - segment->address;
        if (address < segment->address || offset >= segment->file_size || segment->file_size - offset < sizeof *word)
            continue;
        size_t size;
        const char *bytes = elf_rawfile(module->elf, &size);
        if (!bytes || size < sizeof *word || segment->offset + offset > size - sizeof *word)
            return false;
        memcpy(word, bytes + segment->offset + offset, sizeof *word);
        return true;
    }
    return false;
}

static bool read_segments(struct module *module)
{
    size_t count;
    GElf_Ehdr header;
    if (!gelf_getehdr(module->elf, &header) || header.e_machine != MACHINE ||
        elf_getphdrnum(module->elf, &count) != 0 || count == 0)
        return false;
    module->segments = mem_array(count, sizeof *module->segments);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr program;
        if (!gelf_getphdr(module->elf, (int)i, &program) || program.p_type != PT_LOAD)
            continue;
        module->segments[module->segment_count++] = (struct module_segment){ .offset = program.p_offset,
                                                                             .address = program.p_vaddr,
                                                                             .file_size = program.p_filesz,
                                                                             .memory_size = program.p_memsz };
    }
    return module->segment_count > 0;
}

/* ---- opening ---- */

/* The kernel maps the same object into every process of this kind, ours too. */
static int find_vdso(Dwfl_Module *handle, void **data, const char *name, Dwarf_Addr base, char **path, Elf **elf)
{
    (void)handle, (void)data, (void)base, (void)path;
    uintptr_t image = (uintptr_t)getauxval(AT_SYSINFO_EHDR);
    if (!str_equal(name, "[vdso]") || image == 0)
        return -1;
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image; /* elf_memory wants it writable, and does not write */
    size_t size_bytes = header->e_shoff + (size_t)header->e_shentsize * header->e_shnum;
    *elf = elf_memory((char *)image, size_bytes);
    return -1;
}

static const Dwfl_Callbacks callbacks = { .find_elf = find_vdso,
                                          .find_debuginfo = dwfl_standard_find_debuginfo,
                                          .section_address = dwfl_offline_section_address };

static uint64_t vdso_size_bytes(void)
{
    uintptr_t image = (uintptr_t)getauxval(AT_SYSINFO_EHDR);
    if (image == 0)
        return 0;
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    return header->e_shoff + (size_t)header->e_shentsize * header->e_shnum;
}

static Dwfl_Module *report(struct module *module)
{
    if (str_equal(module->path, "[vdso]")) {
        uint64_t size_bytes = vdso_size_bytes();
        return size_bytes ? dwfl_report_module(module->dwfl, "[vdso]", 0, size_bytes) : NULL;
    }
    /* A device or a pipe may be mapped too: never open one. */
    struct stat status;
    if (module->path[0] != '/' || stat(module->path, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    int fd = open(module->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    Dwfl_Module *handle = dwfl_report_elf(module->dwfl, module->name, module->path, fd, 0, true);
    if (!handle)
        close(fd);
    return handle;
}

static bool open_module(struct module *module)
{
    module->dwfl = dwfl_begin(&callbacks);
    if (!module->dwfl)
        return false;
    dwfl_report_begin(module->dwfl);
    module->handle = report(module);
    if (dwfl_report_end(module->dwfl, NULL, NULL) != 0 || !module->handle)
        return false;
    GElf_Addr bias;
    module->elf = dwfl_module_getelf(module->handle, &bias);
    if (!module->elf || !read_segments(module))
        return false;
    module->bias = bias;
    return true;
}

static void close_module(struct module *module)
{
    if (module->dwfl)
        dwfl_end(module->dwfl);
    free(module->segments);
    module->dwfl = NULL;
    module->handle = NULL;
    module->elf = NULL;
    module->segments = NULL;
    module->segment_count = 0;
}

struct module *modules_find(struct modules *modules, const char *path)
{
    for (size_t i = 0; i < modules->count; i++)
        if (strcmp(modules->items[i]->path, path) == 0)
            return modules->items[i]->handle ? modules->items[i] : NULL;
    struct module *module = mem_alloc(sizeof *module);
    const char *slash = strrchr(path, '/');
    module->path = arena_strdup(&modules->arena, path);
    module->name = arena_strdup(&modules->arena, slash ? slash + 1 : path);
    if (!open_module(module))
        close_module(module);
    MEM_GROW(modules->items, modules->count, modules->capacity);
    modules->items[modules->count++] = module;
    return module->handle ? module : NULL;
}

void modules_release(struct modules *modules)
{
    for (size_t i = 0; i < modules->count; i++) {
        struct module *module = modules->items[i];
        close_module(module);
        free(module->units);
        free(module->functions);
        free(module->symbols.entries);
        free(module->rows.entries);
        free(module);
    }
    free(modules->items);
    arena_release(&modules->arena);
    *modules = (struct modules){ 0 };
}

/* ---- what is known about addresses: open addressing, at most half full ---- */

static struct module_entry *find_place(const struct module_cache *cache, uint64_t key)
{
    size_t mask = cache->capacity - 1;
    size_t place = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & mask;
    while (cache->entries[place].key != 0 && cache->entries[place].key != key)
        place = (place + 1) & mask;
    return &cache->entries[place];
}

void *module_cache_find(const struct module_cache *cache, uint64_t address)
{
    return cache->count ? find_place(cache, address + 1)->value : NULL;
}

void module_cache_add(struct module_cache *cache, uint64_t address, void *value)
{
    if (cache->count * 2 >= cache->capacity) {
        struct module_cache larger = { .capacity = cache->capacity ? cache->capacity * 2 : 256 };
        larger.entries = mem_array(larger.capacity, sizeof *larger.entries);
        for (size_t i = 0; i < cache->capacity; i++)
            if (cache->entries[i].key)
                *find_place(&larger, cache->entries[i].key) = cache->entries[i];
        larger.count = cache->count;
        free(cache->entries);
        *cache = larger;
    }
    struct module_entry *entry = find_place(cache, address + 1);
    cache->count += entry->key == 0;
    *entry = (struct module_entry){ .key = address + 1, .value = value };
}
