"""Requests as bytes and what must come of them: the cases at which other FastCGI servers for WSGI fail or differ.

One table; each case runs on a fresh connection and then asks for one more page on it. Cases that need more than bytes
and an answer (signals, gates, logs) are in the other files.
"""

import json
import struct

import pytest

from fastcgi import (
    ABORT,
    BEGIN,
    DATA,
    END,
    GET_VALUES,
    PARAMS,
    STDIN,
    Connection,
    begin,
    pair,
    pairs,
    params_of,
    record,
)

RESPONDER = struct.pack(">HB5x", 1, 1)
LONG_NAME = "HTTP_" + "N" * 200


def asks(path="/show_environ", method="GET", body=b"", padding=0, split=None, drop=(), **more):
    """A whole request, each of its records with so much padding."""
    params = {name: value for name, value in params_of(path, method, **more).items() if name not in drop}
    data = pairs(params)
    step = split or max(len(data), 1)
    parts = [record(PARAMS, data[start : start + step], 1, padding) for start in range(0, len(data), step)]
    stdin = record(STDIN, body, 1, padding) if body else b""
    ends = record(PARAMS, b"", 1, padding), stdin + record(STDIN, b"", 1, padding)
    return record(BEGIN, RESPONDER, 1, padding) + b"".join(parts) + ends[0] + ends[1]


def environ(name, value):
    return lambda answer: json.loads(answer.body)[name] == value


def body(expected):
    return lambda answer: (answer.status, answer.body, answer.end) == (200, expected, (0, 0))


def ended(protocol_status=0):
    return lambda answer: answer.end[1] == protocol_status and answer.stdout == b""


SPLIT_IN_NAME = pairs(params_of("/show_environ", **{LONG_NAME: "v"}))

