"""llama-server's own API, as llama.vim, llama.vscode and others speak it (llama.cpp,
``tools/server/README.md``)."""
