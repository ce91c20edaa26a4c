/* tokenizer_vocab.h: the tokens of a vocabulary: their bytes, their kind, and a hash table from bytes to id. */
#ifndef PRONY_NATIVE_TOKENIZER_VOCAB_H
#define PRONY_NATIVE_TOKENIZER_VOCAB_H

#include "engines/native/gguf.h"

#define VOCAB_NONE UINT32_MAX /* no token */

/* Bits: a token whose name marks the end of a text is a control token whatever the file says. */
enum vocab_kind {
    VOCAB_NORMAL = 1,
    VOCAB_UNKNOWN = 2,
    VOCAB_CONTROL = 4,
    VOCAB_USER_DEFINED = 8,
    VOCAB_BYTE = 16,
    VOCAB_ENDS = 32
};

/* How the file spells normal tokens. */
enum vocab_spelling {
    VOCAB_BYTE_LEVEL,   /* byte_level.h */
    VOCAB_SENTENCEPIECE /* UTF-8, a blank is U+2581 */
};

struct vocab_slot {
    uint32_t tag; /* high half of the hash: saves most comparisons of bytes */
    uint32_t id;  /* of a token, or count + index of an alias; VOCAB_NONE = empty */
};

struct vocab {
    size_t count;
    char *bytes;       /* of all tokens, one after the other */
    uint32_t *offsets; /* where the tokens and then the aliases begin, and where the last one ends */
    uint8_t *kinds;    /* enum vocab_kind bits */
    uint32_t *alias_ids;
    struct vocab_slot *slots;
    size_t slot_mask;
    size_t longest_bytes; /* of the tokens that vocab_find knows */
    /* True when a token that vocab_find knows has a blank behind something that is not a blank. */
    bool blank_inside;
};

/* Reads tokenizer.ggml.tokens and .token_type. */
int vocab_open(struct vocab *vocab, const struct gguf *gguf, enum vocab_spelling spelling, struct error *error);
void vocab_close(struct vocab *vocab);

/* What a token stands for: raw bytes with blanks as blanks; special tokens: their name. */
static inline const char *vocab_bytes(const struct vocab *vocab, uint32_t id, size_t *length)
{
    *length = vocab->offsets[id + 1] - vocab->offsets[id];
    return vocab->bytes + vocab->offsets[id];
}

uint64_t vocab_hash(const char *bytes, size_t length);
/* The token that stands for these bytes in a text, or VOCAB_NONE. */
uint32_t vocab_find_hashed(const struct vocab *vocab, const char *bytes, size_t length, uint64_t hash);
/* Asks for the memory that vocab_find_hashed will look at first. */
static inline void vocab_prefetch(const struct vocab *vocab, uint64_t hash)
{
    __builtin_prefetch(&vocab->slots[hash & vocab->slot_mask]);
}
static inline uint32_t vocab_find(const struct vocab *vocab, const char *bytes, size_t length)
{
    return vocab_find_hashed(vocab, bytes, length, vocab_hash(bytes, length));
}

#endif
