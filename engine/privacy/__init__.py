"""Which files are never read, sent or suggested for. Every door asks here before it reads a file."""
