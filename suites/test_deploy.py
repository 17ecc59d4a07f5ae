"""Deployment of a model that the owner named for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ozwell_harness.changing import UNKNOWN_MODEL, Changes, deploy_call
from ozwell_harness.checks import base, config, deploy, params
from ozwell_harness.client import OMIT, Client, present
from ozwell_harness.model import Exchange, Status
from ozwell_harness.profile import Profile
from ozwell_harness.session import Session
from ozwell_harness.suite import Judge, each, requirement

SMALL: dict[str, Any] = {"instance_type": "cpu-small", "replicas": 1, "auto_scaling": False}
REFUSED: dict[str, dict[str, Any]] = {
    "deploy.negative-replicas-refused": {"replicas": -1},
    "deploy.zero-replicas-refused": {"replicas": 0},
    "deploy.auto-scaling-wrong-type-refused": {"auto_scaling": "perhaps"},
    "deploy.missing-instance-type-refused": {"instance_type": OMIT},
}


@pytest.fixture(scope="session")
def changes(client: Client) -> Iterator[Changes]:
    """The deployment of the model; one that should have been refused is replaced by a small one."""
    own = Changes(client, deploy_call, SMALL)
    yield own
    own.settle()


@pytest.fixture(scope="session")
def deployed(changes: Changes) -> Exchange:
    return changes.make("deploy a model", SMALL)


@pytest.fixture(scope="session")
def stranger(client: Client) -> Exchange:
    return client.send(deploy_call(UNKNOWN_MODEL, SMALL, "deploy an unknown model"))


@requirement("deploy.takes-post")
def test_path(stranger: Exchange, judge: Judge) -> None:
    judge(config.takes, stranger)


@requirement("deploy.answers")
def test_deployed(deployed: Exchange, judge: Judge) -> None:
    judge(deploy.deploys, deployed)


@requirement("deploy.status-told")
def test_status(deployed: Exchange, judge: Judge) -> None:
    judge(deploy.status_is_told, deployed)


@requirement("deploy.values-true")
def test_values(deployed: Exchange, judge: Judge) -> None:
    judge(deploy.values_are_true, deployed, SMALL)


@requirement("deploy.model-true")
def test_model(deployed: Exchange, changes: Changes, judge: Judge) -> None:
    judge(deploy.model_is_true, deployed, changes.model)


@each(REFUSED, argument="fields")
def test_refused(fields: dict[str, Any], changes: Changes, profile: Profile, judge: Judge) -> None:
    what = params.worded({name: value for name, value in fields.items() if value is not OMIT}) or "no instance_type"
    exchange = changes.attempt(f"deploy a model with {what}", present({**SMALL, **fields}))
    judge(params.refuses, exchange, what, profile.expect.errors["bad_request"])


@requirement("deploy.unknown-model-refused")
def test_unknown_model(stranger: Exchange, run_session: Session, profile: Profile, judge: Judge) -> None:
    known = run_session.findings.get("deploy.answers")
    check = base.refused if known is not None and known.status is Status.PASSED else deploy.refused_if_had
    judge(check, stranger, profile.expect.errors["unknown_model"])
