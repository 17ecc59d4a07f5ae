"""When bytes arrived, and waiting until a moment."""

from __future__ import annotations

import socket
import time

import gevent
import pytest

from ozwell_harness.load.engine.alarm import SleepAlarm, TimerAlarm, make_alarm
from ozwell_harness.load.engine.stamps import ClockStamper, kernel_stamps, stamper_for


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


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
        return ours, theirs


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
