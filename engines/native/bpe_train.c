/* bpe_train.c: see bpe_train.h.
 *
 * Equal words are kept once, with how often they occur. Every pair of neighbouring tokens knows its count and the words
 * that it occurs in, so a join costs time in proportion to what it changes. The best pair comes from a heap whose
 * entries may be out of date: an entry counts only if it still has the pair's count, else it is put back with it. */
#include "engines/native/bpe_train.h"

#include "engines/native/byte_level.h"
#include "engines/native/pretokenize.h"
#include "engines/native/tokenizer_vocab.h"
#include "harness/base/mem.h"
#include <stdlib.h>
#include <string.h>

#define NO_INDEX UINT32_MAX

struct word {
    const char *text;
    uint32_t length, start; /* its tokens are symbols[start..start+count) */
    uint32_t count;
    int64_t frequency;
};

struct pair {
    uint32_t left, right;
    int64_t frequency;
    uint32_t places;  /* list of words that had the pair at some time, possibly more than once */
    uint32_t touched; /* number of the join that last raised the frequency */
};

struct place {
    uint32_t word, next;
};

struct candidate {
    int64_t frequency;
    uint32_t left, right, pair;
};

struct token {
    const char *bytes;
    size_t length;
};

/* Open addressing from a hash to an index; at most half full. */
struct index_table {
    uint32_t *slots;
    size_t mask;
};

struct trainer {
    struct bpe_vocab *vocab;
    struct word *words;
    size_t word_count, word_capacity;
    uint32_t *symbols;
    struct pair *pairs;
    size_t pair_count, pair_capacity;
    struct place *places;
    size_t place_count, place_capacity;
    struct candidate *heap;
    size_t heap_count, heap_capacity;
    struct token *tokens;
    size_t merge_capacity;
    uint32_t *raised; /* pairs that the current join made more frequent */
    size_t raised_count, raised_capacity;
    struct index_table word_index, pair_index, token_index;
};

/* ---- tables ---- */

static void table_create(struct index_table *table, size_t slots)
{
    table->slots = mem_array(slots, sizeof *table->slots);
    memset(table->slots, 0xff, slots * sizeof *table->slots);
    table->mask = slots - 1;
}

