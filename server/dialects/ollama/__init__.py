"""Ollama's API, as its own clients, Continue and Zed speak it (ollama, ``docs/api.md`` and
``api/types.go``)."""
