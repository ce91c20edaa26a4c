/* fold.c: records in the order of time; processes with their mappings; threads with their last names. */
#include "harness/probe/profile/fold.h"
#include "harness/probe/profile/kernel_symbols.h"
#include "harness/probe/profile/perf_records.h"
#include "harness/probe/profile/symbols.h"
#include "harness/probe/profile/unwind.h"
#include "harness/base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record's place, to sort by time. */
struct place {
    uint64_t time_ns;
    size_t offset;
};

struct process {
    uint32_t id;
    struct maps maps;
};

/* A thread while it runs one program: a new program, or a new thread of the same id, is another. */
struct thread {
    uint32_t id, process;
    char name[48];
    uint32_t node; /* in stacks; 0 = not yet */
    bool is_over;  /* a later entry has its id */
    bool has_samples;
};

struct fold {
    const struct fold_options *options;
    struct stacks *stacks;
    struct fold_facts *facts;
    struct place *places;
    size_t place_count, place_capacity;
    struct process *processes;
    size_t process_count, process_capacity;
    struct thread *threads;
    size_t thread_count, thread_capacity;
    struct modules modules;
    struct kernel_symbols kernel;
    struct unwind_stack stack;
};

/* ---- order ---- */

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Of a process whose mappings come as a whole from time to time. */
struct snapshot {
    uint32_t process;
    uint64_t time_ns, begin_ns;
};
struct snapshots {
    struct snapshot *items;
    size_t count, capacity;
};

/* What was mapped at a moment holds for what came since the moment before (pieces of one moment have one time). */
static uint64_t begin_of_maps(struct snapshots *snapshots, const struct record *record)
{
    size_t i = 0;
    while (i < snapshots->count && snapshots->items[i].process != record->process)
        i++;
    if (i == snapshots->count) {
        MEM_GROW(snapshots->items, snapshots->count, snapshots->capacity);
        snapshots->items[snapshots->count++] = (struct snapshot){ .process = record->process };
    }
    struct snapshot *snapshot = &snapshots->items[i];
    if (record->is_exec)
        snapshot->begin_ns = record->time_ns;
    else if (snapshot->time_ns != record->time_ns)
        snapshot->begin_ns = snapshot->time_ns;
    snapshot->time_ns = record->time_ns;
    return snapshot->begin_ns;
}

static void sort_records(struct fold *fold, const void *records, size_t size_bytes)
{
    struct record record;
    struct snapshots snapshots = { 0 };
    for (size_t offset = 0, at = 0; perf_records_next(records, size_bytes, &offset, &record); at = offset) {
        if (record.kind == RECORD_OTHER)
            continue;
        if (record.kind == RECORD_MAPS_TEXT)
            record.time_ns = begin_of_maps(&snapshots, &record);
        MEM_GROW(fold->places, fold->place_count, fold->place_capacity);
        fold->places[fold->place_count++] = (struct place){ record.time_ns, at };
    }
    free(snapshots.items);
    if (fold->place_count)
        qsort(fold->places, fold->place_count, sizeof *fold->places, compare_places);
}

/* ---- processes ---- */

static struct process *find_process(struct fold *fold, uint32_t id)
{
    for (size_t i = 0; i < fold->process_count; i++)
        if (fold->processes[i].id == id)
            return &fold->processes[i];
    MEM_GROW(fold->processes, fold->process_count, fold->process_capacity);
    fold->processes[fold->process_count] = (struct process){ .id = id };
    return &fold->processes[fold->process_count++];
}

static void fork_process(struct fold *fold, const struct record *record)
{
    if (record->process == record->parent_process)
        return; /* a thread */
    find_process(fold, record->process);
    struct process *parent = find_process(fold, record->parent_process);
    maps_copy(&find_process(fold, record->process)->maps, &parent->maps);
}

/* ---- threads ---- */

static struct thread *find_thread(struct fold *fold, uint32_t id)
{
    for (size_t i = fold->thread_count; i > 0; i--)
        if (fold->threads[i - 1].id == id && !fold->threads[i - 1].is_over)
            return &fold->threads[i - 1];
    return NULL;
}

static struct thread *add_thread(struct fold *fold, uint32_t process, uint32_t id, const char *name)
{
    struct thread *old = find_thread(fold, id);
    if (old)
        old->is_over = true;
    MEM_GROW(fold->threads, fold->thread_count, fold->thread_capacity);
    struct thread *thread = &fold->threads[fold->thread_count++];
    *thread = (struct thread){ .id = id, .process = process };
    snprintf(thread->name, sizeof thread->name, "%s", name);
    return thread;
}

