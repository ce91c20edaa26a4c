/* tokenizer.c: the tokenizer suite: encode and decode a short text (a question) and a long one (a document), with the
 * vocabulary of each model.
 *
 * The long text is made here, the same on every machine: words follow Zipf's law over nearly four thousand forms, so
 * that words repeat about as often as in a real document of this length; numbers, code and other scripts come in
 * between. Before anything is timed, the tokens of the text must give the text again. */
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "suites/common/suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_BYTES = 64 * 1024 };

struct tokenizer_case {
    struct suite *suite;
    struct suite_model *model;
    bool is_long;
    /* Between setup and teardown. */
    struct engine *engine;
    struct str text;
    uint32_t *tokens; /* of text */
    size_t token_count;
    char *decoded; /* room for what the tokens give */
    size_t decoded_bytes;
};

/* ---- the texts ---- */

static const char short_text[] = "What's the capital of France, and how many people (roughly) lived there in 1848?";

static const char *const stems[] = {
    "the",     "of",       "and",    "to",     "in",       "is",       "that",    "for",     "it",       "was",
    "with",    "be",       "by",     "not",    "this",     "are",      "from",    "have",    "which",    "measure",
    "time",    "engine",   "work",   "cache",  "token",    "memory",   "bridge",  "river",   "engineer", "wheel",
    "brake",   "torque",   "water",  "turn",   "road",     "write",    "read",    "letter",  "number",   "table",
    "column",  "model",    "layer",  "attend", "sample",   "compare",  "regress", "improve", "thread",   "wait",
    "signal",  "branch",   "build",  "deploy", "commit",   "mountain", "season",  "travel",  "market",   "govern",
    "science", "church",   "school", "family", "history",  "police",   "picture", "music",   "window",   "garden",
    "winter",  "question", "answer", "reason", "language", "country",  "summer",
};
static const char *const endings[] = {
    "", "s", "ed", "ing", "er", "ly", "ment", "ation", "less", "able", "ness", "'s"
};
static const char *const asides[] = {
    "for (int i = 0; i < count; i++)\n    sum += values[i] * weights[i];\n",
    /* "measure twice", Russian */
    "\xd0\x98\xd0\xb7\xd0\xbc\xd0\xb5\xd1\x80\xd1\x8f\xd0\xb9 \xd0\xb4\xd0\xb2\xd0\xb0\xd0\xb6\xd0\xb4\xd1\x8b",
    "\xe5\x85\x88\xe6\xb5\x8b\xe9\x87\x8f\xef\xbc\x8c\xe5\x86\x8d\xe4\xbc\x98\xe5\x8c\x96", /* "measure, then optimize"
                                                                                             */
    "na\xc3\xafve caf\xc3\xa9, d\xc3\xa9j\xc3\xa0 vu \xe2\x80\x94 \xe2\x82\xac 12,50 \xf0\x9f\x9a\x80",
    "{\"name\": \"decode/ctx:512\", \"real_time\": 1.25e+07}",
};

static const char *const beginnings[] = { "", "re", "un", "over" };

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A rank by Zipf's law with exponent 1: ranks up to n, the first one most often. */
static size_t zipf(struct rng *rng, size_t n)
{
    return (size_t)exp(rng_uniform(rng) * log((double)n)) - 1;
}

static void append_word(struct str *text, struct rng *rng)
{
    /* Ranks run through the plain stems first, then those with an ending, then those with a beginning. */
    size_t rank = zipf(rng, COUNT(stems) * COUNT(endings) * COUNT(beginnings));
    size_t start = text->length;
    str_append(text, beginnings[rank / COUNT(stems) / COUNT(endings)]);
    str_append(text, stems[rank % COUNT(stems)]);
    str_append(text, endings[rank / COUNT(stems) % COUNT(endings)]);
    if (rng_below(rng, 12) == 0)
        text->data[start] = (char)(text->data[start] - 'a' + 'A');
}

static void make_long_text(struct str *text)
{
    struct rng rng;
    rng_seed(&rng, 1822);
    while (text->length < LONG_BYTES) {
        size_t words = 5 + (size_t)rng_below(&rng, 15);
        for (size_t i = 0; i < words; i++) {
            if (i > 0)
                str_append(text, rng_below(&rng, 9) == 0 ? ", " : " ");
            if (rng_below(&rng, 30) == 0)
                str_appendf(text, "%d", (int)rng_below(&rng, 10000));
            else
                append_word(text, &rng);
        }
        str_append(text, rng_below(&rng, 6) == 0 ? ".\n\n" : ". ");
        if (rng_below(&rng, 12) == 0)
            str_append(text, asides[rng_below(&rng, COUNT(asides))]);
    }
}

/* ---- setup: tokens of the text, and the check ---- */

/* Writes what the tokens stand for to c->decoded, or only counts when that is NULL. */
static int decode_all(const struct tokenizer_case *c, size_t *length, struct error *error)
{
    *length = 0;
    for (size_t i = 0; i < c->token_count; i++) {
        const char *bytes;
        size_t count;
        int code = c->suite->engine->token_bytes(c->engine, c->tokens[i], &bytes, &count, error);
        if (code != 0)
            return code;
        if (c->decoded)
            memcpy(c->decoded + *length, bytes, count);
        *length += count;
    }
    return 0;
}

