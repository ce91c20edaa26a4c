/* unwind_rows.c: rows out of libdw, and the small machine of DWARF expressions that some of them need (jump tables and
 * signal frames do). */
#include "harness/probe/profile/unwind_rows.h"
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_DEPTH = 32, OPERATIONS = 64 };

/* ---- reading rows ---- */

static bool copy_operations(struct unwind_rule *rule, struct arena *arena, const Dwarf_Op *operations, size_t count)
{
    if (count == 0 || count > OPERATIONS)
        return false;
    Dwarf_Op *copy = arena_array(arena, count, sizeof *copy);
    memcpy(copy, operations, count * sizeof *copy);
    rule->operations = copy;
    rule->operation_count = count;
    return true;
}

/* "register + offset" is what nearly every frame has. */
static bool read_cfa(Dwarf_Frame *frame, struct arena *arena, struct unwind_rule *rule)
{
    Dwarf_Op *operations;
    size_t count;
    if (dwarf_frame_cfa(frame, &operations, &count) != 0 || count == 0)
        return false;
    if (count == 1 && operations[0].atom >= DW_OP_breg0 && operations[0].atom <= DW_OP_breg31) {
        *rule = (struct unwind_rule){ .kind = UNWIND_RULE_REGISTER,
                                      .number = (unsigned)operations[0].atom - DW_OP_breg0,
                                      .offset = (int64_t)operations[0].number };
        return true;
    }
    if (count == 1 && operations[0].atom == DW_OP_bregx) {
        *rule = (struct unwind_rule){ .kind = UNWIND_RULE_REGISTER,
                                      .number = (unsigned)operations[0].number,
                                      .offset = (int64_t)operations[0].number2 };
        return true;
    }
    rule->kind = UNWIND_RULE_EXPRESSION;
    return copy_operations(rule, arena, operations, count);
}

static bool read_register_rule(Dwarf_Frame *frame, int number, struct arena *arena, struct unwind_rule *rule)
{
    Dwarf_Op simple[3], *operations;
    size_t count;
    *rule = (struct unwind_rule){ .kind = UNWIND_RULE_UNDEFINED };
    if (dwarf_frame_register(frame, number, simple, &operations, &count) != 0)
        return false;
    if (count == 0) {
        rule->kind = operations ? UNWIND_RULE_UNDEFINED : UNWIND_RULE_SAME;
        return true;
    }
    bool is_value = operations[count - 1].atom == DW_OP_stack_value;
    size_t used = count - is_value;
    bool is_sum = used == 2 && operations[1].atom == DW_OP_plus_uconst;
    if (used > 0 && operations[0].atom == DW_OP_call_frame_cfa && (used == 1 || is_sum)) {
        rule->kind = is_value ? UNWIND_RULE_CFA : UNWIND_RULE_AT_CFA;
        rule->offset = is_sum ? (int64_t)operations[1].number : 0;
        return true;
    }
    if (used == 1 && operations[0].atom >= DW_OP_reg0 && operations[0].atom <= DW_OP_reg31) {
        rule->kind = UNWIND_RULE_REGISTER;
        rule->number = (unsigned)operations[0].atom - DW_OP_reg0;
        return true;
    }
    rule->kind = is_value ? UNWIND_RULE_EXPRESSION : UNWIND_RULE_AT_EXPRESSION;
    return copy_operations(rule, arena, operations, used);
}

static bool read_row(Dwarf_Frame *frame, struct arena *arena, struct unwind_row *row)
{
    int column = dwarf_frame_info(frame, NULL, NULL, &row->is_signal_frame);
    if (column < 0 || column >= REGISTERS_COUNT || !read_cfa(frame, arena, &row->cfa))
        return false;
    row->return_column = (unsigned)column;
    for (int i = 0; i < REGISTERS_COUNT; i++)
        if (!read_register_rule(frame, i, arena, &row->registers[i]) && i == column)
            return false;
    return true;
}

const struct unwind_row *unwind_row_find(struct module *module, struct modules *modules, uint64_t address)
{
    struct unwind_row *row = module_cache_find(&module->rows, address);
    if (row)
        return row->cfa.kind != UNWIND_RULE_UNDEFINED ? row : NULL;
    row = arena_alloc(&modules->arena, sizeof *row); /* of kind undefined: there is none */
    Dwarf_Addr bias;
    Dwarf_Frame *frame;
    for (int source = 0; source < 2 && row->cfa.kind == UNWIND_RULE_UNDEFINED; source++) {
        Dwarf_CFI *cfi =
            source == 0 ? dwfl_module_eh_cfi(module->handle, &bias) : dwfl_module_dwarf_cfi(module->handle, &bias);
        if (!cfi || dwarf_cfi_addrframe(cfi, address + module->bias - bias, &frame) != 0)
            continue;
        if (!read_row(frame, &modules->arena, row))
            *row = (struct unwind_row){ 0 };
        free(frame);
    }
    module_cache_add(&module->rows, address, row);
    return row->cfa.kind != UNWIND_RULE_UNDEFINED ? row : NULL;
}

