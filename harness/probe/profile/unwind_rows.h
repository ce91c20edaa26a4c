/* unwind_rows.h: what the call frame information says for one address: how each register of the caller is found. */
#ifndef PRONY_PROBE_PROFILE_UNWIND_ROWS_H
#define PRONY_PROBE_PROFILE_UNWIND_ROWS_H

#include "harness/probe/profile/modules.h"
#include "harness/probe/profile/registers.h"

enum unwind_rule_kind {
    UNWIND_RULE_UNDEFINED,    /* the caller's value is lost; of the return address: there is no caller */
    UNWIND_RULE_SAME,         /* was not changed */
    UNWIND_RULE_AT_CFA,       /* in memory at the canonical frame address + offset */
    UNWIND_RULE_CFA,          /* is the canonical frame address + offset */
    UNWIND_RULE_REGISTER,     /* another register's value + offset */
    UNWIND_RULE_EXPRESSION,   /* the value of operations */
    UNWIND_RULE_AT_EXPRESSION /* in memory where operations say */
};

struct unwind_rule {
    enum unwind_rule_kind kind;
    unsigned number; /* UNWIND_RULE_REGISTER */
    int64_t offset;
    const Dwarf_Op *operations; /* of expressions */
    size_t operation_count;
};

struct unwind_row {
    bool is_signal_frame;
    unsigned return_column;
    struct unwind_rule cfa;
    struct unwind_rule registers[REGISTERS_COUNT];
};

/* The row for an address of the module; NULL where there is none. Lives as long as modules. */
const struct unwind_row *unwind_row_find(struct module *module, struct modules *modules, uint64_t address);

/* Where rules read from. Both return false for what is not known. */
struct unwind_machine {
    void *context;
    bool (*read_word)(void *context, uint64_t address, uint64_t *word);
    bool (*read_register)(void *context, unsigned number, uint64_t *value);
    uint64_t cfa;
    bool has_cfa;
};
/* False if the value cannot be known. */
bool unwind_rule_evaluate(const struct unwind_rule *rule, const struct unwind_machine *machine, uint64_t *value);

#endif
