/* machines.c: which runs are of the same machine.
 *
 * A row of `machine` is hardware and system software together: its fingerprint is a hash over all of its facts, so a
 * new kernel makes a new row. What belongs together is told by the key, a hash over the hardware facts only. It is made
 * when it is asked for, so databases of before (fingerprint_version 2) have it, too. Rows without a fingerprint_version
 * (imports, and our own first version, which knew too little of the hardware) are a machine each. */
#include "harness/store/read_cases.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order is part of the key: new ones go to the end, and make every machine that has them another one. */
static const char *const hardware_names[] = {
    "architecture",    "cpu_vendor",       "cpu_name",         "cpu_family",   "cpu_model",  "cpu_stepping",
    "cpu_implementer", "cpu_architecture", "cpu_part",         "cpu_revision", "cpu_count",  "cpu_cores",
    "cpu_sockets",     "numa_nodes",       "smt_active",       "caches",       "hypervisor", "hypervisor_flag",
    "machine_vendor",  "machine_product",  "instruction_sets",
};

bool store_fact_is_hardware(const char *name)
{
    for (size_t i = 0; i < sizeof hardware_names / sizeof hardware_names[0]; i++)
        if (str_equal(hardware_names[i], name))
            return true;
    return false;
}

static const char *find(const struct store_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(facts[i].name, name))
            return facts[i].value;
    return NULL;
}

/* FNV-1a, 64 bits */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

const char *store_machine_key(const char *fingerprint, const struct store_fact *facts, size_t count,
                              struct arena *arena)
{
    uint64_t hash = 0xcbf29ce484222325u;
    if (!find(facts, count, "fingerprint_version"))
        return fingerprint;
    for (size_t i = 0; i < sizeof hardware_names / sizeof hardware_names[0]; i++) {
        const char *value = find(facts, count, hardware_names[i]);
        if (value)
            hash = hash_text(hash_text(hash_text(hash_text(hash, hardware_names[i]), "="), value), "\n");
    }
    return arena_format(arena, "%016llx", (unsigned long long)hash);
}

/* ---- reading ---- */

static void finish_machine(struct store_machine *machine, struct store_fact *facts, size_t count, struct arena *arena)
{
    machine->facts = read_copy(arena, facts, count, sizeof *facts);
    machine->fact_count = count;
    machine->key = store_machine_key(machine->fingerprint, machine->facts, count, arena);
}

int store_machines(struct store *store, struct arena *arena, struct store_machine **machines, size_t *count,
                   struct error *error)
{
    struct store_machine *list = NULL;
    struct store_fact *facts = NULL;
    size_t capacity = 0, fact_count = 0, fact_capacity = 0;
    sqlite3_stmt *statement;
    *machines = NULL;
    *count = 0;
    int code = store_prepare(store,
                             "SELECT m.id, m.fingerprint, f.name, f.value FROM machine m "
                             "LEFT JOIN machine_fact f ON f.machine_id = m.id ORDER BY m.id, f.name",
                             &statement, error);
    if (code != 0)
        return code;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(statement, 0);
        if (*count == 0 || list[*count - 1].id != id) {
            if (*count)
                finish_machine(&list[*count - 1], facts, fact_count, arena);
            MEM_GROW(list, *count, capacity);
            list[(*count)++] = (struct store_machine){ .id = id, .fingerprint = read_text(statement, 1, arena) };
            fact_count = 0;
        }
        if (sqlite3_column_type(statement, 2) == SQLITE_NULL)
            continue;
        MEM_GROW(facts, fact_count, fact_capacity);
        facts[fact_count++] =
            (struct store_fact){ .name = read_text(statement, 2, arena), .value = read_text(statement, 3, arena) };
    }
    if (*count)
        finish_machine(&list[*count - 1], facts, fact_count, arena);
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *machines = read_copy(arena, list, *count, sizeof *list);
    free(list);
    free(facts);
    return code;
}

/* ---- names that people give ---- */

static bool is_start(const char *text, const char *name)
{
    return strlen(text) >= 4 && str_starts(name, text);
}

static int no_machine(struct store *store, const char *text, const struct store_machine *machines, size_t count,
                      struct arena *arena, struct error *error)
{
    const char *list = "";
    for (size_t i = 0; i < count; i++) {
        const char *name = find(machines[i].facts, machines[i].fact_count, "cpu_name");
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || str_equal(machines[k].key, machines[i].key);
        if (!again)
            list = arena_format(arena, "%s%s%s%s%.60s%s", list, *list ? ", " : "", machines[i].key, name ? " (" : "",
                                name ? name : "", name ? ")" : "");
    }
    return error_set(error, ERROR_STATE, "%s: there is no machine '%s'%s%.600s", store->path, text,
                     count ? ", only " : "", list);
}

int store_machine_find(struct store *store, const char *text, struct arena *arena, const char **key,
                       struct error *error)
{
    struct store_machine *machines;
    size_t count;
    int code = store_machines(store, arena, &machines, &count, error);
    *key = NULL;
    for (size_t i = 0; code == 0 && i < count; i++)
        if (str_equal(machines[i].key, text) || str_equal(machines[i].fingerprint, text))
            *key = machines[i].key;
    for (size_t i = 0; code == 0 && i < count && !(*key && str_equal(*key, text)); i++) {
        if (!is_start(text, machines[i].key) && !is_start(text, machines[i].fingerprint))
            continue;
        if (*key && !str_equal(*key, machines[i].key))
            return error_set(error, ERROR_USAGE, "%s: more than one machine starts with '%s'", store->path, text);
        *key = machines[i].key;
    }
    return code || *key ? code : no_machine(store, text, machines, count, arena, error);
}
