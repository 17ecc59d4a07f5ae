"""What all pages share: templates that escape, our own style and script, and a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import jinja2

from ozwell_harness.content import content_path
from ozwell_harness.reporting import text


def environment() -> jinja2.Environment:
    """Return Jinja's environment for ``reports/templates``."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(content_path("reports", "templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "percent": text.percent,
        "seconds": text.seconds,
        "number": text.number,
        "visible": text.visible,
    }
    return found


def asset(name: str) -> str:
    """Return the text of a file in ``reports/templates``."""
    return content_path("reports", "templates", name).read_text("utf-8").strip()


def policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """Return a content security policy (W3C CSP Level 3, section 2.3.1) that names all that may run, by its hash."""
    return (
        f"default-src 'none'; style-src {_digests(styles)}; script-src {_digests(scripts)}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _digests(sources: Iterable[str]) -> str:
    return " ".join(map(_digest, sources))


def _digest(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
