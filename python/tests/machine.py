"""Where the gateway under test runs: in this Python, or in one of Windows that is started under Wine.

`IISWSGI_TEST_PYTHON`, when it is set, is the command line of a Python of Windows that has the package. The tests that begin with
the fixture `start` then speak TCP with it from here; what needs Unix of the gateway is skipped by `ON_WINDOWS`. Tests that start
processes in other ways know nothing of it.
"""

import os
import shlex
import sys

OTHER = shlex.split(os.environ.get("IISWSGI_TEST_PYTHON", ""))
PYTHON = OTHER or [sys.executable]
ON_WINDOWS = bool(OTHER) or os.name == "nt"
