/* id_map.c: a hash table for names that are looked up once a sample. */
#include "harness/store/id_map.h"
#include "harness/base/mem.h"
#include <stdlib.h>
#include <string.h>

/* FNV-1a (Fowler, Noll, Vo), 64 bits. The NUL between the two keeps ("ab","c") and ("a","bc") apart. */
static uint64_t hash_pair(const char *first, const char *second)
{
    uint64_t hash = 0xcbf29ce484222325u;
    const char *parts[2] = { first, second };
    for (int part = 0; part < 2; part++) {
        const char *p = parts[part];
        do {
            hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
        } while (*p++);
    }
    return hash;
}

static struct id_map_slot *find_slot(const struct id_map *map, const char *first, const char *second, uint64_t hash)
{
    for (size_t i = (size_t)hash & (map->capacity - 1);; i = (i + 1) & (map->capacity - 1)) {
        struct id_map_slot *slot = &map->slots[i];
        if (!slot->first)
            return slot;
        if (slot->hash == hash && strcmp(slot->first, first) == 0 && strcmp(slot->second, second) == 0)
            return slot;
    }
}

int64_t id_map_find(const struct id_map *map, const char *first, const char *second)
{
    if (map->count == 0)
        return 0;
    const struct id_map_slot *slot = find_slot(map, first, second, hash_pair(first, second));
    return slot->first ? slot->id : 0;
}

static void grow(struct id_map *map)
{
    struct id_map old = *map;
    map->capacity = old.capacity ? old.capacity * 2 : 64;
    map->slots = mem_array(map->capacity, sizeof *map->slots);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].first)
            *find_slot(map, old.slots[i].first, old.slots[i].second, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

void id_map_add(struct id_map *map, const char *first, const char *second, int64_t id)
{
    if (map->count * 2 >= map->capacity)
        grow(map);
    uint64_t hash = hash_pair(first, second);
    struct id_map_slot *slot = find_slot(map, first, second, hash);
    slot->first = arena_strdup(&map->strings, first);
    slot->second = arena_strdup(&map->strings, second);
    slot->hash = hash;
    slot->id = id;
    map->count++;
}

void id_map_release(struct id_map *map)
{
    free(map->slots);
    arena_release(&map->strings);
    *map = (struct id_map){ 0 };
}
