/* profiles.c: profiles go in and come out. The stacks are one blob, deflated; the top functions are rows besides, for
 * those who query with a plain sqlite3. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* How many functions become rows; and the most that zlib can make of one byte (its documentation, "zlib technical
 * details"), against a blob that claims to be huge. */
enum { FUNCTION_ROWS = 100, INFLATION_MAX = 1032, INFLATION_SLACK_BYTES = 4096 };

static int deflate_stacks(const struct stacks *stacks, unsigned char **data, size_t *length, size_t *size_bytes,
                          struct error *error)
{
    struct str plain = { 0 };
    stacks_encode(stacks, &plain);
    uLongf packed = compressBound(plain.length);
    *size_bytes = plain.length;
    *data = malloc(packed);
    int result =
        *data ? compress2(*data, &packed, (const Bytef *)plain.data, plain.length, Z_DEFAULT_COMPRESSION) : Z_MEM_ERROR;
    *length = packed;
    str_release(&plain);
    return result == Z_OK ? 0
                          : error_set(error, ERROR_MEMORY, "no memory to compress a profile of %zu bytes", *size_bytes);
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
    sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC); /* NULL stays NULL */
}

static int insert_profile(struct store *store, int64_t run_id, const struct store_profile *profile,
                          const struct stacks *stacks, int64_t *id, struct error *error)
{
    unsigned char *data = NULL;
    size_t length, size_bytes;
    sqlite3_stmt *statement = NULL;
    int64_t case_id = 0;
    int code = store_run_exists(store, run_id, error);
    if (code == 0 && strcmp(profile->kind, "cpu") != 0 && strcmp(profile->kind, "allocations") != 0)
        code = error_set(error, ERROR_STATE, "'%s' is no kind of profile", profile->kind);
    if (code == 0)
        code = deflate_stacks(stacks, &data, &length, &size_bytes, error);
    if (code == 0 && profile->suite && profile->name)
        code = store_case_id(store, profile->suite, profile->name, &case_id, error);
    if (code == 0)
        code = store_prepare(store,
                             "INSERT INTO profile(run_id, case_id, title, kind, event, unit, frequency_hz, "
                             "duration_ns, sample_count, lost_count, truncated_count, note, size_bytes, stacks) "
                             "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                             &statement, error);
    if (code == 0) {
        sqlite3_bind_int64(statement, 1, run_id);
        if (case_id)
            sqlite3_bind_int64(statement, 2, case_id);
        bind_text(statement, 3, profile->title);
        bind_text(statement, 4, profile->kind);
        bind_text(statement, 5, profile->event);
        bind_text(statement, 6, profile->unit);
        if (profile->frequency_hz > 0)
            sqlite3_bind_double(statement, 7, profile->frequency_hz);
        sqlite3_bind_int64(statement, 8, profile->duration_ns);
        sqlite3_bind_int64(statement, 9, (int64_t)profile->sample_count);
        sqlite3_bind_int64(statement, 10, (int64_t)profile->lost_count);
        sqlite3_bind_int64(statement, 11, (int64_t)profile->truncated_count);
        bind_text(statement, 12, profile->note);
        sqlite3_bind_int64(statement, 13, (int64_t)size_bytes);
        sqlite3_bind_blob64(statement, 14, data, length, SQLITE_STATIC);
        code = store_step_done(store, statement, error);
        *id = sqlite3_last_insert_rowid(store->db);
    }
    sqlite3_finalize(statement);
    free(data);
    return code;
}

static int insert_functions(struct store *store, int64_t id, const struct stacks *stacks, struct error *error)
{
    struct stacks_function *functions;
    size_t count;
    sqlite3_stmt *statement;
    int code = store_prepare(store, "INSERT INTO profile_function VALUES(?1, ?2, ?3, ?4, ?5, ?6)", &statement, error);
    if (code != 0)
        return code;
    stacks_top(stacks, &functions, &count);
    for (size_t i = 0; code == 0 && i < count && i < FUNCTION_ROWS; i++) {
        const struct stacks_frame *frame = &stacks_frames(stacks)[functions[i].frame];
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int64(statement, 2, (int64_t)i + 1);
        bind_text(statement, 3, frame->function);
        bind_text(statement, 4, frame->object);
        sqlite3_bind_double(statement, 5, (double)functions[i].flat);
        sqlite3_bind_double(statement, 6, (double)functions[i].cumulative);
        code = store_step_done(store, statement, error);
    }
    free(functions);
    sqlite3_finalize(statement);
    return code;
}

int store_profile_add(struct store *store, int64_t run_id, const struct store_profile *profile,
                      const struct stacks *stacks, int64_t *profile_id, struct error *error)
{
    int64_t id = 0;
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    code = store_run_exists(store, run_id, error);
    if (code == 0)
        code = insert_profile(store, run_id, profile, stacks, &id, error);
    if (code == 0)
        code = insert_functions(store, id, stacks, error);
    code = store_end(store, code, error);
    if (code == 0 && profile_id)
        *profile_id = id;
    return code;
}

/* ---- reading ---- */

static struct store_profile_row read_row(sqlite3_stmt *statement, struct arena *arena)
{
    return (struct store_profile_row){
        .id = sqlite3_column_int64(statement, 0),
        .run_id = sqlite3_column_int64(statement, 1),
        .profile = { .suite = read_text(statement, 2, arena),
                     .name = read_text(statement, 3, arena),
                     .title = read_text(statement, 4, arena),
                     .kind = read_text(statement, 5, arena),
                     .event = read_text(statement, 6, arena),
                     .unit = read_text(statement, 7, arena),
                     .frequency_hz = sqlite3_column_double(statement, 8), /* NULL is 0 */
                     .duration_ns = sqlite3_column_int64(statement, 9),
                     .sample_count = (uint64_t)sqlite3_column_int64(statement, 10),
                     .lost_count = (uint64_t)sqlite3_column_int64(statement, 11),
                     .truncated_count = (uint64_t)sqlite3_column_int64(statement, 12),
                     .note = read_text(statement, 13, arena) },
    };
}

#define PROFILE_COLUMNS                                                                                        \
    "SELECT p.id, p.run_id, u.name, c.name, p.title, p.kind, p.event, p.unit, p.frequency_hz, p.duration_ns, " \
    "p.sample_count, p.lost_count, p.truncated_count, p.note FROM profile p "                                  \
    "LEFT JOIN suite_case c ON c.id = p.case_id LEFT JOIN suite u ON u.id = c.suite_id "

int store_profiles(struct store *store, int64_t run_id, struct arena *arena, struct store_profile_row **rows,
                   size_t *count, struct error *error)
{
    struct store_profile_row *list = NULL;
    size_t capacity = 0;
    *rows = NULL;
    *count = 0;
    sqlite3_stmt *statement;
    int code = store_prepare(store, PROFILE_COLUMNS "WHERE p.run_id = ?1 ORDER BY p.id", &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        list[(*count)++] = read_row(statement, arena);
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *rows = arena_array(arena, *count, sizeof **rows);
    if (*count)
        memcpy(*rows, list, *count * sizeof *list);
    free(list);
    return code;
}

int store_profile_find(struct store *store, int64_t profile_id, struct arena *arena, struct store_profile_row *row,
                       struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store, PROFILE_COLUMNS "WHERE p.id = ?1", &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, profile_id);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *row = read_row(statement, arena);
    else if (result == SQLITE_DONE)
        code = error_set(error, ERROR_USAGE, "%s: there is no profile %lld", store->path, (long long)profile_id);
    else
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

/* The blob of the row that statement stands on. */
static int inflate_stacks(sqlite3_stmt *statement, struct stacks **stacks, struct error *error)
{
    int64_t size_bytes = sqlite3_column_int64(statement, 0);
    const void *blob = sqlite3_column_blob(statement, 1);
    size_t length = (size_t)sqlite3_column_bytes(statement, 1);
    if (size_bytes < 0 || (uint64_t)size_bytes > length * (uint64_t)INFLATION_MAX + INFLATION_SLACK_BYTES)
        return error_set(error, ERROR_FORMAT, "damaged: %zu bytes cannot hold %lld", length, (long long)size_bytes);
    unsigned char *data = malloc((size_t)size_bytes + 1);
    if (!data)
        return error_set(error, ERROR_MEMORY, "no memory for its %lld bytes", (long long)size_bytes);
    uLongf written = (uLongf)size_bytes + 1; /* one more: what is longer than it says is damaged, too */
    int code = 0, result = uncompress(data, &written, blob, length);
    if (result == Z_MEM_ERROR)
        code = error_set(error, ERROR_MEMORY, "no memory to decompress it");
    else if (result != Z_OK || written != (uLongf)size_bytes)
        code = error_set(error, ERROR_FORMAT, "damaged: its stacks cannot be decompressed to %lld bytes",
                         (long long)size_bytes);
    else
        code = stacks_decode(stacks, data, written, error);
    free(data);
    return code;
}

int store_profile_stacks(struct store *store, int64_t profile_id, struct stacks **stacks, struct error *error)
{
    *stacks = NULL;
    sqlite3_stmt *statement;
    int code = store_prepare(store, "SELECT size_bytes, stacks FROM profile WHERE id = ?1", &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, profile_id);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        struct error reason;
        code = inflate_stacks(statement, stacks, &reason);
        if (code != 0)
            error_set(error, code, "%s: profile %lld: %s", store->path, (long long)profile_id, reason.text);
    } else if (result == SQLITE_DONE) {
        code = error_set(error, ERROR_USAGE, "%s: there is no profile %lld", store->path, (long long)profile_id);
    } else {
        code = store_fail(store, result, error);
    }
    sqlite3_finalize(statement);
    return code;
}
