/* synth_vocab.h: the vocabulary of a synthesized model: another file's, or a byte-level BPE trained on a text; padded
 * with unused tokens [PAD<id>] to the size the embedding matrix has. */
#ifndef PRONY_NATIVE_SYNTH_VOCAB_H
#define PRONY_NATIVE_SYNTH_VOCAB_H

#include "engines/native/gguf.h"
#include "engines/native/gguf_write.h"
#include "harness/base/arena.h"

struct synth_vocab {
    size_t size; /* tokens after padding */
    struct gguf source;
    struct gguf_string *tokens; /* size */
    int32_t *types;             /* size; the GGUF token types */
    float *scores;              /* size, or NULL if the source has none */
    struct arena arena;
};

/* Takes the tokenizer.* keys of the GGUF file path. wanted: the shape's size, raised to what the file has; exact: not
 * raised, a file with more tokens is an error. */
int synth_vocab_copy(struct synth_vocab *vocab, const char *path, size_t wanted, bool exact, struct error *error);
void synth_vocab_close(struct synth_vocab *vocab);
/* Adds the tokenizer's keys. */
void synth_vocab_write(const struct synth_vocab *vocab, struct gguf_write *writer);

#endif
