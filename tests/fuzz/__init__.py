"""Readers of what comes from outside, fed by a fuzzer that watches which branches it reaches (atheris, an extra)."""
