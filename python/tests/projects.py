"""Projects in folders of their own, and the installed package run on them as users run it."""

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent.parent
EXAMPLES = SOURCE / "examples"

WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello from " + environ["PATH_INFO"].encode()]
"""

MANIFEST = """<msDeploy.iisApp>
  <iisApp path="%DIST_NAME%" />
  <runCommand path="iiswsgi_install.exe -e -a %DIST_NAME%" waitAttempts="10" waitInterval="60000"
      successReturnCodes="0x0" MSDeploy.MSDeployKeyAttributeName="path" />
</msDeploy.iisApp>
"""

PARAMETERS = """<parameters>
  <parameter name="ApplicationPath" defaultValue="Default Web Site/shop" tags="iisApp">
    <parameterEntry kind="ProviderPath" scope="iisApp" match="shop" />
  </parameter>
</parameters>
"""

WEB_CONFIG = """<configuration><system.webServer>
  <!-- don't %EXPAND% "this" -->
  <fastCgi>
    <application fullPath="%VENV_PYTHON%" arguments="-m iiswsgi serve wsgi:application" maxInstances="2" />
    <application fullPath="%VENV_PYTHON%" arguments="-m iiswsgi serve other:application" />
  </fastCgi>
  <handlers><add name="shop" path="*" verb="*" modules="FastCgiModule"
      scriptProcessor="%VENV_PYTHON%|-m iiswsgi serve wsgi:application" /></handlers>
</system.webServer></configuration>
"""

SETUP = "from setuptools import setup\nsetup(name='shop', version='1.0', py_modules=['wsgi'], url='https://example.org/shop'{more})\n"

APPLICATION_HOST = """<configuration><system.applicationHost><sites /></system.applicationHost>
<system.webServer><fastCgi /></system.webServer></configuration>
"""


class Project:
    """A folder with a project."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self

    def read(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def names(self, pattern="*"):
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.glob(pattern))

    def classic(self, more=""):
        """The layout of 2012."""
        self.write("setup.py", SETUP.format(more=more)).write("wsgi.py", WSGI)
        self.write("MANIFEST.in", "include *.py\ninclude web.config.in\n")
        self.write("Manifest.xml.in", MANIFEST).write("Parameters.xml", PARAMETERS)
        self.write("iis_install.stamp.in", "# not set up")
        return self.write("web.config.in", WEB_CONFIG)

    def python(self, *words, code=0, env=None, **more):
        """Runs this Python on it and gives its output, which ends with the given code."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("IISWSGI_", "APPL_"))}
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=self.folder,
            env={**clean, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            **more,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def setup(self, *words, **more):
        return self.python("setup.py", *words, **more)

    def iiswsgi(self, *words, **more):
        return self.python("-m", "iiswsgi", *words, **more)
