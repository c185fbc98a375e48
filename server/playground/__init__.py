"""The page at ``/``: an editor with live suggestions and a chat, served as static files."""
