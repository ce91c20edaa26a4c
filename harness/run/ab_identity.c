/* ab_identity.c: are two programs the same code?
 *
 * Of an ELF file counts what is loaded: every allocated section with its place and bytes. Notes (build ids) do not
 * count, nor does what is not loaded (debug information, symbols of the linker, comments). The root of the tree it was
 * built in is blotted out where it appears (__FILE__, run paths): worktrees of one cache have paths of the same length,
 * so everything else stays where it is. Shared libraries that lie in the tree, or beside a program that is no tree's,
 * are part of it; those of the system are the same for both sides. What a program loads or starts by itself (dlopen,
 * posix_spawn, whatever a script does) cannot be seen here: prony.conf names it (`code`), or nothing is claimed. */
#include "harness/run/ab_internal.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH_LIMIT = 8 };

/* Two independent 64-bit hashes: an accident would have to happen in both. */
struct code_hash {
    uint64_t fnv, other;
};

struct identity {
    struct code_hash hash;
    const char *tree;         /* NULL = none */
    struct plan_strings seen; /* libraries, by path */
    const char *unseen;       /* what else may run; the first reason that was met */
    struct arena arena;
};

static void add_bytes(struct code_hash *hash, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < length; i++) {
        hash->fnv = (hash->fnv ^ p[i]) * 0x100000001b3u;
        hash->other = (hash->other + p[i]) * 0x9e3779b97f4a7c15u;
        hash->other ^= hash->other >> 29;
    }
}

static void add_number(struct code_hash *hash, uint64_t number)
{
    add_bytes(hash, &number, sizeof number);
}

/* Bytes in which every appearance of the tree's path is left out. */
static void add_blotted(struct identity *identity, const unsigned char *bytes, size_t length)
{
    size_t path_length = identity->tree ? strlen(identity->tree) : 0;
    add_number(&identity->hash, length);
    while (path_length > 1 && length >= path_length) {
        const unsigned char *found = memmem(bytes, length, identity->tree, path_length);
        if (!found)
            break;
        add_bytes(&identity->hash, bytes, (size_t)(found - bytes));
        length -= (size_t)(found - bytes) + path_length;
        bytes = found + path_length;
    }
    add_bytes(&identity->hash, bytes, length);
}

static void add_section(struct identity *identity, Elf_Scn *section, const GElf_Shdr *header)
{
    add_number(&identity->hash, header->sh_type);
    add_number(&identity->hash, header->sh_flags);
    add_number(&identity->hash, header->sh_addr);
    add_number(&identity->hash, header->sh_size);
    const Elf_Data *data = header->sh_type == SHT_NOBITS ? NULL : elf_rawdata(section, NULL);
    if (data && data->d_buf)
        add_blotted(identity, data->d_buf, data->d_size);
}

static int add_file(struct identity *identity, const char *path, int depth, struct error *error);

static bool is_own(const struct identity *identity, const char *path)
{
    size_t length = identity->tree ? strlen(identity->tree) : 0;
    return length && strncmp(path, identity->tree, length) == 0 && path[length] == '/';
}

static bool is_new(struct identity *identity, const char *path)
{
    for (size_t i = 0; i < identity->seen.count; i++)
        if (str_equal(identity->seen.items[i], path))
            return false;
    MEM_GROW(identity->seen.items, identity->seen.count, identity->seen.capacity);
    identity->seen.items[identity->seen.count++] = arena_strdup(&identity->arena, path);
    return true;
}

/* Tries one directory. True = found there (own or not). */
static bool try_library(struct identity *identity, const char *directory, const char *name, int depth)
{
    char *path = mem_format("%s/%s", directory, name), *clean = realpath(path, NULL);
    if (clean && (is_own(identity, clean) || !identity->tree) && is_new(identity, clean))
        add_file(identity, clean, depth + 1, NULL);
    free(path);
    bool found = clean != NULL;
    free(clean);
    return found;
}

/* One entry of a run path, in which $ORIGIN is where the file lies. */
static char *expand(const char *entry, size_t length, const char *origin)
{
    struct str out = { 0 };
    for (size_t i = 0; i < length;) {
        size_t used = strncmp(entry + i, "${ORIGIN}", 9) == 0 ? 9 : strncmp(entry + i, "$ORIGIN", 7) == 0 ? 7 : 0;
        if (used)
            str_append(&out, origin);
        else
            str_append_char(&out, entry[i]);
        i += used ? used : 1;
    }
    return str_take(&out);
}

/* Where libraries of its own may lie: its run path, beside it, and ../lib. Others are the system's. */
static void add_library(struct identity *identity, const char *name, const char *run_path, const char *origin,
                        int depth)
{
    bool found = false;
    for (const char *p = run_path; !found && *p;) {
        size_t length = strcspn(p, ":");
        char *directory = expand(p, length, origin);
        /* Without a tree only what is given relative to the program is surely not the system's. */
        if (directory && (identity->tree || memmem(p, length, "ORIGIN", 6)))
            found = try_library(identity, directory, name, depth);
        free(directory);
        p += length + (p[length] == ':');
    }
    char *beside = mem_format("%s/../lib", origin);
    if (!found && !try_library(identity, origin, name, depth))
        try_library(identity, beside, name, depth);
    free(beside);
}

