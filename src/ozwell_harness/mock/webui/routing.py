"""From path to operation (API Integration Documentation, API Endpoints and API Versioning)."""

from __future__ import annotations

from urllib.parse import unquote

from ozwell_harness.mock.routing import UNKNOWN, Match, Operation, unsupported

VERSIONS = ("v1", "v2")

_FIXED: dict[str, dict[str, Operation]] = {
    "chat/completions": {"POST": Operation.CREATE_CHAT},
    "chat/history": {"GET": Operation.RETRIEVE_HISTORY},
    "rag/documents": {"POST": Operation.CREATE_DOCUMENT},
    "rag/query": {"POST": Operation.QUERY_DOCUMENTS},
}
_OF_A_MODEL: dict[str, dict[str, Operation]] = {
    "config": {"PUT": Operation.CONFIGURE_MODEL},
    "deploy": {"POST": Operation.DEPLOY_MODEL},
}
_MODELS = "models/"
_PREFIX = "/api/"


def match_webui(raw_path: str) -> Match:
    """Match a path as it was sent, still percent-encoded; a model id is decoded once and may hold slashes."""
    version, _, rest = raw_path.removeprefix(_PREFIX).partition("/")
    if not raw_path.startswith(_PREFIX) or not version:
        return UNKNOWN
    if version not in VERSIONS:
        return unsupported(version, VERSIONS)
    methods, identifier = _FIXED.get(rest, {}), ""
    if rest.startswith(_MODELS):
        identifier, _, what = rest.removeprefix(_MODELS).rpartition("/")
        methods = _OF_A_MODEL.get(what, {}) if identifier else {}
    return Match(methods, unquote(identifier), version)
