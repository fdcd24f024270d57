"""What the imitation of IIS asks for."""

import os
import sys
import time


def forty_two(queue):
    queue.put(42)


def where():
    """Which Python this is, and whether it starts others as one of its kind."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=forty_two, args=(queue,))
    child.start()
    found = queue.get(timeout=60)
    child.join()
    return f"prefix {sys.prefix}; executable {sys.executable}; base {sys._base_executable}; child {found};"


def application(environ, start_response):
    path = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
    if "error" in path:
        raise RuntimeError("as it should be")
    if path == "/end":
        os._exit(0)
    length = len(environ["wsgi.input"].read())
    if "slow" in path:
        time.sleep(0.5)
    if "print" in path:
        print("a stray print")
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/where":
        return [where().encode()]
    if "large" in path:
        return [b"x" * 300_000 for _ in range(10)]
    return [b"%d bytes" % length]
