"""Rules decide: values in, a frozen dataclass with its reasons out. No database, no clock, no hidden randomness."""
