"""A FastCGI gateway for WSGI applications, made for Microsoft IIS.

``python -m iiswsgi serve APP`` is the command; :func:`serve` is the same for a program of your own.
"""

try:
    from iiswsgi._gateway import version as _version
except ImportError:
    # A wheel for another system or Python. IIS shows nobody what is printed.
    from traceback import format_exc

    from iiswsgi import lastwords

    if lastwords.is_under_iis():
        lastwords.write(f"the package iiswsgi cannot be loaded\n{format_exc()}")
    raise
from iiswsgi.serving import serve

__all__ = ["__version__", "serve"]

__version__ = _version()
