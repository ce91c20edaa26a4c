/* What gguf_open accepts, what it returns, and the one line it says about everything it must refuse. */
#include "engines/native/gguf.h"
#include "tests/support/gguf_builder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Opens what the builder made, expects this code, and expects the message to contain text. Releases the builder. */
static void expect_refused(struct gguf_builder *builder, int code, const char *text)
{
    struct gguf gguf;
    struct error error = { 0 };
    size_t size;
    void *data = gguf_builder_finish(builder, &size);
    int rc = gguf_open_memory(&gguf, "model.gguf", data, size, &error);
    if (rc != code || !strstr(error.text, text) || strncmp(error.text, "model.gguf: ", 12) != 0)
        fail_msg("expected code %d and \"%s\", got code %d and \"%s\"", code, text, rc, error.text);
    assert_null(strchr(error.text, '\n'));
    free(data);
    gguf_builder_release(builder);
}

static void expect_refused_bytes(const void *data, size_t size, const char *text)
{
    struct gguf gguf;
    struct error error = { 0 };
    assert_int_not_equal(gguf_open_memory(&gguf, "model.gguf", data, size, &error), 0);
    if (!strstr(error.text, text))
        fail_msg("expected \"%s\", got \"%s\"", text, error.text);
}

/* Two tensors and a key of every kind. */
static void build_good(struct gguf_builder *builder)
{
    static const float row[4] = { 1, 2, 3, 4 };
    static const unsigned char blocks[2 * 34] = { 0 };
    const char *const words[] = { "alpha", "", "gamma" };
    int8_t small = -5;
    uint64_t large = UINT64_MAX;
    double wide = 0.5;
    gguf_builder_u32(builder, "a.u32", 42);
    gguf_builder_f32(builder, "a.f32", 1.5f);
    gguf_builder_bool(builder, "a.bool", true);
    gguf_builder_text(builder, "a.text", "hello");
    gguf_builder_raw(builder, "a.i8", GGUF_I8, &small, 1);
    gguf_builder_raw(builder, "a.u64", GGUF_U64, &large, 8);
    gguf_builder_raw(builder, "a.f64", GGUF_F64, &wide, 8);
    gguf_builder_strings(builder, "a.words", words, 3);
    gguf_builder_f32s(builder, "a.floats", row, 4);
    gguf_builder_tensor(builder, "first.weight", FORMAT_F32, 1, (const uint64_t[]){ 4 }, row, sizeof row);
    gguf_builder_tensor(builder, "second.weight", FORMAT_Q8_0, 2, (const uint64_t[]){ 32, 2 }, blocks, sizeof blocks);
}

static void check_good(const struct gguf *gguf)
{
    struct error error = { 0 };
    uint32_t integer;
    float real;
    bool flag;
    struct gguf_string text;
    struct gguf_array array;
    assert_int_equal(gguf->key_count, 9);
    assert_int_equal(gguf_u32(gguf, "a.u32", &integer, &error), 0);
    assert_int_equal(integer, 42);
    assert_int_equal(gguf_u32_or(gguf, "nothing", 7, &integer, &error), 0);
    assert_int_equal(integer, 7);
    assert_int_equal(gguf_f32(gguf, "a.f32", &real, &error), 0);
    assert_true(real == 1.5f);
    assert_int_equal(gguf_f32_or(gguf, "a.f64", 0, &real, &error), 0);
    assert_true(real == 0.5f);
    assert_int_equal(gguf_bool_or(gguf, "a.bool", false, &flag, &error), 0);
    assert_true(flag);
    assert_int_equal(gguf_text(gguf, "a.text", &text, &error), 0);
    assert_true(gguf_string_equal(text, "hello"));
    assert_false(gguf_string_equal(text, "hell"));
    assert_int_equal(gguf_text_or(gguf, "nothing", "fallback", &text, &error), 0);
    assert_true(gguf_string_equal(text, "fallback"));
    assert_int_equal(gguf_array(gguf, "a.words", GGUF_STRING, &array, &error), 0);
    assert_int_equal(array.count, 3);
    const unsigned char *cursor = array.data;
    assert_true(gguf_string_equal(gguf_array_next_string(&cursor), "alpha"));
    assert_true(gguf_string_equal(gguf_array_next_string(&cursor), ""));
    assert_true(gguf_string_equal(gguf_array_next_string(&cursor), "gamma"));

    assert_int_equal(gguf->tensor_count, 2);
    const struct gguf_tensor *tensor = gguf_find_tensor(gguf, "first.weight");
    assert_non_null(tensor);
    assert_int_equal(tensor->format, FORMAT_F32);
    assert_int_equal(tensor->size_bytes, 16);
    assert_true(tensor->shape[0] == 4 && tensor->shape[1] == 1 && tensor->shape[3] == 1);
    assert_int_equal((tensor->data - gguf->map.data) % 32, 0);
    float third;
    memcpy(&third, tensor->data + 8, sizeof third);
    assert_true(third == 3.0f);
    tensor = gguf_find_tensor(gguf, "second.weight");
    assert_non_null(tensor);
    assert_int_equal(tensor->size_bytes, 68);
    assert_null(gguf_find_tensor(gguf, "third.weight"));
    assert_null(gguf_find(gguf, "first.weight"));
}

