/* Stacks: equal ones become one path, recursion counts once, and the compact form survives everything but damage. */
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "harness/base/stacks.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct stacks_frame frame(const char *function, const char *object, enum stacks_kind kind)
{
    return (struct stacks_frame){ .function = function, .object = object, .file = "", .kind = kind };
}

/* names: user functions of "prog" from the outermost, separated by blanks. */
static uint32_t add(struct stacks *stacks, const char *names, uint64_t weight, uint64_t count)
{
    uint32_t node = 0;
    char *copy = mem_strdup(names), *rest = copy;
    for (char *name; (name = strtok_r(rest, " ", &rest));) {
        struct stacks_frame item = frame(name, "prog", *name == '[' ? STACKS_MARK : STACKS_USER);
        node = stacks_add_node(stacks, node, stacks_add_frame(stacks, &item));
    }
    free(copy);
    stacks_add_weight(stacks, node, weight, count);
    return node;
}

static const struct stacks_function *find(const struct stacks *stacks, const struct stacks_function *functions,
                                          size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(stacks_frames(stacks)[functions[i].frame].function, name) == 0)
            return &functions[i];
    fail_msg("%s is not there", name);
    return NULL;
}

static void test_equal_stacks_are_one_path(void **state)
{
    (void)state;
    struct stacks *stacks = stacks_create();
    char name[16] = "main";
    uint32_t a = add(stacks, name, 10, 1);
    strcpy(name, "gone"); /* texts are copied */
    assert_int_equal(add(stacks, "main work", 5, 1), a + 1);
    assert_int_equal(add(stacks, "main work", 7, 2), a + 1);
    assert_int_equal(add(stacks, "main", 1, 1), a);
    assert_int_equal(stacks_node_count(stacks), 3);
    assert_int_equal(stacks_frame_count(stacks), 2);
    const struct stacks_node *nodes = stacks_nodes(stacks);
    assert_true(nodes[a].self == 11 && nodes[a].count == 2 && nodes[a + 1].self == 12 && nodes[a + 1].count == 3);
    assert_int_equal(nodes[a + 1].parent, a);
    assert_string_equal(stacks_frames(stacks)[nodes[a].frame].function, "main");
    uint64_t totals[3];
    stacks_totals(stacks, totals);
    assert_true(totals[0] == 23 && totals[a] == 23 && totals[a + 1] == 12);
    stacks_release(stacks);
    stacks_release(NULL);
}

static void test_every_member_tells_frames_apart(void **state)
{
    (void)state;
    struct stacks *stacks = stacks_create();
    struct stacks_frame base = frame("f", "o", STACKS_USER);
    uint32_t first = stacks_add_frame(stacks, &base);
    struct stacks_frame other[5] = { base, base, base, base, base };
    other[0].function = "g";
    other[1].object = "p";
    other[2].file = "f.c";
    other[3].line = 7;
    other[4].kind = STACKS_INLINE;
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(stacks_add_frame(stacks, &other[i]), first + 1 + i);
    base.file = NULL; /* the same as "" */
    assert_int_equal(stacks_add_frame(stacks, &base), first);
    stacks_release(stacks);
}

static void test_top_counts_recursion_once(void **state)
{
    (void)state;
    struct stacks *stacks = stacks_create();
    add(stacks, "main f g f g f", 100, 1);
    add(stacks, "main f", 10, 1);
    add(stacks, "main g [unknown]", 1, 1);
    struct stacks_frame thread = frame("worker 1", "", STACKS_THREAD);
    uint32_t root = stacks_add_node(stacks, 0, stacks_add_frame(stacks, &thread));
    struct stacks_frame inlined = frame("f", "prog", STACKS_INLINE), same_name = frame("f", "lib.so", STACKS_USER);
    stacks_add_weight(stacks, stacks_add_node(stacks, root, stacks_add_frame(stacks, &inlined)), 5, 1);
    stacks_add_weight(stacks, stacks_add_node(stacks, root, stacks_add_frame(stacks, &same_name)), 110, 1);

    struct stacks_function *functions;
    size_t count;
    stacks_top(stacks, &functions, &count);
    assert_int_equal(count, 4); /* no thread, no mark; f of lib.so is another function */
    const struct stacks_function *f = find(stacks, functions, count, "f"), *g = find(stacks, functions, count, "g"),
                                 *main_function = find(stacks, functions, count, "main");
    assert_true(f == &functions[0] && f->flat == 115 && f->cumulative == 115);
    assert_string_equal(stacks_frames(stacks)[functions[1].frame].object, "lib.so");
    assert_true(g->flat == 0 && g->cumulative == 101);
    assert_true(main_function->flat == 0 && main_function->cumulative == 111);
    assert_true(main_function < g); /* the larger cumulative weight first */
    free(functions);
    stacks_release(stacks);
}

