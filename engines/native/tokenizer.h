/* tokenizer.h: text <-> token ids, from the vocabulary in a GGUF file.
 *
 * tokenizer.ggml.model "gpt2": byte-level BPE (Sennrich et al. 2016, Radford et al. 2019) with the pre-tokenizers
 * gpt-2, llama-bpe, qwen2 and smollm; "llama": SentencePiece BPE (Kudo, Richardson 2018) with byte fallback. Immutable
 * after opening, shared by threads. */
#ifndef PRONY_NATIVE_TOKENIZER_H
#define PRONY_NATIVE_TOKENIZER_H

#include "engines/engine.h"
#include "engines/native/gguf.h"

struct tokenizer;

/* gguf must outlive the tokenizer. A vocabulary-only file is enough. */
int tokenizer_open(struct tokenizer **tokenizer, const struct gguf *gguf, struct error *error);
void tokenizer_close(struct tokenizer *tokenizer);
size_t tokenizer_size(const struct tokenizer *tokenizer);
const char *tokenizer_kind(const struct tokenizer *tokenizer); /* "bpe gpt-2", "bpe qwen2", "spm" */

/* flags: enum tokenize_flags. *tokens is allocated for the caller (free). Invalid UTF-8 is tokenized byte by byte. */
int tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t length, unsigned flags,
                     uint32_t **tokens, size_t *count, struct error *error);
/* Raw bytes of one token: what it adds to a text. Control tokens give an empty string unless with_special. */
int tokenizer_token_bytes(const struct tokenizer *tokenizer, uint32_t token, bool with_special, const char **bytes,
                          size_t *length, struct error *error);
/* Whole text; the blank that SentencePiece puts before a text is dropped. *text is allocated (free), NUL-terminated. */
int tokenizer_decode(const struct tokenizer *tokenizer, const uint32_t *tokens, size_t count, bool with_special,
                     char **text, size_t *length, struct error *error);
void tokenizer_info(const struct tokenizer *tokenizer, struct token_info *info);
bool tokenizer_ends(const struct tokenizer *tokenizer, uint32_t token);

#endif
