"""Files over the API, in a real sandbox."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests

from tests.api.test_live import Caller
from tests.live import eventually

if TYPE_CHECKING:
    from tests.live import LiveServer

pytestmark = pytest.mark.engine

AT = "/sandboxes/has-files/sessions/pitcher-host"


@pytest.fixture(scope="module")
def program(live: LiveServer) -> Caller:
    program = Caller(live)
    program.said("POST", "/sandboxes", {"id": "has-files", "template": "debian"})
    assert program.said("GET", "/sandboxes/has-files?wait=20&until=running")["state"] == "running"
    return program


def put(program: Caller, path: str, data: bytes, query: str = "", **headers: str) -> requests.Response:
    headers |= {"Authorization": f"Bearer {program.token}"}
    url = f"{program.server.origin}/api/v1{AT}/files/content?path={path}{query}"
    return requests.put(url, data=data, headers=headers, timeout=60)


def get(program: Caller, path: str, **headers: str) -> requests.Response:
    return program.call("GET", f"{AT}/files/content?path={path}", **headers)


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_file_is_written_read_listed_and_removed(program: Caller) -> None:
    answer = put(program, "notes/today.txt", b"hello\n", "&parents=true")
    assert answer.status_code == 200, answer.text
    entry = answer.json()
    assert (entry["path"], entry["kind"], entry["size"]) == ("/project/workspace/notes/today.txt", "file", 6)
    assert answer.headers["ETag"] == entry["etag"]
    read = get(program, entry["path"])
    assert (read.content, read.headers["ETag"]) == (b"hello\n", entry["etag"])
    assert read.headers["Content-Disposition"] == "attachment"
    assert read.headers["Content-Security-Policy"] == "sandbox"
    listed = program.said("GET", f"{AT}/files?path=notes")["items"]
    assert listed == [program.said("GET", f"{AT}/files/entry?path={entry['path']}")] == [entry]
    assert program.call("DELETE", f"{AT}/files?path=notes").status_code == 409
    assert program.call("DELETE", f"{AT}/files?path=notes&recursive=true").status_code == 204
    assert refused(get(program, entry["path"])) == (404, "file_not_found")


def test_names_that_are_no_text_go_there_and_back(program: Caller) -> None:
    put(program, "odd/%FF%2F".replace("%2F", "") + "%0A%25", b"x", "&parents=true")
    (entry,) = program.said("GET", f"{AT}/files?path=odd")["items"]
    assert entry["path"] == "/project/workspace/odd/%FF%0A%25"
    assert entry["name"] == "\ufffd\n%"
    assert get(program, entry["path"]).content == b"x"
    moved = program.said("PATCH", f"{AT}/files?path={entry['path']}", {"to": "odd/%FE"})
    assert moved["path"].endswith("/odd/%FE")


def test_only_the_version_that_was_read_is_replaced(program: Caller) -> None:
    first = put(program, "versions", b"one")
    second = put(program, "versions", b"two", **{"If-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert refused(put(program, "versions", b"three", **{"If-Match": first.headers["ETag"]})) == (412, "file_changed")
    assert refused(put(program, "versions", b"three", "&replace=false")) == (409, "file_exists")
    assert refused(put(program, "never", b"", "&create=false")) == (404, "file_not_found")
    assert get(program, "versions").content == b"two"


def test_an_upload_in_parts_goes_on_where_it_was_cut(program: Caller) -> None:
    data = os.urandom(2_500_000)
    parts = [data[at : at + 1_000_000] for at in range(0, len(data), 1_000_000)]
    offset = 0
    for number, part in enumerate(parts):
        last = "&last=true" if number == 2 else ""
        answer = put(program, "large", part, f"&upload=77&offset={offset}{last}")
        assert answer.status_code == (200 if last else 202), answer.text
        if not last:
            assert refused(put(program, "large", part, f"&upload=77&offset={offset}")) == (409, "wrong_offset")
            offset = answer.json()["next_offset"]
    assert get(program, "large").content == data
    piece = get(program, "large", Range="bytes=1000-1999")
    assert (piece.status_code, piece.content) == (206, data[1000:2000])
    assert piece.headers["Content-Range"] == "bytes 1000-1999/2500000"
    assert get(program, "large", Range="bytes=2499990-").content == data[-10:]
    assert refused(get(program, "large", Range="bytes=2500000-")) == (416, "range_not_satisfiable")


def test_what_is_too_large_for_one_answer_is_read_in_parts(program: Caller) -> None:
    program.said("POST", f"{AT}/commands?wait=20", {"command": "head -c 9000000 /dev/zero > nine"})
    assert refused(get(program, "nine")) == (413, "too_large")
    assert len(get(program, "nine", Range="bytes=0-").content) == 8 * 1024 * 1024
    assert put(program, "eleven", bytes(1_100_000)).status_code == 413


def test_trees_are_made_copied_moved_found_and_searched(program: Caller) -> None:
    assert program.said("PUT", f"{AT}/files/folders?path=tree/inner&parents=true")["kind"] == "folder"
    assert program.call("PUT", f"{AT}/files/folders?path=tree/inner").status_code == 409
    assert program.call("PUT", f"{AT}/files/folders?path=tree/inner&exist_ok=true").status_code == 200
    put(program, "tree/inner/file.py", b"import os\nprint('needle')\n")
    program.said("PUT", f"{AT}/files/copies?path=tree", {"to": "copy", "recursive": True})
    assert refused(program.call("PUT", f"{AT}/files/copies?path=tree", {"to": "other"})) == (400, "not_a_file")
    program.said("PATCH", f"{AT}/files?path=copy", {"to": "moved"})
    found = program.said("GET", f"{AT}/files/find?path=moved&text=FILE")["items"]
    assert [each["name"] for each in found] == ["inner/file.py"]
    (match,) = program.said("GET", f"{AT}/files/search?path=moved&text=needle")["items"]
    assert (match["name"], match["line"], match["column"]) == ("inner/file.py", 2, 7)
    assert refused(program.call("GET", f"{AT}/files/search?path=moved&text=(&expression=true"))[0] == 400


def test_a_long_folder_comes_in_pages(program: Caller) -> None:
    program.said("POST", f"{AT}/commands?wait=20", {"command": "mkdir many && cd many && touch $(seq -w 1 500)"})
    names: list[str] = []
    cursor = ""
    while True:
        page = program.said("GET", f"{AT}/files?path=many&limit=200&cursor={quote(cursor)}")
        names += [each["name"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert names == [f"{number:03}" for number in range(1, 501)]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("../etc/passwd", (400, "malformed_path")),
        ("/project/workspace/../../etc", (400, "malformed_path")),
        ("a%00b", (400, "malformed_path")),
        ("a//b", (400, "malformed_path")),
        ("x" * 256, (400, "malformed_path")),
        ("/" + "x/" * 2100, (400, "malformed_path")),
        ("/etc", (400, "not_a_file")),
        ("/dev/zero", (400, "not_a_file")),
        ("/etc/passwd/x", (400, "not_a_folder")),
        ("/nowhere", (404, "file_not_found")),
    ],
)
def test_paths_that_lead_nowhere_say_so(program: Caller, path: str, answer: tuple[int, str]) -> None:
    assert refused(get(program, path)) == answer


def test_a_link_that_leads_out_is_shown_and_not_written_through(program: Caller) -> None:
    program.said("POST", f"{AT}/commands?wait=20", {"command": "ln -s /etc/hostname out"})
    entry = program.said("GET", f"{AT}/files/entry?path=out")
    assert (entry["kind"], entry["target"], entry["target_kind"]) == ("link", "/etc/hostname", "file")
    assert refused(put(program, "out", b"x")) == (400, "is_a_link")


def test_a_session_that_may_only_read_writes_nothing(live: LiveServer, program: Caller) -> None:
    program.said("POST", "/sandboxes/has-files/sessions", {"id": "reader", "permission": "read"})
    at = AT.replace("pitcher-host", "reader")
    eventually(lambda: program.said("GET", at)["state"] == "running", "the session runs", 60)
    put(program, "seen", b"by all")
    assert program.call("GET", f"{at}/files/content?path=seen").content == b"by all"
    headers = {"Authorization": f"Bearer {program.token}"}
    url = f"{live.origin}/api/v1{at}/files/content?path="
    assert refused(requests.put(f"{url}new", data=b"x", headers=headers, timeout=30)) == (403, "read_only")
    assert requests.put(f"{url}/tmp/own", data=b"x", headers=headers, timeout=30).status_code == 200
    assert refused(program.call("DELETE", f"{at}/files?path=seen")) == (403, "read_only")
    # The kernel refuses it as well, to a program of the session.
    ran = program.said("POST", f"{at}/commands?wait=20", {"command": "echo x > /project/workspace/new"})
    assert ran["exit_status"] != 0


def test_strangers_and_tokens_without_the_scope_are_refused(live: LiveServer, program: Caller) -> None:
    reader = Caller(live, "files:read")
    assert reader.call("GET", f"{AT}/files").status_code == 200
    assert refused(put(reader, "x", b"x")) == (403, "missing_scope")
    assert refused(Caller(live, "terminals:write").call("GET", f"{AT}/files")) == (403, "missing_scope")


def test_listening_ports_are_listed(live: LiveServer, program: Caller) -> None:
    script = "import socket\ns = socket.create_server(('127.0.0.1', 8123))\nprint('up', flush=True)\ns.accept()"
    command = program.said("POST", f"{AT}/commands", {"argv": ["python3", "-c", script]})
    first: dict[str, Any] = program.said("GET", f"/commands/{command['id']}/output?wait=15")
    if not first["pieces"] or first["pieces"][0]["text"] != "up\n":
        pytest.fail(str(first))
    assert program.said("GET", f"{AT}/ports")["items"] == [{"number": 8123, "only_local": True, "program": "python3"}]
    program.call("DELETE", f"/commands/{command['id']}")


def test_no_process_of_an_operation_is_left(live: LiveServer, program: Caller) -> None:
    for number in range(50):
        put(program, f"n{number}", b"x")
    container = f"sandlot-{live.instance}.has-files.pitcher-host"
    listed = subprocess.check_output(["docker", "exec", container, "sh", "-c", "cat /proc/[0-9]*/comm"], text=True)
    assert listed.split().count("holder") == 2  # the first process, and the line