static void test_reads_what_was_written(void **state)
{
    (void)state;
    for (uint32_t version = 2; version <= 3; version++) {
        struct gguf_builder builder = { .version = version };
        struct gguf gguf;
        struct error error = { 0 };
        size_t size;
        build_good(&builder);
        void *data = gguf_builder_finish(&builder, &size);
        assert_int_equal(gguf_open_memory(&gguf, "model.gguf", data, size, &error), 0);
        assert_int_equal(gguf.version, version);
        check_good(&gguf);
        gguf_close(&gguf);
        gguf_builder_release(&builder);
        free(data);
    }
}

static void test_opens_a_file(void **state)
{
    (void)state;
    struct gguf_builder builder = { 0 };
    struct gguf gguf;
    struct error error = { 0 };
    char path[] = "/tmp/prony-gguf-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    build_good(&builder);
    assert_int_equal(gguf_builder_write(&builder, path, &error), 0);
    assert_int_equal(gguf_open(&gguf, path, &error), 0);
    check_good(&gguf);
    gguf_close(&gguf);
    unlink(path);
    assert_int_equal(gguf_open(&gguf, path, &error), ERROR_IO);
    assert_non_null(strstr(error.text, path));
    gguf_builder_release(&builder);
}

/* A file that ends anywhere in its middle is refused, and nothing outside the bytes that are there is read: every
 * prefix gets its own allocation, so that AddressSanitizer sees a step too far. */
static void test_refuses_every_truncation(void **state)
{
    (void)state;
    struct gguf_builder builder = { 0 };
    size_t size;
    build_good(&builder);
    char *data = gguf_builder_finish(&builder, &size);
    for (size_t length = 0; length < size; length++) {
        struct gguf gguf;
        struct error error = { 0 };
        char *prefix = malloc(length + 1);
        memcpy(prefix, data, length);
        prefix = realloc(prefix, length > 0 ? length : 1);
        assert_int_not_equal(gguf_open_memory(&gguf, "model.gguf", prefix, length, &error), 0);
        assert_int_equal(strncmp(error.text, "model.gguf: ", 12), 0);
        free(prefix);
    }
    free(data);
    gguf_builder_release(&builder);
}

