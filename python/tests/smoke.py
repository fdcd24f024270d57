"""The short tests that `versions.py` runs with each interpreter: standard library and this package alone."""

import platform
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

import iiswsgi

from fastcgi import Connection, listens, wait_until

APP = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello from " + environ["PATH_INFO"].encode()]
"""


def made():
    package = iiswsgi.package("shop", name="shop", version="1.0")
    assert iiswsgi.inspect(package.path).content.manifest.providers[0].path == "shop"
    options = iiswsgi.ProviderOptions("runCommand", "x", (("a", "b"),))
    assert iiswsgi.ProviderOptions.decode(options.encode()) == options
    try:
        iiswsgi.inspect(b"nothing")
    except iiswsgi.Error as error:
        assert "hint: " in str(error)
    else:
        raise AssertionError("nothing was inspected")
    return package.sha1


def served():
    # Not the folder here: a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="gw") as folder:
        address = Path(folder, "s")
        words = [sys.executable, "-m", "iiswsgi", "serve", "wsgi:application", "--bind", f"unix:{address}"]
        with subprocess.Popen(words, cwd="shop", stderr=subprocess.DEVNULL) as process:
            assert wait_until(lambda: listens(address))
            with Connection(address, 60) as connection:
                assert connection.get("/x").body == b"hello from /x"
            process.terminate()
            assert process.wait(60) == 0


def by_setuptools():
    try:
        # The extra `setuptools` asks for 61, and older ones have other exceptions.
        from setuptools.errors import ExecError  # noqa: F401
    except ImportError:
        return "without a setuptools from 61 on"
    words = [sys.executable, "-m", "iiswsgi", "setup", "-q", "bdist_msdeploy", "--egg-names"]
    subprocess.run(words, cwd="shop", check=True, stderr=subprocess.DEVNULL)
    assert list(Path("shop", "dist").glob("shop-3.0-py*.msdeploy.zip"))
    return "setuptools"


Path("shop").mkdir()
Path("shop", "wsgi.py").write_text(APP)
Path("shop", "pyproject.toml").write_text("[project]\nname = 'shop'\nversion = '3.0'\n")
sha1 = made()
served()
print(f"{platform.python_implementation()} {platform.python_version()}{sys.abiflags} ({by_setuptools()}): sha1 {sha1}")
