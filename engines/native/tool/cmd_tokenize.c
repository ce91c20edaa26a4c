/* cmd_tokenize.c: prony-engine tokenize: text to token ids and back, with the vocabulary of a GGUF file. Opens the
 * vocabulary alone, so it works on files without tensors and of any architecture. */
#include "engines/native/tool/command.h"

#include "engines/native/tokenizer.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    const char *model, *prompt, *file, *ids;
    bool special, bos;
};

/* "1 2,3" -> ids. Blanks and commas separate. */
static int parse_ids(const char *text, uint32_t **ids, size_t *count, struct error *error)
{
    size_t capacity = 0;
    *ids = NULL;
    *count = 0;
    for (const char *at = text;;) {
        while (isspace((unsigned char)*at) || *at == ',')
            at++;
        if (*at == '\0')
            return 0;
        uint64_t value = 0;
        const char *start = at;
        for (; isdigit((unsigned char)*at) && value <= UINT32_MAX; at++)
            value = value * 10 + (uint64_t)(*at - '0');
        if (at == start || value > UINT32_MAX || (*at != '\0' && !isspace((unsigned char)*at) && *at != ',')) {
            free(*ids);
            *ids = NULL;
            return error_set(error, ERROR_USAGE, "--decode: '%.20s' is not a token id", start);
        }
        MEM_GROW(*ids, *count, capacity);
        (*ids)[(*count)++] = (uint32_t)value;
    }
}

static int decode(const struct tokenizer *tokenizer, const struct request *request, struct error *error)
{
    uint32_t *ids;
    size_t count, length;
    char *text;
    int rc = parse_ids(request->ids, &ids, &count, error);
    if (rc != 0)
        return rc;
    rc = tokenizer_decode(tokenizer, ids, count, request->special, &text, &length, error);
    free(ids);
    if (rc != 0)
        return rc;
    fwrite(text, 1, length, stdout);
    free(text);
    return 0;
}

static int encode(const struct tokenizer *tokenizer, const struct request *request, struct error *error)
{
    char *text;
    size_t length, count;
    uint32_t *ids;
    int rc = 0;
    if (request->prompt) {
        text = mem_strdup(request->prompt);
        length = strlen(text);
    } else {
        rc = file_read(request->file ? request->file : "/dev/stdin", &text, &length, error);
    }
    if (rc != 0)
        return rc;
    unsigned flags = (request->bos ? TOKENIZE_ADD_SPECIAL : 0u) | (request->special ? TOKENIZE_PARSE_SPECIAL : 0u);
    rc = tokenizer_encode(tokenizer, text, length, flags, &ids, &count, error);
    free(text);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        printf(i == 0 ? "%" PRIu32 : " %" PRIu32, ids[i]);
    putchar('\n');
    free(ids);
    return 0;
}

int cmd_tokenize(int argc, char **argv)
{
    struct request request = { 0 };
    bool no_special = false;
    int exit_code;
    const struct option_row rows[] = {
        { "-m", OPTION_TEXT, &request.model, "FILE", "GGUF file; one with nothing but a vocabulary is enough" },
        { "-p", OPTION_TEXT, &request.prompt, "TEXT", "the text" },
        { "-f", OPTION_TEXT, &request.file, "FILE", "the text is this file, all of it (default: standard input)" },
        { "--special", OPTION_FLAG, &request.special, NULL,
          "names of special tokens in the text (<|im_end|>) are those tokens; --decode shows them" },
        { "--no-special", OPTION_FLAG, &no_special, NULL, "they are plain text; --decode drops them (the default)" },
        { "--bos", OPTION_FLAG, &request.bos, NULL,
          "add the tokens that begin and end a text where the model wants them" },
        { "--decode", OPTION_TEXT, &request.ids, "IDS", "the way back: \"1 2 3\" to text, byte for byte" },
        { NULL, OPTION_FLAG, NULL, NULL, NULL },
    };
    struct command_line line = { .usage = "tokenize -m FILE [-p TEXT | -f TEXTFILE | --decode IDS] [options]",
                                 .summary = "Prints the token ids of a text on one line, separated by blanks.",
                                 .rows = rows };
    if (!command_parse(&line, argc, argv, &exit_code))
        return exit_code;
    if (!request.model)
        return command_misused(&line, "which vocabulary? give -m FILE");
    if (request.special && no_special)
        return command_misused(&line, "--special and --no-special exclude each other");
    if ((request.prompt != NULL) + (request.file != NULL) + (request.ids != NULL) > 1)
        return command_misused(&line, "give one of -p, -f and --decode");

    struct error error = { 0 };
    struct gguf gguf;
    struct tokenizer *tokenizer = NULL;
    int rc = gguf_open(&gguf, request.model, &error);
    if (rc != 0)
        return command_failed(&error);
    rc = tokenizer_open(&tokenizer, &gguf, &error);
    if (rc == 0)
        rc = request.ids ? decode(tokenizer, &request, &error) : encode(tokenizer, &request, &error);
    if (rc == 0 && fflush(stdout) != 0)
        rc = error_set(&error, ERROR_IO, "cannot write to standard output");
    tokenizer_close(tokenizer);
    gguf_close(&gguf);
    return rc == 0 ? COMMAND_OK : command_failed(&error);
}
