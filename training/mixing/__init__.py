"""How far a model is to believe what the project says: measured token by token, and fitted."""
