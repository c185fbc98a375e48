"""One module for each LSP method, named after it."""
