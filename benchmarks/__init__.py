"""Where the figures about speed come from: python -m benchmarks (see README.md)."""
