"""The server of the HTTP tests, for what is done to it here."""

from tests.e2e.server.conftest import serve as serve
