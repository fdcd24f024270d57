"""The container's health check: asks the gateway for its FastCGI values, without touching the application.

A container that runs another command than ``serve`` is healthy as long as it runs.
"""

import socket
import struct
import sys

GET_VALUES, GET_VALUES_RESULT = 9, 10


def endpoint(arguments):
    """The address that the first process of the container serves on; None when it does not serve."""
    if "serve" not in arguments:
        return None
    for argument, value in zip(arguments, arguments[1:] + [""]):
        name, _, joined = argument.partition("=")
        if name in ("--bind", "-b"):
            return joined or value
    return None


def healthy(address):
    kind, _, place = address.partition(":")
    if kind == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(3)
        connection.connect(place)
    else:
        host, _, port = (place if kind == "tcp" else address).rpartition(":")
        host = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "": "127.0.0.1", "[::]": "::1"}.get(host, host)
        connection = socket.create_connection((host, int(port)), timeout=3)
    with connection:
        # Version, type, request 0, no content: which values there are is the gateway's to say.
        connection.sendall(struct.pack("!BBHHBx", 1, GET_VALUES, 0, 0, 0))
        answer = connection.recv(8)
    return len(answer) >= 2 and answer[1] == GET_VALUES_RESULT


def main():
    with open("/proc/1/cmdline", "rb") as file:
        arguments = file.read().decode(errors="replace").split("\0")
    address = endpoint(arguments)
    if address is None or healthy(address):
        return 0
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as error:
        sys.exit(f"the gateway does not answer: {error}")
