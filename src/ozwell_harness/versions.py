"""The version of an API in the path of its base URL. Pure."""

from __future__ import annotations

import re

_VERSION = re.compile(r"v[0-9]+(?:[a-z]+[0-9]*)?")


def is_version(text: str) -> bool:
    """Tell whether a segment of a path names a version: ``v1``, ``v2beta1``."""
    return _VERSION.fullmatch(text) is not None


def version_of(base_url: str) -> str | None:
    """Return the version that a base URL ends in, or None."""
    last = base_url.rpartition("/")[2]
    return last if is_version(last) else None


def at_version(base_url: str, version: str | None) -> str:
    """Return the base URL of another version; the same one for None.

    Raises:
        ValueError: the URL does not end in a version.
    """
    if version is None:
        return base_url
    if version_of(base_url) is None:
        raise ValueError(f"{base_url} does not end in a version")
    return f"{base_url.rpartition('/')[0]}/{version}"