static void add_libraries(struct identity *identity, Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
                          const char *path, int depth)
{
    Elf_Data *data = elf_getdata(section, NULL);
    const char *run_path = "", *slash = strrchr(path, '/');
    char *origin = slash ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup(".");
    size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    GElf_Dyn entry;
    for (size_t i = 0; i < count && gelf_getdyn(data, (int)i, &entry); i++) {
        if (entry.d_tag != DT_RUNPATH && entry.d_tag != DT_RPATH)
            continue;
        const char *text = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
        run_path = text ? text : "";
    }
    for (size_t i = 0; i < count && gelf_getdyn(data, (int)i, &entry); i++) {
        const char *name = entry.d_tag == DT_NEEDED ? elf_strptr(elf, header->sh_link, entry.d_un.d_val) : NULL;
        if (name && depth < DEPTH_LIMIT)
            add_library(identity, name, run_path, origin, depth);
    }
    free(origin);
}

/* What it imports to bring in other code; NULL = nothing. execv is not among it: with it benchmark libraries start
 * themselves again, without random addresses. */
static const char *find_unseen(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    static const char loads[] = "it loads code at run time (dlopen)", starts[] = "it starts other programs";
    static const char *const imports[][2] = {
        { "dlopen", loads },        { "dlmopen", loads }, { "posix_spawn", starts },
        { "posix_spawnp", starts }, { "system", starts }, { "popen", starts },
        { "execvp", starts },       { "execlp", starts }, { "execl", starts },
    };
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    GElf_Sym symbol;
    for (size_t i = 0; i < count && gelf_getsym(data, (int)i, &symbol); i++) {
        const char *name = symbol.st_shndx == SHN_UNDEF ? elf_strptr(elf, header->sh_link, symbol.st_name) : NULL;
        for (size_t k = 0; name && k < sizeof imports / sizeof imports[0]; k++)
            if (str_equal(name, imports[k][0]))
                return imports[k][1];
    }
    return NULL;
}

static void add_elf(struct identity *identity, Elf *elf, const char *path, int depth)
{
    GElf_Shdr header;
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC) || header.sh_type == SHT_NOTE)
            continue;
        add_section(identity, section, &header);
        if (header.sh_type == SHT_DYNSYM && !identity->unseen)
            identity->unseen = find_unseen(elf, section, &header);
        if (header.sh_type == SHT_DYNAMIC)
            add_libraries(identity, elf, section, &header, path, depth);
    }
}

/* A script, or an ELF file without sections. */
static void add_bytes_of_file(struct identity *identity, const struct file_map *map)
{
    add_blotted(identity, map->data, map->size_bytes);
    if (!identity->unseen)
        identity->unseen = "it is a script, or as good as one: what it starts is not looked at";
}

static int add_file(struct identity *identity, const char *path, int depth, struct error *error)
{
    struct file_map map;
    int code = file_map_open(&map, path, error);
    if (code != 0)
        return code;
    Elf *elf = elf_version(EV_CURRENT) == EV_NONE || !map.data
                   ? NULL
                   : elf_memory((char *)(uintptr_t)map.data, map.size_bytes);
    size_t sections = 0;
    if (elf && elf_kind(elf) == ELF_K_ELF && elf_getshdrnum(elf, &sections) == 0 && sections > 1)
        add_elf(identity, elf, path, depth);
    else
        add_bytes_of_file(identity, &map);
    if (elf)
        elf_end(elf);
    file_map_close(&map);
    return 0;
}

/* Files that prony.conf names, in the order of their names; false if there is none, or what cannot be read (a
 * directory, too: what is in it would go unseen). */
static bool add_named(struct identity *identity, const char *pattern)
{
    glob_t found;
    char *path = mem_format("%s/%s", identity->tree, pattern);
    bool all = false;
    if (glob(path, 0, NULL, &found) == 0) {
        all = found.gl_pathc > 0;
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *name = found.gl_pathv[i];
            add_bytes(&identity->hash, name + strlen(identity->tree), strlen(name) - strlen(identity->tree));
            all &= add_file(identity, name, 0, NULL) == 0;
        }
        globfree(&found);
    }
    free(path);
    return all;
}

static const char *add_code(struct identity *identity, const struct plan_strings *code)
{
    const char *missing = NULL;
    for (size_t i = 0; code && identity->tree && i < code->count; i++)
        if (!add_named(identity, code->items[i]))
            missing = code->items[i];
    return missing;
}

int ab_identity_hash(const char *program, const char *tree, const struct plan_strings *code, struct ab_identity *result,
                     struct error *error)
{
    struct identity identity = { .hash = { 0xcbf29ce484222325u, 0 }, .tree = tree };
    int status = add_file(&identity, program, 0, error);
    const char *unseen = identity.unseen; /* of the program: what is named is all that is asked for */
    *result = (struct ab_identity){ .unseen = unseen, .missing = add_code(&identity, code) };
    snprintf(result->hash, sizeof result->hash, "%016llx%016llx", (unsigned long long)identity.hash.fnv,
             (unsigned long long)identity.hash.other);
    free(identity.seen.items);
    arena_release(&identity.arena);
    return status;
}
