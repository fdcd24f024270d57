"""PEP 3333 as the application and the web server see it."""

import json

import pytest

from fastcgi import PARAMS, STDIN, begin, pair, params_of, record, request_bytes, wait_until


def environ_of(answer):
    return json.loads(answer.body)


def test_environ_is_a_dict_of_strings_with_all_that_pep_3333_asks_for(connection):
    environ = environ_of(connection.get("/types", REQUEST_URI="/types"))
    assert environ["REQUEST_METHOD"] == "GET" and environ["SERVER_NAME"] == "example.org"
    assert environ["wsgi.url_scheme"] == "http"
    assert (environ["wsgi.multithread"], environ["wsgi.multiprocess"]) == ("False", "False")
    again = environ_of(connection.get("/show_environ"))
    assert "changed" not in again, "what an application adds is gone with the request"


def test_multithread_is_true_with_threads(threaded):
    assert environ_of(threaded.get("/types"))["wsgi.multithread"] == "True"


def test_environ_is_each_requests_own(connection):
    first = environ_of(connection.get("/show_environ", HTTP_X="1", HTTP_Y="a"))
    second = environ_of(connection.get("/show_environ", HTTP_X="2", HTTP_Y="a"))
    third = environ_of(connection.get("/show_environ", HTTP_Y="a", HTTP_X="2"))
    fourth = environ_of(connection.get("/show_environ", HTTP_Y="a"))
    assert (first["HTTP_X"], second["HTTP_X"], third["HTTP_X"]) == ("1", "2", "2")
    assert "HTTP_X" not in fourth and fourth["HTTP_Y"] == "a"


def test_of_a_variable_that_comes_twice_the_last_value_counts(connection):
    def ask(first, last):
        pairs_of_both = [("PATH_INFO", "/show_environ"), ("HTTP_X", first), ("HTTP_X", last)]
        data = b"".join(pair(name.encode(), value.encode()) for name, value in pairs_of_both)
        connection.send(begin() + record(PARAMS, data) + record(PARAMS) + record(STDIN))
        return environ_of(connection.answer())["HTTP_X"]

    # What was sent before must not shine through.
    assert [ask("1", "2"), ask("3", "2"), ask("3", "4"), ask("4", "4")] == ["2", "2", "4", "4"]


def test_missing_variables_get_defaults(connection):
    environ = environ_of(connection_get_bare(connection))
    assert environ["REQUEST_METHOD"] == "GET" and environ["QUERY_STRING"] == ""
    assert environ["SERVER_NAME"] and environ["SERVER_PORT"] and environ["SERVER_PROTOCOL"]


def connection_get_bare(connection):
    connection.send(request_bytes({"PATH_INFO": "/show_environ"}))
    return connection.answer()


def test_the_proxy_header_of_a_client_is_not_taken_for_a_setting(connection):
    assert "HTTP_PROXY" not in environ_of(connection.get("/show_environ", HTTP_PROXY="evil"))


def test_the_body_has_its_type_and_length_in_one_variable_each(connection):
    """nginx and IIS send them as headers as well, which `wsgiref.validate` refuses."""
    body = {"CONTENT_TYPE": "text/plain", "HTTP_CONTENT_TYPE": "text/plain", "HTTP_CONTENT_LENGTH": "0"}
    for _ in range(2):
        environ = environ_of(connection.post("/show_environ", b"", **body))
        assert {name for name in environ if "CONTENT" in name} == {"CONTENT_TYPE", "CONTENT_LENGTH"}


@pytest.mark.parametrize("value, scheme", [("on", "https"), ("ON", "https"), ("1", "https"), ("off", "http"), ("", "http"), ("0", "http")])
def test_https(connection, value, scheme):
    assert environ_of(connection.get("/show_environ", HTTPS=value))["wsgi.url_scheme"] == scheme


def test_paths_are_bytes_as_latin_1(connection):
    for path in ("/caf\u00c3\u00a9", "/\u00ff\u00fe"):
        assert environ_of(connection.get(path))["PATH_INFO"] == path


