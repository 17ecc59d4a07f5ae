"""Requests that are unusual, and harmless: what a target makes of them is seen in more than one area."""

from __future__ import annotations

import json
from dataclasses import replace

from ozwell_harness.client import JSON_TYPE, json_call, user
from ozwell_harness.exchange import Call
from ozwell_harness.target import Target

CHAT = "/chat/completions"
ORIGIN = "https://page.example"
NONCES = ("kestrel-4817", "whimbrel-3158")
_LEVELS = 20_000


def nonce_calls(target: Target) -> list[Call]:
    """Return a chat for each of ``NONCES``, whose answer ought to hold that one and no other."""
    calls = []
    for nonce in NONCES:
        body = {"model": target.model, "messages": [user(f"Repeat exactly: {nonce}")]}
        calls.append(json_call(CHAT, body, f"repeat {nonce}, at the same time as others"))
    return calls


def in_chunks(call: Call) -> Call:
    """Return the call with a chunked body."""
    return replace(call, headers=(*call.headers, ("Transfer-Encoding", "chunked")), label=f"{call.label}, in chunks")


def with_charset(call: Call) -> Call:
    """Return the call with a charset in its content type."""
    name, value = JSON_TYPE
    others = tuple(header for header in call.headers if header[0] != name)
    label = f"{call.label}, with a charset"
    return replace(call, headers=(*others, (name, f"{value}; charset=utf-8")), label=label)


def nested_call(target: Target) -> Call:
    """Return a chat whose content is nested deeper than a recursive parser can bear, sent by a page of ``ORIGIN``."""
    deep = "[" * _LEVELS + "]" * _LEVELS
    body = f'{{"model": {json.dumps(target.model)}, "messages": [{{"role": "user", "content": {deep}}}]}}'
    headers = (JSON_TYPE, ("Origin", ORIGIN))
    return Call("POST", CHAT, f"content nested {_LEVELS} levels deep", headers, body.encode())
