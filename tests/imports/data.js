window.BENCHMARK_DATA = {
  "lastUpdate": 1700000100000,
  "repoUrl": "https://example.com/repo",
  "entries": {
    "C++": [
      {
        "commit": {
          "author": {
            "name": "a"
          },
          "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "message": "change a",
          "timestamp": "2023-11-14T22:13:20Z",
          "url": "https://example.com/a"
        },
        "date": 1700000000000,
        "tool": "googlecpp",
        "benches": [
          {
            "name": "BM_sum/64",
            "value": 183.5,
            "unit": "ns/iter",
            "extra": "iterations: 4138\ncpu: 180.25 ns\nthreads: 1"
          }
        ]
      },
      {
        "commit": {
          "author": {
            "name": "a"
          },
          "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
          "message": "change b",
          "timestamp": "2023-11-15T22:13:20Z",
          "url": "https://example.com/b"
        },
        "date": 1700086400000,
        "tool": "googlecpp",
        "benches": [
          {
            "name": "BM_sum/64",
            "value": 190.5,
            "unit": "ns/iter",
            "extra": "iterations: 4000\ncpu: 188.25 ns\nthreads: 1"
          }
        ]
      }
    ],
    "Other": [
      {
        "commit": {
          "author": {
            "name": "a"
          },
          "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "message": "change a",
          "timestamp": "2023-11-14T22:13:20Z",
          "url": "https://example.com/a"
        },
        "date": 1700000050000,
        "tool": "pytest",
        "benches": [
          {
            "name": "t.py::test_x",
            "value": 2000.0,
            "unit": "iter/sec",
            "range": "stddev: 0.001",
            "extra": "mean: 500 usec\nrounds: 9"
          },
          {
            "name": "size",
            "value": 12.5,
            "unit": "MiB"
          }
        ]
      }
    ]
  }
}
