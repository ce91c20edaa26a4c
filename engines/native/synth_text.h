/* synth_text.h: the built-in training text of synthesized vocabularies. */
#ifndef PRONY_NATIVE_SYNTH_TEXT_H
#define PRONY_NATIVE_SYNTH_TEXT_H

#include <stddef.h>

/* The text is the pieces one after another, nothing between them; UTF-8, about 60 KB. */
extern const char *const synth_text_pieces[];
extern const size_t synth_text_piece_count;

#endif
