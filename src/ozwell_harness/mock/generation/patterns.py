"""A string that matches a simple regular expression, built from the expression itself; never by trying.

Covers literals, escapes, classes, groups, alternation and quantifiers. Look-arounds and back references are passed
over.
"""

from __future__ import annotations

REPEAT_AT_MOST = 64

_CLASSES = {"d": "0", "D": "a", "w": "a", "W": "-", "s": " ", "S": "a", "n": "\n", "t": "\t", "r": "\r"}
_PRINTABLE = "abcxyzABC0123456789 -_./!#%&=~"


def matching(pattern: str) -> str:
    """A short string for the pattern; the best guess where the pattern is beyond this reader."""
    reader = _Reader(pattern)
    try:
        return reader.alternatives()
    except (IndexError, ValueError, RecursionError):
        return ""


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self) -> str:
        first = self.sequence()
        while self.peek() == "|":
            self.at += 1
            self.sequence()
        return first

    def sequence(self) -> str:
        out: list[str] = []
        while self.at < len(self.pattern) and self.peek() not in "|)":
            out.append(self.quantified(self.atom()))
        return "".join(out)

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        return char

    def atom(self) -> str:
        char = self.take()
        if char in "^$":
            return ""
        if char == ".":
            return "a"
        if char == "\\":
            return self.escape()
        if char == "[":
            return self.char_class()
        return self.group() if char == "(" else char

    def escape(self) -> str:
        char = self.take()
        if char in "bBAZ":
            return ""
        if char in "xu":
            digits = 2 if char == "x" else 4
            code = self.pattern[self.at : self.at + digits]
            self.at += digits
            return chr(int(code, 16))
        return _CLASSES.get(char, char)

    def group(self) -> str:
        silent = self.pattern.startswith(("?=", "?!", "?<=", "?<!"), self.at)
        if self.peek() == "?":
            self.at += 1
            while self.take() not in ":=!>":
                pass
        inner = self.alternatives()
        self.take()
        return "" if silent else inner

    def char_class(self) -> str:
        negated = self.peek() == "^"
        self.at += negated
        members: list[str] = []
        first = True
        while first or self.peek() != "]":
            first = False
            members.append(self.class_member())
        self.take()
        if not negated:
            return members[0][0]
        banned = "".join(members)
        return next((char for char in _PRINTABLE if char not in banned), "\u00e9")

    def class_member(self) -> str:
        char = self.take()
        if char == "\\":
            char = {"d": "0123456789", "w": "abcxyzABC0123456789_", "s": " \t\n"}.get(self.peek(), "") or self.escape()
            if len(char) > 1:
                self.at += 1
                return char
        if self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
            self.at += 1
            last = self.take()
            last = self.escape() if last == "\\" else last
            return "".join(map(chr, range(ord(char), min(ord(last), ord(char) + 200) + 1)))
        return char

    def quantified(self, atom: str) -> str:
        least = 1
        if self.peek() in ("*", "?"):
            self.at += 1
            least = 0
        elif self.peek() == "+":
            self.at += 1
        elif self.peek() == "{":
            least = self.braces()
        if self.peek() in ("?", "+") and self.pattern[self.at - 1] in "*+?}":
            self.at += 1
        return atom * min(least, REPEAT_AT_MOST)

    def braces(self) -> int:
        end = self.pattern.index("}", self.at)
        lower = self.pattern[self.at + 1 : end].split(",")[0]
        self.at = end + 1
        return int(lower or 0)
