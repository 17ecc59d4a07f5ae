"""Finds the content folders (``spec``, ``suites``, ``loadtests`` …) in a wheel or a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_PACKAGE = Path(__file__).resolve().parent


def content_path(*parts: str) -> Path:
    """Return the path of a content file or folder.

    A wheel carries the folders under ``_content``; an editable checkout has them two levels above the package.

    Raises:
        FileNotFoundError: the installation lacks it.
    """
    bundled = _PACKAGE / "_content"
    root = bundled if bundled.is_dir() else _PACKAGE.parent.parent
    path = root.joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(f"{'/'.join(parts)} is missing from this installation of ozwell-harness.")
    return path


#: libyaml where PyYAML was built with it: ten times as fast on a large specification.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(*parts: str) -> Any:
    """Return the value in a YAML (or JSON) content file.

    Raises:
        FileNotFoundError: the installation lacks it.
        yaml.YAMLError: it is not valid YAML.
    """
    return parse_yaml(content_path(*parts).read_text("utf-8"))


def parse_yaml(text: str) -> Any:
    """Return the value that a YAML (or JSON) text holds.

    Raises:
        yaml.YAMLError: it is not valid YAML.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
