"""Work in several threads that an interrupt does not have to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_threads(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Do ``work`` on every item at the same time; results come back in the order of the items.

    The threads are daemons: unlike those of an executor, neither an exception nor the end of the program waits for
    them. When the work on an item fails, the first such item's exception is raised after all are done.
    """
    futures: list[Future[_Result]] = [Future() for _ in items]
    threads = [
        threading.Thread(target=_settle, args=(future, work, item), daemon=True)
        for future, item in zip(futures, items, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [future.result() for future in futures]


def _settle(future: Future[_Result], work: Callable[[_Item], _Result], item: _Item) -> None:
    try:
        future.set_result(work(item))
    except BaseException as error:  # noqa: BLE001 - it is raised again where the result is wanted
        future.set_exception(error)
