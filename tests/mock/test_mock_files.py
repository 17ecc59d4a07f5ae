from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from asking import error_of, upload

from ozwell_harness.mock import MockHandle
from ozwell_harness.mock.settings import Bounds


@pytest.mark.parametrize(
    "content", [b"", b"a\r\nb\n\r", b"\x00\xff\xfe--boundary\r\n", bytes(range(256)) * 4096, "h\u00e9ron".encode()]
)
def test_bytes_survive(client: httpx.Client, content: bytes) -> None:
    file_id = upload(client, content)
    assert client.get(f"/files/{file_id}").json()["bytes"] == len(content)
    answer = client.get(f"/files/{file_id}/content")
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        'say "hi".txt',
        "h\u00e9ron \U0001f426 \u6f22\u5b57.pdf",
        "x" * 250 + ".txt",
        "../../etc/passwd",
        "a;b=c, d.txt",
        "a'b%41.txt",
    ],
)
def test_filenames_survive_and_break_nothing(client: httpx.Client, name: str) -> None:
    file_id = upload(client, name=name)
    assert client.get(f"/files/{file_id}").json()["filename"] == name
    shown = client.get(f"/files/{file_id}/content").headers["content-disposition"]
    assert shown.startswith("attachment; filename=")
    assert "/" not in shown
    assert "\r" not in shown


def _raw(client: httpx.Client, disposition: bytes, content: bytes = b"x", boundary: str = "b") -> httpx.Response:
    mark = boundary.encode()
    body = b"--" + mark + b'\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--' + mark
    body += b"\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n--" + mark + b"--\r\n"
    return client.post("/files", content=body, headers={"content-type": f'multipart/form-data; boundary="{boundary}"'})


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('form-data; name="file"; filename="x"; filename*=UTF-8\'\'h%C3%A9ron.txt', "h\u00e9ron.txt"),
        ('form-data; name="file"; filename="h\u00e9ron.txt"', "h\u00e9ron.txt"),
        ('form-data; name="file"; filename="a\\"b.txt"', 'a"b.txt'),
        ("form-data; name=file; filename=plain.txt", "plain.txt"),
        ('form-data; name="file"; filename="a%0D%0AX-Evil: 1.txt"', "a%0D%0AX-Evil: 1.txt"),
    ],
)
def test_forms_of_a_filename(client: httpx.Client, disposition: str, name: str) -> None:
    response = _raw(client, disposition.encode())
    assert response.json()["filename"] == name
    content = client.get(f"/files/{response.json()['id']}/content")
    assert "x-evil" not in content.headers


BROKEN = [
    b"",
    b"--b",
    b"--b--\r\n",
    b"nonsense",
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--b',
    b"--b\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--b--\r\n",
    b"--b\r\nno colon\r\n\r\nabc\r\n--b--\r\n",
    b"--b\r\n\r\nabc\r\n--b--\r\n",
    b"--c\r\nContent-Disposition: form-data; name=a\r\n\r\nabc\r\n--c--\r\n",
    b"--b\r\n" + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\nabc\r\n--b--\r\n",
    b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" * 100 + b"--b--\r\n",
]


@pytest.mark.parametrize("body", BROKEN)
@pytest.mark.parametrize("boundary", ["b", "", "x" * 300])
def test_broken_forms_are_400(client: httpx.Client, body: bytes, boundary: str) -> None:
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    assert client.post("/files", content=body, headers=headers).status_code == 400


def test_missing_and_wrong_parts(client: httpx.Client) -> None:
    file = {"file": ("a.txt", b"x")}
    assert error_of(client.post("/files", files=file), 400)["param"] == "purpose"
    assert error_of(client.post("/files", files={"other": b"x"}, data={"purpose": "batch"}), 400)["param"] == "file"
    assert error_of(client.post("/files", files=file, data={"purpose": "fun"}), 400)["param"] == "purpose"
    assert error_of(client.post("/files", files=[("file", b"x"), ("file", b"y")], data={"purpose": "batch"}), 400)
    assert error_of(_raw(client, b'form-data; name="file"'), 400)["param"] == "file"
    assert client.post("/files", json={"purpose": "assistants"}).status_code == 415


def test_life_of_a_file(client: httpx.Client) -> None:
    file_id = upload(client, b"abc", purpose="evals")
    record = client.get(f"/files/{file_id}").json()
    assert record in client.get("/files", params={"purpose": "evals"}).json()["data"]
    assert client.delete(f"/files/{file_id}").json() == {"id": file_id, "object": "file", "deleted": True}
    for response in (
        client.get(f"/files/{file_id}"), client.get(f"/files/{file_id}/content"), client.delete(f"/files/{file_id}"),
    ):  # fmt: skip
        assert error_of(response, 404)["code"] == "not_found"
    assert record not in client.get("/files", params={"limit": 100}).json()["data"]


