/* id_map.c: a hash table for names that are looked up once a sample. */
#include "harness/store/id_map.h"
#include "harness/base/mem.h"
#include <stdlib.h>
#include <string.h>

/* Eight bytes a step, each multiplied in (2^64 by the golden ratio): names are looked up for every sample. The lengths
 * keep ("ab","c") and
 * ("a","bc") apart. Spread over the low bits at the end, which choose the slot. */
static uint64_t mix_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static uint64_t hash_bytes(uint64_t hash, const char *text)
{
    size_t size = strlen(text);
    uint64_t word = size;
    for (hash = mix_word(hash, word); size >= sizeof word; size -= sizeof word, text += sizeof word) {
        memcpy(&word, text, sizeof word);
        hash = mix_word(hash, word);
    }
    word = 0;
    for (size_t i = 0; i < size; i++)
        word = word << 8 | (unsigned char)text[i];
    return mix_word(hash, word);
}

static uint64_t hash_pair(const char *first, const char *second)
{
    return hash_bytes(hash_bytes(0x9e3779b97f4a7c15u, first), second);
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
