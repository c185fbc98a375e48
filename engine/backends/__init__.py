"""What runs models. Only the module ``X.py`` here imports the runtime X."""