static void test_nothing(void **state)
{
    (void)state;
    struct stacks *stacks = stacks_create(), *back;
    struct stacks_function *functions;
    struct str bytes = { 0 };
    size_t count;
    uint64_t total = 1;
    stacks_totals(stacks, &total);
    assert_true(total == 0);
    stacks_top(stacks, &functions, &count);
    assert_int_equal(count, 0);
    free(functions);
    stacks_encode(stacks, &bytes);
    assert_int_equal(stacks_decode(&back, bytes.data, bytes.length, NULL), 0);
    assert_int_equal(stacks_node_count(back), 1);
    stacks_release(back);
    stacks_release(stacks);
    str_release(&bytes);
}

static struct stacks *make_sample(void)
{
    struct stacks *stacks = stacks_create();
    add(stacks, "main f g", UINT64_MAX / 2, 3);
    add(stacks, "main h", 0, 1);
    struct stacks_frame kernel = { "do_syscall_64", "[kernel]", "entry.c", UINT32_MAX, STACKS_KERNEL };
    stacks_add_weight(stacks, stacks_add_node(stacks, 2, stacks_add_frame(stacks, &kernel)), 300, 2);
    stacks_add_weight(stacks, 0, 17, 1);
    return stacks;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct stacks *stacks = make_sample(), *back;
    struct str bytes = { 0 }, again = { 0 };
    struct error error;
    stacks_encode(stacks, &bytes);
    if (stacks_decode(&back, bytes.data, bytes.length, &error))
        fail_msg("%s", error.text);
    assert_int_equal(stacks_node_count(back), stacks_node_count(stacks));
    assert_memory_equal(stacks_nodes(back), stacks_nodes(stacks),
                        stacks_node_count(stacks) * sizeof(struct stacks_node));
    for (size_t i = 0; i < stacks_frame_count(stacks); i++) {
        const struct stacks_frame *a = &stacks_frames(stacks)[i], *b = &stacks_frames(back)[i];
        assert_string_equal(a->function, b->function);
        assert_string_equal(a->object, b->object);
        assert_string_equal(a->file, b->file);
        assert_true(a->line == b->line && a->kind == b->kind);
    }
    stacks_encode(back, &again);
    assert_int_equal(again.length, bytes.length);
    assert_memory_equal(again.data, bytes.data, bytes.length);
    str_release(&bytes);
    str_release(&again);
    stacks_release(stacks);
    stacks_release(back);
}

static void refused(const void *data, size_t size, const char *reason)
{
    struct stacks *back;
    struct error error;
    assert_int_equal(stacks_decode(&back, data, size, &error), ERROR_FORMAT);
    assert_null(back);
    if (!strstr(error.text, reason))
        fail_msg("'%s' does not say '%s'", error.text, reason);
}

