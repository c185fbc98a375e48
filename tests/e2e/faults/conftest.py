"""Real servers, HTTP and LSP, for what is done to them here, and disks that are full or cannot be written."""

from tests.e2e.lsp.conftest import home as home
from tests.e2e.lsp.conftest import start as start
from tests.e2e.server.conftest import serve as serve

from .disks import small_disk as small_disk
