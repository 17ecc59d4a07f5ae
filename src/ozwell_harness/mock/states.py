"""The places where a mock keeps its state: its own memory, or a Redis."""

from __future__ import annotations

from typing import Protocol

from ozwell_harness.mock.limits import Limiter, MemoryLimiter
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.mock.shared.place import RedisPlace
from ozwell_harness.mock.stock import STOCKED_TENANT, stocked_files
from ozwell_harness.mock.store import MemoryStore, Store
from ozwell_harness.mock.webui.store import MemoryWebUiStore, WebUiStore


class State(Protocol):
    """All that a mock keeps, to be opened before it is used."""

    @property
    def store(self) -> Store:
        """Files and conversations."""
        ...

    @property
    def webui(self) -> WebUiStore:
        """Chats, documents, configurations and deployments of the Open WebUI dialect."""
        ...

    @property
    def limiter(self) -> Limiter:
        """Rate limits."""
        ...

    async def open(self) -> None:
        """Make ready, with the stock in it.

        Raises:
            MockSettingsError: the place cannot be reached, or holds less than the stock.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


def state_of(settings: MockSettings) -> State:
    """The place that the settings name; nothing is connected yet."""
    return MemoryState(settings) if settings.place is None else RedisState(settings, settings.place)


class MemoryState:
    """State in this process, gone with it."""

    def __init__(self, settings: MockSettings) -> None:
        bounds = settings.bounds
        self.store = MemoryStore(bounds.files, bounds.conversations)
        self.webui = MemoryWebUiStore(bounds.chats, bounds.documents)
        self.limiter = MemoryLimiter(settings.clock)
        self.store.fill(STOCKED_TENANT, stocked_files(settings.stock, int(settings.clock.now())))

    async def open(self) -> None:
        """Nothing is to be done."""

    async def close(self) -> None:
        """Nothing is to be done."""


class RedisState:
    """State in a Redis, shared by all mocks that use the same namespace."""

    def __init__(self, settings: MockSettings, place: RedisPlace) -> None:
        from ozwell_harness.mock.shared.limiter import RedisLimiter
        from ozwell_harness.mock.shared.link import Link
        from ozwell_harness.mock.shared.store import RedisStore
        from ozwell_harness.mock.shared.webui import RedisWebUiStore

        self._link = Link(place)
        self._stock = stocked_files(settings.stock, int(settings.clock.now()))
        bounds = settings.bounds
        self.store = RedisStore(self._link, bounds.files, bounds.conversations)
        self.webui = RedisWebUiStore(self._link, bounds.chats, bounds.documents)
        self.limiter = RedisLimiter(self._link)

    async def open(self) -> None:
        """See that Redis is there, and put the stock into it.

        Raises:
            MockSettingsError: it is not, or there is no room.
        """
        await self._link.check()
        await self.store.fill(STOCKED_TENANT, self._stock)

    async def close(self) -> None:
        """Give the connections back."""
        await self._link.close()
