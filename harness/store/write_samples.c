/* write_samples.c: samples go in, with all that belongs to them. A group of samples is one transaction.
 *
 * A part of the group is looked at first: names become ids, states and numbers are checked. Then its rows go in, all
 * samples by one statement and all metrics by another one (incoming.h). */
#include "harness/store/write_samples.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdlib.h>

/* Samples at a time: beyond that nothing gets faster, and memory stays bounded. */
enum { PART = 512 };

/* A row of the table sample. */
struct sample_row {
    const struct store_sample *sample;
    int64_t id, run_id, case_id, label_id, message_id, digest_id;
};

/* A row of the table sample_value. */
struct value_row {
    const struct store_metric *metric;
    int64_t sample_id, metric_id, reason_id, remedy_id;
    enum store_state state;
};

/* What stays 0 or false here is NULL in every row: most parts then go in by shorter statements. */
struct part {
    struct sample_row samples[PART];
    struct value_row *values;
    size_t value_count, value_capacity;
    bool has_texts, has_reasons;
};

/* ---- what a row says ---- */

static void result_id(sqlite3_context *context, int64_t id)
{
    if (id)
        sqlite3_result_int64(context, id);
}

static void result_known(sqlite3_context *context, bool is_known, double value)
{
    if (is_known && isfinite(value))
        sqlite3_result_double(context, value);
}

static void sample_column(sqlite3_context *context, const void *rows, size_t index, int column)
{
    const struct sample_row *row = (const struct sample_row *)rows + index;
    const struct store_sample *sample = row->sample;
    bool good = sample->status == STORE_SAMPLE_OK;
    switch (column) {
    case 0: sqlite3_result_int64(context, row->run_id); break;
    case 1: sqlite3_result_int64(context, row->case_id); break;
    case 2: sqlite3_result_int(context, sample->round); break;
    case 3: sqlite3_result_int(context, sample->process); break;
    case 4: sqlite3_result_int(context, sample->repetition); break;
    case 5: sqlite3_result_int(context, (int)sample->status); break;
    case 6: sqlite3_result_int64(context, sample->iterations); break;
    case 7: result_known(context, good, sample->real_time_ns); break;
    case 8: result_known(context, good, sample->cpu_time_ns); break;
    case 9: sqlite3_result_int(context, (int)sample->pass); break;
    case 10: result_id(context, row->label_id); break;
    case 11: result_id(context, row->message_id); break;
    case 12: result_id(context, row->digest_id); break;
    default: break;
    }
}

static void value_column(sqlite3_context *context, const void *rows, size_t index, int column)
{
    const struct value_row *row = (const struct value_row *)rows + index;
    switch (column) {
    case 0: sqlite3_result_int64(context, row->sample_id); break;
    case 1: sqlite3_result_int64(context, row->metric_id); break;
    case 2: result_known(context, row->state <= STORE_APPROXIMATE, row->metric->value); break;
    case 3: sqlite3_result_int(context, (int)row->state); break;
    case 4: result_known(context, row->metric->running_share > 0, row->metric->running_share); break;
    case 5: result_id(context, row->reason_id); break;
    case 6: result_id(context, row->remedy_id); break;
    default: break;
    }
}

/* ---- names become ids, and what means nothing is refused ---- */

static int stage_metric(struct store *store, struct part *part, int64_t sample_id, const struct store_metric *metric,
                        struct error *error)
{
    if (metric->state > STORE_UNSUPPORTED)
        return error_set(error, ERROR_STATE, "metric %s has no such state", metric->name);
    struct value_row row = { .metric = metric, .sample_id = sample_id, .state = metric->state };
    const char *reason = metric->reason;
    if (metric->state <= STORE_APPROXIMATE && !isfinite(metric->value)) {
        row.state = STORE_NOT_COUNTED;
        reason = reason ? reason : "not a finite number";
    }
    int code = store_metric_id(store, metric->name, metric->unit ? metric->unit : "", &row.metric_id, error);
    if (code == 0)
        code = store_text_id(store, reason, &row.reason_id, error);
    if (code == 0)
        code = store_text_id(store, metric->remedy, &row.remedy_id, error);
    if (code != 0)
        return code;
    part->has_reasons |= row.reason_id || row.remedy_id || metric->running_share > 0;
    MEM_GROW(part->values, part->value_count, part->value_capacity);
    part->values[part->value_count++] = row;
    return 0;
}

static int stage_sample(struct store *store, struct part *part, struct sample_row *row, struct error *error)
{
    const struct store_sample *sample = row->sample;
    if (sample->status > STORE_SAMPLE_SKIPPED || sample->pass >= STORE_PASS_COUNT)
        return error_set(error, ERROR_STATE, "%s %s: no such status or pass", sample->suite, sample->name);
    if (sample->status == STORE_SAMPLE_OK && !isfinite(sample->real_time_ns))
        return error_set(error, ERROR_NUMERIC, "%s %s: the time of a good sample is not a number", sample->suite,
                         sample->name);
    int code = store_case_id(store, sample->suite, sample->name, &row->case_id, error);
    if (code == 0)
        code = store_text_id(store, sample->label, &row->label_id, error);
    if (code == 0)
        code = store_text_id(store, sample->message, &row->message_id, error);
    if (code == 0)
        code = store_text_id(store, sample->output_digest, &row->digest_id, error);
    part->has_texts |= row->label_id || row->message_id || row->digest_id;
    for (size_t i = 0; code == 0 && i < sample->metric_count; i++)
        code = stage_metric(store, part, row->id, &sample->metrics[i], error);
    return code;
}

