"""Everything that can be chosen about a mock, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ozwell_harness.mock.clock import Clock
from ozwell_harness.mock.delays import NO_DELAY, Delay
from ozwell_harness.mock.errors import MockSettingsError
from ozwell_harness.mock.keys import Budget, Key, PlanName, Standing, plan_budget
from ozwell_harness.mock.shared.place import MEMORY_STATE, RedisPlace, parse_state
from ozwell_harness.mock.webhooks.settings import WebhookSettings
from ozwell_harness.mock.webui.reading import PdfReader, read_pdf_apart

MEBI = 1024 * 1024

#: So many files, and a few of a client's own, are more than one page of a list holds by default.
STOCK = 24


class SharedStateRequiredError(MockSettingsError):
    """Several workers were asked for, but each would keep files and limits of its own."""


class OneWorkerOnlyError(MockSettingsError):
    """Something was asked for that only a mock of one process can do."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long generation takes; all zero means as fast as the machine allows.

    Attributes:
        ttft: time to the first token, seconds.
        itl: time between tokens, seconds.
        prefill_s: seconds added to the first token for each prompt token.
        slots: generations that may run at once; more wait in order of arrival. None is unbounded.
        seed: seed of the draws.
    """

    ttft: Delay = NO_DELAY
    itl: Delay = NO_DELAY
    prefill_s: float = 0.0
    slots: int | None = None
    seed: int = 0

    @property
    def is_instant(self) -> bool:
        """Nothing to wait for and no slot to hold."""
        return self.slots is None and not self.prefill_s and self.ttft == self.itl == NO_DELAY


@dataclass(frozen=True, slots=True)
class Bounds:
    """Sizes in bytes that keep the mock's memory bounded, and the journal's length in entries."""

    json_body: int = 4 * MEBI
    upload: int = 64 * MEBI
    files: int = 256 * MEBI
    conversations: int = 16 * MEBI
    chats: int = 32 * MEBI
    documents: int = 128 * MEBI
    document: int = 16 * MEBI
    document_text: int = MEBI
    journal: int = 1000


@dataclass(frozen=True, slots=True)
class Secrets:
    """The bearer tokens of the mock: fixed, worthless anywhere else."""

    main: str = field(default="ozw_mock_main_4b7f0c2e9a6d4813", repr=False)
    other: str = field(default="ozw_mock_other_91c3e58a7d204fb6", repr=False)
    restricted: str = field(default="ozw_mock_restricted_5ad0f7e2b3194c68", repr=False)
    revoked: str = field(default="ozw_mock_revoked_c86e1b94f02d4a37", repr=False)
    limited: str = field(default="ozw_mock_limited_2f95d3a8e7bc4160", repr=False)
    free: str = field(default="ozw_mock_free_78e4a1c05fb34d92", repr=False)
    pro: str = field(default="ozw_mock_pro_e06b92d7c14f4a85", repr=False)
    enterprise: str = field(default="ozw_mock_enterprise_1d8fa3b65e7042c9", repr=False)


@dataclass(frozen=True, slots=True)
class MockSettings:
    """What one mock is.

    Attributes:
        host: address to bind; loopback unless told.
        port: 0 takes a free one.
        profile: the dialect whose base URL is told: all are served, each under its own path.
        plan: plan of the main key.
        window_s: length of the plans' rate-limit window in seconds; the documents say a minute.
        limited: budget of the key that tests may exhaust.
        faults: names of faults and variations that are always on.
        allow_request_faults: whether loopback clients may choose faults by header and admin path.
        latency: pace of generation.
        bounds: limits of size.
        secrets: the bearer tokens.
        workers: processes; more than one needs shared state.
        state: where state is kept: "memory", or the URL of a Redis (see `shared.place`). May hold a password.
        stock: files that the main key's tenant has from the start.
        env_file: file to write the client's variables to once ready.
        truth_log: file to write down in when each request came and each piece of its answer was written.
        grace_s: seconds that running answers get to finish when the mock is asked to stop.
        clock: what time it is for limits and time stamps; the pace of generation keeps to the machine's clock.
        webhooks: where to tell of what has happened; None tells nobody.
        pdf_reader: how the text of a PDF is found; in a process of its own unless told, since a PDF may be hostile.

    Raises:
        MockSettingsError: a combination that cannot be honoured.
    """

    host: str = "127.0.0.1"
    port: int = 0
    profile: str = "ozwell"
    plan: PlanName = PlanName.ENTERPRISE
    window_s: float = 60.0
    limited: Budget = Budget(requests=3, tokens=400, window_s=2.0)
    faults: tuple[str, ...] = ()
    allow_request_faults: bool = True
    latency: Latency = Latency()
    bounds: Bounds = Bounds()
    secrets: Secrets = Secrets()
    workers: int = 1
    state: str = field(default=MEMORY_STATE, repr=False)
    stock: int = 0
    env_file: Path | None = None
    truth_log: Path | None = None
    grace_s: float = 2.0
    clock: Clock = Clock()
    webhooks: WebhookSettings | None = None
    pdf_reader: PdfReader = read_pdf_apart

    def __post_init__(self) -> None:
        place = self.place
        if self.stock < 0:
            raise MockSettingsError(f"The number of files in stock must be 0 or more, not {self.stock}.")
        if self.workers < 1:
            raise MockSettingsError(f"The number of workers must be 1 or more, not {self.workers}.")
        if self.workers > 1:
            self._require_shareable(place)
        if self.latency.slots is not None and self.latency.slots < 1:
            raise MockSettingsError(f"The number of slots must be 1 or more, not {self.latency.slots}.")
        if self.window_s <= 0 or self.limited.window_s <= 0:
            raise MockSettingsError("A rate-limit window must be longer than 0 seconds.")

    @property
    def place(self) -> RedisPlace | None:
        """The Redis where state is kept; None is the mock's own memory."""
        return parse_state(self.state)

    def _require_shareable(self, place: RedisPlace | None) -> None:
        if place is None:
            raise SharedStateRequiredError(
                f"{self.workers} workers would each keep files, conversations and rate limits of their own. "
                "Give them one place for these: --state redis://HOST:PORT. Or use --workers 1."
            )
        if self.latency.slots is not None:
            raise OneWorkerOnlyError(
                f"{self.workers} workers would each hand out slots of their own, and nobody knew how many there are. "
                "Use --workers 1 with --slots."
            )
        if self.faults:
            raise OneWorkerOnlyError(
                f"Faults may remember earlier requests, which {self.workers} workers would each do for themselves. "
                "Use --workers 1 with --fault."
            )

    def keys(self) -> tuple[Key, ...]:
        """All keys that the mock knows, with their plans and tenants."""
        secrets = self.secrets
        full = plan_budget(PlanName.ENTERPRISE, self.window_s)
        return (
            Key("main", secrets.main, "main", plan_budget(self.plan, self.window_s)),
            Key("other", secrets.other, "other", full),
            Key("restricted", secrets.restricted, "main", full, Standing.RESTRICTED),
            Key("revoked", secrets.revoked, "main", full, Standing.REVOKED),
            Key("limited", secrets.limited, "main", self.limited),
            Key("free", secrets.free, "main", plan_budget(PlanName.FREE, self.window_s)),
            Key("pro", secrets.pro, "main", plan_budget(PlanName.PRO, self.window_s)),
            Key("enterprise", secrets.enterprise, "main", full),
        )
