CREATE TABLE IF NOT EXISTS llama_bench (
  build_commit TEXT,
  build_number INTEGER,
  cpu_info TEXT,
  gpu_info TEXT,
  backends TEXT,
  model_filename TEXT,
  model_type TEXT,
  model_size INTEGER,
  model_n_params INTEGER,
  n_batch INTEGER,
  n_ubatch INTEGER,
  n_threads INTEGER,
  type_k TEXT,
  type_v TEXT,
  n_gpu_layers INTEGER,
  flash_attn INTEGER,
  use_mmap INTEGER,
  n_prompt INTEGER,
  n_gen INTEGER,
  n_depth INTEGER,
  test_time TEXT,
  avg_ns INTEGER,
  stddev_ns INTEGER,
  avg_ts REAL,
  stddev_ts REAL
);

INSERT INTO llama_bench (build_commit, build_number, cpu_info, gpu_info, backends, model_filename, model_type, model_size, model_n_params, n_batch, n_ubatch, n_threads, type_k, type_v, n_gpu_layers, flash_attn, use_mmap, n_prompt, n_gen, n_depth, test_time, avg_ns, stddev_ns, avg_ts, stddev_ts) VALUES ('abc1234', '5000', 'A CPU', '', 'CPU', 'models/tiny.gguf', 'it''s 1B Q8_0', '1000', '500', '2048', '512', '8', 'f16', 'q8_0', '-1', '0', '1', '512', '0', '0', '2026-02-01T10:00:00Z', '2000000000', '0', '256.000000', '0.000000');
INSERT INTO llama_bench (build_commit, build_number, cpu_info, gpu_info, backends, model_filename, model_type, model_size, model_n_params, n_batch, n_ubatch, n_threads, type_k, type_v, n_gpu_layers, flash_attn, use_mmap, n_prompt, n_gen, n_depth, test_time, avg_ns, stddev_ns, avg_ts, stddev_ts) VALUES ('abc1234', '5000', 'A CPU', '', 'CPU', 'models/tiny.gguf', 'it''s 1B Q8_0', '1000', '500', '2048', '512', '8', 'f16', 'q8_0', '-1', '0', '1', '0', '128', '1024', '2026-02-01T10:00:10Z', '4000000000', '0', '32.000000', '0.000000');
