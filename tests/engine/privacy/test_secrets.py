"""Names under which secrets are kept, and names that only look a little like them."""

from __future__ import annotations

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import PrivateFile
from fimble.engine.privacy.guard import guarded
from fimble.engine.privacy.secrets import looks_secret
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest, Snippet


@pytest.mark.parametrize(
    "name",
    [".env", ".env.local", "prod.env", ".env-prod", ".envrc", ".ENV", "server.pem", "id_rsa",
     "id_ed25519.pub", "deploy_rsa", "AuthKey_12AB.p8", "credentials.json", ".netrc", "aws_credentials",
     "my-secrets.yaml", "client_secret_12.json", "passwords.txt", "db passwords.txt", ".npmrc", "store.kdbx",
     "prod.tfvars", "prod.auto.tfvars.json", "terraform.tfstate.backup", ".vault-token", ".vault_pass.txt",
     ".my.cnf", "service-account.json", "service_account-prod.json", "serviceAccountKey.json",
     "shop-firebase-adminsdk-x1.json", "api_key.txt", "apikeys.yaml", "private_key.txt", ".bash_history",
     ".env.bak", ".netrc~", "server.key.old", "id_rsa.bak", "kubeconfig", ".pgpass", "auth.json"],
)  # fmt: skip
def test_secrets_are_recognised(name: str) -> None:
    assert looks_secret(name)
    assert looks_secret(f"/home/ann/project/{name}")
    assert looks_secret(f"C:\\work\\{name.upper()}")


@pytest.mark.parametrize(
    "name",
    ["environment.py", "passwd", "secrets.py", "credentials.ts", "monkey.txt", "a.py", "api_monkey.json",
     "keyboard.json", "tokens.json", "tokenizer.json", "passworded", "history.md", "main.tf", "config.json",
     "env.d.ts", "secretary.txt", "", "."],
)  # fmt: skip
def test_other_files_are_not(name: str) -> None:
    assert not looks_secret(name)
    assert not looks_secret(f"src/{name}")


def test_some_names_are_secret_in_some_folders_only() -> None:
    for path in (
        ".docker/config.json",
        "/home/a/.ssh/config",
        "/home/a/.gnupg/x.py",
        "~/.config/gh/hosts.yml",
    ):
        assert looks_secret(path)
    for path in ("docker/config.json", "ansible/hosts.yml", "ssh/config", ".aws/buildspec.yml"):
        assert not looks_secret(path)


class TestTheEngineItself:
    """Whatever a door lets through, the engine looks again."""

    async def test_refuses_to_suggest_for_a_secret(self) -> None:
        engine = Engine(Settings(model="fake", isolation="thread"))
        try:
            for path in ("config/.env", "config\\.env"):
                with pytest.raises(PrivateFile, match=r"^\.env looks like a file with secrets"):
                    await engine.complete(FimRequest("TOKEN=", "", path=path))
                with pytest.raises(PrivateFile):
                    await engine.warm(FimRequest("TOKEN=", "", path=path))
        finally:
            await engine.close()

    def test_leaves_out_what_was_taken_from_secrets(self) -> None:
        plain = Snippet("b.py", "def b(): ...")
        pieces = (Snippet("prod.env", "A=1"), plain)
        request = FimRequest("", "", path="a.py", snippets=pieces, beside=pieces)
        assert guarded(request).snippets == (plain,)
        assert guarded(request).beside == (plain,)
        assert guarded(guarded(request)) is not request
