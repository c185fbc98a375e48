"""Everything that tree-sitter knows about a source text; the only room that imports it."""
