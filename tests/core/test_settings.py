from __future__ import annotations

from pathlib import Path

import pytest

from ozwell_harness.settings import ConfigurationError, FileSettings, check_url, keys_in, read_file, resolve
from ozwell_harness.target import KeyName

TOML = """
[target]
url = "http://file/v1"
model = "file-model"
absent = ["vision"]
[timeouts]
read_s = 5
[check]
max_requests = 7
seed = 3
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "harness.toml"
    path.write_text(text, "utf-8")
    return path


def test_command_line_beats_environment_beats_file(tmp_path: Path) -> None:
    file = read_file(write(tmp_path, TOML))
    environment = {"OZWELL_BASE_URL": "http://env/v1", "OZWELL_MODEL": "env-model", "OZWELL_API_KEY": "k"}
    settings = resolve({"base_url": "http://cli/v1/"}, environment, file)
    assert settings.base_url == "http://cli/v1"
    assert settings.model == "env-model"
    assert settings.absent == {"vision"}
    assert settings.timeouts.read_s == 5
    assert settings.politeness.max_requests == 7
    assert settings.seed == 3
    assert set(settings.keys or {}) == {KeyName.MAIN}
    assert resolve({}, {}, file).model == "file-model"
    assert resolve({"seed": 0}, {}, file).seed == 0


def test_a_timeout_bounds_the_whole_exchange_and_its_parts_by_half(tmp_path: Path) -> None:
    file = read_file(write(tmp_path, TOML))
    given = resolve({"timeout_s": 7.0}, {}, file).timeouts
    assert (given.total_s, given.read_s) == (7.0, 3.5)
    assert resolve({"timeout_s": None}, {}, file).timeouts.read_s == 5
    with pytest.raises(ConfigurationError, match="greater than 0"):
        resolve({"timeout_s": 0.0}, {}, FileSettings())


def test_nothing_given_means_the_bundled_mock() -> None:
    settings = resolve({}, {}, FileSettings())
    assert settings.base_url is None
    assert settings.profile == "ozwell"


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all =",
        "[target]\nurll = 'x'",
        "[target]\napi_key = 'x'",
        "[check]\nmax_requests = 'many'",
        "[check]\nlevels = ['OUGHT']",
        "\xff",
    ],
)
def test_bad_file_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"harness\.toml"):
        read_file(write(tmp_path, text))


def test_missing_or_unreadable_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            read_file(path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000/v1",
        "ftp://h/v1",
        "http:///v1",
        "http://u:p@h/v1",
        "http://h/v1?x=1",
        "http://h/v1#x",
        "http://h:99999/v1",
        "http://[::1/v1",
    ],
)
def test_bad_url(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_url(url)


def test_credentials_in_a_url_are_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_url("http://user:hunter2@h/v1")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["a\nb", "a b", "ключ"])
def test_bad_key_is_named_but_not_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match="OZWELL_API_KEY") as caught:
        keys_in({"OZWELL_API_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize(("table", "value"), [("timeouts", "read_s = 0"), ("check", "max_requests = 0")])
def test_out_of_range(tmp_path: Path, table: str, value: str) -> None:
    file = read_file(write(tmp_path, f"[{table}]\n{value}"))
    with pytest.raises(ConfigurationError):
        resolve({}, {}, file)