@pytest.mark.parametrize("name", ["nope", "..%2f..%2fetc%2fpasswd", "%00", "%ff", "%252e", "a" * 5000, "%0d%0aX: 1"])
def test_odd_ids_are_unknown(client: httpx.Client, name: str) -> None:
    for path in (f"/files/{name}", f"/files/{name}/content", f"/models/{name}"):
        assert error_of(client.get(path), 404)["code"] in ("not_found", "model_not_found")


def test_model_ids_are_decoded_once(client: httpx.Client) -> None:
    for path in ("/models/ozwell%2Ftest-model%3A1.0", "/models/ozwell/test-model:1.0"):
        assert client.get(path).json()["id"] == "ozwell/test-model:1.0"
    assert client.get("/models/ozwell%252Ftest-model:1.0").status_code == 404


def test_tenants_are_apart(mock: MockHandle, client: httpx.Client, connect: Callable[..., httpx.Client]) -> None:
    file_id = upload(client)
    with connect(mock, "other") as other:
        assert other.get(f"/files/{file_id}").status_code == 404
        assert other.get(f"/files/{file_id}/content").status_code == 404
        assert other.delete(f"/files/{file_id}").status_code == 404
        assert other.get("/files").json()["data"] == []
    assert client.get(f"/files/{file_id}").status_code == 200


def _ids(client: httpx.Client, **params: Any) -> list[str]:
    return [item["id"] for item in client.get("/files", params=params).json()["data"]]


def test_pagination(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh()
    empty = client.get("/files").json()
    assert empty == {"object": "list", "data": [], "has_more": False, "first_id": None, "last_id": None}
    ids = [upload(client, purpose="batch" if number % 2 else "assistants") for number in range(25)][::-1]
    assert _ids(client) == ids[:20]
    assert _ids(client, limit=100) == ids
    assert _ids(client, limit=1) == ids[:1]
    assert _ids(client, limit=3, after=ids[4]) == ids[5:8]
    assert _ids(client, limit=3, before=ids[10]) == ids[7:10]
    assert _ids(client, before=ids[2]) == ids[:2]
    assert _ids(client, after=ids[2], before=ids[6]) == ids[3:6]
    assert _ids(client, after=ids[-1]) == []
    batch = _ids(client, purpose="batch", limit=100)
    assert _ids(client, purpose="batch", limit=2, after=batch[1]) == batch[2:4]
    assert _ids(client, purpose="unheard-of") == []
    page = client.get("/files", params={"limit": 5}).json()
    assert (page["has_more"], page["first_id"], page["last_id"]) == (True, ids[0], ids[4])
    assert client.get("/files", params={"after": ids[20]}).json()["has_more"] is False
    assert client.get("/files", params={"before": ids[20], "limit": 5}).json()["has_more"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "101"), ("limit", "-1"), ("limit", "ten"), ("limit", ""), ("limit", "1.0"),
     ("limit", "9" * 5000),
     ("limit", "\u0663"), ("after", "nope"), ("before", "nope")],
)  # fmt: skip
def test_bad_pages(client: httpx.Client, name: str, value: str) -> None:
    for path in ("/files", "/models"):
        assert error_of(client.get(path, params={name: value}), 400)["param"] == name


def test_models_are_paged(client: httpx.Client) -> None:
    everything = [model["id"] for model in client.get("/models").json()["data"]]
    rest = client.get("/models", params={"limit": 2, "after": everything[0]}).json()
    assert [model["id"] for model in rest["data"]] == everything[1:3]
    assert rest["has_more"] is True
    assert client.get("/models/gpt-4").json() == client.get("/models").json()["data"][0]


def test_simultaneous_uploads_are_all_kept(client: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: upload(client, b"%d" % number), range(24)))
    assert len(set(ids)) == 24
    assert {int(client.get(f"/files/{file_id}/content").content) for file_id in ids} == set(range(24))


def test_sizes_are_bounded(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh(bounds=Bounds(json_body=10_000, upload=100_000, files=250_000))
    for body in ({"content": b" " * 10_001}, {"content": iter([b" " * 6000] * 2)}):
        assert error_of(client.post("/chat/completions", **body), 413)["code"] == "request_too_large"
    big = client.post("/files", files={"file": ("a", b"x" * 300_000)}, data={"purpose": "batch"})
    assert error_of(big, 413)["code"] == "request_too_large"
    ids = [upload(client, b"x" * 100_000) for _ in range(2)]
    full = client.post("/files", files={"file": ("a", b"x" * 100_000)}, data={"purpose": "batch"})
    assert error_of(full, 413)["code"] == "request_too_large"
    client.delete(f"/files/{ids[0]}")
    assert upload(client, b"x" * 100_000)
