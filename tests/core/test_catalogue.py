from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ozwell_harness.content import content_path
from ozwell_harness.model import Level
from ozwell_harness.plugin import run_order
from ozwell_harness.profile import ProfileError, load_profile, profile_names
from ozwell_harness.requirements import CatalogueError, load_catalogue

ENTRY = {"id": "x.one", "level": "MUST", "text": "It is so.", "source": {"openai": "somewhere"}}


def folder(tmp_path: Path, *entries: dict, **top: object) -> Path:
    document = {"area": "x", "order": 1, "title": "X", "requirements": list(entries)} | top
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(document), "utf-8")
    return tmp_path


@pytest.mark.parametrize("name", profile_names())
def test_profile_and_catalogue_fit(name: str) -> None:
    profile = load_profile(name)
    whole = load_catalogue()
    catalogue = profile.select(whole)
    for capability, claim in profile.capabilities.items():
        assert claim.root in catalogue, f"{capability}: {claim.root}"
        assert catalogue[claim.root].capability == capability
    for requirement in catalogue:
        assert requirement.capability is None or requirement.capability in profile.capabilities, requirement.id
    for changed in profile.overrides or {}:
        assert catalogue.matching([changed]), changed
    assert set(run_order(catalogue)) == set(catalogue.by_id)
    assert profile.specification["openapi"].startswith("3.1")


def test_every_exclusion_excludes_something() -> None:
    for name in profile_names():
        profile = load_profile(name)
        for pattern in profile.exclude:
            assert load_catalogue().matching([pattern]), f"{name}: {pattern}"


def test_every_inclusion_includes_something() -> None:
    for name in profile_names():
        for pattern in load_profile(name).include:
            assert load_catalogue().matching([pattern]), f"{name}: {pattern}"


def test_a_profile_owes_what_it_includes_and_does_not_exclude() -> None:
    whole = load_catalogue()
    narrow = replace(load_profile("ozwell"), include=("chat.*", "auth.valid-key-accepted"), exclude=("chat.usage-*",))
    owed = narrow.select(whole)
    assert owed.areas == ("auth", "chat")
    assert "chat.completes" in owed
    assert "chat.usage-present" not in owed
    # What is required is left out with it.
    assert owed["chat.answer-schema"].requires == tuple(
        name for name in dict.fromkeys(("chat.completes", *whole["chat.answer-schema"].requires)) if name in owed
    )
    assert len(replace(narrow, include=(), exclude=()).select(whole)) == len(whole)


#: Of these, nothing else is thinkable: they are owed although no document says so.
UNTHINKABLE = {"http.answers-never-cross", "security.traversal-harmless", "security.survives-the-run"}
UNTHINKABLE |= {"security.no-stack-traces", "security.no-other-keys", "errors.no-file-paths", "errors.no-sql"}
UNTHINKABLE |= {"history.other-key-refused", "retrieval.other-key-finds-nothing", "webhooks.no-key"}


def test_what_the_open_webui_dialect_owes_rests_on_its_document() -> None:
    owed = load_profile("openwebui").select(load_catalogue())
    assert [r.id for r in owed if r.source.kind == "ozwell"] == []
    must = {r.id for r in owed if r.level is Level.MUST and r.source.kind in {"openai", "decision"}}
    assert must - UNTHINKABLE == set()
    assert len(owed) >= 300


def test_dialects_do_not_mix() -> None:
    ozwell, openai = (load_profile(name).select(load_catalogue()) for name in ("ozwell", "openai"))
    for catalogue in (ozwell, openai):
        assert not {"history", "documents", "retrieval", "config", "deploy", "webhooks"} & set(catalogue.areas)
        assert not [r.id for r in catalogue if r.source.kind == "openwebui"]


def test_every_area_of_the_documents_is_there() -> None:
    areas = {"auth", "errors", "models", "chat", "params", "streaming", "tools", "vision", "embeddings", "files"}
    areas |= {"pagination", "responses", "ratelimit", "http", "security"}
    assert areas <= set(load_catalogue().areas)
    assert len(load_catalogue()) >= 150


def test_order_puts_prerequisites_first() -> None:
    catalogue = load_profile("ozwell").select(load_catalogue())
    place = {name: number for number, name in enumerate(run_order(catalogue))}
    for requirement in catalogue:
        assert all(place[p] < place[requirement.id] for p in requirement.requires)


def test_prerequisites_come_along() -> None:
    catalogue = load_profile("ozwell").select(load_catalogue())
    chosen = catalogue.with_prerequisites(["models.retrieve-id"])
    assert chosen[-1] == "models.retrieve-id"
    assert {"models.list-answers", "auth.valid-key-accepted"} <= set(chosen)


def test_valid_entry_loads(tmp_path: Path) -> None:
    (one,) = load_catalogue(folder(tmp_path, ENTRY, capability="chat"))
    assert (one.level, one.capability, str(one.source)) == (Level.MUST, "chat", "openai: somewhere")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([ENTRY | {"id": "y.one"}], "starts with its area"),
        ([ENTRY | {"id": "X"}], "does not match"),
        ([ENTRY | {"level": "OUGHT"}], "not one of"),
        ([ENTRY | {"text": "no capital"}], "does not match"),
        ([ENTRY | {"source": {"hearsay": "x"}}], "hearsay"),
        ([ENTRY | {"sauce": 1}], "sauce"),
        ([ENTRY, ENTRY], "twice"),
        ([ENTRY | {"requires": ["x.none"]}], "not in the catalogue"),
        ([ENTRY | {"requires": ["x.two"]}, ENTRY | {"id": "x.two", "requires": ["x.one"]}], "circle"),
    ],
)
def test_bad_catalogue_names_the_entry(tmp_path: Path, entries: list[dict], words: str) -> None:
    with pytest.raises(CatalogueError, match=words):
        load_catalogue(folder(tmp_path, *entries))


def test_broken_yaml_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: [", "utf-8")
    with pytest.raises(CatalogueError, match=r"x\.yaml"):
        load_catalogue(tmp_path)


def test_unknown_profile_lists_the_known() -> None:
    with pytest.raises(ProfileError, match=r"ozwell"):
        load_profile("none")


def test_content_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError, match="missing from this installation"):
        content_path("spec", "none.yaml")
