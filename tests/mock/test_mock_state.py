"""What every place for state must do, in memory and in Redis alike; and how such a place is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis_server import RedisServer

from ozwell_harness.mock import MockSettings
from ozwell_harness.mock.dialogue import Called, Role, Turn
from ozwell_harness.mock.keys import Budget, Key
from ozwell_harness.mock.settings import Bounds, OneWorkerOnlyError
from ozwell_harness.mock.shared.place import RedisPlace, UnsupportedStateError, parse_state
from ozwell_harness.mock.states import State, state_of
from ozwell_harness.mock.store import CONVERSATIONS_KEPT, TURNS_KEPT, StoredFile, StoreFullError

Place = Callable[..., Any]


@pytest.fixture(params=["memory", "redis"])
def place(request: pytest.FixtureRequest) -> Place:
    """Opens a state of the given bounds, empty, in each kind of place."""
    kind = request.param
    url = "memory" if kind == "memory" else request.getfixturevalue("redis").url()

    @asynccontextmanager
    async def opened(**bounds: int) -> AsyncIterator[State]:
        state = state_of(MockSettings(state=url, bounds=Bounds(**bounds)))
        await state.open()
        try:
            yield state
        finally:
            await state.close()

    return opened


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def file(name: str, content: bytes = b"x", purpose: str = "batch") -> tuple[StoredFile, bytes]:
    return StoredFile(f"file-{name}", len(content), 1, f"{name}.txt", purpose), content


def test_files_are_kept_listed_and_forgotten(place: Place) -> None:
    async def story() -> None:
        async with place() as state:
            store, binary = state.store, bytes(range(256)) * 40
            await store.put_file("a", *file("one", binary))
            await store.put_file("a", *file("two", b"", "evals"))
            await store.put_file("b", *file("three"))
            assert [f.id for f in await store.list_files("a", None)] == ["file-two", "file-one"]
            assert [f.id for f in await store.list_files("a", "batch")] == ["file-one"]
            assert await store.get_file("a", "file-one") == file("one", binary)[0]
            assert await store.file_content("a", "file-one") == binary
            assert await store.file_content("a", "file-two") == b""
            assert await store.get_file("a", "file-three") is None
            assert await store.file_content("a", "file-three") is None
            assert not await store.delete_file("a", "file-three")
            assert await store.delete_file("a", "file-one")
            assert not await store.delete_file("a", "file-one")
            assert await store.file_content("a", "file-one") is None
            assert [f.id for f in await store.list_files("a", None)] == ["file-two"]

    run(story())


@pytest.mark.parametrize("name", ["\udc80", "é", "a:b", "*", "x\0y", ""])
def test_any_text_is_a_name_that_nothing_has(place: Place, name: str) -> None:
    async def story() -> None:
        async with place() as state:
            assert await state.store.get_file("a", name) is None
            assert await state.store.file_content("a", name) is None
            assert not await state.store.delete_file("a", name)
            assert await state.store.turns("a", name) == ()

    run(story())


def test_files_have_bounded_room_which_deletion_gives_back(place: Place) -> None:
    async def story() -> None:
        async with place(files=3000) as state:
            store = state.store
            await store.put_file("a", *file("one", b"x" * 1000))
            await store.put_file("b", *file("two", b"x" * 1000))
            for _ in range(3):
                with pytest.raises(StoreFullError, match="used up"):
                    await store.put_file("a", *file("three", b"x" * 1000))
            assert await store.get_file("a", "file-three") is None
            assert await store.file_content("a", "file-three") is None
            await store.delete_file("b", "file-two")
            await store.put_file("a", *file("three", b"x" * 1000))
            await store.delete_file("a", "file-one")
            await store.delete_file("a", "file-three")
            await store.put_file("a", *file("large", b"x" * 2700))

    run(story())


def test_conversations_keep_the_latest_turns(place: Place) -> None:
    async def story() -> None:
        async with place() as state:
            store = state.store
            turns = tuple(Turn(Role.USER, str(number)) for number in range(TURNS_KEPT + 5))
            called = Turn(Role.ASSISTANT, "é\0", ("image/png",), (Called("c", "f", "{}"),), None, "n")
            await store.append_turns("a", "chat", turns[:2])
            await store.append_turns("a", "chat", turns[2:])
            await store.append_turns("a", "other", (called,))
            assert await store.turns("a", "chat") == turns[5:]
            assert await store.turns("a", "other") == (called,)
            assert await store.turns("b", "chat") == ()

    run(story())


def test_the_oldest_conversations_give_way_to_size(place: Place) -> None:
    async def story() -> None:
        async with place(conversations=5000) as state:
            store, long = state.store, (Turn(Role.USER, "x" * 1500),)
            await store.append_turns("a", "one", long)
            await store.append_turns("a", "two", long)
            await store.append_turns("a", "one", (Turn(Role.USER, "again"),))
            await store.append_turns("b", "three", long)
            await store.append_turns("b", "four", long)
            assert await store.turns("a", "two") == ()
            assert len(await store.turns("b", "four")) == 1
            await store.append_turns("a", "huge", (Turn(Role.USER, "x" * 6000),))
            assert await store.turns("b", "four") == ()
            await store.append_turns("a", "small", long)
            assert len(await store.turns("a", "small")) == 1

    run(story())


def test_the_oldest_conversations_give_way_to_number(place: Place) -> None:
    async def story() -> None:
        async with place() as state:
            turn = (Turn(Role.USER, "x"),)
            for number in range(CONVERSATIONS_KEPT + 1):
                await state.store.append_turns("a", str(number), turn)
            assert await state.store.turns("a", "0") == ()
            assert await state.store.turns("a", "1") == turn
            assert await state.store.turns("a", str(CONVERSATIONS_KEPT)) == turn

    run(story())


def key(requests: int = 3, tokens: int = 100, window_s: float = 600.0, name: str = "k") -> Key:
    return Key(name, "secret", "main", Budget(requests, tokens, window_s))


def test_limits_admit_what_is_allowed_and_no_more(place: Place) -> None:
    async def story() -> None:
        async with place() as state:
            quotas = [await state.limiter.admit(key()) for _ in range(5)]
            assert [quota.allowed for quota in quotas] == [True, True, True, False, False]
            assert [quota.remaining for quota in quotas] == [2, 1, 0, 0, 0]
            assert {quota.limit for quota in quotas} == {3}
            assert len({quota.reset for quota in quotas}) == 1
            assert all(598 <= quota.retry_after <= 600 for quota in quotas)
            assert (await state.limiter.admit(key(name="other"))).remaining == 2
            assert (await state.limiter.admit(key(requests=4))).remaining == 0, "a refusal must cost nothing"

    run(story())


def test_limits_count_tokens(place: Place) -> None:
    async def story() -> None:
        async with place() as state:
            await state.limiter.admit(key())
            assert (await state.limiter.charge(key(), 99)).remaining == 2
            assert (await state.limiter.charge(key(), 1)).remaining == 0
            assert not (await state.limiter.admit(key())).allowed
            assert (await state.limiter.charge(key(name="new"), 7)).remaining == 3

    run(story())


def test_a_window_ends(place: Place) -> None:
    async def story() -> None:
        async with place() as state:
            short = key(requests=1, window_s=0.05)
            first = await state.limiter.admit(short)
            while not (later := await state.limiter.admit(short)).allowed:
                pass
            assert (first.remaining, later.remaining) == (0, 0)
            assert later.reset >= first.reset

    run(story())


def test_concurrent_admissions_are_exact(place: Place) -> None:
    async def story() -> None:
        async with place() as state:
            quotas = await asyncio.gather(*(state.limiter.admit(key(requests=20)) for _ in range(90)))
            assert sorted(quota.remaining for quota in quotas if quota.allowed) == list(range(20))

    run(story())


def test_redis_keeps_no_counter_without_an_end(redis: RedisServer) -> None:
    async def story() -> None:
        state = state_of(MockSettings(state=redis.url(prefix="ends")))
        await state.open()
        await state.limiter.admit(key())
        await state.limiter.charge(key(name="charged"), 5)
        await state.limiter.admit(key(requests=0, name="refused"))
        await state.close()

    run(story())
    with redis.client as client:
        counters = sorted(client.scan_iter("ends:limit:*"))
        assert counters == ["ends:limit:charged", "ends:limit:k"]
        assert all(599_000 - 20_000 < client.pttl(counter) <= 600_000 for counter in counters)


def test_redis_accounts_for_every_byte_it_keeps(redis: RedisServer) -> None:
    async def story() -> None:
        state = state_of(MockSettings(state=redis.url(prefix="bytes"), bounds=Bounds(files=3000, conversations=4000)))
        await state.open()
        store = state.store
        await asyncio.gather(*(put(store, number) for number in range(12)))
        for number in range(12):
            await store.append_turns("a", str(number % 5), (Turn(Role.USER, "y" * 100 * number),))
            await store.delete_file("a", f"file-{number}")
        await state.close()

    async def put(store: Any, number: int) -> None:
        try:
            await store.put_file("a", *file(str(number), b"x" * 500))
        except StoreFullError:
            return

    run(story())
    with redis.client as client:
        assert client.get("bytes:used:files") == "0"
        kept = client.hgetall("bytes:conversations:sizes")
        assert int(client.get("bytes:used:conversations")) == sum(map(int, kept.values())) <= 4000
        lists = {
            name.removeprefix("bytes:turns:"): client.lrange(name, 0, -1) for name in client.scan_iter("bytes:turns:*")
        }
        assert {name: len(name) + sum(len(turn) for turn in turns) for name, turns in lists.items()} == {
            name: int(size) for name, size in kept.items()
        }
        # What was refused is gone at once, not when its time is over.
        assert not list(client.scan_iter("bytes:limbo:*"))
        assert not list(client.scan_iter("bytes:content:*"))


def test_the_stock_is_put_into_redis_once(redis: RedisServer) -> None:
    async def story() -> None:
        settings = MockSettings(state=redis.url(prefix="stock"), stock=3)
        for left in (3, 2):
            state = state_of(settings)
            await state.open()
            files = await state.store.list_files("main", None)
            assert len(files) == left
            await state.store.delete_file("main", files[0].id)
            await state.close()

    run(story())


def test_a_place_is_read_from_its_url() -> None:
    assert parse_state("memory") is None
    assert parse_state("redis://db.example:7000/3?prefix=me&timeout=500ms") == RedisPlace(
        "db.example", 7000, database=3, prefix="me", within_s=0.5
    )
    assert parse_state("rediss://user:p%40ss@[::1]") == RedisPlace("::1", username="user", password="p@ss", tls=True)
    assert parse_state("unix://:pw@/run/redis.sock?db=2") == RedisPlace(
        "", socket="/run/redis.sock", password="pw", database=2
    )


@pytest.mark.parametrize(
    "text",
    [
        "http://:hunter2@x",
        "redis//:hunter2@x",
        "redis://:hunter2@x:port",
        "redis://:hunter2@x/one",
        "redis://:hunter2@x?prefx=a",
        "redis://:hunter2@x?prefix=",
        "redis://:hunter2@x?timeout=0",
        "redis://:a#hunter2@x",
        "redis://:hunter2@[x",
        "hunter2",
        "unix://:hunter2@/x?db=z",
    ],
)
def test_a_place_that_cannot_be_read_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(UnsupportedStateError) as caught:
        MockSettings(state=text)
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value)) > 40


def test_a_password_does_not_show() -> None:
    settings = MockSettings(state="redis://me:hunter2@x:1/0", workers=2)
    assert "hunter2" not in repr(settings) + repr(settings.place) + str(settings.place and settings.place.shown)


def test_what_several_workers_cannot_do_is_said_plainly() -> None:
    from ozwell_harness.mock import Latency

    shared: dict[str, Any] = {"workers": 2, "state": "redis://x"}
    with pytest.raises(OneWorkerOnlyError, match="--workers 1 with --slots"):
        MockSettings(**shared, latency=Latency(slots=2))
    with pytest.raises(OneWorkerOnlyError, match="--workers 1 with --fault"):
        MockSettings(**shared, faults=("http.hang",))
