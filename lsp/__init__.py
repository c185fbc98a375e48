"""The language server: documents, context around the cursor, the life of a suggestion."""
