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

/* Version 3: what was judged. Names of runs, comparisons and what came out of them, summaries of runs whose samples
 * were thrown away; the number of samples of a run that has ended, so that a list of 10,000 runs counts nothing. */
static const char schema_v3_tables[] =
    "ALTER TABLE run ADD COLUMN sample_count INTEGER;" /* NULL = not known: count */
    "ALTER TABLE run ADD COLUMN case_count INTEGER;"
    "ALTER TABLE run ADD COLUMN pruned_ns INTEGER;" /* when its samples went; NULL = they are there */
    "CREATE INDEX run_by_start ON run(started_ns);"
    /* With what a history asks for, so that 10,000 runs are 10,000 seeks in one tree and not 60,000 in two. */
    "DROP INDEX sample_by_run_case;"
    "CREATE INDEX sample_by_run_case ON sample(run_id, case_id, id, pass, status, process, real_time_ns, cpu_time_ns);"
    "CREATE TABLE run_tag("
    "  name TEXT PRIMARY KEY,"
    "  run_id INTEGER NOT NULL REFERENCES run(id),"
    "  note TEXT,"
    "  created_ns INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX run_tag_by_run ON run_tag(run_id);"

    "CREATE TABLE comparison(" /* two runs: round i of one is paired with round i of the other */
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  uuid TEXT NOT NULL UNIQUE,"
    "  kind TEXT NOT NULL CHECK(kind IN('ab','aa'))," /* aa: one build on both sides */
    "  base_run_id INTEGER NOT NULL REFERENCES run(id),"
    "  candidate_run_id INTEGER NOT NULL REFERENCES run(id),"
    "  base_name TEXT NOT NULL,"
    "  candidate_name TEXT NOT NULL,"
    "  seed TEXT NOT NULL," /* decimal, as run.seed */
    "  look INTEGER NOT NULL,"
    "  look_count INTEGER NOT NULL,"
    "  identical_binaries INTEGER NOT NULL CHECK(identical_binaries IN(0,1)),"
    "  created_ns INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX comparison_by_runs ON comparison(base_run_id, candidate_run_id);"
    "CREATE INDEX comparison_by_candidate ON comparison(candidate_run_id);"
    "CREATE TABLE comparison_outcome("
    "  comparison_id INTEGER NOT NULL REFERENCES comparison(id),"
    "  case_id INTEGER NOT NULL REFERENCES suite_case(id),"
    "  metric TEXT NOT NULL,"
    "  effect REAL," /* ln(candidate / base); NULL = none */
    "  low REAL,"
    "  high REAL,"
    "  p REAL,"
    "  noise REAL,"
    "  pairs INTEGER NOT NULL,"
    "  verdict TEXT NOT NULL,"
    "  PRIMARY KEY(comparison_id, case_id, metric)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE summary(" /* of a pruned run: one metric of one case over its processes */
    "  case_id INTEGER NOT NULL REFERENCES suite_case(id),"
    "  metric_id INTEGER NOT NULL REFERENCES metric(id)," /* also real_time and cpu_time, in ns */
    "  pass INTEGER NOT NULL CHECK(pass BETWEEN 0 AND 5),"
    "  run_id INTEGER NOT NULL REFERENCES run(id),"
    "  count INTEGER NOT NULL,"
    "  median REAL NOT NULL,"
    "  low REAL," /* 95 % interval of the median; NULL = too few values */
    "  high REAL,"
    "  minimum REAL,"
    "  maximum REAL,"
    "  mean REAL,"
    "  robust_sd REAL,"
    "  PRIMARY KEY(case_id, metric_id, pass, run_id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX summary_by_run ON summary(run_id, case_id);"
    "CREATE TABLE summary_case(" /* of a pruned run: what else its samples said about a case */
    "  run_id INTEGER NOT NULL REFERENCES run(id),"
    "  case_id INTEGER NOT NULL REFERENCES suite_case(id),"
    "  sample_count INTEGER NOT NULL," /* good timed ones */
    "  error_count INTEGER NOT NULL,"
    "  skip_count INTEGER NOT NULL,"
    "  label_id INTEGER REFERENCES text(id),"
    "  message_id INTEGER REFERENCES text(id),"
    "  digest_id INTEGER REFERENCES text(id),"
    "  outputs_differ INTEGER NOT NULL CHECK(outputs_differ IN(0,1)),"
    "  PRIMARY KEY(run_id, case_id)"
    ") STRICT, WITHOUT ROWID;";

static const char schema_v3_views[] =
    "DROP VIEW runs;"
    "CREATE VIEW runs AS SELECT r.id AS run, r.uuid,"
    "  datetime(r.started_ns / 1000000000, 'unixepoch') AS started_utc,"
    "  round((r.ended_ns - r.started_ns) / 1e9, 1) AS duration_s, r.plan, r.status,"
    "  coalesce(r.sample_count, (SELECT count(*) FROM sample WHERE run_id = r.id)) AS samples,"
    "  (SELECT count(*) FROM failure WHERE run_id = r.id) AS failures,"
    "  b.git_branch, b.git_commit, b.git_dirty, m.fingerprint AS machine, r.seed, r.command,"
    "  (SELECT group_concat(name, ' ') FROM run_tag WHERE run_id = r.id) AS tags,"
    "  datetime(r.pruned_ns / 1000000000, 'unixepoch') AS pruned_utc"
    "  FROM run r JOIN build b ON b.id = r.build_id JOIN machine m ON m.id = r.machine_id;"
    "CREATE VIEW tags AS SELECT name AS tag, run_id AS run, note,"
    "  datetime(created_ns / 1000000000, 'unixepoch') AS created_utc FROM run_tag;"
    "CREATE VIEW comparisons AS SELECT c.id AS comparison, c.uuid, c.kind,"
    "  datetime(c.created_ns / 1000000000, 'unixepoch') AS created_utc, c.base_run_id AS base_run,"
    "  c.candidate_run_id AS candidate_run, c.base_name, c.candidate_name, c.look, c.look_count,"
    "  c.identical_binaries, m.fingerprint AS machine, c.seed"
    "  FROM comparison c JOIN run r ON r.id = c.base_run_id JOIN machine m ON m.id = r.machine_id;"
    "CREATE VIEW outcomes AS SELECT o.comparison_id AS comparison, u.name AS suite, c.name AS name, o.metric,"
    "  o.effect AS log_ratio, o.low AS log_ratio_low, o.high AS log_ratio_high, o.p, o.noise, o.pairs, o.verdict"
    "  FROM comparison_outcome o JOIN suite_case c ON c.id = o.case_id JOIN suite u ON u.id = c.suite_id;"
    "CREATE VIEW summaries AS SELECT s.run_id AS run, u.name AS suite, c.name AS name, t.name AS metric, t.unit,"
    "  CASE s.pass WHEN 0 THEN 'timed' WHEN 1 THEN 'counters' WHEN 2 THEN 'callgrind' WHEN 3 THEN 'memory'"
    "  WHEN 4 THEN 'spans' ELSE 'profile' END AS pass, s.count, s.median, s.low, s.high, s.minimum, s.maximum, s.mean,"
    "  s.robust_sd FROM summary s JOIN suite_case c ON c.id = s.case_id JOIN suite u ON u.id = c.suite_id"
    "  JOIN metric t ON t.id = s.metric_id;";

#endif