def test_paths_of_iis(connection):
    iis = {"SERVER_SOFTWARE": "Microsoft-IIS/10.0", "APPL_MD_PATH": "/LM/W3SVC/1/ROOT/App"}
    environ = environ_of(connection.get("/App/show_environ", SCRIPT_NAME="/App/show_environ", **iis))
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/App", "/show_environ")


def test_headers_keep_order_duplicates_and_latin_1(connection):
    answer = connection.get("/headers")
    assert answer.head.startswith("Status: 299 Very Fine\r\n")
    assert answer.headers[1:4] == [("Set-Cookie", "a=1"), ("X-Latin", "caf\u00e9"), ("Set-Cookie", "b=2")]


@pytest.mark.parametrize("name", ["raise_early", "raise_after_start", "raise_before_body", "exit_early", "keyboard", "no_start",
                                  "no_start_no_body", "none", "string_body", "twice"])
def test_failures_are_a_500_with_an_incident(gateway, connection, name):
    answer = connection.get("/" + name)
    assert answer.status == 500
    incident = answer.body.decode().rpartition("incident ")[2].strip(" .\n")
    assert len(incident) == 8
    assert "Traceback" not in answer.body.decode()
    assert f"incident {incident}" in answer.stderr.decode()
    last = answer.stderr.decode().splitlines()[-1]
    assert "Error: " in last or last in ("SystemExit: 3", "KeyboardInterrupt")
    assert f"incident {incident}" in gateway.log
    assert connection.get().body == b"hello", "the process lives on"


def test_the_page_shows_the_traceback_with_debug(start):
    assert "ValueError: early failure" in start("apps:app", "--debug").get("/raise_early").body.decode()


def test_a_failure_in_the_body_ends_the_answer_without_a_second_head(connection):
    connection.get("/closed")
    answer = connection.get("/raise_in_body")
    assert (answer.status, answer.body) == (200, b"first")
    assert "ValueError: in the body" in answer.stderr.decode()
    assert connection.get("/closed").body == b'["raise_in_body"]'


def test_close_is_called_once_when_the_body_fails_before_its_first_piece(connection):
    connection.get("/closed")
    assert connection.get("/raise_before_body").status == 500
    assert connection.get("/closed").body == b'["raise_before_body"]'


def test_close_is_called_once(connection):
    connection.get("/closed")
    assert connection.get("/closing").body == b"ab"
    assert connection.get("/closed").body == b'["closing"]'


def test_exc_info_replaces_a_head_that_was_not_sent(connection):
    answer = connection.get("/replace_head")
    assert (answer.status, answer.body) == (500, b"replaced")


def test_exc_info_is_raised_again_when_the_head_was_sent(connection):
    assert connection.get("/late_exc_info").body == b"sent reraised"


@pytest.mark.parametrize("status", ["", "200", "OK", "99 X", "200 O\r\nK", "2000 X", 200, "\u20ac00 X"])
def test_bad_status(connection, status):
    assert connection.get("/bad_status", QUERY_STRING=json.dumps(status)).status == 500


@pytest.mark.parametrize("name, value", [
    ("X", "a\r\nSet-Cookie: evil=1"), ("X", "a\nb"), ("X\r\nY", "a"), ("", "a"), ("X Y", "a"), ("X:", "a"), ("X", 1), (1, "x"),
    ("X", "\u20ac"), ("Status", "200"), ("Connection", "close"), ("Content-Length", "x"), ("X", "\0"),
])
def test_bad_headers_are_refused(connection, name, value):
    answer = connection.get("/bad_header", QUERY_STRING=json.dumps([name, value]))
    assert answer.status == 500 and not answer.header("Set-Cookie")


def test_write(connection):
    assert connection.get("/write").body == b"one two three"


def stdout_until(connection, end):
    """What comes until it ends so."""
    found = b""
    while not found.endswith(end):
        found += connection.record()[2]
    return found


