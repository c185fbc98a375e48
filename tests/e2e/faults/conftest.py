"""The server of the HTTP tests and the language server of its own, for what is done to them here."""

from tests.e2e.lsp.conftest import home as home
from tests.e2e.lsp.conftest import start as start
from tests.e2e.server.conftest import serve as serve
