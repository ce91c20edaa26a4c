/* synth_vocab.h: the vocabulary of a synthesized model: another file's, or a byte-level BPE trained on a text; padded
 * with unused tokens [PAD<id>] to the size the embedding matrix has. */
#ifndef PRONY_NATIVE_SYNTH_VOCAB_H
#define PRONY_NATIVE_SYNTH_VOCAB_H

#include "engines/native/bpe_train.h"
#include "engines/native/gguf.h"
#include "engines/native/gguf_write.h"
#include "harness/base/arena.h"

struct synth_specials;

struct synth_vocab {
    size_t size;                           /* tokens after padding */
    size_t used;                           /* without the unused ones at the end */
    struct gguf source;                    /* of a copied vocabulary */
    struct bpe_vocab bpe;                  /* of a trained one */
    const struct synth_specials *specials; /* of a trained one, else NULL */
    struct gguf_string *tokens;            /* size */
    int32_t *types;                        /* size; the GGUF token types */
    float *scores;                         /* size, or NULL if the source has none */
    struct arena arena;
};

/* Takes the tokenizer.* keys of the GGUF file path. wanted: the shape's size, raised to what the file has; exact: not
 * raised, a file with more tokens is an error. */
int synth_vocab_copy(struct synth_vocab *vocab, const char *path, size_t wanted, bool exact, struct error *error);
/* Trains on length bytes of text. pre: the pre-tokenizer ("qwen2", "llama-bpe"), which also decides the special tokens.
 * size: of the whole vocabulary; what the text does not fill is padding. */
int synth_vocab_train(struct synth_vocab *vocab, const char *pre, const char *text, size_t length, size_t size,
                      struct error *error);
void synth_vocab_close(struct synth_vocab *vocab);
/* Adds the tokenizer's keys. */
void synth_vocab_write(const struct synth_vocab *vocab, struct gguf_write *writer);

#endif
