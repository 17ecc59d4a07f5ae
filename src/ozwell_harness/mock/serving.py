"""uvicorn's protocol, set up for the mock."""

from __future__ import annotations

from email.utils import formatdate

from uvicorn import Config
from uvicorn.server import ServerState

from ozwell_harness.mock.app import MockApp
from ozwell_harness.mock.clock import Clock

KEEP_ALIVE_S = 75
SERVER_NAME = b"ozwell-mock"


class DatedState(ServerState):
    """Writes Date for every answer by the mock's own clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._second = 0
        self._dated: list[tuple[bytes, bytes]] = []

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of every answer."""
        second = int(self._clock.now())
        if second != self._second:
            self._second = second
            self._dated = [(b"date", formatdate(second, usegmt=True).encode()), (b"server", SERVER_NAME)]
        return self._dated

    @default_headers.setter
    def default_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Nothing else is sent by default."""


def uvicorn_config(app: MockApp) -> Config:
    """What uvicorn's protocol needs to know."""
    config = Config(
        app,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    config.load()
    return config