/* ---- rows go in ---- */

static int insert_rows(struct store *store, enum statement which, struct incoming incoming, struct error *error)
{
    sqlite3_stmt *statement;
    int code = incoming.count ? store_statement(store, which, &statement, error) : 0;
    if (code != 0 || incoming.count == 0)
        return code;
    store->incoming = incoming;
    code = store_step_done(store, statement, error);
    store->incoming = (struct incoming){ 0 };
    if (code == 0 && (size_t)sqlite3_changes(store->db) != incoming.count)
        code =
            error_set(error, ERROR_FORMAT, "%s: holds a table '%s', which is not prony's", store->path, INCOMING_TABLE);
    return code;
}

static int insert_part(struct store *store, struct part *part, size_t count, struct error *error)
{
    const struct incoming samples = { .rows = part->samples, .count = count, .column = sample_column };
    int code =
        insert_rows(store, part->has_texts ? STATEMENT_SAMPLES_INSERT : STATEMENT_PLAIN_SAMPLES_INSERT, samples, error);
    /* SQLite gives the numbers: for the next one after the last it need not look whether it is free. */
    if (code == 0 && sqlite3_last_insert_rowid(store->db) != part->samples[count - 1].id)
        code = error_set(error, ERROR_STATE, "%s: samples are not numbered one after the other", store->path);
    const struct incoming values = { .rows = part->values, .count = part->value_count, .column = value_column };
    if (code == 0)
        code = insert_rows(store, part->has_reasons ? STATEMENT_VALUES_INSERT : STATEMENT_PLAIN_VALUES_INSERT, values,
                           error);
    for (size_t i = 0; code == 0 && i < part->value_count; i++)
        if (part->values[i].metric->thread_count > 0 && part->values[i].state <= STORE_APPROXIMATE)
            code = write_thread_values(store, part->values[i].sample_id, part->values[i].metric_id,
                                       part->values[i].metric, error);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = write_details(store, part->samples[i].id, part->samples[i].sample, error);
    return code;
}

static int add_part(struct store *store, struct part *part, int64_t run_id, int64_t first_id,
                    const struct store_sample *samples, size_t count, struct error *error)
{
    int code = 0;
    part->value_count = 0;
    part->has_texts = part->has_reasons = false;
    for (size_t i = 0; code == 0 && i < count; i++) {
        part->samples[i] = (struct sample_row){ .sample = &samples[i], .id = first_id + (int64_t)i, .run_id = run_id };
        code = stage_sample(store, part, &part->samples[i], error);
    }
    return code == 0 ? insert_part(store, part, count, error) : code;
}

/* Nobody else adds samples until the transaction ends, so ids are known before the rows are there. */
static int next_sample_id(struct store *store, size_t count, int64_t *id, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_statement(store, STATEMENT_SAMPLE_LAST, &statement, error);
    if (code != 0)
        return code;
    int result = sqlite3_step(statement);
    int64_t last = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (result != SQLITE_ROW)
        code = store_fail(store, result, error);
    else if (last < 0 || last > INT64_MAX - 1 - (int64_t)count)
        code = error_set(error, ERROR_FORMAT, "%s: the database is damaged: a sample has the number %lld", store->path,
                         (long long)last);
    sqlite3_reset(statement);
    *id = last + 1;
    return code;
}

/* The run must be there; and what store_run_end counted is no longer true. */
static int reopen_run(struct store *store, int64_t run_id, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_statement(store, STATEMENT_RUN_OPEN, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    int result = sqlite3_step(statement);
    bool counted = result == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL;
    if (result == SQLITE_DONE)
        code = error_set(error, ERROR_STATE, "%s: there is no run %lld", store->path, (long long)run_id);
    else if (result != SQLITE_ROW)
        code = store_fail(store, result, error);
    sqlite3_reset(statement);
    if (code != 0 || !counted)
        return code;
    code = store_statement(store, STATEMENT_RUN_RECOUNT, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    return store_step_done(store, statement, error);
}

int store_sample_add(struct store *store, int64_t run_id, const struct store_sample *samples, size_t count,
                     struct error *error)
{
    if (count == 0)
        return 0;
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    int64_t id = 0;
    struct part *part = mem_alloc(sizeof *part);
    code = reopen_run(store, run_id, error);
    if (code == 0)
        code = next_sample_id(store, count, &id, error);
    for (size_t done = 0; code == 0 && done < count; done += PART)
        code = add_part(store, part, run_id, id + (int64_t)done, samples + done,
                        count - done < PART ? count - done : PART, error);
    free(part->values);
    free(part);
    return store_end(store, code, error);
}
