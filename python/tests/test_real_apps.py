"""Django's admin, Flask and Pyramid, each within `wsgiref.validate`: through nginx and through this project's own FastCGI
client, the web server of its simulated IIS, their answers are the same, byte for byte.
"""

import http.client
import os
import re
import socket
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from nginx import Nginx

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent

PARAMETERS = """
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param REQUEST_URI $request_uri;
        fastcgi_param QUERY_STRING $query_string;
        fastcgi_param CONTENT_TYPE $content_type;
        fastcgi_param CONTENT_LENGTH $content_length;
        fastcgi_param SCRIPT_NAME "";
        fastcgi_param PATH_INFO $fastcgi_script_name;
        fastcgi_param SERVER_PROTOCOL HTTP/1.1;
        fastcgi_param SERVER_NAME example.org;
        fastcgi_param SERVER_PORT 80;
        fastcgi_param REMOTE_ADDR 127.0.0.1;
        fastcgi_request_buffering off;
"""
SERVERS = f"""
    server {{
        listen unix:http;
        {PARAMETERS}
        location / {{ fastcgi_pass gateway; }}
    }}
    server {{
        listen unix:kept;
        {PARAMETERS}
        location / {{ fastcgi_pass kept; fastcgi_keep_conn on; }}
    }}
"""


def comparable(headers):
    """Without what nginx adds, what concerns the connection alone, and the time. nginx writes some names anew."""
    own = {"server", "date", "expires", "connection", "transfer-encoding"}
    kept = [(name.lower(), value.strip()) for name, value in headers if name.lower() not in own]
    return sorted((name, re.sub("expires=[^;]*", "", value)) for name, value in kept)


def ask_nginx(nginx, listener, method, target, headers, body):
    connection = http.client.HTTPConnection("example.org", timeout=120)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(120)
    connection.sock.connect(str(nginx.folder / listener))
    connection.request(method, target, body or None, headers)
    answer = connection.getresponse()
    found = answer.status, comparable(answer.getheaders()), answer.read()
    connection.close()
    return found


@pytest.fixture(scope="session")
def client():
    """The example program `fastcgi_get`, which is the library's client on a command line."""
    build = ["cargo", "build", "--quiet", "--example", "fastcgi_get"]
    subprocess.run(build, cwd=SOURCE, check=True, timeout=1800)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or SOURCE / "target")
    program = target / "debug" / "examples" / "fastcgi_get"
    assert program.exists()
    return program


def ask_directly(program, address, method, target, headers, body):
    path, _, query = target.partition("?")
    variables = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "example.org",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "example.org",
        "HTTP_ACCEPT_ENCODING": "identity",
    }
    variables.update({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()})
    arguments = [f"{name}={value}" for name, value in variables.items()]
    done = subprocess.run([program, address, *arguments], input=body, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    return int(status.split()[1]), comparable(line.split(": ", 1) for line in lines), content


@pytest.fixture(scope="module")
def both(start, client):
    """Starts an application and gives what asks it in every way and compares the answers."""
    servers = []

    def start_app(name, *arguments):
        files = {module: (HERE / module).read_text() for module in ("real_apps.py", "real_urls.py")}
        gateway = start(f"real_apps:{name}()", *arguments, files=files)
        nginx = Nginx(gateway, SERVERS, ["http", "kept"])
        servers.append(nginx)

        def ask(target, method="GET", body=b"", **headers):
            headers = {key.replace("_", "-"): value for key, value in headers.items()}
            direct = ask_directly(client, gateway.address, method, target, headers, body)
            for listener in ("http", "kept", "kept"):
                assert ask_nginx(nginx, listener, method, target, headers, body) == direct
            return direct

        return gateway, ask

    yield start_app
    for server in servers:
        server.close()


MULTIPART = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n%s\r\n--x--\r\n' % (b"z" * 400_000)


def test_flask(both):
    gateway, ask = both("flask")
    status, headers, body = ask("/")
    assert (status, len(body)) == (200, 500 * len("<h1>&lt;Flask &amp; caf\u00e9&gt;</h1>".encode()))
    assert [value for name, value in headers if name == "set-cookie"] == ["one=1; Path=/", "two=2; Path=/"]
    form = ask("/form?q=%20%C3%A9", "POST", b"a=b&c=%26", Content_Type="application/x-www-form-urlencoded")
    assert b'"c":"&"' in form[2].replace(b'": "', b'":"')
    upload = ask("/form", "POST", MULTIPART, Content_Type="multipart/form-data; boundary=x")
    assert b"400000" in upload[2]
    assert ask("/stream")[2].count(b"\n") == 30_000
    assert ask("/file")[2] == (HERE / "real_apps.py").read_bytes()
    assert ask("/file", Range="bytes=10-19")[::2] == (206, (HERE / "real_apps.py").read_bytes()[10:20])
    assert ask("/file", If_None_Match='"fixed"')[::2] == (304, b"")
    assert ask("/away")[0] == 302 and ask("/nowhere")[0] == 404
    assert ask("/fail")[0] == 500
    assert ask("/", "HEAD")[2] == b"" and ask("/form", "OPTIONS")[0] == 200
    assert "AssertionError" not in gateway.log and "WSGIWarning" not in gateway.log


def test_pyramid(both):
    gateway, ask = both("pyramid", "--threads", "4")
    assert b"caf\\u00e9" in ask("/page/caf%C3%A9?x=1")[2]
    assert b'"a": "1"' in ask("/page/x", "POST", b"a=1", Content_Type="application/x-www-form-urlencoded")[2]
    assert ask("/file")[2] == (HERE / "real_apps.py").read_bytes()
    assert ask("/pieces")[2].count(b"piece") == 1000
    assert ask("/fail")[::2] == (503, b"failed: division by zero")
    assert ask("/nowhere")[0] == 404
    assert "AssertionError" not in gateway.log and "WSGIWarning" not in gateway.log


def test_the_admin_of_django(both):
    gateway, ask = both("django")
    assert ask("/admin/")[0] == 302
    page = ask("/admin/login/")[2].decode()
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    secret = token[32:]
    form = f"csrfmiddlewaretoken={token}&username=admin&password=secret&next=/admin/".encode()
    kind = "application/x-www-form-urlencoded"
    # Each login has another session: the answers of these are looked at, not compared.
    logged_in = login(gateway, form, secret, kind)
    assert logged_in.status == 302, gateway.log[-3000:]
    session = next(value for value in logged_in.header("Set-Cookie") if "sessionid=" in value).strip()
    cookie = f"csrftoken={secret}; {session.partition(';')[0]}"
    for target in ("/admin/", "/admin/auth/user/", "/admin/auth/user/1/change/", "/admin/auth/user/?q=adm", "/admin/jsi18n/"):
        status, _, body = ask(target, Cookie=cookie)
        assert status == 200 and body, target
    assert "caf\u00e9 &lt;&amp;&gt;" in ask("/admin/auth/user/", Cookie=cookie)[2].decode()
    assert ask("/admin/auth/user/1/delete/", "POST", b"post=yes", Cookie=cookie, Content_Type=kind)[0] == 403
    assert ask("/admin/nothing/", Cookie=cookie)[0] == 404
    assert "AssertionError" not in gateway.log and "WSGIWarning" not in gateway.log


def login(gateway, form, secret, kind):
    cookie = {"HTTP_COOKIE": f"csrftoken={secret}", "CONTENT_TYPE": kind}
    with gateway.connect() as connection:
        return connection.post("/admin/login/", form, **cookie)
