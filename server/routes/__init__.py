"""One module for each endpoint or dialect, named after it."""
