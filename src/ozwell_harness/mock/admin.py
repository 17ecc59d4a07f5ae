"""What a mock says about itself: health, metrics, journal, and the switchboard of faults. Not part of the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from ozwell_harness.mock.addresses import is_loopback
from ozwell_harness.mock.bodies import read_json
from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import ApiError, ErrorType, method_not_allowed, unknown_url
from ozwell_harness.mock.faults import UnknownFaultError, catalogue
from ozwell_harness.mock.faults.control import Armed, FaultControl
from ozwell_harness.mock.replies import encode
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.mock.validation import JsonReader
from ozwell_harness.mock.wire import ArmRequest

_READER = JsonReader(ArmRequest)
_PATHS = ("/health", "/metrics")
_PRIVATE = "/_mock/"


def is_admin_path(path: str) -> bool:
    """Whether a path belongs to the mock itself."""
    return path in _PATHS or path.startswith(_PRIVATE)


async def answer_admin(call: Call, control: FaultControl) -> Reply:
    """Answer a request about the mock.

    Raises:
        ApiError: 403 from afar, 404 for an unknown path, 405, and 400 for a fault that does not exist.
    """
    if call.path.startswith(_PRIVATE) and not is_loopback(call.client or ""):
        message = "This path answers only to clients on the same machine."
        raise ApiError(403, "insufficient_permissions", message, type=ErrorType.PERMISSION)
    if call.path == "/_mock/faults":
        return await _faults(call, control)
    pages = {"/health": _health, "/metrics": _metrics, "/_mock/journal": _journal}
    if call.path not in pages:
        raise unknown_url()
    if call.method not in ("GET", "HEAD"):
        raise method_not_allowed(("GET", "HEAD"))
    return await pages[call.path](call)


def require_one_worker(settings: MockSettings) -> None:
    """Refuse faults where several processes would each remember for themselves.

    Raises:
        ApiError: 400.
    """
    if settings.workers > 1:
        message = f"Faults act within one process, and this mock has {settings.workers}. Start it with --workers 1."
        raise ApiError(400, "unknown_fault", message)


async def _health(call: Call) -> Reply:
    metrics = await call.services.records.all_metrics()
    return Reply(200, encode({"status": "ok", "in_flight": metrics.in_flight}))


async def _metrics(call: Call) -> Reply:
    metrics = await call.services.records.all_metrics()
    return Reply(200, metrics.render().encode(), b"text/plain; version=0.0.4; charset=utf-8")


async def _journal(call: Call) -> Reply:
    entries = await call.services.records.all_entries()
    return Reply(200, encode({"entries": [entry._asdict() for entry in entries]}))


async def _faults(call: Call, control: FaultControl) -> Reply:
    if call.method == "POST":
        return await _arm(call, control)
    if call.method == "DELETE":
        scope = dict(parse_qsl(call.query.decode("latin-1"))).get("scope")
        return Reply(200, encode({"removed": control.disarm(scope)}))
    if call.method not in ("GET", "HEAD"):
        raise method_not_allowed(("DELETE", "GET", "HEAD", "POST"))
    known = [
        {
            "name": f.name,
            "description": f.description,
            "hook": f.hook,
            "kind": f.kind,
            "operations": sorted(f.operations),
        }
        for f in catalogue().values()
    ]
    return Reply(200, encode({"faults": known, "armed": [_shown(armed) for armed in control.armed]}))


async def _arm(call: Call, control: FaultControl) -> Reply:
    require_one_worker(call.services.settings)
    request: ArmRequest = await read_json(call, _READER)
    try:
        armed = control.arm(request.fault, request.scope, request.times)
    except UnknownFaultError as error:
        raise ApiError(400, "unknown_fault", str(error), param="fault") from None
    return Reply(200, encode(_shown(armed)))


def _shown(armed: Armed) -> dict[str, Any]:
    return {"fault": armed.fault.name, "scope": armed.scope, "times": armed.left}
