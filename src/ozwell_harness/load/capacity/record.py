"""The record of a search: a line of parameters, then one for each part as it ends; searches are resumed from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ozwell_harness.load.capacity.trials import Step

FILE_NAME = "trials.jsonl"
#: Changes whenever a search would decide otherwise by the same observations: an old record then cannot be resumed.
FORMAT = "urn:ozwell-harness:trials:1"


class RecordError(ValueError):
    """A search cannot be resumed. The message is one plain sentence that says why and what to do."""


class _Header(msgspec.Struct, frozen=True):
    format: str
    parameters: dict[str, str]


_decoder = msgspec.json.Decoder(Step)


@dataclass(frozen=True, slots=True)
class Record:
    """The record in a folder."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / FILE_NAME

    def begin(self, parameters: Mapping[str, str]) -> tuple[Step, ...]:
        """Return what was recorded under the same parameters; begin the record when there is none.

        A line that is not whole is what a kill left behind: it is cut off, and its part will be run again.

        Raises:
            RecordError: other parameters were recorded, or it cannot be read.
            OSError: it cannot be written.
        """
        if not self.path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._append(msgspec.json.encode(_Header(FORMAT, dict(parameters))))
            return ()
        lines = self._whole_lines()
        if not lines:
            self.path.unlink()
            return self.begin(parameters)
        self._check(lines[0], parameters)
        try:
            return tuple(_decoder.decode(line) for line in lines[1:])
        except msgspec.DecodeError as error:
            raise RecordError(f"The record {self.path} cannot be read: {error}. Choose another --out.") from None

    def add(self, step: Step) -> None:
        """Keep a part that has ended, for good.

        Raises:
            OSError: it cannot be written.
        """
        self._append(msgspec.json.encode(step))

    def _append(self, line: bytes) -> None:
        with self.path.open("ab") as stream:
            stream.write(line + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def _whole_lines(self) -> list[bytes]:
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
        return whole.splitlines()

    def _check(self, line: bytes, parameters: Mapping[str, str]) -> None:
        try:
            header = msgspec.json.decode(line, type=_Header)
        except msgspec.DecodeError as error:
            raise RecordError(f"{self.path} is no record of a search: {error}. Choose another --out.") from None
        if header.format != FORMAT:
            raise RecordError(
                f"{self.path} was written by another version ({header.format}): choose another --out to begin anew."
            )
        for name in sorted({*header.parameters, *parameters}):
            before, now = header.parameters.get(name, "none"), parameters.get(name, "none")
            if before != now:
                raise RecordError(
                    f"The search in {self.folder} was begun with another {name}: expected {before}, got {now}."
                    " Ask for the same again to resume it, or choose another --out to begin anew."
                )
