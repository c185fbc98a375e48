"""What happens to a conversation before the model sees it, and to its answer before the client does."""