static uint64_t pair_hash(uint32_t left, uint32_t right)
{
    uint64_t hash = ((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u;
    return (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u >> 20;
}

static uint32_t *word_slot(struct trainer *trainer, const char *text, size_t length)
{
    size_t at = vocab_hash(text, length) & trainer->word_index.mask;
    for (;; at = (at + 1) & trainer->word_index.mask) {
        uint32_t *slot = &trainer->word_index.slots[at];
        if (*slot == NO_INDEX ||
            (trainer->words[*slot].length == length && memcmp(trainer->words[*slot].text, text, length) == 0))
            return slot;
    }
}

static uint32_t *token_slot(struct trainer *trainer, const char *bytes, size_t length)
{
    size_t at = vocab_hash(bytes, length) & trainer->token_index.mask;
    for (;; at = (at + 1) & trainer->token_index.mask) {
        uint32_t *slot = &trainer->token_index.slots[at];
        if (*slot == NO_INDEX ||
            (trainer->tokens[*slot].length == length && memcmp(trainer->tokens[*slot].bytes, bytes, length) == 0))
            return slot;
    }
}

static uint32_t *pair_slot(struct trainer *trainer, uint32_t left, uint32_t right)
{
    size_t at = pair_hash(left, right) & trainer->pair_index.mask;
    for (;; at = (at + 1) & trainer->pair_index.mask) {
        uint32_t *slot = &trainer->pair_index.slots[at];
        if (*slot == NO_INDEX || (trainer->pairs[*slot].left == left && trainer->pairs[*slot].right == right))
            return slot;
    }
}

static void grow_pair_index(struct trainer *trainer)
{
    struct index_table *table = &trainer->pair_index;
    size_t slots = (table->mask + 1) * 2;
    free(table->slots);
    table_create(table, slots);
    for (uint32_t i = 0; i < trainer->pair_count; i++)
        *pair_slot(trainer, trainer->pairs[i].left, trainer->pairs[i].right) = i;
}

/* The pair's index, made when it is new. */
static uint32_t find_pair(struct trainer *trainer, uint32_t left, uint32_t right)
{
    uint32_t *slot = pair_slot(trainer, left, right);
    if (*slot != NO_INDEX)
        return *slot;
    if (trainer->pair_count * 2 > trainer->pair_index.mask) {
        grow_pair_index(trainer);
        slot = pair_slot(trainer, left, right);
    }
    MEM_GROW(trainer->pairs, trainer->pair_count, trainer->pair_capacity);
    *slot = (uint32_t)trainer->pair_count;
    trainer->pairs[trainer->pair_count] = (struct pair){ left, right, 0, NO_INDEX, NO_INDEX };
    return (uint32_t)trainer->pair_count++;
}

/* ---- heap of candidates ---- */

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (a->frequency != b->frequency)
        return a->frequency > b->frequency;
    return a->left != b->left ? a->left < b->left : a->right < b->right;
}

static void heap_push(struct trainer *trainer, uint32_t index)
{
    const struct pair *pair = &trainer->pairs[index];
    struct candidate candidate = { pair->frequency, pair->left, pair->right, index };
    MEM_GROW(trainer->heap, trainer->heap_count, trainer->heap_capacity);
    size_t at = trainer->heap_count++;
    for (; at > 0 && is_better(&candidate, &trainer->heap[(at - 1) / 2]); at = (at - 1) / 2)
        trainer->heap[at] = trainer->heap[(at - 1) / 2];
    trainer->heap[at] = candidate;
}

static struct candidate heap_pop(struct trainer *trainer)
{
    struct candidate best = trainer->heap[0], last = trainer->heap[--trainer->heap_count];
    size_t at = 0, count = trainer->heap_count;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_better(&trainer->heap[child + 1], &trainer->heap[child]))
            child++;
        if (!is_better(&trainer->heap[child], &last))
            break;
        trainer->heap[at] = trainer->heap[child];
    }
    trainer->heap[at] = last;
    return best;
}

/* The most frequent pair of all, NO_INDEX when none is left. */
static uint32_t best_pair(struct trainer *trainer)
{
    while (trainer->heap_count > 0) {
        struct candidate candidate = heap_pop(trainer);
        int64_t frequency = trainer->pairs[candidate.pair].frequency;
        if (frequency == candidate.frequency && frequency > 0)
            return candidate.pair;
        if (frequency > 0)
            heap_push(trainer, candidate.pair);
    }
    return NO_INDEX;
}

/* ---- words ---- */

/* Every byte is in one word, so symbols has room for one token a byte. */
static void collect_words(struct trainer *trainer, const char *text, size_t length, const uint32_t *byte_tokens)
{
    size_t piece, symbol_count = 0;
    for (size_t at = 0; at < length; at += piece) {
        piece = pretokenize_next(PRETOKENIZE_QWEN2, text + at, length - at);
        uint32_t *slot = word_slot(trainer, text + at, piece);
        if (*slot == NO_INDEX) {
            MEM_GROW(trainer->words, trainer->word_count, trainer->word_capacity);
            *slot = (uint32_t)trainer->word_count;
            trainer->words[trainer->word_count++] =
                (struct word){ text + at, (uint32_t)piece, (uint32_t)symbol_count, (uint32_t)piece, 0 };
            for (size_t i = 0; i < piece; i++)
                trainer->symbols[symbol_count++] = byte_tokens[(unsigned char)text[at + i]];
        }
        trainer->words[*slot].frequency++;
    }
}

/* A word is worked on as a whole, so one that stands at the head of the list already is not added again. */
static void add_place(struct trainer *trainer, uint32_t pair, uint32_t word)
{
    uint32_t head = trainer->pairs[pair].places;
    if (head != NO_INDEX && trainer->places[head].word == word)
        return;
    MEM_GROW(trainer->places, trainer->place_count, trainer->place_capacity);
    trainer->places[trainer->place_count] = (struct place){ word, trainer->pairs[pair].places };
    trainer->pairs[pair].places = (uint32_t)trainer->place_count++;
}

