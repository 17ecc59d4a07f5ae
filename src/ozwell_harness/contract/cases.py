"""Generates requests by Schemathesis: from the specification's examples, from its bounds, and at random by a seed."""

from __future__ import annotations

import contextlib
import copy
import random
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, configuration, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.internal.conjecture import providers
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.control import SkipTest
from schemathesis.generation.hypothesis.examples import generate_one

from ozwell_harness.contract.courier import Parcel, parcel
from ozwell_harness.contract.readings import Kind, costs_little
from ozwell_harness.contract.schedule import Deck, spread
from ozwell_harness.contract.subjects import SUBJECT_OF, Subject
from ozwell_harness.contract.telling import json_in
from ozwell_harness.contract.violations import Rules, Violation
from ozwell_harness.profile import Profile

_MODES = {Kind.VALID: GenerationMode.POSITIVE, Kind.INVALID: GenerationMode.NEGATIVE}


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A generated request.

    Attributes:
        phase: what made it: ``examples``, ``coverage``, ``fuzzing`` or ``stateful``.
        case: as Schemathesis has it.
        parcel: as it goes over the wire.
        violation: the rule that it breaks; None for a valid one.
        linked: a link gave it its values.
    """

    subject: Subject
    kind: Kind
    phase: str
    case: Any
    parcel: Parcel
    violation: Violation | None = None
    linked: bool = False


def load(document: Mapping[str, Any], base_url: str, kind: Kind, profile: Profile) -> Any:
    """Return a Schemathesis schema of one reading.

    Links are only those that are written: inferred ones would delete files that were found in a list.
    """
    errors = profile.expect.errors
    refusals = {
        s for name in ("bad_request", "unknown_model", "too_large", "wrong_media_type") for s in errors[name].statuses
    }
    config = SchemathesisConfig.from_dict(
        {
            "generation": {"mode": _MODES[kind].value, "with-security-parameters": False, "database": "none"},
            "phases": {
                "coverage": {"unexpected-methods": []},
                "stateful": {"inference": {"algorithms": []}},
            },
            "checks": {
                "positive_data_acceptance": {"expected-statuses": [*sorted(successes(document)), "429", "5xx"]},
                "negative_data_rejection": {"expected-statuses": [*map(str, sorted(refusals)), "429", "5xx"]},
            },
        }
    )
    schema = schemathesis.openapi.from_dict(copy.deepcopy(dict(document)), config=config)
    schema.config.update(base_url=base_url)
    return schema


def successes(document: Mapping[str, Any]) -> set[str]:
    """Return the documented statuses of a success; which of them an operation has is judged with its other statuses."""
    operations = (operation for item in document["paths"].values() for operation in item.values())
    known = (operation["responses"] for operation in operations if isinstance(operation, Mapping))
    return {status for responses in known for status in responses if status.startswith("2")}


@dataclass(frozen=True, slots=True)
class Generator:
    """Generates requests of one kind.

    Attributes:
        rules: the rules that a valid request keeps and an invalid one breaks.
        examples: how many random requests are made for each operation.
        seed: what the random ones follow from.
        model: the one that may be changed; operations that need one are asked of no other.
    """

    schema: Any
    kind: Kind
    rules: Rules
    base_url: str
    examples: int
    seed: int
    model: str | None = None

    def decks(self) -> list[Deck[Sample]]:
        """Return what there is to send for every operation, the telling ones first."""
        found = []
        for result in self.schema.get_all_operations():
            operation = result.ok()
            subject = SUBJECT_OF[operation.definition.raw["operationId"]]
            drawn = random.Random(zlib.crc32(f"{self.seed} {self.kind} {operation.label}".encode()))  # noqa: S311
            samples = list(self._samples(operation, subject, drawn.getrandbits(32)))
            drawn.shuffle(samples)
            found.append(Deck(_ordered(samples, self.kind)[: subject.most], subject.weight))
        return found

    def _samples(self, operation: Any, subject: Subject, number: int) -> Iterator[Sample]:
        seen = set()
        for phase, case in self._cases(operation, number):
            if subject.needs is not None:
                case.path_parameters = {"model_id": self.model}
            packed = parcel(case, self.base_url, f"generated {self.kind} request ({phase})")
            if packed is None or packed.content in seen:
                continue
            seen.add(packed.content)
            sample = sample_of(Sample(subject, self.kind, phase, case, packed), self.rules)
            if sample is not None:
                yield sample

    def _cases(self, operation: Any, number: int) -> Iterator[tuple[str, Any]]:
        mode = _MODES[self.kind]
        if self.kind is Kind.VALID:
            for strategy in operation.get_strategies_from_examples():
                yield "examples", generate_one(strategy)
        config = self.schema.config.generation_for(operation=operation, phase="coverage")
        for case in self.schema.iter_coverage_cases(operation, generation_modes=[mode], generation_config=config):
            yield "coverage", case
        for case in _random(operation.as_strategy(generation_mode=mode), self.examples, number):
            yield "fuzzing", case


def sample_of(raw: Sample, rules: Rules) -> Sample | None:
    """Return a sample with the rule that it breaks; None where it is not surely of its kind, or could cost much."""
    packed = raw.parcel
    broken = rules.violation(raw.subject.operation, packed.request.url, packed.media_type, packed.call.body)
    if raw.kind is Kind.VALID:
        return None if broken else raw
    if broken is None or not (broken.rule.startswith("/max_tokens") or costs_little(json_in(packed.call.body))):
        return None
    return replace(raw, violation=broken)


def _ordered(samples: Sequence[Sample], kind: Kind) -> list[Sample]:
    """Return samples so that different ones come first: by the rule that they break, or by what made them."""
    if kind is Kind.INVALID:
        return spread(samples, lambda sample: sample.violation and sample.violation.rule)
    firsts = [sample for sample in samples if sample.phase == "examples"]
    others = [sample for sample in samples if sample.phase != "examples"]
    return [*firsts, *spread(others, lambda sample: sample.phase)]


def _random(strategy: Any, examples: int, number: int) -> Iterable[Any]:
    cases: list[Any] = []

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case: Any) -> None:
        cases.append(case)

    # No invalid request can be made of some operations: whatever stands in a path is a valid id.
    with contextlib.suppress(SkipTest, Unsatisfiable):
        collect()
    return cases


def with_body(case: Any, body: Mapping[str, Any]) -> Any:
    """Return a case that differs from ``case`` in its body only."""
    return case.operation.Case(
        method=case.method,
        path_parameters=dict(case.path_parameters),
        headers=dict(case.headers),
        cookies=dict(case.cookies),
        query=dict(case.query),
        body=dict(body),
        media_type=case.media_type,
        _meta=case.meta,
    )


class _Steady(providers.HypothesisProvider):
    """Draws without constants from the modules that happen to be loaded, so that a seed means the same everywhere."""

    _local_constants = providers.Constants()  # type: ignore[attr-defined]


@contextlib.contextmanager
def generating() -> Iterator[None]:
    """Let Hypothesis draw reproducibly, and leave nothing in the current folder, for the length of a block."""
    name = "hypothesis"
    before = providers.AVAILABLE_PROVIDERS[name]
    providers.AVAILABLE_PROVIDERS[name] = f"{_Steady.__module__}.{_Steady.__qualname__}"
    with tempfile.TemporaryDirectory(prefix="ozwell-harness-") as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(None)
            providers.AVAILABLE_PROVIDERS[name] = before
