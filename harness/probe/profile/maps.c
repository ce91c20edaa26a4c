/* maps.c: mappings in a sorted array. */
#include "harness/probe/profile/maps.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Index of the first mapping that ends behind the address. */
static size_t lower_bound(const struct maps *maps, uint64_t address)
{
    size_t low = 0, high = maps->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (maps->items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert(struct maps *maps, size_t place, const struct map *map)
{
    MEM_GROW(maps->items, maps->count, maps->capacity);
    memmove(&maps->items[place + 1], &maps->items[place], (maps->count - place) * sizeof *maps->items);
    maps->items[place] = *map;
    maps->items[place].path = mem_strdup(map->path);
    maps->count++;
}

static void remove_at(struct maps *maps, size_t place)
{
    free((char *)(uintptr_t)maps->items[place].path);
    maps->count--;
    memmove(&maps->items[place], &maps->items[place + 1], (maps->count - place) * sizeof *maps->items);
}

/* Makes room: cuts or removes what lies there. */
static void clear_range(struct maps *maps, uint64_t start, uint64_t end)
{
    size_t place = lower_bound(maps, start);
    while (place < maps->count && maps->items[place].start < end) {
        struct map *map = &maps->items[place];
        struct map right = *map;
        bool keeps_left = map->start<start, keeps_right = map->end> end;
        right.start = end;
        right.offset += end - map->start;
        if (keeps_left)
            map->end = start;
        if (keeps_right && keeps_left) {
            insert(maps, place + 1, &right);
        } else if (keeps_right) {
            map->start = right.start;
            map->offset = right.offset;
        } else if (!keeps_left) {
            remove_at(maps, place);
            continue;
        }
        place++;
    }
}

void maps_add(struct maps *maps, uint64_t start, uint64_t end, uint64_t offset, const char *path)
{
    if (start >= end)
        return;
    struct map map = { .start = start, .end = end, .offset = offset, .path = path };
    clear_range(maps, start, end);
    insert(maps, lower_bound(maps, start), &map);
}

static void add_line(struct maps *maps, const char *line)
{
    uint64_t start, end, offset;
    char rights[5];
    int path = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &start, &end, rights, &offset, &path) == 4 &&
        path > 0 && rights[2] == 'x')
        maps_add(maps, start, end, offset, line + path);
}

void maps_add_text(struct maps *maps, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        char *line = mem_strndup(text, length);
        add_line(maps, line);
        free(line);
        text += length + (text[length] == '\n');
    }
}

void maps_copy(struct maps *maps, const struct maps *from)
{
    maps_release(maps);
    for (size_t i = 0; i < from->count; i++)
        insert(maps, i, &from->items[i]);
}

void maps_release(struct maps *maps)
{
    for (size_t i = 0; i < maps->count; i++)
        free((char *)(uintptr_t)maps->items[i].path);
    free(maps->items);
    *maps = (struct maps){ 0 };
}

struct map *maps_find(const struct maps *maps, uint64_t address)
{
    size_t place = lower_bound(maps, address);
    return place < maps->count && maps->items[place].start <= address ? &maps->items[place] : NULL;
}

struct module *maps_module(const struct maps *maps, struct modules *modules, uint64_t address,
                           uint64_t *virtual_address)
{
    struct map *map = maps_find(maps, address);
    if (!map)
        return NULL;
    if (!map->searched) {
        map->searched = true;
        map->module = *map->path ? modules_find(modules, map->path) : NULL;
    }
    uint64_t offset = address - map->start + map->offset;
    return map->module && module_address(map->module, offset, virtual_address) ? map->module : NULL;
}
