"""How quick it is: `bin/bench [NAME]`. Not tests; see docs/benchmarks.md for what is measured how."""
