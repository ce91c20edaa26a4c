/* byte_level.c: see byte_level.h. */
#include "engines/native/byte_level.h"

/* Printable in Latin-1: no control characters, no blanks, no soft hyphen. */
static bool stands_for_itself(unsigned value)
{
    return (value >= 0x21 && value <= 0x7e) || (value >= 0xa1 && value <= 0xff && value != 0xad);
}

/* The others are 0x00-0x20, 0x7f-0xa0 and 0xad: the index of one of them in that list, and back. */
static unsigned other_index(unsigned byte)
{
    return byte <= 0x20 ? byte : byte <= 0xa0 ? byte - 0x7f + 0x21 : 0x43;
}

static unsigned other_byte(unsigned index)
{
    return index <= 0x20 ? index : index < 0x43 ? index - 0x21 + 0x7f : 0xad;
}

size_t byte_level_spell(uint8_t byte, char *out)
{
    unsigned character = stands_for_itself(byte) ? byte : 0x100 + other_index(byte);
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    out[0] = (char)(0xc0 | (character >> 6));
    out[1] = (char)(0x80 | (character & 0x3f));
    return 2;
}

bool byte_level_read(const char *text, size_t length, char *out, size_t *out_length)
{
    size_t count = 0;
    for (size_t i = 0; i < length;) {
        unsigned character = (unsigned char)text[i++];
        if (character > 0x20 && character < 0x7f) { /* nearly all of them */
            out[count++] = (char)character;
            continue;
        }
        if (character >= 0x80) {
            /* Every other spelling has two bytes: U+0080 to U+0143. */
            if (character < 0xc2 || character > 0xc5 || i == length || ((unsigned char)text[i] & 0xc0) != 0x80)
                return false;
            character = (character & 0x1f) << 6 | ((unsigned char)text[i++] & 0x3f);
        }
        if (character >= 0x100 && character <= 0x143)
            character = other_byte(character - 0x100);
        else if (character >= 0x100 || !stands_for_itself(character))
            return false;
        out[count++] = (char)character;
    }
    *out_length = count;
    return true;
}

void byte_level_order(uint8_t order[256])
{
    size_t count = 0;
    for (unsigned byte = 0; byte < 256; byte++)
        if (stands_for_itself(byte))
            order[count++] = (uint8_t)byte;
    for (unsigned byte = 0; byte < 256; byte++)
        if (!stands_for_itself(byte))
            order[count++] = (uint8_t)byte;
}
