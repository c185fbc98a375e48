"""Who runs models: a worker process (or thread) that owns one, and what is said to it."""