CASES = [
    ("padding of 255 bytes on every record", asks("/read_all", "POST", b"abc", 255), body(b"3 abcabc")),
    ("no body and no length: nothing to read", asks("/read_all"), body(b"0 ")),
    ("an empty CONTENT_LENGTH of a GET", asks("/read_all", CONTENT_LENGTH=""), body(b"0 ")),
    ("a CONTENT_LENGTH of 0 and no body", asks("/read_all", "POST", CONTENT_LENGTH="0"), body(b"0 ")),
    ("a CONTENT_LENGTH that is no number counts as none", asks("/read_all", "POST", b"abc", CONTENT_LENGTH="x"), body(b"3 abcabc")),
    ("a negative CONTENT_LENGTH counts as none", asks("/read_all", "POST", b"abc", CONTENT_LENGTH="-1"), body(b"3 abcabc")),
    ("a CONTENT_LENGTH beyond 64 bits", asks("/read_all", "POST", b"abc", CONTENT_LENGTH="9" * 30), body(b"3 abcabc")),
    ("60 KB of params in one record", asks(HTTP_COOKIE="c" * 60_000), environ("HTTP_COOKIE", "c" * 60_000)),
    ("16 KB of cookies in records of 8 KB", asks(split=8192, HTTP_COOKIE="c" * 16_000), environ("HTTP_COOKIE", "c" * 16_000)),
    ("a value of 127 bytes, the longest with one byte of length", asks(HTTP_X="v" * 127), environ("HTTP_X", "v" * 127)),
    ("a value of 128 bytes, the shortest with four", asks(HTTP_X="v" * 128), environ("HTTP_X", "v" * 128)),
    ("a name of more than 127 bytes", asks(**{LONG_NAME: "v"}), environ(LONG_NAME, "v")),
    ("an empty value", asks(HTTP_X=""), environ("HTTP_X", "")),
    ("a value with an equals sign and a zero byte", asks(HTTP_X="a=b\0c"), environ("HTTP_X", "a=b\0c")),
    ("no QUERY_STRING", asks(drop=["QUERY_STRING"]), environ("QUERY_STRING", "")),
    ("no PATH_INFO and no SCRIPT_NAME", asks(drop=["PATH_INFO", "SCRIPT_NAME"], REQUEST_URI="/show_environ?x"), environ("PATH_INFO", "/show_environ")),
    ("neither PATH_INFO, SCRIPT_NAME nor QUERY_STRING", asks(drop=["PATH_INFO", "SCRIPT_NAME", "QUERY_STRING"]), body(b"hello")),
    ("no variable at all", begin() + record(PARAMS) + record(STDIN), body(b"hello")),
    ("an empty iterable: the head is sent all the same", asks("/status_only", QUERY_STRING="200"), body(b"")),
    ("pieces that are empty do not end the answer", asks("/generator"), lambda answer: answer.body == b"ab" and answer.empty_stdout == 1),
    ("a stream of data for another role is ignored", begin() + record(DATA, b"x") + asks()[16:] + record(DATA), environ("PATH_INFO", "/show_environ")),
    ("a record of a kind that does not exist, of a request", begin() + record(99, b"x") + asks("/hello")[16:], body(b"hello")),
    ("an abort of nothing, then a request", record(ABORT, b"", 7) + asks("/hello"), body(b"hello")),
    ("an abort before the first variable", begin() + record(ABORT), ended()),
    ("an abort between the variables and the body", begin() + record(PARAMS, pairs(params_of("/read_all", "POST"))) + record(ABORT), ended()),
    ("an authorizer", begin(role=2) + record(PARAMS) + record(STDIN), ended(3)),
    ("a filter", begin(role=3) + record(PARAMS) + record(STDIN) + record(DATA), ended(3)),
    ("a role that does not exist", begin(role=9) + record(PARAMS) + record(STDIN), ended(3)),
    ("values asked for in the middle of a request", begin() + record(GET_VALUES, b"", 0) + asks("/hello")[16:], body(b"hello")),
    ("half of a name in one record, half in the next", begin() + record(PARAMS, SPLIT_IN_NAME[:-150]) + record(PARAMS, SPLIT_IN_NAME[-150:]) + record(PARAMS) + record(STDIN), environ(LONG_NAME, "v")),
    ("a length that is cut at the end of a record", begin() + record(PARAMS, pair(b"PATH_INFO", b"/hello", long=True)[:2]) + record(PARAMS, pair(b"PATH_INFO", b"/hello", long=True)[2:]) + record(PARAMS) + record(STDIN), body(b"hello")),
    ("a body in records of one byte", asks("/read_all", "POST")[:-8] + record(STDIN, b"a") + record(STDIN, b"b") + record(STDIN), body(b"2 abab")),
    ("an error before the head", asks("/raise_early"), lambda answer: answer.status == 500 and answer.stderr and answer.end == (0, 0)),
    ("a body of a type that is none", asks("/string_body"), lambda answer: answer.status == 500 and answer.end == (0, 0)),
]


@pytest.mark.parametrize("server", ["gateway", "threaded"])
@pytest.mark.parametrize("sent, right", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_case(request, server, sent, right):
    with request.getfixturevalue(server).connect() as connection:
        for data in (sent, asks("/hello")):
            connection.send(data)
            answer = next_answer(connection)
            expected = right if data is sent else body(b"hello")
            assert expected(answer), (answer.end, answer.stdout[:300], answer.stderr[:300])


def next_answer(connection):
    """The next answer to request 1. What is said of other ids or of the connection itself is passed over."""
    records = []
    while not records or records[-1][0] != END:
        kind, request, content = connection.record()
        if request == 1:
            records.append((kind, content))
    answer = connection_answer(records)
    assert answer.after_end_of_stdout == 0
    return answer


def connection_answer(records):
    class Replayed(Connection):
        def __init__(self):
            self.left = iter(records)

        def record(self):
            kind, content = next(self.left)
            return kind, 1, content

    return Replayed().answer()
