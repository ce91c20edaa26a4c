/* unwind.c: applies the rules of each frame until the outermost is reached. The rules themselves are in unwind_rows.c.
 */
#include "harness/probe/profile/unwind.h"
#include "harness/probe/profile/unwind_rows.h"
#include <string.h>

/* The frame that is being left. */
struct frame {
    const struct unwind_input *input;
    uint64_t registers[REGISTERS_COUNT];
    uint64_t known; /* bit per register: its value is known */
    uint64_t cfa;
    bool hit_end; /* something was looked for above the copy of the stack */
};

static bool read_word(void *context, uint64_t address, uint64_t *word)
{
    struct frame *frame = context;
    const struct unwind_input *input = frame->input;
    uint64_t bottom = input->registers[REGISTERS_SP], offset = address - bottom, virtual_address;
    if (address >= bottom && offset < input->stack_bytes && input->stack_bytes - offset >= sizeof *word) {
        memcpy(word, input->stack + offset, sizeof *word);
        return true;
    }
    const struct module *module = maps_module(input->maps, input->modules, address, &virtual_address);
    if (module && module_read_word(module, virtual_address, word))
        return true;
    frame->hit_end = address >= bottom && offset + sizeof *word > input->stack_bytes && input->stack_is_full;
    return false;
}

static bool read_register(void *context, unsigned number, uint64_t *value)
{
    const struct frame *frame = context;
    if (number >= REGISTERS_COUNT || !(frame->known >> number & 1))
        return false;
    *value = frame->registers[number];
    return true;
}

static bool evaluate(struct frame *frame, const struct unwind_rule *rule, bool has_cfa, uint64_t *value)
{
    const struct unwind_machine machine = {
        .context = frame, .read_word = read_word, .read_register = read_register, .cfa = frame->cfa, .has_cfa = has_cfa
    };
    return unwind_rule_evaluate(rule, &machine, value);
}

/* Registers of the caller. False if its address cannot be found. */
static bool step(struct frame *frame, const struct unwind_row *row, bool *is_outermost)
{
    struct frame caller = { .input = frame->input };
    *is_outermost = row->registers[row->return_column].kind == UNWIND_RULE_UNDEFINED;
    if (*is_outermost || !evaluate(frame, &row->cfa, false, &frame->cfa))
        return false;
    for (unsigned i = 0; i < REGISTERS_COUNT; i++) {
        const struct unwind_rule *rule = &row->registers[i];
        bool known = rule->kind == UNWIND_RULE_SAME ? read_register(frame, i, &caller.registers[i])
                                                    : evaluate(frame, rule, true, &caller.registers[i]);
        caller.known |= (uint64_t)known << i;
    }
    if (!(caller.known >> row->return_column & 1)) {
        *is_outermost = false;
        return false;
    }
    if (!(caller.known >> REGISTERS_SP & 1) || row->registers[REGISTERS_SP].kind == UNWIND_RULE_SAME)
        caller.registers[REGISTERS_SP] = frame->cfa;
    caller.registers[REGISTERS_PC] = registers_strip(caller.registers[row->return_column]);
    caller.known |= UINT64_C(1) << REGISTERS_PC | UINT64_C(1) << REGISTERS_SP;
    bool hit_end = frame->hit_end;
    *frame = caller;
    frame->hit_end = hit_end;
    return true;
}

void unwind(const struct unwind_input *input, struct unwind_stack *stack)
{
    struct frame frame = { .input = input, .known = (UINT64_C(1) << REGISTERS_COUNT) - 1 };
    memcpy(frame.registers, input->registers, sizeof frame.registers);
    stack->count = 0;
    bool is_exact = true;
    for (;;) {
        uint64_t address = frame.registers[REGISTERS_PC], virtual_address, before = frame.registers[REGISTERS_SP];
        if (stack->count > 0 && address == 0) {
            stack->end = UNWIND_WHOLE;
            return;
        }
        stack->end = UNWIND_TRUNCATED;
        if (stack->count == UNWIND_DEPTH)
            return;
        stack->addresses[stack->count] = address;
        stack->is_exact[stack->count++] = is_exact;
        /* A return address may lie behind a function that ends with its call. */
        address -= !is_exact;
        struct module *module = maps_module(input->maps, input->modules, address, &virtual_address);
        const struct unwind_row *row = module ? unwind_row_find(module, input->modules, virtual_address) : NULL;
        bool is_outermost = false;
        stack->is_signal[stack->count - 1] = row && row->is_signal_frame;
        frame.hit_end = false;
        if (row && step(&frame, row, &is_outermost)) {
            is_exact = row->is_signal_frame;
            /* A stack that does not shrink is no stack; a signal may have come on another one. */
            if (frame.registers[REGISTERS_SP] > before || is_exact ||
                (stack->count == 1 && frame.registers[REGISTERS_SP] == before))
                continue;
            frame.hit_end = false;
        }
        stack->end = is_outermost ? UNWIND_WHOLE : frame.hit_end ? UNWIND_TRUNCATED : UNWIND_UNKNOWN;
        return;
    }
}
