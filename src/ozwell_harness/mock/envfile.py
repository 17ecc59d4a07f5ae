"""The variables that point a client at a running mock."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ozwell_harness.mock.settings import MockSettings

#: A model of its own for what changes a model: chats with the usual one go on as before.
_OF_PROFILE: Mapping[str, Mapping[str, str]] = {"openwebui": {"OZWELL_DEPLOYABLE_MODEL": "gpt-3.5-turbo"}}


def client_environment(settings: MockSettings, base_url: str) -> dict[str, str]:
    """Name and value of every variable, in the order in which they are written."""
    secrets = settings.secrets
    variables = {
        "OZWELL_BASE_URL": base_url,
        "OZWELL_API_KEY": secrets.main,
        "OZWELL_MODEL": "gpt-4",
        "OZWELL_EMBEDDING_MODEL": "text-embedding-ada-002",
        "OZWELL_LIMITED_API_KEY": secrets.limited,
        "OZWELL_OTHER_API_KEY": secrets.other,
        "OZWELL_RESTRICTED_API_KEY": secrets.restricted,
        "OZWELL_REVOKED_API_KEY": secrets.revoked,
    }
    return {**variables, **_OF_PROFILE.get(settings.profile, {})}


def write_env_file(path: Path, variables: Mapping[str, str]) -> None:
    """Write `KEY=value` lines, readable by the owner only and complete from the first moment.

    Raises:
        OSError: the folder is missing or cannot be written.
    """
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)  # noqa: PTH105 - the rename that replaces, on every system
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