/* Any single damaged byte is either refused or harmless: what is returned can be walked. */
static void test_survives_every_damaged_byte(void **state)
{
    (void)state;
    struct gguf_builder builder = { 0 };
    size_t size;
    build_good(&builder);
    unsigned char *data = gguf_builder_finish(&builder, &size);
    static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
    unsigned long sum = 0;
    for (size_t at = 0; at < size; at++)
        for (size_t v = 0; v < sizeof values; v++) {
            struct gguf gguf;
            unsigned char old = data[at];
            data[at] = values[v];
            if (gguf_open_memory(&gguf, "model.gguf", data, size, NULL) == 0) {
                for (size_t i = 0; i < gguf.tensor_count; i++)
                    if (gguf.tensors[i].size_bytes > 0)
                        sum += gguf.tensors[i].data[gguf.tensors[i].size_bytes - 1];
                gguf_close(&gguf);
            }
            data[at] = old;
        }
    assert_true(sum < 1000000);
    free(data);
    gguf_builder_release(&builder);
}

static void test_refuses_other_files(void **state)
{
    (void)state;
    expect_refused_bytes("", 0, "file header: needs 4 bytes");
    expect_refused_bytes("GG", 2, "file header: needs 4 bytes");
    expect_refused_bytes("PK\3\4 something else", 19, "not a GGUF file");
    expect_refused_bytes("GGUF\1\0\0\0", 8, "version 1 is not supported");
    expect_refused_bytes("GGUF\4\0\0\0", 8, "version 4 is not supported");
    expect_refused_bytes("GGUF\0\0\0\3", 8, "big-endian");
}

static void test_refuses_counts_beyond_the_file(void **state)
{
    (void)state;
    struct gguf_builder builder = { .key_count = UINT64_MAX };
    expect_refused(&builder, ERROR_FORMAT, "claims 18446744073709551615 keys, the file has only 24 bytes");
    builder = (struct gguf_builder){ .tensor_count = 1000000000 };
    expect_refused(&builder, ERROR_FORMAT, "claims 1000000000 tensors");

    builder = (struct gguf_builder){ 0 };
    struct {
        uint32_t type;
        uint64_t count;
    } __attribute__((packed)) array = { GGUF_F32, UINT64_MAX / 2 };
    gguf_builder_raw(&builder, "a", GGUF_ARRAY, &array, sizeof array);
    expect_refused(&builder, ERROR_FORMAT, "key a: claims 9223372036854775807 items of type f32");
    array.type = GGUF_STRING;
    gguf_builder_raw(&builder, "a", GGUF_ARRAY, &array, sizeof array);
    expect_refused(&builder, ERROR_FORMAT, "items of type string");
    uint64_t length = UINT64_MAX - 3;
    gguf_builder_raw(&builder, "a", GGUF_STRING, &length, sizeof length);
    expect_refused(&builder, ERROR_FORMAT, "key a: needs 18446744073709551612 bytes");
}

static void test_refuses_bad_keys(void **state)
{
    (void)state;
    struct gguf_builder builder = { 0 };
    gguf_builder_u32(&builder, "twice", 1);
    gguf_builder_u32(&builder, "twice", 2);
    expect_refused(&builder, ERROR_FORMAT, "key twice: appears twice");
    gguf_builder_u32(&builder, "", 1);
    expect_refused(&builder, ERROR_FORMAT, "empty name");
    gguf_builder_raw(&builder, "odd", 13, "12345678", 8);
    expect_refused(&builder, ERROR_FORMAT, "key odd: unknown type 13");
    gguf_builder_raw(&builder, "odd", GGUF_ARRAY, "\x63\0\0\0\1\0\0\0\0\0\0\0", 12);
    expect_refused(&builder, ERROR_FORMAT, "key odd: array items of unknown type 99");
    gguf_builder_raw(&builder, "nested", GGUF_ARRAY, "\x09\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
    expect_refused(&builder, ERROR_UNSUPPORTED, "key nested: arrays of arrays");
    gguf_builder_raw(&builder, "maybe", GGUF_BOOL, "\2", 1);
    expect_refused(&builder, ERROR_FORMAT, "key maybe: a bool has the value 2");
    gguf_builder_raw(&builder, "two\nlines\x1b[31m", 99, "", 0);
    expect_refused(&builder, ERROR_FORMAT, "key two?lines?[31m: unknown type");
}

static void test_refuses_bad_alignment(void **state)
{
    (void)state;
    static const uint32_t bad[] = { 0, 1, 4, 24, 33 };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gguf_builder builder = { 0 };
        gguf_builder_u32(&builder, "general.alignment", bad[i]);
        expect_refused(&builder, ERROR_FORMAT, "key general.alignment:");
    }
    struct gguf_builder builder = { .alignment = 64 };
    gguf_builder_u32(&builder, "general.alignment", 64);
    float one = 1;
    gguf_builder_tensor(&builder, "a", FORMAT_F32, 1, (const uint64_t[]){ 1 }, &one, sizeof one);
    gguf_builder_tensor(&builder, "b", FORMAT_F32, 1, (const uint64_t[]){ 1 }, &one, sizeof one);
    size_t size;
    struct gguf gguf;
    struct error error = { 0 };
    void *data = gguf_builder_finish(&builder, &size);
    assert_int_equal(gguf_open_memory(&gguf, "model.gguf", data, size, &error), 0);
    assert_int_equal(gguf_find_tensor(&gguf, "b")->data - gguf_find_tensor(&gguf, "a")->data, 64);
    gguf_close(&gguf);
    free(data);
    gguf_builder_release(&builder);
}

