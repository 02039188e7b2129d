"""A test network of the real participants and a generator of its trade; made for demonstrations, tests and benchmarks."""
