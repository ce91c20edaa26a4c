/* profile_unwind_test.c: this program's own stack, copied and unwound; the expressions of unwind rules. */
#include "harness/base/file.h"
#include "harness/probe/profile/symbols.h"
#include "harness/probe/profile/unwind.h"
#include "harness/probe/profile/unwind_rows.h"
#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <cmocka.h>

#if defined(__x86_64__)

enum { COPY_BYTES = 2048 };

struct self {
    struct maps maps;
    struct modules modules;
    struct unwind_input input;
    unsigned char *copy;
};

static int open_self(void **state)
{
    struct self *self = calloc(1, sizeof *self);
    char *text;
    size_t size;
    if (!self || file_read("/proc/self/maps", &text, &size, NULL) != 0)
        return -1;
    maps_add_text(&self->maps, text);
    free(text);
    self->copy = malloc(COPY_BYTES);
    *state = self;
    return self->copy ? 0 : -1;
}

static int close_self(void **state)
{
    struct self *self = *state;
    maps_release(&self->maps);
    modules_release(&self->modules);
    free(self->copy);
    free(self);
    return 0;
}

/* Reads the stack as it is, past the borders of variables. */
__attribute__((noinline, no_sanitize_address)) static void copy_words(unsigned char *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = ((const volatile unsigned char *)from)[i];
}

__attribute__((noinline)) static void capture(struct self *self, size_t bytes)
{
    static const int contexts[REGISTERS_COUNT] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                                   REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                   REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP };
    ucontext_t context;
    getcontext(&context);
    for (int i = 0; i < REGISTERS_COUNT; i++)
        self->input.registers[i] = (uint64_t)context.uc_mcontext.gregs[contexts[i]];
    self->input.maps = &self->maps;
    self->input.modules = &self->modules;
    self->input.stack = self->copy;
    self->input.stack_bytes = bytes;
    self->input.stack_is_full = true;
    copy_words(self->copy, (const void *)(uintptr_t)self->input.registers[REGISTERS_SP], bytes);
}

__attribute__((noinline)) static void inner(struct self *self, size_t bytes)
{
    capture(self, bytes);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void outer(struct self *self, size_t bytes)
{
    inner(self, bytes);
    __asm__ volatile("" ::: "memory");
}

static const char *name_of(struct self *self, const struct unwind_stack *stack, size_t i)
{
    static struct stacks_frame frames[SYMBOLS_DEPTH];
    size_t count =
        symbols_of(&self->maps, &self->modules, stack->addresses[i], !stack->is_exact[i], frames, SYMBOLS_DEPTH);
    return frames[count - 1].function;
}

static bool has_function(struct self *self, const struct unwind_stack *stack, const char *name)
{
    for (size_t i = 0; i < stack->count; i++)
        if (strcmp(name_of(self, stack, i), name) == 0)
            return true;
    return false;
}

static void test_whole(void **state)
{
    struct self *self = *state;
    static struct unwind_stack stack;
    outer(self, COPY_BYTES);
    unwind(&self->input, &stack);
    assert_string_equal(name_of(self, &stack, 0), "capture");
    assert_string_equal(name_of(self, &stack, 1), "inner");
    assert_string_equal(name_of(self, &stack, 2), "outer");
    assert_string_equal(name_of(self, &stack, 3), "test_whole");
    assert_true(stack.is_exact[0]);
    assert_false(stack.is_exact[1]);
}

static void test_truncated(void **state)
{
    struct self *self = *state;
    static struct unwind_stack stack;
    outer(self, COPY_BYTES);
    for (size_t bytes = 0; bytes < COPY_BYTES; bytes += 8) {
        self->input.stack_bytes = bytes;
        unwind(&self->input, &stack);
        assert_true(stack.count >= 1);
        assert_string_equal(name_of(self, &stack, 0), "capture");
        assert_int_not_equal(stack.end, UNWIND_WHOLE);
        if (stack.count < 4)
            assert_int_equal(stack.end, UNWIND_TRUNCATED);
    }
    /* The same copy, but it is all of the stack: then it is broken, not cut. */
    self->input.stack_bytes = 16;
    self->input.stack_is_full = false;
    unwind(&self->input, &stack);
    assert_int_equal(stack.end, UNWIND_UNKNOWN);
    assert_false(has_function(self, &stack, "test_truncated"));
}

static uintptr_t place_in_dynamic;

/* Where the stack pointer moves at run time, the frame's rules go by the frame pointer. */
__attribute__((noinline)) static void note_place(volatile char *room)
{
    place_in_dynamic = (uintptr_t)__builtin_return_address(0);
    room[0] = 1;
}

__attribute__((noinline)) static void dynamic(size_t bytes)
{
    volatile char *room = __builtin_alloca(bytes);
    note_place(room);
    __asm__ volatile("" ::"r"(room) : "memory");
}

/* A frame that is its own caller: a stack that does not shrink is none. */
static void test_circle(void **state)
{
    struct self *self = *state;
    static struct unwind_stack stack;
    uint64_t words[2];
    dynamic(64 + (size_t)(place_in_dynamic & 1));
    outer(self, COPY_BYTES);
    words[0] = self->input.registers[REGISTERS_SP];
    words[1] = place_in_dynamic;
    memcpy(self->copy, words, sizeof words);
    self->input.registers[REGISTERS_PC] = place_in_dynamic;
    self->input.registers[6] = words[0]; /* rbp */
    unwind(&self->input, &stack);
    assert_string_equal(name_of(self, &stack, 0), "dynamic");
    assert_int_equal(stack.count, 2);
    assert_int_equal(stack.end, UNWIND_UNKNOWN);
}

static void test_nonsense(void **state)
{
    struct self *self = *state;
    static struct unwind_stack stack;
    uint64_t addresses[] = { 0, 1, UINT64_MAX, 0x400000, (uint64_t)(uintptr_t)self->copy };
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        outer(self, COPY_BYTES);
        self->input.registers[REGISTERS_PC] = addresses[i];
        unwind(&self->input, &stack);
        assert_int_equal(stack.count, 1);
        assert_int_equal(stack.end, UNWIND_UNKNOWN);
    }
    for (uint64_t pointer = 0; pointer < 64; pointer++) {
        outer(self, COPY_BYTES);
        self->input.registers[REGISTERS_SP] = UINT64_MAX - pointer;
        unwind(&self->input, &stack);
        assert_true(stack.count < 4);
    }
    outer(self, COPY_BYTES);
    memset(self->copy, 0xff, COPY_BYTES);
    unwind(&self->input, &stack);
    assert_int_equal(stack.end, UNWIND_UNKNOWN);
}