static void test_refuses_bad_tensors(void **state)
{
    (void)state;
    struct gguf_builder builder = { 0 };
    const uint64_t small[] = { 4, 1, 1, 1, 1 }, zero[] = { 4, 0 }, odd[] = { 33, 2 };
    const uint64_t huge[] = { 1u << 31, 1u << 31, 1u << 31, 4 };
    gguf_builder_tensor_raw(&builder, "t", 0, small, 0, 0);
    expect_refused(&builder, ERROR_FORMAT, "tensor t: has 0 dimensions");
    gguf_builder_tensor_raw(&builder, "t", 5, small, 0, 0);
    expect_refused(&builder, ERROR_FORMAT, "tensor t: has 5 dimensions");
    gguf_builder_tensor_raw(&builder, "t", 2, zero, 0, 0);
    expect_refused(&builder, ERROR_FORMAT, "tensor t: dimension 1 is 0");
    gguf_builder_tensor_raw(&builder, "t", 4, huge, 0, 0);
    expect_refused(&builder, ERROR_FORMAT, "product of its dimensions overflows");
    gguf_builder_tensor_raw(&builder, "t", 2, odd, format_table[FORMAT_Q8_0].gguf_type, 0);
    expect_refused(&builder, ERROR_FORMAT, "tensor t: 33x2 q8_0: rows must be a multiple of 32 values");
    gguf_builder_tensor_raw(&builder, "t", 1, small, 0, 8);
    expect_refused(&builder, ERROR_FORMAT, "tensor t: offset 8 is not a multiple of the alignment 32");
    gguf_builder_tensor_raw(&builder, "t", 1, small, 0, 0);
    gguf_builder_tensor_raw(&builder, "t", 1, small, 0, 0);
    expect_refused(&builder, ERROR_FORMAT, "tensor t: appears twice");
    gguf_builder_tensor_raw(&builder, "t", 1, small, 0, UINT64_MAX / 32 * 32);
    expect_refused(&builder, ERROR_FORMAT, "tensor t: starts");
    gguf_builder_tensor_raw(&builder, "a-name-that-is-longer-than-the-sixty-four-bytes-the-format-allows", 1, small, 0,
                            0);
    expect_refused(&builder, ERROR_FORMAT, "the name has 65 bytes, the format allows 64");
}

static void test_names_tensor_behind_the_end(void **state)
{
    (void)state;
    struct gguf_builder builder = { 0 };
    const uint64_t shape[] = { 896, 896 };
    gguf_builder_tensor_raw(&builder, "blk.3.attn_q.weight", 2, shape, format_table[FORMAT_Q4_0].gguf_type, 4096);
    expect_refused(&builder, ERROR_FORMAT,
                   "tensor blk.3.attn_q.weight: 896x896 q4_0 needs 451584 bytes at offset 4192, the file ends after ");
}

