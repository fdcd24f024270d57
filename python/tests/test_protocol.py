"""FastCGI 1.0 as the web server sees it."""

import os
import struct
import threading

import pytest
from machine import ON_WINDOWS

import fastcgi
from fastcgi import (
    ABORT,
    DATA,
    GET_VALUES,
    GET_VALUES_RESULT,
    PARAMS,
    STDIN,
    STDOUT,
    UNKNOWN,
    begin,
    pair,
    pairs,
    params_of,
    record,
    request_bytes,
    wait_until,
)

on_unix = pytest.mark.skipif(ON_WINDOWS, reason="descriptors and their limits are looked at as Unix has them")


def test_stdout_is_closed_once_by_an_empty_record(connection):
    answer = connection.get()
    assert (answer.status, answer.body, answer.end) == (200, b"hello", (0, 0))
    assert answer.empty_stdout == 1 and answer.after_end_of_stdout == 0


def test_get_values_answers_what_it_knows_and_a_request_follows(connection):
    asked = pair(b"FCGI_MAX_CONNS", b"") + pair(b"FCGI_NO_SUCH", b"") + pair(b"FCGI_MPXS_CONNS", b"")
    connection.send(record(GET_VALUES, asked, 0))
    kind, request, content = connection.record()
    assert (kind, request) == (GET_VALUES_RESULT, 0)
    assert content == pair(b"FCGI_MAX_CONNS", b"4096") + pair(b"FCGI_MPXS_CONNS", b"1")
    assert connection.get().body == b"hello"


def test_unknown_management_records_are_answered(connection):
    connection.send(record(77, b"abc", 0))
    kind, request, content = connection.record()
    assert (kind, request, content[0]) == (UNKNOWN, 0, 77)


def test_params_may_be_split_into_single_bytes(connection):
    params = pairs(params_of("/show_environ", HTTP_X_LONG="v" * 200))
    data = begin() + b"".join(record(PARAMS, params[i : i + 1]) for i in range(len(params)))
    connection.send(data + record(PARAMS) + record(STDIN))
    assert b'"HTTP_X_LONG": "' + b"v" * 200 in connection.answer().body


def test_params_may_be_split_at_odd_sizes_with_padding(connection):
    params = pairs(params_of("/show_environ", HTTP_X_LONG="v" * 200))
    data = b"".join(record(PARAMS, params[i : i + 7], padding=255) for i in range(0, len(params), 7))
    connection.send(begin() + data + record(PARAMS, padding=3) + record(STDIN, padding=1))
    assert b"v" * 200 in connection.answer().body


def test_four_byte_lengths_for_short_names(connection):
    connection.send(begin() + record(PARAMS, pairs(params_of(), long=True)) + record(PARAMS) + record(STDIN))
    assert connection.answer().body == b"hello"


def test_a_body_without_content_length_is_read_to_its_end(connection):
    answer = connection.get("/read_all", "POST", b"a" * 100_000)
    assert answer.body == b"100000 " + b"a" * 40


def test_an_empty_content_length_is_none(connection):
    assert connection.get("/read_all", "POST", b"abc", CONTENT_LENGTH="").body == b"3 abcabc"


def test_reading_stops_at_content_length(connection):
    answer = connection.get("/read_all", "POST", b"a" * 100, CONTENT_LENGTH="10")
    assert answer.body == b"10 " + b"a" * 20


def test_a_body_shorter_than_content_length_ends(connection):
    answer = connection.get("/read_all", "POST", b"abc", CONTENT_LENGTH="10")
    assert answer.body == b"3 abcabc"


def test_abort_while_params_arrive(connection):
    connection.send(begin() + record(PARAMS, b"\x05") + record(ABORT))
    assert connection.answer().end == (0, 0)
    assert connection.get().body == b"hello"


def test_abort_while_the_body_is_read(gateway, connection):
    gateway.get("/closed")
    connection.send(begin() + record(PARAMS, pairs(params_of("/abort_reading", "POST"))) + record(PARAMS))
    connection.send(record(STDIN, b"part"))
    # It reads already, or finds the end of the request when it begins to: both must end so.
    connection.send(record(ABORT))
    assert connection.answer().end[1] == 0
    assert connection.get("/closed").body == b'["ConnectionAbortedError"]'


def test_abort_stops_a_stream_and_closes_it_once(gateway, connection):
    gateway.get("/closed")
    connection.send(request_bytes(params_of("/stream")))
    connection.record()
    connection.send(record(ABORT))
    connection.answer()
    assert connection.get("/closed").body == b'["stream"]'


