/* stacks.c: the tree of calls. Three tables with open addressing find a text, a frame and a node in constant time; the
 * arrays behind them only grow, so that an index once given stays.
 *
 * Invariants: equal texts have one address, so frames are compared by pointers; no two frames are equal; no two
 * children of a node have the same frame; a node's parent has a smaller index. */
#include "harness/base/stacks.h"
#include "harness/base/arena.h"
#include "harness/base/mem.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

/* Slots hold index + 1 of what is found there, 0 = free; their number is a power of two. */
struct table {
    uint32_t *slots;
    size_t slot_count, used;
};

struct stacks {
    struct arena arena; /* texts */
    struct table text_table, frame_table, node_table;
    const char **texts;
    struct stacks_frame *frames;
    struct stacks_node *nodes;
    size_t text_count, text_capacity, frame_count, frame_capacity, node_count, node_capacity;
};

/* ---- tables ---- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

static uint64_t hash_text(const char *text, size_t length)
{
    uint64_t hash = length, word;
    for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
        memcpy(&word, text, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, text, length);
    return mix(mix(hash, word), 1);
}

static uint64_t hash_frame(const struct stacks_frame *frame)
{
    uint64_t hash = mix((uintptr_t)frame->function, (uintptr_t)frame->object);
    hash = mix(hash, (uintptr_t)frame->file);
    return mix(mix(hash, (uint64_t)frame->line << 8 | frame->kind), 1);
}

static uint64_t hash_node(uint32_t parent, uint32_t frame)
{
    return mix(mix(1, (uint64_t)parent << 32 | frame), 1);
}

static void table_insert(struct table *table, uint64_t hash, uint32_t index)
{
    size_t mask = table->slot_count - 1, at = hash & mask;
    while (table->slots[at])
        at = (at + 1) & mask;
    table->slots[at] = index + 1;
    table->used++;
}

/* Twice as many slots once three of four are taken. rehash gives the hash of what has an index. */
static void table_reserve(struct table *table, const struct stacks *stacks,
                          uint64_t rehash(const struct stacks *, uint32_t))
{
    if (4 * (table->used + 1) <= 3 * table->slot_count)
        return;
    struct table old = *table;
    table->slot_count = old.slot_count ? 2 * old.slot_count : FIRST_SLOTS;
    table->slots = mem_array(table->slot_count, sizeof *table->slots);
    table->used = 0;
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slots[i])
            table_insert(table, rehash(stacks, old.slots[i] - 1), old.slots[i] - 1);
    free(old.slots);
}

static uint64_t rehash_text(const struct stacks *stacks, uint32_t index)
{
    return hash_text(stacks->texts[index], strlen(stacks->texts[index]));
}

static uint64_t rehash_frame(const struct stacks *stacks, uint32_t index)
{
    return hash_frame(&stacks->frames[index]);
}

static uint64_t rehash_node(const struct stacks *stacks, uint32_t index)
{
    return hash_node(stacks->nodes[index].parent, stacks->nodes[index].frame);
}

/* ---- adding ---- */

struct stacks *stacks_create(void)
{
    struct stacks *stacks = mem_alloc(sizeof *stacks);
    MEM_GROW(stacks->nodes, stacks->node_count, stacks->node_capacity);
    stacks->nodes[stacks->node_count++] = (struct stacks_node){ 0 };
    return stacks;
}

void stacks_release(struct stacks *stacks)
{
    if (!stacks)
        return;
    arena_release(&stacks->arena);
    free(stacks->text_table.slots);
    free(stacks->frame_table.slots);
    free(stacks->node_table.slots);
    free(stacks->texts);
    free(stacks->frames);
    free(stacks->nodes);
    free(stacks);
}

static uint32_t add_text(struct stacks *stacks, const char *text, size_t length)
{
    struct table *table = &stacks->text_table;
    table_reserve(table, stacks, rehash_text);
    uint64_t hash = hash_text(text, length);
    for (size_t at = hash & (table->slot_count - 1); table->slots[at]; at = (at + 1) & (table->slot_count - 1)) {
        const char *known = stacks->texts[table->slots[at] - 1];
        if (strncmp(known, text, length) == 0 && !known[length])
            return table->slots[at] - 1;
    }
    MEM_GROW(stacks->texts, stacks->text_count, stacks->text_capacity);
    stacks->texts[stacks->text_count] = arena_strndup(&stacks->arena, text, length);
    table_insert(table, hash, (uint32_t)stacks->text_count);
    return (uint32_t)stacks->text_count++;
}