/* ---- expressions ---- */

static bool read_word(void *context, uint64_t address, uint64_t *word)
{
    (void)context;
    *word = address * 2;
    return address < 1000;
}

static bool read_register(void *context, unsigned number, uint64_t *value)
{
    (void)context;
    *value = 100 + number;
    return number < REGISTERS_COUNT;
}

static bool evaluate(const Dwarf_Op *operations, size_t count, enum unwind_rule_kind kind, uint64_t *value)
{
    struct unwind_machine machine = {
        .read_word = read_word, .read_register = read_register, .cfa = 40, .has_cfa = true
    };
    struct unwind_rule rule = { .kind = kind, .operations = operations, .operation_count = count };
    return unwind_rule_evaluate(&rule, &machine, value);
}

static void test_expressions(void **state)
{
    (void)state;
    uint64_t value = 0;
    /* What linkers write for jump tables: 8 bytes more once 11 bytes of an entry have been executed. */
    Dwarf_Op table[] = { { .atom = DW_OP_breg7, .number = 8 },
                         { .atom = DW_OP_breg16 },
                         { .atom = DW_OP_lit15 },
                         { .atom = DW_OP_and },
                         { .atom = DW_OP_lit11 },
                         { .atom = DW_OP_ge },
                         { .atom = DW_OP_lit3 },
                         { .atom = DW_OP_shl },
                         { .atom = DW_OP_plus } };
    assert_true(evaluate(table, 9, UNWIND_RULE_EXPRESSION, &value));
    assert_int_equal(value, 107 + 8 + (((116 & 15) >= 11) << 3));
    /* A signal's frame: the word at an offset. */
    Dwarf_Op saved[] = { { .atom = DW_OP_breg7, .number = 160 }, { .atom = DW_OP_deref } };
    assert_true(evaluate(saved, 2, UNWIND_RULE_EXPRESSION, &value));
    assert_int_equal(value, (107 + 160) * 2);
    assert_true(evaluate(saved, 1, UNWIND_RULE_AT_EXPRESSION, &value));
    assert_int_equal(value, (107 + 160) * 2);
    Dwarf_Op cfa[] = { { .atom = DW_OP_call_frame_cfa }, { .atom = DW_OP_lit8 }, { .atom = DW_OP_minus } };
    assert_true(evaluate(cfa, 3, UNWIND_RULE_EXPRESSION, &value));
    assert_int_equal(value, 32);
    assert_false(evaluate(cfa + 2, 1, UNWIND_RULE_EXPRESSION, &value)); /* nothing to subtract */
    Dwarf_Op unreadable[] = { { .atom = DW_OP_const2u, .number = 5000 }, { .atom = DW_OP_deref } };
    assert_false(evaluate(unreadable, 2, UNWIND_RULE_EXPRESSION, &value));
    Dwarf_Op unknown[] = { { .atom = DW_OP_lit1 }, { .atom = DW_OP_fbreg } };
    assert_false(evaluate(unknown, 2, UNWIND_RULE_EXPRESSION, &value));
    assert_false(evaluate(unknown, 0, UNWIND_RULE_EXPRESSION, &value));
    Dwarf_Op many[64];
    for (size_t i = 0; i < 64; i++)
        many[i] = (Dwarf_Op){ .atom = DW_OP_lit1 };
    assert_false(evaluate(many, 64, UNWIND_RULE_EXPRESSION, &value)); /* more than the machine holds */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, open_self, close_self),
        cmocka_unit_test_setup_teardown(test_truncated, open_self, close_self),
        cmocka_unit_test_setup_teardown(test_circle, open_self, close_self),
        cmocka_unit_test_setup_teardown(test_nonsense, open_self, close_self),
        cmocka_unit_test(test_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("skipped: captures registers on x86-64 only");
    return 0;
}

#endif
