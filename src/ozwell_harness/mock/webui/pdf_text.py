"""Reads a PDF from standard input and writes its text to standard output, as UTF-8. A program of its own.

Started by path in a process of its own, so that a hostile file can be given up: what it may cost is set from outside
and, where the system knows how, by limits that the process puts upon itself. It imports nothing but pypdf. Exit status
3 says that the file could not be read.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys

PAGES_AT_MOST = 2000
MEMORY_AT_MOST = 512 * 1024 * 1024
CPU_SECONDS_AT_MOST = 5
UNREADABLE = 3


def main() -> int:
    """Convert; the one argument is how many characters of text are wanted at most.

    Returns:
        0, or `UNREADABLE`.
    """
    _limit_self()
    try:
        text = text_of(sys.stdin.buffer.read(), int(sys.argv[1]))
    except Exception as error:  # noqa: BLE001 - whatever a hostile file brings about, it is unreadable
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return UNREADABLE
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    return 0


def text_of(content: bytes, most: int) -> str:
    """The text of all pages, parted by empty lines; reading stops after ``most`` characters.

    Raises:
        Exception: of any kind, where the file is malformed or encrypted.
    """
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pages: list[str] = []
    size = 0
    for number, page in enumerate(PdfReader(io.BytesIO(content)).pages):
        if number >= PAGES_AT_MOST or size > most:
            break
        pages.append(page.extract_text())
        size += len(pages[-1])
    return "\n\n".join(pages)


def _limit_self() -> None:
    try:
        import resource
    except ImportError:  # pragma: no cover - not on Windows, where only the time is limited, from outside
        return
    for name, value in (("RLIMIT_AS", MEMORY_AT_MOST), ("RLIMIT_CPU", CPU_SECONDS_AT_MOST)):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (value, value))


if __name__ == "__main__":
    sys.exit(main())