/* iq4_xs and its like: the header is kept, the size is nobody's business. */
static void test_keeps_unknown_formats(void **state)
{
    (void)state;
    struct gguf_builder builder = { 0 };
    struct gguf gguf;
    struct error error = { 0 };
    size_t size;
    gguf_builder_tensor_raw(&builder, "t", 1, (const uint64_t[]){ 256 }, 23, 0);
    str_append_bytes(&builder.data, "data", 4);
    void *data = gguf_builder_finish(&builder, &size);
    assert_int_equal(gguf_open_memory(&gguf, "model.gguf", data, size, &error), 0);
    assert_int_equal(gguf.tensors[0].format, FORMAT_COUNT);
    assert_int_equal(gguf.tensors[0].gguf_type, 23);
    assert_int_equal(gguf.tensors[0].size_bytes, 0);
    gguf_close(&gguf);
    free(data);
    gguf_builder_release(&builder);
}

static void test_typed_access_says_what_is_wrong(void **state)
{
    (void)state;
    struct gguf_builder builder = { 0 };
    struct gguf gguf;
    struct error error = { 0 };
    size_t size;
    build_good(&builder);
    gguf_builder_f32(&builder, "a.nan", NAN);
    void *data = gguf_builder_finish(&builder, &size);
    assert_int_equal(gguf_open_memory(&gguf, "model.gguf", data, size, &error), 0);
    uint32_t integer;
    float real;
    bool flag;
    struct gguf_string text;
    struct gguf_array array;
    assert_int_equal(gguf_u32(&gguf, "a.i8", &integer, &error), ERROR_FORMAT);
    assert_string_equal(error.text, "model.gguf: key a.i8: -5 is out of range");
    assert_int_equal(gguf_u32_or(&gguf, "a.u64", 1, &integer, &error), ERROR_FORMAT);
    assert_string_equal(error.text, "model.gguf: key a.u64: 18446744073709551615 is too large");
    assert_int_equal(gguf_u32(&gguf, "a.text", &integer, &error), ERROR_FORMAT);
    assert_string_equal(error.text, "model.gguf: key a.text: is a string, expected an integer");
    assert_int_equal(gguf_f32(&gguf, "a.u32", &real, &error), ERROR_FORMAT);
    assert_int_equal(gguf_f32(&gguf, "a.nan", &real, &error), ERROR_FORMAT);
    assert_string_equal(error.text, "model.gguf: key a.nan: is not a finite number");
    assert_int_equal(gguf_bool_or(&gguf, "a.u32", true, &flag, &error), ERROR_FORMAT);
    assert_int_equal(gguf_text(&gguf, "none", &text, &error), ERROR_FORMAT);
    assert_string_equal(error.text, "model.gguf: key none: is missing");
    assert_int_equal(gguf_text(&gguf, "a.words", &text, &error), ERROR_FORMAT);
    assert_string_equal(error.text, "model.gguf: key a.words: is an array of string, expected a string");
    assert_int_equal(gguf_array(&gguf, "a.words", GGUF_F32, &array, &error), ERROR_FORMAT);
    assert_string_equal(error.text, "model.gguf: key a.words: is an array of string, expected an array of f32");
    gguf_close(&gguf);
    free(data);
    gguf_builder_release(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),   cmocka_unit_test(test_opens_a_file),
        cmocka_unit_test(test_refuses_every_truncation), cmocka_unit_test(test_survives_every_damaged_byte),
        cmocka_unit_test(test_refuses_other_files),      cmocka_unit_test(test_refuses_counts_beyond_the_file),
        cmocka_unit_test(test_refuses_bad_keys),         cmocka_unit_test(test_refuses_bad_alignment),
        cmocka_unit_test(test_refuses_bad_tensors),      cmocka_unit_test(test_names_tensor_behind_the_end),
        cmocka_unit_test(test_keeps_unknown_formats),    cmocka_unit_test(test_typed_access_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
