"""A whole page made of templates, safe whatever is in it.

Everything from outside passes Jinja's escaping as text; the only script and style are ours, named by hash in a content
security policy (W3C CSP Level 3, section 2.3.1) that forbids everything else, network included.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

import jinja2
from markupsafe import Markup

from ozwell_harness import __version__
from ozwell_harness.content import content_path
from ozwell_harness.reporting import text


def page(template: str, *, styles: Iterable[str], scripts: Iterable[str], **values: Any) -> str:
    """Return a page; all names are of files in ``reports/templates``."""
    style, script = (
        "\n".join(content_path("reports", "templates", name).read_text("utf-8").strip() for name in names)
        for names in (styles, scripts)
    )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(content_path("reports", "templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": text.percent, "seconds": text.seconds, "visible": text.visible}
    return environment.get_template(template).render(
        version=__version__,
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:;"
        " base-uri 'none'; form-action 'none'",
        # Markup: our own files.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        **values,
    )


def _digest(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
