"""From an uploaded file to its text: plain text in UTF-8 or UTF-16, or a PDF."""

from __future__ import annotations

import asyncio
import codecs
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ozwell_harness.mock.errors import ApiError, invalid_value
from ozwell_harness.mock.webui.pdf_text import text_of

#: How long the text of a PDF may take to be found.
PDF_SECONDS = 8.0
#: A PDF may have other bytes before its header (ISO 32000-1, annex H.3, note 13).
_PDF_WITHIN = 1024
_PDF_PROGRAM = Path(__file__).with_name("pdf_text.py")
#: Control characters that no text holds.
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


#: Makes text of the bytes of a PDF, so many characters at most; raises an ApiError where it cannot.
PdfReader = Callable[[bytes, int], str]


async def read_document(content: bytes, most: int, read_pdf: PdfReader) -> str:
    """The text of a file, ``most`` characters of it at most; ``read_pdf`` is called in a thread.

    Raises:
        ApiError: 400 where it is neither text nor a readable PDF or has no text in it, 413 where it has too much.
    """
    is_pdf = b"%PDF-" in content[:_PDF_WITHIN]
    text = await asyncio.to_thread(read_pdf, content, most) if is_pdf else _plain_text(content)
    if len(text) > most:
        message = f"The file has more than {most} characters of text in it."
        raise ApiError(413, "request_too_large", message, param="file")
    if not text.strip():
        raise invalid_value("file", "The file has no text in it.")
    return text


def _plain_text(content: bytes) -> str:
    coding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = content.decode(coding)
    except UnicodeDecodeError:
        raise _unreadable("The file is neither a text in UTF-8 nor a PDF.") from None
    if _BINARY.search(text):
        raise _unreadable("The file is binary; send a text or a PDF.")
    return text


def read_pdf_apart(content: bytes, most: int) -> str:
    """Read a PDF in a process of its own, which a hostile one cannot leave.

    Raises:
        ApiError: 400 where it cannot be read, or not in time.
    """
    # -P: what lies beside the program must not be taken for the standard library.
    command = [sys.executable, "-P", str(_PDF_PROGRAM), str(most)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=PDF_SECONDS, check=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _unreadable(f"The PDF could not be read within {PDF_SECONDS:g} s.") from None
    except subprocess.CalledProcessError:
        raise _unreadable("The PDF is malformed or encrypted.") from None
    return done.stdout.decode("utf-8", "replace")


def read_pdf_here(content: bytes, most: int) -> str:
    """Read a PDF in this process, at a hundredth of the cost: only for those whose maker is trusted.

    Raises:
        ApiError: 400 where it cannot be read.
    """
    try:
        return text_of(content, most)
    except Exception:  # noqa: BLE001 - as pypdf raises it
        raise _unreadable("The PDF is malformed or encrypted.") from None


def _unreadable(message: str) -> ApiError:
    return invalid_value("file", message)
