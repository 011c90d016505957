"""Benchmarks: workloads, floors, and honest figures. `make bench ARGS=ingest`."""