@pytest.mark.parametrize(
    "path, first, rest",
    [("/write_first", b"one ", b"two"), ("/first_then_wait", b"first", b"second")],
    ids=["written", "yielded"],
)
def test_a_piece_is_on_the_wire_before_the_next_is_made(gateway, connection, path, first, rest):
    gate = gateway.gate()
    connection.send(request_bytes(params_of(path, **gate.params)))
    # The application goes on only when this has arrived.
    assert stdout_until(connection, first).startswith(b"Status: 200")
    gate.open()
    assert connection.answer().stdout == rest


def test_a_generator_that_starts_late_with_empty_pieces(connection):
    answer = connection.get("/generator")
    assert (answer.status, answer.body, answer.empty_stdout) == (200, b"ab", 1)


def test_a_length_that_is_known_is_told(connection):
    assert connection.get("/hello").header("Content-Length") == ["5"]
    assert connection.get("/generator").header("Content-Length") == []


@pytest.mark.parametrize("status, length", [("204", []), ("304", []), ("200", ["28"]), ("404", ["28"])])
def test_answers_without_a_body(connection, status, length):
    answer = connection.get("/status_only", QUERY_STRING=status, HTTP_X_BODY="1")
    assert answer.header("Content-Length") == length
    assert bool(answer.body) == bool(length)


def test_head_keeps_the_length_and_sends_no_body(connection):
    answer = connection.get("/length", "HEAD", QUERY_STRING="10")
    assert (answer.header("Content-Length"), answer.body) == (["10"], b"")
    assert connection.get("/hello", "HEAD").body == b""


def test_a_body_is_cut_at_its_length(gateway, connection):
    assert connection.get("/length", QUERY_STRING="7").body == b"1234567"
    assert connection.get().body == b"hello"


def test_a_body_that_is_too_short_is_logged(gateway, connection):
    assert connection.get("/length", QUERY_STRING="20").body == b"1234567890"
    assert "10 bytes shorter than its Content-Length" in gateway.log


def test_file_wrapper_starts_at_the_files_offset(connection):
    assert connection.get("/file_wrapper").body == (b"0123456789" * 30000)[5:]


def test_file_wrapper_ends_at_the_content_length(connection):
    assert connection.get("/file_wrapper", QUERY_STRING="12").body == b"567890123456"


def test_file_wrapper_of_an_object_that_is_no_file(connection):
    connection.get("/closed")
    assert connection.get("/file_wrapper_bytes").body == b"from memory"
    assert connection.get("/closed").body == b'["file"]'


def test_errors_go_to_the_web_server_and_to_the_log(gateway, connection):
    answer = connection.get("/errors")
    assert answer.stderr.decode() == "one \u20ac\ntwo\nthree\n"
    assert answer.body == b"hello", "what is printed does not end in the answer"
    for text in ("one \u20ac", "two", "three", "printed"):
        assert text in gateway.log


def test_the_forms_of_reading(connection):
    body = b"abcdef\nsecond line\nthird\nfourth\nfifth\nsixth\nlast"
    expected = [b"abc", b"def\n", b"seco", b"nd line\n", b"third\n", [b"fourth\n"], [b"fifth\n", b"sixth\n", b"last"]]
    expected += [b"", b"", [], b""]
    assert connection.post("/read_forms", body).body == repr(expected).encode()


def test_read_gives_as_much_as_it_is_asked_for(connection):
    assert json.loads(connection.post("/read_pieces", b"a" * 123_456).body) == [123_456, [456, 1000]]


def test_the_input_of_a_request_that_is_over_is_empty(gateway):
    gateway.get("/closed")
    with gateway.connect() as connection:
        gate = gateway.gate()
        connection.get("/keep_input", "POST", b"secret", **gate.params)
        gate.open()
        found = []
        assert wait_until(lambda: found.extend(json.loads(connection.get("/closed").body)) or found)
        assert found == ["b''"]


VALIDATED = """
from wsgiref.validate import validator

def inner(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.errors"].write("checked\\n")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

app = validator(inner)
"""


def test_wsgiref_validate_finds_nothing(start):
    gateway = start("validated:app", files={"validated.py": VALIDATED})
    with gateway.connect() as connection:
        assert connection.post("/", b"body").body == b"body"
        answer = connection.get()
        assert answer.status == 200 and answer.body == b""
    assert "AssertionError" not in gateway.log
