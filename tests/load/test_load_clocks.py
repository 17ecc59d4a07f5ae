"""When bytes arrived, and waiting until a moment."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

import gevent
import pytest
from gevent import socket as gsocket

from ozwell_harness.load.engine import stamps
from ozwell_harness.load.engine.alarm import SleepAlarm, TimerAlarm, make_alarm
from ozwell_harness.load.engine.stamps import ClockStamper, KernelStamper, kernel_stamps, stamper_for

S = 1_000_000_000


@pytest.mark.skipif(not kernel_stamps(), reason="this kernel stamps nothing")
def test_kernel_stamps_do_not_wait_for_the_reader() -> None:
    ours, theirs = tcp_pair()
    with ours, theirs:
        stamper = stamper_for(ours)
        lag = 0
        giving_up = time.monotonic() + 5
        while not lag:  # the kernel begins to stamp a moment after it was asked to
            assert time.monotonic() < giving_up
            theirs.sendall(b"warm")
            lag = stamper.read()[1]
        theirs.sendall(b"x")
        assert ours.recv(1, socket.MSG_PEEK)
        lingered = time.monotonic_ns() + 20_000_000
        while time.monotonic_ns() < lingered:
            pass
        stamp, lag, data = stamper.read()
        assert data.endswith(b"x")
        assert lag >= 20_000_000
        assert stamp <= lingered - 20_000_000


def test_the_clock_stands_in_for_the_kernel() -> None:
    ours, theirs = tcp_pair()
    with ours, theirs:
        theirs.sendall(b"x")
        before = time.monotonic_ns()
        stamp, lag, data = ClockStamper(ours).read()
        assert before <= stamp <= time.monotonic_ns()
        assert (lag, data) == (0, b"x")


def tcp_pair() -> tuple[Any, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = gsocket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
        return ours, theirs


@dataclass
class FakeSocket:
    """Gives one byte with the kernel stamp that it is told; what comes before it is as often in vain as it is told."""

    stamp: int = 0
    in_vain: int = 0
    waits: int = 0

    _read_event = None

    @property
    def _sock(self) -> FakeSocket:
        return self

    def setsockopt(self, *_: int) -> None:
        pass

    def _wait(self, _event: object) -> None:
        self.waits += 1

    def recvmsg(self, _size: int, _ancillary: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, None]:
        if self.in_vain:
            self.in_vain -= 1
            raise BlockingIOError
        stamp = struct.pack("@ll", *divmod(self.stamp, S))
        return b"x", [(socket.SOL_SOCKET, 35, stamp)], 0, None


class FakeClock:
    """Both clocks; reading them takes 100 ns, and once as long as ``pause`` says between the two."""

    def __init__(self) -> None:
        self.now = 1_000 * S
        self.apart = 1_700_000_000 * S
        self.pause = 0

    def monotonic_ns(self) -> int:
        now = self.now
        self.now += 100 + self.pause
        self.pause = 0
        return now

    def time_ns(self) -> int:
        self.now += 100
        return self.now + self.apart


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr(stamps, "time", fake)
    return fake


@pytest.mark.parametrize("pause", [0, 30_000, 5_000_000])
def test_a_pause_between_the_clocks_moves_no_stamp(clock: FakeClock, pause: int) -> None:
    sock = FakeSocket()
    stamper = KernelStamper(sock)
    arrived = clock.now
    sock.stamp = arrived + clock.apart
    clock.now += 2_000_000
    clock.pause = pause
    stamp, lag, data = stamper.read()
    assert stamp == pytest.approx(arrived, abs=500)
    assert lag == pytest.approx(2_000_000, abs=500)
    assert data == b"x"


@pytest.mark.parametrize("step", [-3600 * S, -70_000_000, -100_000, 100_000, 70_000_000, 3600 * S])
def test_a_stepped_clock_is_noticed_and_then_followed(clock: FakeClock, step: int) -> None:
    sock = FakeSocket()
    stamper = KernelStamper(sock)
    sock.stamp = clock.now + clock.apart
    clock.now += 1_000_000
    clock.apart += step
    # The stamp is of the clock as it was: only our own reading is left.
    read_at = clock.now
    assert stamper.read() == (read_at, 0, b"x")
    arrived = clock.now
    sock.stamp = arrived + clock.apart
    clock.now += 1_000_000
    stamp, lag, _ = stamper.read()
    assert stamp == pytest.approx(arrived, abs=500)
    assert lag == pytest.approx(1_000_000, abs=500)


def test_a_stamp_from_the_future_or_long_ago_is_not_believed(clock: FakeClock) -> None:
    sock = FakeSocket()
    stamper = KernelStamper(sock)
    for off in (-10 * S, S):
        sock.stamp = clock.now + clock.apart + off
        read_at = clock.now
        assert stamper.read() == (read_at, 0, b"x")


def test_a_wake_up_in_vain_is_waited_out(clock: FakeClock) -> None:
    sock = FakeSocket(stamp=clock.now + clock.apart, in_vain=2)
    assert KernelStamper(sock).read()[2] == b"x"
    assert sock.waits == 3


def test_alarms_are_never_early_and_the_past_is_now() -> None:
    for alarm in (make_alarm(), SleepAlarm()):
        at = time.monotonic_ns() + 3_000_000
        alarm.wait_until(at)
        assert time.monotonic_ns() >= at
        alarm.wait_until(at - 10**9)
        alarm.close()


def test_an_alarm_lets_others_run_meanwhile() -> None:
    ran: list[int] = []
    alarm = make_alarm()
    waiting = gevent.spawn(alarm.wait_until, time.monotonic_ns() + 20_000_000)
    gevent.spawn(ran.append, 1)
    gevent.sleep(0)
    assert (ran, waiting.dead) == ([1], False)
    waiting.join()
    alarm.close()


@pytest.mark.skipif(not isinstance(make_alarm(), TimerAlarm), reason="this platform has no timerfd")
def test_an_alarm_can_be_killed_and_used_again() -> None:
    alarm = TimerAlarm()
    gevent.spawn(alarm.wait_until, time.monotonic_ns() + 10**12).kill()
    at = time.monotonic_ns() + 1_000_000
    alarm.wait_until(at)
    assert time.monotonic_ns() >= at
    alarm.close()