static void test_damage_is_refused(void **state)
{
    (void)state;
    struct stacks *stacks = make_sample();
    struct str bytes = { 0 };
    stacks_encode(stacks, &bytes);
    stacks_release(stacks);
    for (size_t length = 0; length < bytes.length; length++) {
        /* An exact copy, so that a sanitizer sees a read behind the end. */
        char *cut = malloc(length + !length);
        memcpy(cut, bytes.data, length);
        refused(cut, length, length < 4 ? "no encoded stacks" : "ends too early");
        free(cut);
    }
    str_append_char(&bytes, 0);
    refused(bytes.data, bytes.length, "more bytes follow");
    str_release(&bytes);
#define REFUSED(text, reason) refused("PSTK" text, 4 + sizeof text - 1, reason)
    REFUSED("\x02", "version 2");
    REFUSED("\x01\xff\xff\xff\xff\x0f", "out of range");
    REFUSED("\x01\xf0\xff\xff\xff\x0e", "ends too early"); /* four thousand million texts */
    REFUSED("\x01\x80\x00", "malformed");
    REFUSED("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "malformed");
    REFUSED("\x01\x01\x02"
            "a\0\x01\x01",
            "zero byte");
    REFUSED("\x01\x02\x01"
            "a\x01"
            "a",
            "text is there twice");
    REFUSED("\x01\x00\x01\x00\x00\x00\x00\x00", "no text");
    REFUSED("\x01\x01\x00\x01\x01\x00\x00\x00\x00", "out of range");
    REFUSED("\x01\x01\x00\x01\x00\x00\x00\x00\x05", "out of range");
    REFUSED("\x01\x01\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "frame is there twice");
    REFUSED("\x01\x01\x00\x00\x00\x00\x01\x01\x00\x00\x00", "no frame");
#define ONE_FRAME "\x01\x01\x00\x01\x00\x00\x00\x00\x00"
    REFUSED(ONE_FRAME "\x00\x00\x01\x00\x00\x00\x00", "own parent");
    REFUSED(ONE_FRAME "\x00\x00\x01\x02\x00\x00\x00", "out of range");
    REFUSED(ONE_FRAME "\x00\x00\x02\x01\x00\x00\x00\x02\x00\x00\x00", "node is there twice");
    REFUSED(ONE_FRAME "\x02\x00\x01\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", "too large");
}

static void test_depth_is_limited(void **state)
{
    (void)state;
    struct stacks *stacks = stacks_create(), *back;
    struct stacks_frame item = frame("f", "o", STACKS_USER);
    uint32_t number = stacks_add_frame(stacks, &item), node = 0;
    struct str bytes = { 0 };
    for (int i = 0; i < STACKS_DEPTH_MAX; i++)
        node = stacks_add_node(stacks, node, number);
    stacks_add_weight(stacks, node, 1, 1);
    stacks_encode(stacks, &bytes);
    assert_int_equal(stacks_decode(&back, bytes.data, bytes.length, NULL), 0);
    stacks_release(back);
    stacks_add_node(stacks, node, number);
    str_clear(&bytes);
    stacks_encode(stacks, &bytes);
    refused(bytes.data, bytes.length, "too deep");
    str_release(&bytes);
    stacks_release(stacks);
}

/* Against a plain search, over enough nodes that every table grows several times. */
static void test_many(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct stacks *stacks = stacks_create(), *back;
    struct rng rng;
    rng_seed(&rng, 4);
    uint64_t sum = 0;
    for (int i = 0; i < COUNT; i++) {
        uint32_t node = 0;
        for (uint64_t depth = rng_below(&rng, 12); depth > 0; depth--) {
            char name[32];
            snprintf(name, sizeof name, "function_%d", (int)rng_below(&rng, 40));
            struct stacks_frame item = frame(name, "o", STACKS_USER);
            node = stacks_add_node(stacks, node, stacks_add_frame(stacks, &item));
        }
        stacks_add_weight(stacks, node, (uint64_t)i, 1);
        sum += (uint64_t)i;
    }
    assert_int_equal(stacks_frame_count(stacks), 40);
    size_t count = stacks_node_count(stacks);
    uint64_t *totals = mem_array(count, sizeof *totals);
    stacks_totals(stacks, totals);
    assert_true(totals[0] == sum);
    for (size_t i = 1; i < count; i++)
        assert_true(stacks_nodes(stacks)[i].parent < i);
    struct str bytes = { 0 };
    stacks_encode(stacks, &bytes);
    assert_int_equal(stacks_decode(&back, bytes.data, bytes.length, NULL), 0);
    assert_memory_equal(stacks_nodes(back), stacks_nodes(stacks), count * sizeof(struct stacks_node));
    free(totals);
    str_release(&bytes);
    stacks_release(stacks);
    stacks_release(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_stacks_are_one_path),
        cmocka_unit_test(test_every_member_tells_frames_apart),
        cmocka_unit_test(test_top_counts_recursion_once),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage_is_refused),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