static const char *keep(struct stacks *stacks, const char *text)
{
    uint32_t index = add_text(stacks, text ? text : "", text ? strlen(text) : 0);
    return stacks->texts[index];
}

static bool frames_equal(const struct stacks_frame *a, const struct stacks_frame *b)
{
    return a->function == b->function && a->object == b->object && a->file == b->file && a->line == b->line &&
           a->kind == b->kind;
}

/* The texts of the frame are ours already. */
static uint32_t add_kept_frame(struct stacks *stacks, const struct stacks_frame *frame)
{
    struct table *table = &stacks->frame_table;
    table_reserve(table, stacks, rehash_frame);
    uint64_t hash = hash_frame(frame);
    for (size_t at = hash & (table->slot_count - 1); table->slots[at]; at = (at + 1) & (table->slot_count - 1))
        if (frames_equal(&stacks->frames[table->slots[at] - 1], frame))
            return table->slots[at] - 1;
    MEM_GROW(stacks->frames, stacks->frame_count, stacks->frame_capacity);
    stacks->frames[stacks->frame_count] = *frame;
    table_insert(table, hash, (uint32_t)stacks->frame_count);
    return (uint32_t)stacks->frame_count++;
}

uint32_t stacks_add_frame(struct stacks *stacks, const struct stacks_frame *frame)
{
    const struct stacks_frame kept = { .function = keep(stacks, frame->function),
                                       .object = keep(stacks, frame->object),
                                       .file = keep(stacks, frame->file),
                                       .line = frame->line,
                                       .kind = frame->kind };
    return add_kept_frame(stacks, &kept);
}

uint32_t stacks_add_node(struct stacks *stacks, uint32_t parent, uint32_t frame)
{
    struct table *table = &stacks->node_table;
    table_reserve(table, stacks, rehash_node);
    uint64_t hash = hash_node(parent, frame);
    for (size_t at = hash & (table->slot_count - 1); table->slots[at]; at = (at + 1) & (table->slot_count - 1)) {
        const struct stacks_node *node = &stacks->nodes[table->slots[at] - 1];
        if (node->parent == parent && node->frame == frame)
            return table->slots[at] - 1;
    }
    MEM_GROW(stacks->nodes, stacks->node_count, stacks->node_capacity);
    stacks->nodes[stacks->node_count] = (struct stacks_node){ .parent = parent, .frame = frame };
    table_insert(table, hash, (uint32_t)stacks->node_count);
    return (uint32_t)stacks->node_count++;
}

void stacks_add_weight(struct stacks *stacks, uint32_t node, uint64_t weight, uint64_t count)
{
    stacks->nodes[node].self += weight;
    stacks->nodes[node].count += count;
}

/* ---- reading ---- */

size_t stacks_node_count(const struct stacks *stacks)
{
    return stacks->node_count;
}

const struct stacks_node *stacks_nodes(const struct stacks *stacks)
{
    return stacks->nodes;
}

size_t stacks_frame_count(const struct stacks *stacks)
{
    return stacks->frame_count;
}

const struct stacks_frame *stacks_frames(const struct stacks *stacks)
{
    return stacks->frames;
}

void stacks_totals(const struct stacks *stacks, uint64_t *totals)
{
    for (size_t i = 0; i < stacks->node_count; i++)
        totals[i] = stacks->nodes[i].self;
    for (size_t i = stacks->node_count; i-- > 1;)
        totals[stacks->nodes[i].parent] += totals[i];
}

/* ---- the top functions ---- */

static int compare_names(const struct stacks_frame *a, const struct stacks_frame *b)
{
    int order = strcmp(a->function, b->function);
    return order ? order : strcmp(a->object, b->object);
}

