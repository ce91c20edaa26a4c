/* bpe_train.h: learns a byte-level BPE vocabulary from a text (Sennrich et al. 2016): the most frequent pair of
 * neighbours becomes a token, again and again. Same text, same vocabulary, everywhere: of equally frequent pairs the
 * one with the lower ids wins. Words are cut by the qwen2 pre-tokenizer. */
#ifndef PRONY_NATIVE_BPE_TRAIN_H
#define PRONY_NATIVE_BPE_TRAIN_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include <stddef.h>

/* Spelled as in GGUF files (byte_level.h), ready for tokenizer.ggml.tokens and .merges. Zero bytes = empty. */
struct bpe_vocab {
    char **tokens; /* the 256 bytes first */
    size_t token_count;
    char **merges; /* "left right", best first */
    size_t merge_count;
    struct arena arena; /* owns all of it */
};

/* Learns until there are vocab_size tokens (>= 256), or fewer when the text has no more pairs. */
int bpe_train(const char *text, size_t length, size_t vocab_size, struct bpe_vocab *vocab, struct error *error);
void bpe_vocab_release(struct bpe_vocab *vocab);

#endif
