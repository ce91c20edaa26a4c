/* byte_level.h: the reversible map of byte-level BPE between bytes and printable characters (Radford et al. 2019).
 *
 * Vocabulary files spell every byte of a token as one character: bytes that are printable in Latin-1 stand for
 * themselves, the other 68 get U+0100, U+0101, ... in order of their value. */
#ifndef PRONY_NATIVE_BYTE_LEVEL_H
#define PRONY_NATIVE_BYTE_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Spells one byte as UTF-8; out holds at least 2 bytes. Returns the length, 1 or 2. */
size_t byte_level_spell(uint8_t byte, char *out);
/* Turns a spelling back into bytes; out may be as long as the text. False when the text has other characters. */
bool byte_level_read(const char *text, size_t length, char *out, size_t *out_length);
/* The order in which vocabularies list the 256 single bytes: the printable ones first. */
void byte_level_order(uint8_t order[256]);

#endif
