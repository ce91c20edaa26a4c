/* Any bytes as a GGUF file with a vocabulary, and their second half as a text: whatever vocabulary opens must encode
 * the text or say why not, and every id it gives must decode. */
#include "engines/native/tokenizer.h"
#include "harness/base/log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct tokenizer *tokenizer, const char *text, size_t length, unsigned flags)
{
    struct error error = { 0 };
    uint32_t *ids;
    size_t count, decoded_length;
    char *decoded;
    if (tokenizer_encode(tokenizer, text, length, flags, &ids, &count, &error) != 0) {
        if (error.text[0] == '\0')
            abort();
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (ids[i] >= tokenizer_size(tokenizer))
            abort();
    if (tokenizer_decode(tokenizer, ids, count, true, &decoded, &decoded_length, &error) != 0)
        abort();
    free(decoded);
    free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gguf gguf;
    struct error error = { 0 };
    struct tokenizer *tokenizer;
    log_set_level(LOG_ERROR);
    if (gguf_open_memory(&gguf, "fuzz", data, size, &error) != 0)
        return 0;
    if (tokenizer_open(&tokenizer, &gguf, &error) == 0) {
        const char *bytes;
        size_t length;
        for (uint32_t i = 0; i < tokenizer_size(tokenizer); i++)
            if (tokenizer_token_bytes(tokenizer, i, true, &bytes, &length, &error) != 0)
                abort();
        const char *text = (const char *)data + size / 2;
        check_text(tokenizer, text, size - size / 2, 0);
        check_text(tokenizer, text, size - size / 2, TOKENIZE_ADD_SPECIAL | TOKENIZE_PARSE_SPECIAL);
        tokenizer_close(tokenizer);
    } else if (error.text[0] == '\0') {
        abort();
    }
    gguf_close(&gguf);
    return 0;
}
