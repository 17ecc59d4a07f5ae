"""Small PDFs, made by hand so that hostile ones can be made too."""

from __future__ import annotations

import zlib

FONT = b"/Resources << /Font << /F1 5 0 R >> >>"


def pdf_of(*lines: str, times: int = 1) -> bytes:
    """A PDF of one page with these lines of plain ASCII, `times` over."""
    shown = "".join(f"0 -14 Td ({line}) Tj\n" for line in lines).encode()
    return pdf_with(b"BT /F1 12 Tf 10 700 Td\n" + shown * times + b"ET\n")


def pdf_with(content: bytes) -> bytes:
    """A PDF of one page with this content stream."""
    packed = zlib.compress(content, 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R %b >>" % FONT,
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + head + table + tail
