"""The real wfastcgi on a system without Windows: what it imports from there does nothing, the rest is as it is published.

Its watcher of files finds no folder to watch. It speaks on standard input, which is a socket here.
"""

import ctypes
from unittest.mock import MagicMock

ctypes.windll = MagicMock()
ctypes.windll.kernel32.CreateFileW.return_value = 0

import wfastcgi  # noqa: E402

wfastcgi.main()
