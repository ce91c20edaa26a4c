/* id_map.h: from a pair of strings to a row id: open addressing, never shrinks. */
#ifndef PRONY_STORE_ID_MAP_H
#define PRONY_STORE_ID_MAP_H

#include "harness/base/arena.h"
#include <stddef.h>
#include <stdint.h>

struct id_map_slot {
    const char *first, *second; /* first NULL = free; in the map's arena */
    uint64_t hash;
    int64_t id;
};

/* Zero bytes = empty. */
struct id_map {
    struct id_map_slot *slots;
    size_t count, capacity; /* capacity is a power of two */
    struct arena strings;
};

/* The id, or 0. second may be "". */
int64_t id_map_find(const struct id_map *map, const char *first, const char *second);
/* The pair must not be in the map. id > 0. */
void id_map_add(struct id_map *map, const char *first, const char *second, int64_t id);
void id_map_release(struct id_map *map); /* empty and usable afterwards */

#endif
