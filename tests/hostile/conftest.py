from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from hostile_cases import CASES
from hostile_content import CONTENT
from hostile_running import Outcome, judge, nursery

from ozwell_harness.mock.server import MockHandle, running_mock

#: Runs at the same time. Most of them wait most of the time.
AT_ONCE = 6


@pytest.fixture(scope="session")
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


@pytest.fixture(scope="session")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Outcome]]]:
    """The runs that the chosen tests look at, each made once, several at the same time."""
    own = [item for item in request.session.items if item.path.parent == Path(__file__).parent]
    specs = [item.callspec for item in own if hasattr(item, "callspec")]
    wanted = dict.fromkeys(spec.params["outcome"] for spec in specs if "outcome" in spec.params)
    folder = tmp_path_factory.mktemp("hostile")
    with nursery() as nest, ExitStack() as mocks, ThreadPoolExecutor(AT_ONCE) as pool:
        # Each has a mock of its own: their files would stand in one another's lists.
        cases = {
            name: CASES[name] if name in CASES else CONTENT[name](mocks.enter_context(running_mock()))
            for name in wanted
        }
        yield {
            name: pool.submit(judge, case, nest, folder / str(number))
            for number, (name, case) in enumerate(cases.items())
        }
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(request: pytest.FixtureRequest, outcomes: dict[str, Future[Outcome]]) -> Outcome:
    """How the run against the target that the test names went."""
    return outcomes[request.param].result()