/* A thread is called as its parent until it gets a name of its own. */
static void fork_thread(struct fold *fold, const struct record *record)
{
    const struct thread *parent = find_thread(fold, record->parent_process);
    char name[sizeof parent->name];
    snprintf(name, sizeof name, "%s", parent ? parent->name : "");
    add_thread(fold, record->process, record->thread, name);
}

static void name_thread(struct fold *fold, const struct record *record)
{
    struct thread *thread = find_thread(fold, record->thread);
    if (!thread || record->is_exec)
        thread = add_thread(fold, record->process, record->thread, "");
    snprintf(thread->name, sizeof thread->name, "%s", record->text);
}

static void note_sample(struct fold *fold, const struct record *record)
{
    struct thread *thread = find_thread(fold, record->thread);
    if (!thread)
        thread = add_thread(fold, record->process, record->thread, "");
    thread->has_samples = true;
}

/* The first pass: which threads there are and how they are called in the end. */
static void collect_threads(struct fold *fold, const void *records, size_t size_bytes)
{
    struct record record;
    for (size_t i = 0; i < fold->place_count; i++) {
        size_t offset = fold->places[i].offset;
        perf_records_next(records, size_bytes, &offset, &record);
        switch (record.kind) {
        case RECORD_FORK: fork_thread(fold, &record); break;
        case RECORD_NAME: name_thread(fold, &record); break;
        case RECORD_SAMPLE: note_sample(fold, &record); break;
        default: break;
        }
    }
    for (size_t i = 0; i < fold->thread_count; i++)
        fold->threads[i].is_over = true;
}

/* Threads that took no time count for nothing in the numbering. */
static void add_thread_nodes(struct fold *fold)
{
    for (size_t i = 0; i < fold->thread_count; i++) {
        struct thread *thread = &fold->threads[i];
        size_t same = 1;
        if (!thread->has_samples || fold->options->merge_threads)
            continue;
        for (size_t k = 0; k < i; k++)
            same += fold->threads[k].has_samples && strcmp(fold->threads[k].name, thread->name) == 0;
        char text[80];
        if (thread->name[0] == 0 && same == 1)
            snprintf(text, sizeof text, "thread");
        else if (same == 1)
            snprintf(text, sizeof text, "%s", thread->name);
        else
            snprintf(text, sizeof text, "%s #%zu", thread->name[0] ? thread->name : "thread", same);
        struct stacks_frame frame = { .function = text, .object = "", .file = "", .kind = STACKS_THREAD };
        thread->node = stacks_add_node(fold->stacks, 0, stacks_add_frame(fold->stacks, &frame));
    }
}

/* The second pass goes through the same threads in the same order. */
struct walk {
    size_t next; /* thread that the next new one is */
};

static void follow_thread(struct fold *fold, struct walk *walk, uint32_t id, bool is_new)
{
    struct thread *current = find_thread(fold, id);
    if (current && !is_new)
        return;
    if (current)
        current->is_over = true;
    if (walk->next < fold->thread_count)
        fold->threads[walk->next++].is_over = false;
}

/* ---- samples ---- */

static uint32_t add_frames(struct fold *fold, uint32_t node, const struct stacks_frame *frames, size_t count)
{
    for (size_t i = count; i > 0; i--)
        node = stacks_add_node(fold->stacks, node, stacks_add_frame(fold->stacks, &frames[i - 1]));
    return node;
}

static uint32_t add_mark(struct fold *fold, uint32_t node, const char *text)
{
    struct stacks_frame frame = { .function = text, .object = "", .file = "", .kind = STACKS_MARK };
    return add_frames(fold, node, &frame, 1);
}

