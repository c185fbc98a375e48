"""What of a workspace is put into a prompt ahead of the file: definitions, similar text, recent edits."""
