/* perf_records.c: a cursor over each record; every read is checked against its end. */
#include "harness/probe/profile/perf_records.h"
#include <string.h>

/* The record's body. */
struct cursor {
    const unsigned char *bytes;
    size_t left;
    bool failed;
};

static const void *take(struct cursor *cursor, size_t size)
{
    if (cursor->failed || size > cursor->left) {
        cursor->failed = true;
        return NULL;
    }
    const void *bytes = cursor->bytes;
    cursor->bytes += size;
    cursor->left -= size;
    return bytes;
}

static uint64_t take_u64(struct cursor *cursor)
{
    uint64_t value = 0;
    const void *bytes = take(cursor, sizeof value);
    if (bytes)
        memcpy(&value, bytes, sizeof value);
    return value;
}

static uint32_t take_u32(struct cursor *cursor)
{
    uint32_t value = 0;
    const void *bytes = take(cursor, sizeof value);
    if (bytes)
        memcpy(&value, bytes, sizeof value);
    return value;
}

static void take_text(struct cursor *cursor, struct record *record)
{
    const unsigned char *end = cursor->failed ? NULL : memchr(cursor->bytes, 0, cursor->left);
    if (!end) {
        cursor->failed = true;
        return;
    }
    record->text_length = (size_t)(end - cursor->bytes);
    record->text = take(cursor, record->text_length + 1);
}

static void take_registers(struct cursor *cursor, struct record *record)
{
    record->has_registers = take_u64(cursor) != PERF_SAMPLE_REGS_ABI_NONE;
    for (int bit = 0; record->has_registers && bit < REGISTERS_KERNEL_BITS; bit++)
        if (registers_of_kernel[bit] >= 0)
            record->registers[registers_of_kernel[bit]] = take_u64(cursor);
}

static void take_stack(struct cursor *cursor, struct record *record)
{
    uint64_t size = take_u64(cursor);
    if (size == 0)
        return;
    record->stack = take(cursor, size);
    uint64_t used = take_u64(cursor);
    record->stack_bytes = used < size ? used : size;
    record->stack_is_full = used >= size;
}

static void parse_sample(struct cursor *cursor, struct record *record)
{
    record->kind = RECORD_SAMPLE;
    record->address = take_u64(cursor);
    record->process = take_u32(cursor);
    record->thread = take_u32(cursor);
    record->time_ns = take_u64(cursor);
    record->weight = take_u64(cursor);
    uint64_t chain_length = take_u64(cursor);
    if (chain_length > cursor->left / sizeof(uint64_t))
        cursor->failed = true;
    record->chain_length = chain_length;
    record->chain = take(cursor, cursor->failed ? 0 : chain_length * sizeof(uint64_t));
    take_registers(cursor, record);
    take_stack(cursor, record);
}

static void parse_map(struct cursor *cursor, struct record *record)
{
    record->kind = RECORD_MAP;
    record->process = take_u32(cursor);
    record->thread = take_u32(cursor);
    record->start = take_u64(cursor);
    record->end = record->start + take_u64(cursor);
    record->offset = take_u64(cursor);
    take(cursor, 24); /* device, inode, its generation */
    take(cursor, 8);  /* rights, flags */
    take_text(cursor, record);
}

static void parse_name(struct cursor *cursor, struct record *record, uint16_t misc)
{
    record->kind = RECORD_NAME;
    record->process = take_u32(cursor);
    record->thread = take_u32(cursor);
    record->is_exec = (misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
    take_text(cursor, record);
}

static void parse_fork(struct cursor *cursor, struct record *record)
{
    record->kind = RECORD_FORK;
    record->process = take_u32(cursor);
    record->parent_process = take_u32(cursor);
    record->thread = take_u32(cursor);
    take_u32(cursor); /* the parent's thread */
}

static void parse_lost(struct cursor *cursor, struct record *record, bool has_id)
{
    record->kind = RECORD_LOST;
    if (has_id)
        take_u64(cursor);
    record->lost = take_u64(cursor);
}

static void parse_maps_text(struct cursor *cursor, struct record *record, uint16_t misc)
{
    record->kind = RECORD_MAPS_TEXT;
    record->is_exec = (misc & 1) != 0;
    record->process = take_u32(cursor);
    record->thread = take_u32(cursor);
    take_text(cursor, record);
}

/* The trailer: process, thread, time. Its process is the sender of a map or a name, too. */
static void parse_trailer(const unsigned char *body, size_t size, struct record *record)
{
    if (size >= 16)
        memcpy(&record->time_ns, body + size - 8, sizeof record->time_ns);
}

static void parse(const struct perf_event_header *header, const unsigned char *body, size_t size, struct record *record)
{
    struct cursor cursor = { .bytes = body, .left = size };
    *record = (struct record){ .kind = RECORD_OTHER };
    switch (header->type) {
    case PERF_RECORD_SAMPLE: parse_sample(&cursor, record); break;
    case PERF_RECORD_MMAP2: parse_map(&cursor, record); break;
    case PERF_RECORD_COMM: parse_name(&cursor, record, header->misc); break;
    case PERF_RECORD_FORK: parse_fork(&cursor, record); break;
    case PERF_RECORD_LOST: parse_lost(&cursor, record, true); break;
    case PERF_RECORD_LOST_SAMPLES: parse_lost(&cursor, record, false); break;
    case PERF_RECORD_THROTTLE: record->kind = RECORD_THROTTLE; break;
    case PERF_RECORDS_MAPS_TEXT: parse_maps_text(&cursor, record, header->misc); break;
    default: break;
    }
    if (cursor.failed)
        *record = (struct record){ .kind = RECORD_OTHER };
    else if (record->kind != RECORD_SAMPLE)
        parse_trailer(body, size, record);
}

bool perf_records_next(const void *data, size_t size_bytes, size_t *offset, struct record *record)
{
    struct perf_event_header header;
    if (*offset > size_bytes || size_bytes - *offset < sizeof header)
        return false;
    const unsigned char *bytes = (const unsigned char *)data + *offset;
    memcpy(&header, bytes, sizeof header);
    if (header.size < sizeof header || header.size > size_bytes - *offset)
        return false;
    *offset += header.size;
    parse(&header, bytes + sizeof header, header.size - sizeof header, record);
    return true;
}

uint64_t perf_records_chain(const struct record *record, size_t i)
{
    uint64_t address;
    memcpy(&address, (const unsigned char *)record->chain + i * sizeof address, sizeof address);
    return address;
}
