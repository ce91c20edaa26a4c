/* tokenizer_special.c: see tokenizer_special.h. */
#include "engines/native/tokenizer_special.h"

#include <stdlib.h>
#include <string.h>

static int compare_bytes(const void *a, const void *b, void *context)
{
    const struct vocab *vocab = context;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    size_t left_length, right_length;
    const char *left_bytes = vocab_bytes(vocab, left, &left_length);
    const char *right_bytes = vocab_bytes(vocab, right, &right_length);
    int order = memcmp(left_bytes, right_bytes, left_length < right_length ? left_length : right_length);
    if (order != 0)
        return order;
    if (left_length != right_length)
        return left_length < right_length ? -1 : 1;
    return left < right ? -1 : left > right;
}

int special_open(struct special_set *set, const struct vocab *vocab, unsigned kinds, struct error *error)
{
    memset(set, 0, sizeof *set);
    size_t count = 0, length;
    for (size_t i = 0; i < vocab->count; i++)
        count += (vocab->kinds[i] & kinds) != 0;
    set->ids = malloc((count + 1) * sizeof *set->ids);
    if (!set->ids)
        return error_set(error, ERROR_MEMORY, "no memory for %zu special tokens", count);
    for (uint32_t i = 0; i < vocab->count; i++) {
        const char *bytes = vocab_bytes(vocab, i, &length);
        if (!(vocab->kinds[i] & kinds) || length == 0)
            continue;
        set->ids[set->count++] = i;
        set->first_bytes[(unsigned char)bytes[0]] = true;
    }
    qsort_r(set->ids, set->count, sizeof *set->ids, compare_bytes, (void *)(uintptr_t)vocab);
    return 0;
}

void special_close(struct special_set *set)
{
    free(set->ids);
    memset(set, 0, sizeof *set);
}

struct match_list {
    struct special_match *items;
    size_t count, capacity;
};

static int push_match(struct match_list *list, struct special_match match, struct error *error)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        struct special_match *items = realloc(list->items, capacity * sizeof *items);
        if (!items)
            return error_set(error, ERROR_MEMORY, "no memory for the special tokens of a text");
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = match;
    return 0;
}

/* Byte at of name i, or -1 behind its end, which sorts first as special_open did. */
static int name_byte(const struct special_set *set, const struct vocab *vocab, size_t i, size_t at)
{
    size_t length;
    const char *bytes = vocab_bytes(vocab, set->ids[i], &length);
    return at < length ? (unsigned char)bytes[at] : -1;
}

/* The first of the sorted names low..high whose byte at is not below byte. */
static size_t lower_bound(const struct special_set *set, const struct vocab *vocab, size_t low, size_t high, size_t at,
                          int byte)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (name_byte(set, vocab, middle, at) < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Every name that text has at position at. The range of names that agree with the text so far shrinks byte by byte. */
static int match_at(const struct special_set *set, const struct vocab *vocab, const char *text, size_t length,
                    size_t at, struct match_list *list, struct error *error)
{
    size_t low = 0, high = set->count;
    for (size_t depth = 0; at + depth < length && low < high; depth++) {
        int byte = (unsigned char)text[at + depth];
        low = lower_bound(set, vocab, low, high, depth, byte);
        high = lower_bound(set, vocab, low, high, depth, byte + 1);
        /* Names that end here come first in the range. Of equal names the first is enough. */
        if (low < high && name_byte(set, vocab, low, depth + 1) < 0) {
            int rc = push_match(list, (struct special_match){ at, depth + 1, set->ids[low] }, error);
            if (rc != 0)
                return rc;
            low = lower_bound(set, vocab, low, high, depth + 1, 0);
        }
    }
    return 0;
}

static int compare_rank(const void *a, const void *b)
{
    const struct special_match *left = a, *right = b;
    if (left->length != right->length)
        return left->length > right->length ? -1 : 1;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return left->at < right->at ? -1 : left->at > right->at;
}

static int compare_place(const void *a, const void *b)
{
    const struct special_match *left = a, *right = b;
    return left->at < right->at ? -1 : left->at > right->at;
}

/* Drops matches that overlap better ones. Names are short, so marking single bytes as taken is cheap. */
static int drop_overlaps(struct match_list *list, size_t length, struct error *error)
{
    unsigned char *taken = calloc(length / 8 + 1, 1);
    if (!taken)
        return error_set(error, ERROR_MEMORY, "no memory for the special tokens of a text");
    qsort(list->items, list->count, sizeof *list->items, compare_rank);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct special_match match = list->items[i];
        bool free_place = true;
        for (size_t at = match.at; at < match.at + match.length && free_place; at++)
            free_place = !(taken[at / 8] >> (at % 8) & 1);
        if (!free_place)
            continue;
        for (size_t at = match.at; at < match.at + match.length; at++)
            taken[at / 8] = (unsigned char)(taken[at / 8] | 1u << (at % 8));
        list->items[kept++] = match;
    }
    list->count = kept;
    free(taken);
    qsort(list->items, kept, sizeof *list->items, compare_place);
    return 0;
}

int special_find(const struct special_set *set, const struct vocab *vocab, const char *text, size_t length,
                 struct special_match **matches, size_t *count, struct error *error)
{
    struct match_list list = { 0 };
    int rc = 0;
    for (size_t at = 0; at < length && rc == 0; at++)
        if (set->first_bytes[(unsigned char)text[at]])
            rc = match_at(set, vocab, text, length, at, &list, error);
    if (rc == 0 && list.count > 1)
        rc = drop_overlaps(&list, length, error);
    if (rc != 0) {
        free(list.items);
        return rc;
    }
    *matches = list.items;
    *count = list.count;
    return 0;
}
