"""Other programs' APIs over the same engine: each is a translation at the edge, and back."""
