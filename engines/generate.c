/* generate.c: helpers over any engine: text that comes out token by token, in whole UTF-8 characters. */
#include "engines/engine.h"

#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
enum { REPLACEMENT_LENGTH = 3 };

/* Bytes of the character that lead starts; 0 = no character starts so. */
static size_t sequence_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    if (lead >= 0xF0 && lead <= 0xF4)
        return 4;
    return 0;
}

/* Whether byte may follow as number index (1, 2, 3) of a character that starts with lead (Unicode, table 3-7: no
 * overlong forms, no surrogates, nothing beyond U+10FFFF). */
static bool may_follow(unsigned char lead, size_t index, unsigned char byte)
{
    unsigned char low = 0x80, high = 0xBF;
    if (index == 1) {
        switch (lead) {
        case 0xE0: low = 0xA0; break;
        case 0xED: high = 0x9F; break;
        case 0xF0: low = 0x90; break;
        case 0xF4: high = 0x8F; break;
        default: break;
        }
    }
    return byte >= low && byte <= high;
}

static size_t put_replacement(char *out)
{
    memcpy(out, replacement, REPLACEMENT_LENGTH);
    return REPLACEMENT_LENGTH;
}

static size_t push_byte(struct utf8_stream *stream, unsigned char byte, char *out)
{
    size_t written = 0;
    unsigned char lead = (unsigned char)stream->pending[0];
    if (stream->pending_length && !may_follow(lead, stream->pending_length, byte)) {
        written += put_replacement(out);
        stream->pending_length = 0;
    }
    if (!stream->pending_length) {
        lead = byte;
        if (!sequence_length(byte))
            return written + put_replacement(out + written);
    }
    stream->pending[stream->pending_length++] = (char)byte;
    if (stream->pending_length == sequence_length(lead)) {
        memcpy(out + written, stream->pending, stream->pending_length);
        written += stream->pending_length;
        stream->pending_length = 0;
    }
    return written;
}

size_t utf8_stream_push(struct utf8_stream *stream, const char *bytes, size_t length, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++)
        written += push_byte(stream, (unsigned char)bytes[i], out + written);
    return written;
}

size_t utf8_stream_finish(struct utf8_stream *stream, char *out)
{
    if (!stream->pending_length)
        return 0;
    stream->pending_length = 0;
    return put_replacement(out);
}
