"""Editors with other projects' plugins, which ask ``fimble serve`` instead of their own server."""
