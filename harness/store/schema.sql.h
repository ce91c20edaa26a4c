/* schema.sql.h: the database, version by version. migrate.c runs what a file has not seen yet.
 *
 * A released version is never edited: a change is a new row at the end of the table in migrate.c. Meaning of the
 * columns, with example queries: docs/FORMATS.md.
 *
 * Choices that matter for speed: integer keys everywhere, names interned once, samples in the order they arrive, and
 * one index on them (run, case): reading a run walks it, a case's history is one seek a run. Times are REAL because a
 * nanosecond an iteration has fractions. */
#ifndef PRONY_STORE_SCHEMA_SQL_H
#define PRONY_STORE_SCHEMA_SQL_H

static const char schema_v1_tables[] =
    "CREATE TABLE machine("
    "  id INTEGER PRIMARY KEY,"
    "  fingerprint TEXT NOT NULL UNIQUE"
    ") STRICT;"
    "CREATE TABLE machine_fact("
    "  machine_id INTEGER NOT NULL REFERENCES machine(id),"
    "  name TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY(machine_id, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE build("
    "  id INTEGER PRIMARY KEY,"
    "  digest TEXT NOT NULL UNIQUE," /* of the facts: equal builds share a row */
    "  git_commit TEXT,"
    "  git_branch TEXT,"
    "  git_dirty TEXT"
    ") STRICT;"
    "CREATE TABLE build_fact("
    "  build_id INTEGER NOT NULL REFERENCES build(id),"
    "  name TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY(build_id, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE run("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* a number once shown to people never names another run */
    "  uuid TEXT NOT NULL UNIQUE,"
    "  plan TEXT NOT NULL,"
    "  command TEXT NOT NULL,"
    "  seed TEXT NOT NULL," /* decimal: unsigned 64 bits do not fit SQLite's integers */
    "  status TEXT NOT NULL DEFAULT 'running' CHECK(status IN('running','complete','interrupted','failed')),"
    "  started_ns INTEGER NOT NULL," /* UTC since 1970 */
    "  ended_ns INTEGER,"
    "  machine_id INTEGER NOT NULL REFERENCES machine(id),"
    "  build_id INTEGER NOT NULL REFERENCES build(id)"
    ") STRICT;"
    "CREATE TABLE run_fact(" /* recorded, not part of any identity: load, governor, memory */
    "  run_id INTEGER NOT NULL REFERENCES run(id),"
    "  name TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY(run_id, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE suite("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE"
    ") STRICT;"
    "CREATE TABLE suite_case("
    "  id INTEGER PRIMARY KEY,"
    "  suite_id INTEGER NOT NULL REFERENCES suite(id),"
    "  name TEXT NOT NULL,"
    "  UNIQUE(suite_id, name)"
    ") STRICT;"
    "CREATE TABLE metric("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL,"
    "  unit TEXT NOT NULL,"
    "  UNIQUE(name, unit)"
    ") STRICT;"
    "CREATE TABLE text(" /* labels, messages and reasons, each kept once */
    "  id INTEGER PRIMARY KEY,"
    "  text TEXT NOT NULL UNIQUE"
    ") STRICT;"

    "CREATE TABLE sample("
    "  id INTEGER PRIMARY KEY,"
    "  run_id INTEGER NOT NULL REFERENCES run(id),"
    "  case_id INTEGER NOT NULL REFERENCES suite_case(id),"
    "  round INTEGER NOT NULL,"
    "  process INTEGER NOT NULL,"
    "  repetition INTEGER NOT NULL,"
    "  status INTEGER NOT NULL CHECK(status IN(0,1,2))," /* 0 ok, 1 error, 2 skipped */
    "  iterations INTEGER NOT NULL,"
    "  real_time_ns REAL," /* an iteration; NULL unless ok */
    "  cpu_time_ns REAL,"
    "  label_id INTEGER REFERENCES text(id),"
    "  message_id INTEGER REFERENCES text(id),"
    "  digest_id INTEGER REFERENCES text(id)," /* of the output, if the suite gives one */
    "  CHECK((status = 0) = (real_time_ns IS NOT NULL))"
    ") STRICT;"
    "CREATE INDEX sample_by_run_case ON sample(run_id, case_id);"

    "CREATE TABLE sample_value("
    "  sample_id INTEGER NOT NULL REFERENCES sample(id),"
    "  metric_id INTEGER NOT NULL REFERENCES metric(id),"
    "  value REAL,"
    "  state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 4)," /* ok, scaled, approximate, not counted, unsupported */
    "  reason_id INTEGER REFERENCES text(id),"
    "  PRIMARY KEY(sample_id, metric_id),"
    "  CHECK((state <= 2) = (value IS NOT NULL))"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE sample_distribution("
    "  sample_id INTEGER PRIMARY KEY REFERENCES sample(id),"
    "  count INTEGER NOT NULL CHECK(count * 8 = length(values_ns)),"
    "  values_ns BLOB NOT NULL" /* little-endian IEEE 754 doubles in the order they were measured */
    ") STRICT;"

    "CREATE TABLE failure("
    "  id INTEGER PRIMARY KEY,"
    "  run_id INTEGER NOT NULL REFERENCES run(id),"
    "  suite_id INTEGER NOT NULL REFERENCES suite(id),"
    "  round INTEGER NOT NULL,"
    "  process INTEGER NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  stderr_tail TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX failure_by_run ON failure(run_id);";

/* Views for people with a plain sqlite3. */
static const char schema_v1_views[] =
    "CREATE VIEW runs AS SELECT r.id AS run, r.uuid,"
    "  datetime(r.started_ns / 1000000000, 'unixepoch') AS started_utc,"
    "  round((r.ended_ns - r.started_ns) / 1e9, 1) AS duration_s, r.plan, r.status,"
    "  (SELECT count(*) FROM sample WHERE run_id = r.id) AS samples,"
    "  (SELECT count(*) FROM failure WHERE run_id = r.id) AS failures,"
    "  b.git_branch, b.git_commit, b.git_dirty, m.fingerprint AS machine, r.seed, r.command"
    "  FROM run r JOIN build b ON b.id = r.build_id JOIN machine m ON m.id = r.machine_id;"
    "CREATE VIEW samples AS SELECT s.id AS sample, s.run_id AS run, u.name AS suite, c.name AS name, s.round, s.process,"
    "  s.repetition, CASE s.status WHEN 0 THEN 'ok' WHEN 1 THEN 'error' ELSE 'skipped' END AS status, s.iterations,"
    "  s.real_time_ns, s.cpu_time_ns, l.text AS label, m.text AS message,"
    "  d.text AS output_digest"
    "  FROM sample s JOIN suite_case c ON c.id = s.case_id JOIN suite u ON u.id = c.suite_id"
    "  LEFT JOIN text l ON l.id = s.label_id LEFT JOIN text m ON m.id = s.message_id"
    "  LEFT JOIN text d ON d.id = s.digest_id;"
    "CREATE VIEW sample_values AS SELECT s.id AS sample, s.run_id AS run, u.name AS suite, c.name AS name, s.round,"
    "  t.name AS metric, v.value, t.unit, CASE v.state WHEN 0 THEN 'ok' WHEN 1 THEN 'scaled' WHEN 2 THEN 'approximate'"
    "  WHEN 3 THEN 'not counted' ELSE 'unsupported' END AS state, x.text AS reason"
    "  FROM sample_value v JOIN sample s ON s.id = v.sample_id JOIN metric t ON t.id = v.metric_id"
    "  JOIN suite_case c ON c.id = s.case_id JOIN suite u ON u.id = c.suite_id LEFT JOIN text x ON x.id = v.reason_id;"
    "CREATE VIEW failures AS SELECT f.run_id AS run, u.name AS suite, f.round, f.process, f.reason, f.stderr_tail"
    "  FROM failure f JOIN suite u ON u.id = f.suite_id;";

/* Version 2: what explains a number. Samples of passes of their own, whose times are not judged; counters with their
 * remedy and one value a thread; spans, courses, profiles, and what the doctor found. */
static const char schema_v2_tables[] =
    "ALTER TABLE sample ADD COLUMN pass INTEGER NOT NULL DEFAULT 0 CHECK(pass BETWEEN 0 AND 5);" /* enum store_pass */
    "ALTER TABLE sample_value ADD COLUMN running_share REAL;" /* 0..1 of the time; NULL = not a hardware counter */
    "ALTER TABLE sample_value ADD COLUMN remedy_id INTEGER REFERENCES text(id);"
    "CREATE TABLE sample_thread_value(" /* parts of a value that is a sum over threads */
    "  sample_id INTEGER NOT NULL REFERENCES sample(id),"
    "  metric_id INTEGER NOT NULL REFERENCES metric(id),"
    "  thread INTEGER NOT NULL," /* 0.. in the order of their start */
    "  value REAL NOT NULL,"
    "  PRIMARY KEY(sample_id, metric_id, thread)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE sample_span(" /* averages over the iterations of the sample */
    "  sample_id INTEGER NOT NULL REFERENCES sample(id),"
    "  position INTEGER NOT NULL," /* 0.. in the order of execution */
    "  operation_id INTEGER NOT NULL REFERENCES text(id),"
    "  layer INTEGER," /* NULL = none */
    "  calls REAL NOT NULL,"
    "  time_ns REAL NOT NULL,"
    "  bytes REAL," /* moved; NULL = not known */
    "  flops REAL,"
    "  kernels_id INTEGER REFERENCES text(id)," /* names of the kernels suite, without the instruction set */
    "  PRIMARY KEY(sample_id, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE sample_course(" /* a quantity over the operations of a long run: memory that grows, for instance */
    "  sample_id INTEGER NOT NULL REFERENCES sample(id),"
    "  metric_id INTEGER NOT NULL REFERENCES metric(id),"
    "  count INTEGER NOT NULL CHECK(count * 8 = length(operations) AND count * 8 = length(\"values\")),"
    "  operations BLOB NOT NULL," /* both little-endian IEEE 754 doubles */
    "  \"values\" BLOB NOT NULL,"
    "  PRIMARY KEY(sample_id, metric_id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE profile("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  run_id INTEGER NOT NULL REFERENCES run(id),"
    "  case_id INTEGER REFERENCES suite_case(id)," /* NULL: of a command, or of a whole suite */
    "  title TEXT NOT NULL,"
    "  kind TEXT NOT NULL CHECK(kind IN('cpu','allocations')),"
    "  event TEXT NOT NULL," /* 'cpu-clock', 'cycles', 'malloc' */
    "  unit TEXT NOT NULL,"  /* of the weights: 'ns', 'cycles', 'B' */
    "  frequency_hz REAL,"   /* NULL = not sampled by time */
    "  duration_ns INTEGER NOT NULL,"
    "  sample_count INTEGER NOT NULL,"
    "  lost_count INTEGER NOT NULL,"
    "  truncated_count INTEGER NOT NULL," /* stacks whose outermost frames are missing */
    "  note TEXT,"
    "  size_bytes INTEGER NOT NULL," /* of stacks, inflated */
    "  stacks BLOB NOT NULL"         /* zlib of what harness/base/stacks.h encodes */
    ") STRICT;"
    "CREATE INDEX profile_by_run ON profile(run_id);"
    "CREATE TABLE profile_function(" /* the top of its functions, for those who query */
    "  profile_id INTEGER NOT NULL REFERENCES profile(id),"
    "  rank INTEGER NOT NULL," /* 1.. by flat weight */
    "  function TEXT NOT NULL,"
    "  object TEXT NOT NULL,"
    "  flat REAL NOT NULL,"
    "  cumulative REAL NOT NULL,"
    "  PRIMARY KEY(profile_id, rank)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE run_check(" /* verdicts of prony doctor when the run began */
    "  run_id INTEGER NOT NULL REFERENCES run(id),"
    "  position INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  verdict TEXT NOT NULL CHECK(verdict IN('pass','warn','fail','unknown')),"
    "  seen TEXT NOT NULL,"
    "  meaning TEXT NOT NULL,"
    "  remedy TEXT,"
    "  PRIMARY KEY(run_id, position)"
    ") STRICT, WITHOUT ROWID;";

static const char schema_v2_views[] =
    "DROP VIEW samples;"
    "CREATE VIEW samples AS SELECT s.id AS sample, s.run_id AS run, u.name AS suite, c.name AS name, s.round, s.process,"
    "  s.repetition, CASE s.pass WHEN 0 THEN 'timed' WHEN 1 THEN 'counters' WHEN 2 THEN 'callgrind' WHEN 3 THEN 'memory'"
    "  WHEN 4 THEN 'spans' ELSE 'profile' END AS pass,"
    "  CASE s.status WHEN 0 THEN 'ok' WHEN 1 THEN 'error' ELSE 'skipped' END AS status, s.iterations,"
    "  s.real_time_ns, s.cpu_time_ns, l.text AS label, m.text AS message,"
    "  d.text AS output_digest"
    "  FROM sample s JOIN suite_case c ON c.id = s.case_id JOIN suite u ON u.id = c.suite_id"
    "  LEFT JOIN text l ON l.id = s.label_id LEFT JOIN text m ON m.id = s.message_id"
    "  LEFT JOIN text d ON d.id = s.digest_id;"
    "DROP VIEW sample_values;"
    "CREATE VIEW sample_values AS SELECT s.id AS sample, s.run_id AS run, u.name AS suite, c.name AS name, s.round,"
    "  t.name AS metric, v.value, t.unit, CASE v.state WHEN 0 THEN 'ok' WHEN 1 THEN 'scaled' WHEN 2 THEN 'approximate'"
    "  WHEN 3 THEN 'not counted' ELSE 'unsupported' END AS state, v.running_share, x.text AS reason, y.text AS remedy"
    "  FROM sample_value v JOIN sample s ON s.id = v.sample_id JOIN metric t ON t.id = v.metric_id"
    "  JOIN suite_case c ON c.id = s.case_id JOIN suite u ON u.id = c.suite_id LEFT JOIN text x ON x.id = v.reason_id"
    "  LEFT JOIN text y ON y.id = v.remedy_id;"
    "CREATE VIEW profiles AS SELECT p.id AS profile, p.run_id AS run, u.name AS suite, c.name AS name, p.title, p.kind,"
    "  p.event, p.unit, p.frequency_hz, p.duration_ns, p.sample_count, p.lost_count, p.truncated_count, p.note"
    "  FROM profile p LEFT JOIN suite_case c ON c.id = p.case_id LEFT JOIN suite u ON u.id = c.suite_id;"
    "CREATE VIEW checks AS SELECT run_id AS run, name, verdict, seen, meaning, remedy FROM run_check;";

#endif
