"""Image parts: data URLs are decoded and looked at, http(s) URLs are never fetched, anything else is refused."""

from __future__ import annotations

import base64
import binascii
import re

from ozwell_harness.mock.errors import ApiError, invalid_value

_DATA_URL = re.compile(r"data:(image/[a-z0-9.+-]+)((?:;[^;,]+)*);base64,", re.IGNORECASE)
_WEB_URL = re.compile(r"https?://[^\s/?#]+[^\s]*\Z", re.IGNORECASE)
_MAGIC: dict[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/jpg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


def check_image(url: str, param: str) -> str:
    """The MIME type of an image; plain "image" for one that is somewhere on the web.

    Raises:
        ApiError: 400 for another scheme, corrupt base64, or bytes that are no such image.
    """
    if _WEB_URL.match(url):
        return "image"
    head = _DATA_URL.match(url)
    if head is None:
        raise invalid_value(param, "An image must be an http(s) URL or a data URL with base64 image data.")
    mime = head[1].lower()
    if mime not in _MAGIC:
        raise invalid_value(param, "The image must be a PNG, JPEG, GIF or WebP.")
    data = _decode(url[head.end() :], param)
    if not data.startswith(_MAGIC[mime]) or (mime == "image/webp" and data[8:12] != b"WEBP"):
        raise _corrupt(param, f"The data is not a valid {mime} image.")
    return mime


def _decode(text: str, param: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _corrupt(param, "The image data is not valid base64.") from None


def _corrupt(param: str, message: str) -> ApiError:
    return invalid_value(param, message)
