"""Files that keep keys and passwords, told by their names alone.

The names are those that other tools treat as secret: gitleaks, gitrob and the ignore lists of editors.
"""

from __future__ import annotations

import re
from fnmatch import translate

_NAMES = """
    .env .env.* .env-* .env_* *.env .envrc .envrc.* .dev.vars .rbenv-vars
    *.pem *.key *.p8 *.p12 *.pk8 *.pfx *.pkcs12 *.jks *.keystore *.ppk *.asc *.gpg *.keytab krb5cc_*
    *.kdb *.kdbx *.keychain *.keychain-db *.kwallet *.psafe3 *.agilekeychain *.opvault *.bek *.ovpn *.rdp
    id_rsa* id_dsa* id_ecdsa* id_ed25519* *_rsa *_dsa *_ecdsa *_ed25519 known_hosts authorized_keys
    .netrc _netrc .pgpass pgpass.conf .pg_service.conf .my.cnf .mylogin.cnf .htpasswd .htdigest
    shadow shadow- gshadow gshadow- .databrickscfg
    .npmrc .yarnrc .yarnrc.yml .pypirc .git-credentials .dockercfg .dockerconfigjson .s3cfg .boto
    .terraformrc terraform.rc *.tfrc.json *.tfvars *.tfvars.json *.tfstate *.tfstate.*
    .vault-token .vault[-_]pass* vault[-_]pass* kubeconfig *.kubeconfig rclone.conf
    *service[-_]account*.json *serviceaccount*.json *clientsecret*.json *firebase*adminsdk*.json
    application_default_credentials.json accesstokens.json local.settings.json auth.json
    sftp-config.json .ftpconfig filezilla.xml sitemanager.xml recentservers.xml robomongo.json
    *.passwd *.token token.txt
    apikey apikey.* apikeys apikeys.* api[-_]key api[-_]key.* api[-_]keys api[-_]keys.*
    privatekey privatekey.* private[-_]key private[-_]key.* *.private_key secret_token.*
    .*_history .history .muttrc
"""
_WORDS = frozenset(["credential", "credentials", "secret", "secrets", "password", "passwords"])
_FOLDERS = frozenset([".ssh", ".gnupg", ".oci", ".password-store"])
_PLACES = frozenset(
    [
        (".aws", "config"), (".kube", "config"), (".docker", "config.json"), ("gh", "hosts.yml"),
        (".azure", "azureprofile.json"), (".azure", "msal_token_cache.json"), ("hub", "hub"),
    ]
)  # fmt: skip
_SECRET = re.compile("|".join(translate(name) for name in _NAMES.split()))
_SOURCE = re.compile(
    r"\.(py|js|ts|tsx|jsx|go|rs|c|h|cc|cpp|hpp|java|cs|rb|php|lua|html|css|scss|md|vue|svelte)$"
)
_COPY = re.compile(r"(~|\.(bak|backup|old|orig|save|swp|swo|tmp))$")


def looks_secret(path: str) -> bool:
    """Whether keys and passwords are kept under such a name; source code never is, unless in a folder
    that holds nothing else. Both ``/`` and ``\\`` part folders; upper and lower case are the same."""
    *folders, name = re.split(r"[/\\]", path.lower())
    if not _FOLDERS.isdisjoint(folders):
        return True
    name = _COPY.sub("", name)
    if (*folders[-1:], name) in _PLACES:
        return True
    if _SOURCE.search(name):
        return False
    return bool(_SECRET.match(name)) or not _WORDS.isdisjoint(re.split(r"[._\s-]", name))
