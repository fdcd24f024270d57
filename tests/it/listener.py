"""A program for HttpPlatformHandler in the tests of IIS: what it does is said by the path that is asked for."""

import http.server
import os
import sys
import time


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while length := int(self.rfile.readline(), 16):
            data += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def do_GET(self):
        body, path = self.body(), self.path.split("?")[0]
        if path.endswith("/exit"):
            print("leaving in the middle", file=sys.stderr, flush=True)
            os._exit(7)
        if path.endswith("/garbage"):
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            self.close_connection = True
            return
        if path.endswith("/nap"):
            time.sleep(0.5)
        if path.endswith("/slow"):
            time.sleep(3)
        if path.endswith(("/drip", "/breaks")):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"6\r\nfirst \r\n")
            time.sleep(0.5)
            if path.endswith("/breaks"):
                os._exit(3)
            self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")
            return
        if path.endswith("/echo"):
            text = body
        elif path.endswith(("/pid", "/nap", "/slow")):
            text = str(os.getpid()).encode()
        elif path.endswith("/process"):
            text = "\n".join([f"GREETING={os.environ.get('GREETING')}", *sys.argv[1:]]).encode()
        else:
            text = f"{self.requestline}\n{self.headers}".encode("latin-1")
        self.send_response(201, "Made")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-A", "1")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_POST = do_HEAD = do_GET


if "dies" in sys.argv:
    print("cannot import name 'nothing'", file=sys.stderr)
    sys.exit(3)
if "hangs" in sys.argv:
    print("loading a large model", file=sys.stderr, flush=True)
    time.sleep(3600)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["HTTP_PLATFORM_PORT"])), Answers).serve_forever()