def test_a_peer_that_vanishes_stops_a_stream(gateway):
    gateway.get("/closed")
    with gateway.connect() as connection:
        connection.send(request_bytes(params_of("/slow_stream")))
        connection.record()
    assert wait_until(lambda: gateway.get("/closed").body == b'["slow_stream"]')


@pytest.mark.parametrize("role", [2, 3, 7])
def test_other_roles_are_refused(connection, role):
    connection.send(begin(role=role) + record(PARAMS, pairs(params_of())) + record(PARAMS) + record(STDIN))
    assert connection.answer().end == (0, 3)
    assert connection.get().body == b"hello"


def test_a_connection_is_kept_for_any_ids(connection):
    for request in (1, 1, 5, 2, 65535):
        assert connection.get(request=request).body == b"hello"


def test_a_connection_is_closed_when_it_is_not_to_be_kept(connection):
    assert connection.get(keep=False).body == b"hello"
    assert connection.is_closed()


def test_interleaved_requests_are_both_served(connection):
    params = pairs(params_of("/read_all", "POST"))
    connection.send(begin(1) + begin(2) + record(PARAMS, params, 2) + record(PARAMS, params, 1))
    connection.send(record(PARAMS, b"", 1) + record(STDIN, b"one", 1) + record(PARAMS, b"", 2))
    connection.send(record(STDIN, b"two", 2) + record(STDIN, b"", 2) + record(STDIN, b"", 1))
    answers = connection.answers((1, 2))
    assert (answers[1].body, answers[2].body) == (b"3 oneone", b"3 twotwo")


def test_several_requests_in_one_write(connection):
    connection.send(b"".join(request_bytes(params_of(), request=request) for request in (1, 2, 3)))
    assert [answer.body for answer in connection.answers((1, 2, 3)).values()] == [b"hello"] * 3


def test_a_truncated_record_and_a_close_harm_nobody(gateway):
    with gateway.connect() as connection:
        connection.send(request_bytes(params_of())[:-20])
        connection.send(b"\x01")
    assert gateway.get().body == b"hello"


@on_unix
def test_bytes_and_the_end_that_come_together_leave_no_descriptor(gateway):
    def descriptors():
        return len(os.listdir(f"/proc/{gateway.process.pid}/fd"))

    assert gateway.get().body == b"hello"
    before = descriptors()
    connections = [gateway.connect() for _ in range(40)]
    for connection in connections:
        assert connection.get().body == b"hello"
    for connection in connections:
        connection.send(request_bytes(params_of())[:-30])
        connection.close()
    assert wait_until(lambda: descriptors() <= before), (before, descriptors())


@pytest.mark.parametrize("garbage", [
    b"GET / HTTP/1.1\r\n\r\n",
    b"\0" * 100,
    b"\x01\x01\0\x01\0\x02\0\0\0\0" * 3,
    b"\xff" * 9,
    begin() + begin(),
])
def test_garbage_closes_the_connection(gateway, garbage):
    with gateway.connect() as connection:
        connection.send(garbage)
        assert connection.is_closed()
    assert gateway.get().body == b"hello"


def test_a_request_byte_by_byte(connection):
    for byte in request_bytes(params_of("/read_all", "POST"), b"slow"):
        connection.send(bytes([byte]))
    assert connection.answer().body == b"4 slowslow"


def test_a_megabyte_in_one_param(connection):
    assert connection.get("/show_environ", HTTP_X_BIG="b" * 1_000_000).body.count(b"b" * 1_000_000) == 1


def test_params_beyond_the_cap_are_refused(connection):
    assert connection.get(HTTP_X_BIG="b" * 5_000_000).status == 431
    assert connection.get().body == b"hello"


def test_the_cap_of_params_is_an_option(start):
    gateway = start("apps:app", "--max-params", "1000")
    with gateway.connect() as connection:
        assert connection.get(HTTP_X="b" * 700).body == b"hello"
        assert connection.get(HTTP_X="b" * 1000).status == 431
        assert connection.get().body == b"hello"


def test_broken_params_are_refused(connection):
    connection.send(begin() + record(PARAMS, b"\xff\xff\xff\xff\x01") + record(PARAMS) + record(STDIN))
    assert connection.answer().status == 400


def test_a_thousand_params(connection):
    more = {f"HTTP_X_{number}": str(number) for number in range(1000)}
    assert b'"HTTP_X_999": "999"' in connection.get("/show_environ", **more).body


def test_the_largest_record_and_padding(connection):
    body = b"z" * 65535
    connection.send(begin() + record(PARAMS, pairs(params_of("/read_all", "POST"))) + record(PARAMS))
    connection.send(record(STDIN, body, padding=255) + record(STDIN))
    assert connection.answer().body.startswith(b"65535 ")


