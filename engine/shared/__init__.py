"""One engine for all editors of a person: a small service on a private socket, found or started on demand."""
