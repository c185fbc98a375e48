"""From a request to the token ids that a model was trained on: formats, windows, layout."""