static int compare_frame_pointers(const void *a, const void *b)
{
    return compare_names(*(const struct stacks_frame *const *)a, *(const struct stacks_frame *const *)b);
}

/* functions[f] = number of the function of frame f, UINT32_MAX = none; (*list)[n].frame = its first frame. */
static size_t group_frames(const struct stacks *stacks, uint32_t *functions, struct stacks_function *list)
{
    size_t count = 0, named = 0;
    const struct stacks_frame **sorted = mem_array(stacks->frame_count, sizeof *sorted);
    for (size_t i = 0; i < stacks->frame_count; i++) {
        functions[i] = UINT32_MAX;
        if (stacks->frames[i].kind != STACKS_THREAD && stacks->frames[i].kind != STACKS_MARK)
            sorted[named++] = &stacks->frames[i];
    }
    qsort(sorted, named, sizeof *sorted, compare_frame_pointers);
    for (size_t i = 0; i < named; i++) {
        uint32_t frame = (uint32_t)(sorted[i] - stacks->frames);
        if (i == 0 || compare_names(sorted[i - 1], sorted[i]) != 0)
            list[count++] = (struct stacks_function){ .frame = frame };
        functions[frame] = (uint32_t)(count - 1);
        if (frame < list[count - 1].frame)
            list[count - 1].frame = frame;
    }
    free(sorted);
    return count;
}

/* Children as lists: first[n], then next[n] of each; 0 = none. */
static void link_children(const struct stacks *stacks, uint32_t *first, uint32_t *next)
{
    for (size_t i = stacks->node_count; i-- > 1;) {
        next[i] = first[stacks->nodes[i].parent];
        first[stacks->nodes[i].parent] = (uint32_t)i;
    }
}

/* Walks the tree and keeps how often each function is on the path: only its outermost call counts. */
static void add_cumulative(const struct stacks *stacks, const uint32_t *functions, struct stacks_function *list,
                           size_t count)
{
    size_t n = stacks->node_count;
    uint64_t *totals = mem_array(n, sizeof *totals);
    uint32_t *first = mem_array(n, sizeof *first), *next = mem_array(n, sizeof *next);
    uint32_t *active = mem_array(count, sizeof *active);
    stacks_totals(stacks, totals);
    link_children(stacks, first, next);
    uint32_t at = first[0];
    while (at) {
        uint32_t function = functions[stacks->nodes[at].frame];
        if (function != UINT32_MAX && active[function]++ == 0)
            list[function].cumulative += totals[at];
        if (first[at]) {
            at = first[at];
            continue;
        }
        for (uint32_t up = 0; at; at = up) {
            function = functions[stacks->nodes[at].frame];
            if (function != UINT32_MAX)
                active[function]--;
            up = stacks->nodes[at].parent;
            if (next[at]) {
                at = next[at];
                break;
            }
        }
    }
    free(totals);
    free(first);
    free(next);
    free(active);
}

struct ranked {
    struct stacks_function function;
    const struct stacks_frame *frame;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->function.flat != b->function.flat)
        return a->function.flat > b->function.flat ? -1 : 1;
    if (a->function.cumulative != b->function.cumulative)
        return a->function.cumulative > b->function.cumulative ? -1 : 1;
    return compare_names(a->frame, b->frame);
}

void stacks_top(const struct stacks *stacks, struct stacks_function **functions, size_t *count)
{
    uint32_t *function_of = mem_array(stacks->frame_count, sizeof *function_of);
    struct stacks_function *list = mem_array(stacks->frame_count + 1, sizeof *list);
    *count = group_frames(stacks, function_of, list);
    for (size_t i = 1; i < stacks->node_count; i++) {
        uint32_t function = function_of[stacks->nodes[i].frame];
        if (function != UINT32_MAX)
            list[function].flat += stacks->nodes[i].self;
    }
    add_cumulative(stacks, function_of, list, *count);
    struct ranked *ranked = mem_array(*count, sizeof *ranked);
    for (size_t i = 0; i < *count; i++)
        ranked[i] = (struct ranked){ list[i], &stacks->frames[list[i].frame] };
    qsort(ranked, *count, sizeof *ranked, compare_ranked);
    for (size_t i = 0; i < *count; i++)
        list[i] = ranked[i].function;
    free(ranked);
    free(function_of);
    *functions = list;
}