/* SentencePiece puts a blank in front of a text; everything else must come back as it was. */
static bool same_text(const struct tokenizer_case *c)
{
    size_t skipped = c->decoded_bytes == c->text.length + 1 && c->decoded[0] == ' ';
    return c->decoded_bytes - skipped == c->text.length &&
           memcmp(c->decoded + skipped, c->text.data, c->text.length) == 0;
}

static int prepare(struct tokenizer_case *c, struct error *error)
{
    const struct engine_ops *ops = c->suite->engine;
    const struct engine_options options = { .model = c->model->path, .kernels = c->suite->kernels, .threads = 1 };
    if (c->is_long)
        make_long_text(&c->text);
    else
        str_append(&c->text, short_text);
    int code = ops->open(&c->engine, &options, error);
    if (code == 0)
        code = ops->tokenize(c->engine, c->text.data, c->text.length, 0, &c->tokens, &c->token_count, error);
    if (code == 0)
        code = decode_all(c, &c->decoded_bytes, error);
    if (code != 0)
        return code;
    c->decoded = mem_alloc(c->decoded_bytes + 1);
    code = decode_all(c, &c->decoded_bytes, error);
    if (code == 0 && !same_text(c))
        code = error_set(error, ERROR_STATE, "%s: the tokens of the text do not give the text again", c->model->path);
    return code;
}

static void set_up(struct benchmark_state *state)
{
    struct tokenizer_case *c = benchmark_state_user_data(state);
    struct error error;
    if (!c->suite->engine->tokenize || !c->suite->engine->token_bytes)
        benchmark_state_skip_with_message(state, "the engine %s has no tokenizer", c->suite->engine->name);
    else if (prepare(c, &error) != 0)
        benchmark_state_skip_with_error(state, "%s", error.text);
}

static void tear_down(struct benchmark_state *state)
{
    struct tokenizer_case *c = benchmark_state_user_data(state);
    c->suite->engine->close(c->engine);
    str_release(&c->text);
    free(c->tokens);
    free(c->decoded);
    c->engine = NULL;
    c->tokens = NULL;
    c->decoded = NULL;
}

/* ---- timed ---- */

static uint64_t digest(const void *data, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const unsigned char *)data)[i]) * 0x100000001b3u;
    return hash;
}

static void set_counters(struct benchmark_state *state, const struct tokenizer_case *c)
{
    const double iterations = (double)benchmark_state_iterations(state);
    const double tokens = (double)c->token_count * iterations;
    if (iterations <= 0)
        return;
    benchmark_state_set_bytes_processed(state, benchmark_state_iterations(state) * (int64_t)c->text.length);
    benchmark_state_set_counter(state, "tokens_per_second", tokens, BENCHMARK_COUNTER_RATE);
    benchmark_state_set_counter(state, "ns_per_token", benchmark_state_cpu_seconds(state) * 1e9 / tokens,
                                BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_label(state, "%zu bytes, %zu tokens", c->text.length, c->token_count);
}

static void run_encode(struct benchmark_state *state)
{
    const struct tokenizer_case *c = benchmark_state_user_data(state);
    const struct engine_ops *ops = c->suite->engine;
    struct error error;
    while (benchmark_state_keep_running(state)) {
        uint32_t *tokens;
        size_t count;
        if (ops->tokenize(c->engine, c->text.data, c->text.length, 0, &tokens, &count, &error) != 0) {
            benchmark_state_skip_with_error(state, "%s", error.text);
            return;
        }
        benchmark_do_not_optimize(tokens);
        free(tokens);
    }
    benchmark_state_set_output_digest(state, digest(c->tokens, c->token_count * sizeof *c->tokens));
    set_counters(state, c);
}

static void run_decode(struct benchmark_state *state)
{
    const struct tokenizer_case *c = benchmark_state_user_data(state);
    struct error error;
    size_t length;
    while (benchmark_state_keep_running(state)) {
        if (decode_all(c, &length, &error) != 0) {
            benchmark_state_skip_with_error(state, "%s", error.text);
            return;
        }
        benchmark_clobber_memory();
    }
    benchmark_state_set_output_digest(state, digest(c->decoded, c->decoded_bytes));
    set_counters(state, c);
}

static void add_case(struct suite *suite, struct suite_model *model, const char *what, benchmark_function *run,
                     bool is_long)
{
    struct tokenizer_case *c = arena_alloc(&suite->arena, sizeof *c);
    *c = (struct tokenizer_case){ .suite = suite, .model = model, .is_long = is_long };
    struct benchmark *family =
        benchmark_register(suite_format(suite, "%s/%s/%s", what, model->name, is_long ? "long" : "short"), run, c);
    benchmark_setup_case(family, set_up);
    benchmark_teardown_case(family, tear_down);
    benchmark_unit(family, BENCHMARK_MICROSECOND);
}

/* Files of one model in several formats have the same vocabulary: the first one stands for all. */
static bool is_first_of_name(const struct suite *suite, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_equal(suite->models[i].name, suite->models[index].name))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct suite suite;
    int exit_code;
    if (!suite_start(&suite, &argc, argv, SUITE_MODELS, &exit_code))
        return exit_code;
    for (size_t i = 0; i < suite.model_count; i++) {
        if (!is_first_of_name(&suite, i))
            continue;
        for (int is_long = 0; is_long < 2; is_long++) {
            add_case(&suite, &suite.models[i], "encode", run_encode, is_long != 0);
            add_case(&suite, &suite.models[i], "decode", run_decode, is_long != 0);
        }
    }
    return suite_finish(&suite);
}
