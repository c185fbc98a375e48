"""What is told to the engine about a cursor: the text around it, other files, line or block."""