/* ---- the compact form: "PSTK", then numbers of seven bits a byte, low ones first (LEB128) ----
 *
 * version, number of texts, each as length and bytes; number of frames, each as texts of function, object, file, then
 * line and kind; weight and count of the root; number of other nodes, each as distance back to the parent, frame,
 * weight and count. Texts and frames that occur twice are not valid, so equal trees have equal bytes. */

static const char magic[4] = { 'P', 'S', 'T', 'K' };
enum { FORMAT_VERSION = 1, FRAME_BYTES_MIN = 5, NODE_BYTES_MIN = 4 };

static void put(struct str *out, uint64_t value)
{
    char bytes[10];
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[length++] = (char)(value | 0x80);
    bytes[length++] = (char)value;
    str_append_bytes(out, bytes, length);
}

/* The number of a text that is there. */
static uint32_t text_index(const struct stacks *stacks, const char *text)
{
    const struct table *table = &stacks->text_table;
    size_t mask = table->slot_count - 1, at = hash_text(text, strlen(text)) & mask;
    while (stacks->texts[table->slots[at] - 1] != text)
        at = (at + 1) & mask;
    return table->slots[at] - 1;
}

void stacks_encode(const struct stacks *stacks, struct str *out)
{
    str_append_bytes(out, magic, sizeof magic);
    put(out, FORMAT_VERSION);
    put(out, stacks->text_count);
    for (size_t i = 0; i < stacks->text_count; i++) {
        put(out, strlen(stacks->texts[i]));
        str_append(out, stacks->texts[i]);
    }
    put(out, stacks->frame_count);
    for (size_t i = 0; i < stacks->frame_count; i++) {
        const struct stacks_frame *frame = &stacks->frames[i];
        put(out, text_index(stacks, frame->function));
        put(out, text_index(stacks, frame->object));
        put(out, text_index(stacks, frame->file));
        put(out, frame->line);
        put(out, frame->kind);
    }
    put(out, stacks->nodes[0].self);
    put(out, stacks->nodes[0].count);
    put(out, stacks->node_count - 1);
    for (size_t i = 1; i < stacks->node_count; i++) {
        const struct stacks_node *node = &stacks->nodes[i];
        put(out, i - node->parent);
        put(out, node->frame);
        put(out, node->self);
        put(out, node->count);
    }
}

/* ---- and back ---- */

struct reader {
    const unsigned char *at, *end;
    const char *problem; /* the first one; everything that is read behind it is 0 */
};

static uint64_t complain(struct reader *reader, const char *problem)
{
    if (!reader->problem)
        reader->problem = problem;
    reader->at = reader->end;
    return 0;
}

/* At most limit; written in as few bytes as possible. */
static uint64_t get(struct reader *reader, uint64_t limit)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (reader->at == reader->end)
            return complain(reader, "ends too early");
        unsigned byte = *reader->at++;
        uint64_t bits = byte & 0x7f;
        if ((bits << shift) >> shift != bits || (byte == 0 && shift > 0))
            break;
        value |= bits << shift;
        if (!(byte & 0x80))
            return value <= limit ? value : complain(reader, "a number is out of range");
    }
    return complain(reader, "a number is malformed");
}

/* How many things follow, each of at least item_bytes: so nothing larger than the input is ever allocated for them. */
static size_t get_count(struct reader *reader, size_t item_bytes)
{
    uint64_t count = get(reader, UINT32_MAX - 2);
    if (count > (size_t)(reader->end - reader->at) / item_bytes)
        return (size_t)complain(reader, "ends too early");
    return (size_t)count;
}

static void decode_texts(struct reader *reader, struct stacks *stacks)
{
    size_t count = get_count(reader, 1);
    for (size_t i = 0; i < count && !reader->problem; i++) {
        size_t length = get_count(reader, 1);
        if (length && memchr(reader->at, 0, length))
            complain(reader, "a text has a zero byte");
        else if (!reader->problem && add_text(stacks, (const char *)reader->at, length) != i)
            complain(reader, "a text is there twice");
        else if (!reader->problem)
            reader->at += length;
    }
}