def test_idle_connections_do_not_block_others(gateway):
    idle = [gateway.connect() for _ in range(50)]
    assert gateway.get().body == b"hello"
    for connection in idle:
        connection.send(begin())
    assert gateway.get().body == b"hello"
    for connection in idle:
        connection.close()


@on_unix
@pytest.mark.parametrize("server", ["gateway", "threaded"])
def test_a_thousand_idle_connections_beside_busy_ones(request, server):
    import resource

    gateway = request.getfixturevalue(server)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    try:
        idle = [gateway.connect() for _ in range(1000)]
        for number, connection in enumerate(idle):
            # Some have been served, some have begun a request, some have said nothing.
            if number % 3 == 0:
                assert connection.get().body == b"hello"
            elif number % 3 == 1:
                connection.send(begin())
        with gateway.connect() as busy:
            for size in range(200):
                assert len(busy.get("/large", QUERY_STRING=str(size * 100)).body) == size * 100
        for number, connection in enumerate(idle):
            if number % 3 == 1:
                connection.send(record(PARAMS, pairs(params_of())) + record(PARAMS) + record(STDIN))
                assert connection.answer().body == b"hello"
            else:
                assert connection.get(request=number + 1).body == b"hello"
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("server", ["gateway", "threaded"])
def test_a_hundred_connections_at_once(request, server):
    gateway = request.getfixturevalue(server)
    failures = []

    def one(number):
        try:
            with gateway.connect() as connection:
                for _ in range(5):
                    body = connection.get("/large", QUERY_STRING=str(20000 + number)).body
                    assert body == b"y" * (20000 + number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_body_that_is_never_read(connection):
    for _ in range(3):
        assert connection.post("/hello", b"u" * 300_000).body == b"hello"


def test_a_body_that_is_never_read_and_a_connection_that_is_closed(gateway):
    with gateway.connect() as connection:
        assert connection.post("/hello", b"u" * 300_000, keep=False).body == b"hello"
        assert connection.is_closed()


def test_the_answer_is_not_lost_when_the_body_comes_after_it(start):
    gateway = start("apps:app", tcp=True)
    for _ in range(5):
        with gateway.connect() as connection:
            params = params_of("/large", "POST", CONTENT_LENGTH="1000000", QUERY_STRING="500000")
            connection.send(begin(keep=False) + record(PARAMS, pairs(params)) + record(PARAMS))
            # The answer has begun while nothing of the body was sent.
            assert connection.peek(8)
            try:
                connection.send(fastcgi.stream(STDIN, b"u" * 1_000_000) + record(STDIN))
            except OSError as error:
                pytest.fail(f"the connection was reset: {error}")
            assert len(connection.answer().body) == 500_000
            assert connection.is_closed()


def test_answer_and_body_may_cross_without_a_deadlock(connection):
    body = bytes(range(256)) * 40_000
    sender = threading.Thread(target=connection.send, args=(request_bytes(params_of("/echo", "POST"), body),))
    # Everything is sent before anything is read.
    sender.start()
    sender.join(120)
    assert not sender.is_alive()
    assert connection.answer().body == body


def test_data_records_are_ignored(connection):
    connection.send(begin() + record(DATA, b"x") + record(PARAMS, pairs(params_of())) + record(PARAMS))
    connection.send(record(DATA, b"x") + record(DATA) + record(STDIN))
    assert connection.answer().body == b"hello"


def test_records_of_ids_that_are_not_there_are_ignored(connection):
    connection.send(record(STDIN, b"x", 9) + record(PARAMS, b"\xff", 9) + record(ABORT, b"", 9))
    assert connection.get().body == b"hello"


def test_half_a_connection_is_enough_for_the_answer(connection):
    connection.send(request_bytes(params_of("/large", QUERY_STRING="300000"), keep=True))
    connection.socket.shutdown(1)
    assert len(connection.answer().body) == 300_000
    assert connection.is_closed()


def test_a_slow_reader_does_not_hold_others_up(gateway):
    with gateway.connect() as slow:
        slow.send(request_bytes(params_of("/large", QUERY_STRING="3000000")))
        # The answer has begun, and most of it cannot leave.
        assert slow.peek(8)
        assert gateway.get().body == b"hello"
        assert len(slow.answer().body) == 3_000_000


def test_the_records_of_a_large_answer_are_whole(connection):
    connection.send(request_bytes(params_of("/large", QUERY_STRING="1000000")))
    sizes = []
    while True:
        kind, _, content = connection.record()
        if kind == STDOUT:
            sizes.append(len(content))
        if kind == fastcgi.END:
            break
    assert sizes[-1] == 0 and 0 not in sizes[:-1]
    assert struct.unpack(">IB3x", content) == (0, 0)
