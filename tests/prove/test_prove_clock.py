"""A clock that stands still: the mock and a run that judges it agree on the time, and no wait takes any."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime

from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.mock.server import running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.prove.still import StillClock
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
