"""The engine of another machine: a fimble server, asked over HTTP, with the local model behind it."""
