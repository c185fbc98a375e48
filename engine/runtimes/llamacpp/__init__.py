"""llama.cpp through the C functions that the xllamacpp wheel exports."""
