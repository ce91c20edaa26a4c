/* tokenizer_merge.h: the merge loop that both kinds of BPE share: neighbours are joined, best pair first, leftmost of
 * equals first, until no pair is left that may be joined.
 *
 * What may be joined comes from a lookup function given as a constant, so that it is inlined. Short pieces look for
 * the best pair by scanning; long ones keep the pairs in a binary heap, O(n log n). */
#ifndef PRONY_NATIVE_TOKENIZER_MERGE_H
#define PRONY_NATIVE_TOKENIZER_MERGE_H

#include <stddef.h>
#include <stdint.h>

#define MERGE_NEVER      UINT32_MAX /* as a priority */
#define MERGE_END        UINT32_MAX /* as an index */
#define MERGE_SCAN_LIMIT 40

/* A token of the piece as it stands. After a join the left symbol is the joined one and the right one is dead. */
struct merge_symbol {
    uint32_t id;         /* VOCAB_NONE: text without a token of its own */
    uint32_t at, length; /* bytes of the piece; a dead symbol has length 0 */
    uint32_t prev, next; /* MERGE_END at the ends */
    uint32_t priority;   /* of joining this symbol with the next one: low first; MERGE_NEVER */
    uint32_t joined;     /* the token it would give */
};

/* Sets left->priority and left->joined. context and text are the caller's. */
typedef void merge_lookup(const void *context, const char *text, struct merge_symbol *left,
                          const struct merge_symbol *right);

/* A heap entry is priority << 32 | index of the left symbol, so that the smallest is the best and leftmost. It is
 * stale when the symbol has another priority by now. */
static inline void merge_sift_down(uint64_t *heap, size_t count, size_t at)
{
    uint64_t entry = heap[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child + 1] < heap[child])
            child++;
        if (entry <= heap[child])
            break;
        heap[at] = heap[child];
    }
    heap[at] = entry;
}

static inline void merge_push(uint64_t *heap, size_t *count, uint64_t entry)
{
    size_t at = (*count)++;
    for (; at > 0 && entry < heap[(at - 1) / 2]; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = entry;
}

static inline uint64_t merge_entry(const struct merge_symbol *symbols, uint32_t left)
{
    return (uint64_t)symbols[left].priority << 32 | left;
}

static inline __attribute__((always_inline)) void
merge_look(struct merge_symbol *symbols, uint32_t left, merge_lookup *lookup, const void *context, const char *text)
{
    if (symbols[left].next == MERGE_END)
        symbols[left].priority = MERGE_NEVER;
    else
        lookup(context, text, &symbols[left], &symbols[symbols[left].next]);
}

/* Joins left with its next symbol and looks up the two pairs that are new. */
static inline __attribute__((always_inline)) void
merge_join(struct merge_symbol *symbols, uint32_t left, merge_lookup *lookup, const void *context, const char *text)
{
    struct merge_symbol *symbol = &symbols[left], *dead = &symbols[symbol->next];
    symbol->id = symbol->joined;
    symbol->length += dead->length;
    symbol->next = dead->next;
    dead->length = 0;
    dead->priority = MERGE_NEVER;
    if (symbol->next != MERGE_END)
        symbols[symbol->next].prev = left;
    merge_look(symbols, left, lookup, context, text);
    if (symbol->prev != MERGE_END)
        merge_look(symbols, symbol->prev, lookup, context, text);
}

/* symbols[0..count) hold id, at and length; the rest is filled here. heap: room for 2 * count entries, unused when
 * count <= MERGE_SCAN_LIMIT. Afterwards the living symbols, in order, are the result. */
static inline __attribute__((always_inline)) void merge_run(struct merge_symbol *symbols, uint32_t count,
                                                            uint64_t *heap, merge_lookup *lookup, const void *context,
                                                            const char *text)
{
    for (uint32_t i = 0; i < count; i++) {
        symbols[i].prev = i == 0 ? MERGE_END : i - 1;
        symbols[i].next = i + 1 == count ? MERGE_END : i + 1;
        merge_look(symbols, i, lookup, context, text);
    }
    if (count <= MERGE_SCAN_LIMIT) {
        for (;;) {
            uint32_t best = MERGE_NEVER, left = 0;
            for (uint32_t i = 0; i < count; i++)
                if (symbols[i].priority < best) {
                    best = symbols[i].priority;
                    left = i;
                }
            if (best == MERGE_NEVER)
                return;
            merge_join(symbols, left, lookup, context, text);
        }
    }
    size_t entries = 0;
    for (uint32_t i = 0; i < count; i++)
        if (symbols[i].priority != MERGE_NEVER)
            heap[entries++] = merge_entry(symbols, i);
    for (size_t i = entries / 2; i-- > 0;)
        merge_sift_down(heap, entries, i);
    while (entries > 0) {
        uint64_t entry = heap[0];
        heap[0] = heap[--entries];
        merge_sift_down(heap, entries, 0);
        uint32_t left = (uint32_t)entry;
        if (symbols[left].priority != (uint32_t)(entry >> 32))
            continue;
        merge_join(symbols, left, lookup, context, text);
        if (symbols[left].priority != MERGE_NEVER)
            merge_push(heap, &entries, merge_entry(symbols, left));
        uint32_t prev = symbols[left].prev;
        if (prev != MERGE_END && symbols[prev].priority != MERGE_NEVER)
            merge_push(heap, &entries, merge_entry(symbols, prev));
    }
}

#endif