/* ---- expressions ---- */

struct values {
    uint64_t items[STACK_DEPTH];
    size_t count;
    bool failed;
};

static void push(struct values *values, uint64_t value)
{
    if (values->count == STACK_DEPTH)
        values->failed = true;
    else
        values->items[values->count++] = value;
}

static uint64_t pop(struct values *values)
{
    if (values->count == 0) {
        values->failed = true;
        return 0;
    }
    return values->items[--values->count];
}

static uint64_t pick(struct values *values, size_t depth)
{
    if (depth >= values->count) {
        values->failed = true;
        return 0;
    }
    return values->items[values->count - 1 - depth];
}

static void push_register(struct values *values, const struct unwind_machine *machine, unsigned number, uint64_t offset)
{
    uint64_t value = 0;
    if (!machine->read_register(machine->context, number, &value))
        values->failed = true;
    push(values, value + offset);
}

static bool apply_binary(struct values *values, unsigned atom)
{
    uint64_t result, b, a;
    if (values->count < 2)
        return false;
    b = values->items[values->count - 1];
    a = values->items[values->count - 2];
    switch (atom) {
    case DW_OP_and: result = a & b; break;
    case DW_OP_or: result = a | b; break;
    case DW_OP_xor: result = a ^ b; break;
    case DW_OP_plus: result = a + b; break;
    case DW_OP_minus: result = a - b; break;
    case DW_OP_mul: result = a * b; break;
    case DW_OP_shl: result = b < 64 ? a << b : 0; break;
    case DW_OP_shr: result = b < 64 ? a >> b : 0; break;
    case DW_OP_eq: result = a == b; break;
    case DW_OP_ne: result = a != b; break;
    case DW_OP_ge: result = (int64_t)a >= (int64_t)b; break;
    case DW_OP_gt: result = (int64_t)a > (int64_t)b; break;
    case DW_OP_le: result = (int64_t)a <= (int64_t)b; break;
    case DW_OP_lt: result = (int64_t)a < (int64_t)b; break;
    default: return false;
    }
    values->count--;
    values->items[values->count - 1] = result;
    return true;
}

static void apply(struct values *values, const struct unwind_machine *machine, const Dwarf_Op *operation)
{
    unsigned atom = operation->atom;
    uint64_t word = 0;
    if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) {
        push(values, atom - DW_OP_lit0);
    } else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31) {
        push_register(values, machine, atom - DW_OP_breg0, operation->number);
    } else if (atom == DW_OP_bregx) {
        push_register(values, machine, (unsigned)operation->number, operation->number2);
    } else if ((atom >= DW_OP_const1u && atom <= DW_OP_consts)) {
        push(values, operation->number); /* libdw has extended the signed ones */
    } else if (atom == DW_OP_plus_uconst) {
        push(values, pop(values) + operation->number);
    } else if (atom == DW_OP_call_frame_cfa) {
        values->failed |= !machine->has_cfa;
        push(values, machine->cfa);
    } else if (atom == DW_OP_deref) {
        values->failed |= !machine->read_word(machine->context, pop(values), &word);
        push(values, word);
    } else if (atom == DW_OP_dup) {
        push(values, pick(values, 0));
    } else if (atom == DW_OP_over) {
        push(values, pick(values, 1));
    } else if (atom == DW_OP_pick) {
        push(values, pick(values, operation->number));
    } else if (atom == DW_OP_drop) {
        pop(values);
    } else if (atom == DW_OP_neg) {
        push(values, 0 - pop(values));
    } else if (atom == DW_OP_not) {
        push(values, ~pop(values));
    } else if (atom != DW_OP_nop && !apply_binary(values, atom)) {
        values->failed = true;
    }
}

static bool run(const struct unwind_rule *rule, const struct unwind_machine *machine, uint64_t *value)
{
    struct values values = { 0 };
    for (size_t i = 0; i < rule->operation_count && !values.failed; i++)
        apply(&values, machine, &rule->operations[i]);
    *value = pop(&values);
    return !values.failed;
}

bool unwind_rule_evaluate(const struct unwind_rule *rule, const struct unwind_machine *machine, uint64_t *value)
{
    uint64_t address;
    switch (rule->kind) {
    case UNWIND_RULE_UNDEFINED:
    case UNWIND_RULE_SAME: return false;
    case UNWIND_RULE_CFA: *value = machine->cfa + (uint64_t)rule->offset; return machine->has_cfa;
    case UNWIND_RULE_AT_CFA:
        return machine->has_cfa && machine->read_word(machine->context, machine->cfa + (uint64_t)rule->offset, value);
    case UNWIND_RULE_REGISTER:
        if (!machine->read_register(machine->context, rule->number, value))
            return false;
        *value += (uint64_t)rule->offset;
        return true;
    case UNWIND_RULE_EXPRESSION: return run(rule, machine, value);
    case UNWIND_RULE_AT_EXPRESSION:
        return run(rule, machine, &address) && machine->read_word(machine->context, address, value);
    }
    return false;
}
