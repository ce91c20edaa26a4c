/* tokenizer_internal.h: what the files of the tokenizer share: the opened vocabulary and the state of one encoding. */
#ifndef PRONY_NATIVE_TOKENIZER_INTERNAL_H
#define PRONY_NATIVE_TOKENIZER_INTERNAL_H

#include "engines/native/pretokenize.h"
#include "engines/native/tokenizer.h"
#include "engines/native/tokenizer_merge.h"
#include "engines/native/tokenizer_special.h"
#include "engines/native/tokenizer_vocab.h"

/* Which pairs byte-level BPE may join: open addressing, at most two thirds full. */
struct bpe_pair {
    uint32_t left, right; /* left VOCAB_NONE = empty */
    uint32_t rank, joined;
};

/* A kind of pre-tokenizer by the name that files give it. */
struct bpe_rule {
    const char *name;
    const char *canonical; /* the rule's name in tokenizer_kind */
    enum pretokenize_rule rule;
    bool ignore_merges; /* a piece that is a token is taken whole, whatever the merges say */
    bool add_bos;       /* when the file does not say */
};

struct tokenizer {
    const char *path; /* of the file, for messages */
    struct vocab vocab;
    struct special_set user_defined; /* looked for in every text */
    struct special_set all_special;  /* looked for when asked to */
    bool sentencepiece;
    char kind[32];
    int64_t bos, eos, unknown; /* -1 = none */
    bool add_bos, add_eos;
    bool add_space_prefix;     /* SentencePiece only */
    uint32_t byte_tokens[256]; /* VOCAB_NONE where the vocabulary lacks one */

    const struct bpe_rule *rule; /* byte-level BPE */
    struct bpe_pair *pairs;
    unsigned pair_shift; /* a 64-bit hash shifted right by this is an index into pairs */
    size_t pair_mask;

    uint32_t *priorities; /* SentencePiece: scores as merge priorities, by token */
};

/* Words repeat, so an encoding remembers where a word was last seen and which tokens it gave. */
struct cached_word {
    const char *text; /* NULL = empty */
    uint32_t length;
    uint32_t count;
    size_t at; /* its tokens are tokens[at..at+count) of the encoder */
};

/* One call of tokenizer_encode. Everything grows by doubling and is used again for the next piece. */
struct encoder {
    const struct tokenizer *tokenizer;
    uint32_t *tokens;
    size_t count, capacity;
    struct merge_symbol *symbols;
    uint64_t *heap;
    size_t symbol_capacity, heap_capacity;
    struct cached_word *cache;
    size_t cache_mask;
    struct error *error;
};

/* ---- tokenizer.c ---- */

/* Makes room for more tokens. */
int encoder_reserve(struct encoder *encoder, size_t more);
/* Makes room in symbols and heap for a piece of count symbols. */
int encoder_reserve_symbols(struct encoder *encoder, size_t count);
/* Appends the token of a byte that no longer token covers. */
int encoder_push_byte(struct encoder *encoder, unsigned char byte);
/* True when this word was seen before: its tokens are appended then. Otherwise *slot is where to remember it. */
bool encoder_recall(struct encoder *encoder, const char *text, size_t length, uint64_t hash, struct cached_word **slot);

/* ---- tokenizer_bpe.c ---- */

int bpe_open(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *error);
int bpe_encode(struct encoder *encoder, const char *text, size_t length);

/* ---- tokenizer_spm.c ---- */

int spm_open(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *error);
/* text: blanks as blanks (also for U+2581), the prefix included; it lives as long as the encoder. */
int spm_encode(struct encoder *encoder, const char *text, size_t length);

#endif
