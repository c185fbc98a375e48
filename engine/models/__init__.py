"""Model files: where they are, whether they are sound, what they say of themselves."""