static uint32_t add_user(struct fold *fold, uint32_t node, const struct record *record)
{
    const struct maps *maps = &find_process(fold, record->process)->maps;
    struct unwind_input input = { .maps = maps,
                                  .modules = &fold->modules,
                                  .stack = record->stack,
                                  .stack_bytes = record->stack_bytes,
                                  .stack_is_full = record->stack_is_full };
    struct unwind_stack *stack = &fold->stack;
    struct stacks_frame frames[SYMBOLS_DEPTH];
    memcpy(input.registers, record->registers, sizeof input.registers);
    unwind(&input, stack);
    fold->facts->truncated_count += stack->end == UNWIND_TRUNCATED;
    fold->facts->unknown_count += stack->end == UNWIND_UNKNOWN;
    size_t count = stack->count;
    if (stack->end == UNWIND_TRUNCATED) {
        node = add_mark(fold, node, "[truncated]");
    } else if (stack->end == UNWIND_UNKNOWN) {
        /* The outermost known to be reached is code that cannot be left; if that is unknown itself, once is enough. */
        symbols_of(maps, &fold->modules, stack->addresses[count - 1], !stack->is_exact[count - 1], frames, 1);
        if (frames[0].kind != STACKS_MARK)
            node = add_mark(fold, node, "[unknown]");
    }
    for (size_t i = count; i > 0; i--) {
        if (stack->is_signal[i - 1]) {
            node = add_mark(fold, node, "[signal]");
            continue;
        }
        size_t found =
            symbols_of(maps, &fold->modules, stack->addresses[i - 1], !stack->is_exact[i - 1], frames, SYMBOLS_DEPTH);
        node = add_frames(fold, node, frames, found);
    }
    return node;
}

/* Its chain is innermost first, too. */
static uint32_t add_kernel(struct fold *fold, uint32_t node, const struct record *record)
{
    for (size_t i = record->chain_length; i > 0; i--) {
        uint64_t address = perf_records_chain(record, i - 1);
        if (address >= (uint64_t)PERF_CONTEXT_MAX)
            continue; /* a mark between kernel and user */
        struct stacks_frame frame = kernel_symbols_resolve(&fold->kernel, address);
        node = add_frames(fold, node, &frame, 1);
    }
    return node;
}

static void add_sample(struct fold *fold, const struct record *record)
{
    const struct thread *thread = find_thread(fold, record->thread);
    uint32_t node = thread ? thread->node : 0;
    if (record->has_registers)
        node = add_user(fold, node, record);
    node = add_kernel(fold, node, record);
    if (!record->has_registers && record->chain_length == 0)
        node = add_mark(fold, node, "[unknown]");
    stacks_add_weight(fold->stacks, node, record->weight, 1);
    fold->facts->sample_count++;
    fold->facts->weight += record->weight;
}

/* ---- all ---- */

static void apply(struct fold *fold, struct walk *walk, const struct record *record)
{
    switch (record->kind) {
    case RECORD_SAMPLE:
        follow_thread(fold, walk, record->thread, false);
        add_sample(fold, record);
        break;
    case RECORD_MAP:
        maps_add(&find_process(fold, record->process)->maps, record->start, record->end, record->offset, record->text);
        break;
    case RECORD_MAPS_TEXT: maps_add_text(&find_process(fold, record->process)->maps, record->text); break;
    case RECORD_NAME:
        follow_thread(fold, walk, record->thread, record->is_exec);
        if (record->is_exec)
            maps_release(&find_process(fold, record->process)->maps);
        break;
    case RECORD_FORK:
        follow_thread(fold, walk, record->thread, true);
        fork_process(fold, record);
        break;
    case RECORD_LOST: fold->facts->lost_count += record->lost; break;
    case RECORD_THROTTLE: fold->facts->throttle_count++; break;
    case RECORD_OTHER: break;
    }
}

void fold_records(const void *records, size_t size_bytes, const struct fold_options *options, struct stacks *stacks,
                  struct fold_facts *facts)
{
    struct fold *fold = mem_alloc(sizeof *fold);
    struct walk walk = { 0 };
    struct record record;
    *facts = (struct fold_facts){ 0 };
    *fold = (struct fold){ .options = options, .stacks = stacks, .facts = facts };
    sort_records(fold, records, size_bytes);
    collect_threads(fold, records, size_bytes);
    add_thread_nodes(fold);
    for (size_t i = 0; i < fold->place_count; i++) {
        size_t offset = fold->places[i].offset;
        perf_records_next(records, size_bytes, &offset, &record);
        apply(fold, &walk, &record);
    }
    for (size_t i = 0; i < fold->process_count; i++)
        maps_release(&fold->processes[i].maps);
    modules_release(&fold->modules);
    kernel_symbols_release(&fold->kernel);
    free(fold->processes);
    free(fold->threads);
    free(fold->places);
    free(fold);
}
