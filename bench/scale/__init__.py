"""How many machines people need: a simulation with measured times, and its check with real processes."""