static void count_first_pairs(struct trainer *trainer)
{
    for (uint32_t w = 0; w < trainer->word_count; w++) {
        const struct word *word = &trainer->words[w];
        const uint32_t *symbols = trainer->symbols + word->start;
        for (uint32_t i = 0; i + 1 < word->count; i++) {
            uint32_t pair = find_pair(trainer, symbols[i], symbols[i + 1]);
            trainer->pairs[pair].frequency += word->frequency;
            add_place(trainer, pair, w);
        }
    }
    for (uint32_t i = 0; i < trainer->pair_count; i++)
        heap_push(trainer, i);
}

/* Puts joined where left and right stand side by side in a word. */
static void replace_pair(uint32_t *symbols, uint32_t *count, uint32_t left, uint32_t right, uint32_t joined)
{
    uint32_t kept = 0, old_count = *count;
    for (uint32_t i = 0; i < old_count; kept++) {
        bool here = i + 1 < old_count && symbols[i] == left && symbols[i + 1] == right;
        symbols[kept] = here ? joined : symbols[i];
        i += here ? 2 : 1;
    }
    *count = kept;
}

static bool has_pair(const uint32_t *symbols, uint32_t count, uint32_t left, uint32_t right)
{
    for (uint32_t i = 0; i + 1 < count; i++)
        if (symbols[i] == left && symbols[i + 1] == right)
            return true;
    return false;
}

/* Joins the pair in one word: its old pairs are taken from the counts, its new ones added. */
static void join_in_word(struct trainer *trainer, uint32_t w, uint32_t left, uint32_t right, uint32_t joined,
                         uint32_t join)
{
    struct word *word = &trainer->words[w];
    uint32_t *symbols = trainer->symbols + word->start;
    if (!has_pair(symbols, word->count, left, right))
        return;
    for (uint32_t i = 0; i + 1 < word->count; i++)
        trainer->pairs[find_pair(trainer, symbols[i], symbols[i + 1])].frequency -= word->frequency;
    replace_pair(symbols, &word->count, left, right, joined);
    for (uint32_t i = 0; i + 1 < word->count; i++) {
        uint32_t index = find_pair(trainer, symbols[i], symbols[i + 1]);
        struct pair *pair = &trainer->pairs[index];
        pair->frequency += word->frequency;
        if (pair->left != joined && pair->right != joined)
            continue;
        add_place(trainer, index, w);
        if (pair->touched != join) {
            pair->touched = join;
            MEM_GROW(trainer->raised, trainer->raised_count, trainer->raised_capacity);
            trainer->raised[trainer->raised_count++] = index;
        }
    }
}

/* ---- tokens ---- */

static char *spell(struct arena *arena, const struct token *token)
{
    char *text = arena_alloc(arena, 2 * token->length + 1);
    size_t length = 0;
    for (size_t i = 0; i < token->length; i++)
        length += byte_level_spell((uint8_t)token->bytes[i], text + length);
    return text;
}

/* The token of these bytes, made when it is new. bytes must live in the arena. */
static uint32_t add_token(struct trainer *trainer, const char *bytes, size_t length)
{
    struct bpe_vocab *vocab = trainer->vocab;
    uint32_t *slot = token_slot(trainer, bytes, length);
    if (*slot != NO_INDEX)
        return *slot;
    *slot = (uint32_t)vocab->token_count;
    trainer->tokens[vocab->token_count] = (struct token){ bytes, length };
    vocab->tokens[vocab->token_count] = spell(&vocab->arena, &trainer->tokens[vocab->token_count]);
    return (uint32_t)vocab->token_count++;
}