static const char *get_text(struct reader *reader, const struct stacks *stacks)
{
    if (stacks->text_count == 0)
        complain(reader, "a frame has no text");
    uint64_t index = get(reader, stacks->text_count - 1);
    return reader->problem ? "" : stacks->texts[index];
}

static void decode_frames(struct reader *reader, struct stacks *stacks)
{
    size_t count = get_count(reader, FRAME_BYTES_MIN);
    for (size_t i = 0; i < count && !reader->problem; i++) {
        struct stacks_frame frame;
        frame.function = get_text(reader, stacks);
        frame.object = get_text(reader, stacks);
        frame.file = get_text(reader, stacks);
        frame.line = (uint32_t)get(reader, UINT32_MAX);
        frame.kind = (enum stacks_kind)get(reader, STACKS_MARK);
        if (!reader->problem && add_kept_frame(stacks, &frame) != i)
            complain(reader, "a frame is there twice");
    }
}

/* sum += value, which must not overflow: then no total of the tree does. */
static void add_checked(struct reader *reader, uint64_t *sum, uint64_t value)
{
    if (__builtin_add_overflow(*sum, value, sum))
        complain(reader, "the weights are too large");
}

/* depths[i] for node i; a tree that is too deep is no profile, and what writes whole stacks would need its square. */
static void check_depth(struct reader *reader, uint16_t *depths, size_t parent, size_t node)
{
    depths[node] = (uint16_t)(depths[parent] + 1);
    if (depths[node] > STACKS_DEPTH_MAX)
        complain(reader, "a stack is too deep");
}

static void decode_nodes(struct reader *reader, struct stacks *stacks)
{
    uint64_t weight = get(reader, UINT64_MAX), samples = get(reader, UINT64_MAX);
    stacks_add_weight(stacks, 0, weight, samples);
    size_t count = get_count(reader, NODE_BYTES_MIN);
    if (count && stacks->frame_count == 0)
        complain(reader, "a node has no frame");
    uint16_t *depths = mem_array(count + 1, sizeof *depths);
    for (size_t i = 1; i <= count && !reader->problem; i++) {
        uint64_t back = get(reader, i), frame = get(reader, stacks->frame_count - 1);
        uint64_t self = get(reader, UINT64_MAX), self_count = get(reader, UINT64_MAX);
        if (back == 0)
            complain(reader, "a node is its own parent");
        add_checked(reader, &weight, self);
        add_checked(reader, &samples, self_count);
        if (!reader->problem)
            check_depth(reader, depths, i - back, i);
        if (reader->problem)
            break;
        if (stacks_add_node(stacks, (uint32_t)(i - back), (uint32_t)frame) != i)
            complain(reader, "a node is there twice");
        else
            stacks_add_weight(stacks, (uint32_t)i, self, self_count);
    }
    free(depths);
}

int stacks_decode(struct stacks **out, const void *data, size_t size_bytes, struct error *error)
{
    *out = NULL;
    if (size_bytes < sizeof magic || memcmp(data, magic, sizeof magic) != 0)
        return error_set(error, ERROR_FORMAT, "these are no encoded stacks");
    struct reader reader = { (const unsigned char *)data + sizeof magic, (const unsigned char *)data + size_bytes,
                             NULL };
    uint64_t version = get(&reader, UINT64_MAX);
    if (!reader.problem && version != FORMAT_VERSION)
        return error_set(error, ERROR_FORMAT, "encoded stacks of version %llu, this program reads %d",
                         (unsigned long long)version, FORMAT_VERSION);
    struct stacks *stacks = stacks_create();
    decode_texts(&reader, stacks);
    decode_frames(&reader, stacks);
    decode_nodes(&reader, stacks);
    if (!reader.problem && reader.at != reader.end)
        complain(&reader, "more bytes follow");
    if (reader.problem) {
        stacks_release(stacks);
        return error_set(error, ERROR_FORMAT, "encoded stacks are damaged: %s", reader.problem);
    }
    *out = stacks;
    return 0;
}
