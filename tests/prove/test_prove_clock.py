"""A clock that stands still: the mock and a run that judges it agree on the time, and no wait takes any."""

from __future__ import annotations

import asyncio
import threading
from email.utils import parsedate_to_datetime

import pytest

from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.mock.server import running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.prove import still
from ozwell_harness.prove.still import StillClock, StuckError
from ozwell_harness.settings import keys_in
from ozwell_harness.target import KeyName, Target

START = 1_000_000_000.25
LIMITED = Call("GET", "/models", "spend", key=KeyName.LIMITED)


def test_it_moves_only_when_somebody_waits() -> None:
    clock = StillClock(START)
    timing = clock.timing
    assert timing.sleep is not None
    timing.sleep(2.5)
    asyncio.run(clock.pause(0.001))
    assert clock.now() == timing.now() == timing.lapse() == START + 2.501


def test_mock_and_recorder_live_by_it() -> None:
    clock = StillClock(START)
    with running_mock(MockSettings(clock=clock)) as mock:
        target = Target(mock.base_url, mock.env["OZWELL_MODEL"], None, keys_in(mock.env))
        recorder = Recorder(target, timing=clock.timing)
        seen = [recorder.send_once(LIMITED)]
        while seen[-1].status == 200:
            seen.append(recorder.send_once(LIMITED))
        waited = recorder.wait_out(seen[-1], 60)
        after = recorder.send_once(LIMITED)
        recorder.close()
    assert {(one.started, one.elapsed) for one in seen} == {(START, 0.0)}
    refused = seen[-1].response
    assert refused is not None
    assert refused.status == 429
    asked = int(refused.headers.get("retry-after") or 0)
    assert START + asked <= int(refused.headers.get("x-ratelimit-reset") or 0) < START + asked + 1
    assert waited
    assert (after.status, after.started) == (200, START + asked)
    assert after.response is not None
    date = parsedate_to_datetime(after.response.headers.get("date") or "")
    assert date.timestamp() == int(after.started)
    assert recorder.cost.waited_s == asked


class Work:
    """Something that rests twice, in a loop of its own, and notes at what time it went on."""

    def __init__(self, clock: StillClock, *rests: float) -> None:
        self.seen: list[float] = []
        clock.begin_work()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._go(clock, rests)), daemon=True)
        self._thread.start()

    async def _go(self, clock: StillClock, rests: tuple[float, ...]) -> None:
        for seconds in rests:
            await clock.rest(seconds)
            self.seen.append(clock.now() - START)
        clock.end_work()

    def join(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_rest_ends_when_somebody_has_moved_the_clock() -> None:
    clock = StillClock(START)
    work = Work(clock, 5.0, 20.0)
    clock.settle(0)
    assert (clock.now(), work.seen) == (START, [])
    clock.settle(60)
    assert (clock.now(), work.seen) == (START + 5, [5.0])
    clock.settle(10)
    assert (clock.now(), work.seen) == (START + 15, [5.0])
    clock.settle(10)
    assert (clock.now(), work.seen) == (START + 25, [5.0, 25.0])
    clock.settle(7)
    assert clock.now() == START + 32
    work.join()


def test_other_waits_wake_what_is_due() -> None:
    clock = StillClock(START)
    work = Work(clock, 2.0)
    clock.settle(0)
    clock.advance(3.0)
    clock.settle(0)
    assert work.seen == [3.0]
    work.join()


def test_rest_that_is_given_up_is_forgotten() -> None:
    clock = StillClock(START)

    async def give_up() -> None:
        clock.begin_work()
        resting = asyncio.create_task(clock.rest(5.0))
        await asyncio.sleep(0)
        resting.cancel()
        await asyncio.gather(resting, return_exceptions=True)
        clock.end_work()

    asyncio.run(give_up())
    clock.settle(10)
    assert clock.now() == START + 10


def test_work_without_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "_PATIENCE_S", 0.01)
    clock = StillClock(START)
    clock.begin_work()
    with pytest.raises(StuckError, match="still works on 1"):
        clock.settle(0)
