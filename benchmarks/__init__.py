"""How fast and how large: `python -m benchmarks`, explained in docs/benchmarks.md."""