static uint32_t join_tokens(struct trainer *trainer, uint32_t left, uint32_t right)
{
    const struct token *a = &trainer->tokens[left], *b = &trainer->tokens[right];
    char *bytes = arena_alloc(&trainer->vocab->arena, a->length + b->length);
    memcpy(bytes, a->bytes, a->length);
    memcpy(bytes + a->length, b->bytes, b->length);
    return add_token(trainer, bytes, a->length + b->length);
}

static void learn(struct trainer *trainer, size_t vocab_size)
{
    struct bpe_vocab *vocab = trainer->vocab;
    uint32_t best;
    while (vocab->token_count < vocab_size && (best = best_pair(trainer)) != NO_INDEX) {
        uint32_t left = trainer->pairs[best].left, right = trainer->pairs[best].right;
        uint32_t joined = join_tokens(trainer, left, right), join = (uint32_t)vocab->merge_count;
        if (vocab->merge_count == trainer->merge_capacity) {
            char **merges = arena_array(&vocab->arena, trainer->merge_capacity * 2, sizeof *merges);
            memcpy(merges, vocab->merges, vocab->merge_count * sizeof *merges);
            vocab->merges = merges;
            trainer->merge_capacity *= 2;
        }
        vocab->merges[vocab->merge_count++] =
            arena_format(&vocab->arena, "%s %s", vocab->tokens[left], vocab->tokens[right]);
        trainer->raised_count = 0;
        for (uint32_t at = trainer->pairs[best].places; at != NO_INDEX; at = trainer->places[at].next)
            join_in_word(trainer, trainer->places[at].word, left, right, joined, join);
        for (size_t i = 0; i < trainer->raised_count; i++)
            heap_push(trainer, trainer->raised[i]);
    }
}

static size_t power_of_two(size_t at_least)
{
    size_t power = 1024;
    while (power < at_least)
        power *= 2;
    return power;
}

int bpe_train(const char *text, size_t length, size_t vocab_size, struct bpe_vocab *vocab, struct error *error)
{
    memset(vocab, 0, sizeof *vocab);
    if (vocab_size < 256 || vocab_size > INT32_MAX)
        return error_set(error, ERROR_USAGE, "a byte-level vocabulary has at least 256 tokens, not %zu", vocab_size);
    if (length >= UINT32_MAX / 2)
        return error_set(error, ERROR_LIMIT, "a text of %zu bytes is too long to learn a vocabulary from", length);
    /* A join makes at most one token and the text has at most length joins. */
    size_t token_limit = vocab_size - 256 < length ? vocab_size : 256 + length;
    struct trainer trainer = { .vocab = vocab };
    trainer.symbols = mem_array(length + 1, sizeof *trainer.symbols);
    trainer.tokens = mem_array(token_limit, sizeof *trainer.tokens);
    trainer.merge_capacity = 1024;
    vocab->tokens = arena_array(&vocab->arena, token_limit, sizeof *vocab->tokens);
    vocab->merges = arena_array(&vocab->arena, trainer.merge_capacity, sizeof *vocab->merges);
    table_create(&trainer.word_index, power_of_two(2 * length));
    table_create(&trainer.pair_index, 1024);
    table_create(&trainer.token_index, power_of_two(2 * token_limit));

    uint8_t order[256];
    uint32_t byte_tokens[256];
    byte_level_order(order);
    for (uint32_t i = 0; i < 256; i++) {
        char *byte = arena_alloc(&vocab->arena, 1);
        *byte = (char)order[i];
        byte_tokens[order[i]] = add_token(&trainer, byte, 1);
    }
    collect_words(&trainer, text, length, byte_tokens);
    count_first_pairs(&trainer);
    learn(&trainer, vocab_size);

    free(trainer.words);
    free(trainer.symbols);
    free(trainer.pairs);
    free(trainer.places);
    free(trainer.heap);
    free(trainer.tokens);
    free(trainer.raised);
    free(trainer.word_index.slots);
    free(trainer.pair_index.slots);
    free(trainer.token_index.slots);
    return 0;
}

void bpe_vocab_release(struct bpe_vocab *vocab)
{
    arena_release(&vocab->arena);
    memset(vocab, 0, sizeof *vocab);
}
