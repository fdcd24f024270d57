"""A FastCGI gateway for WSGI applications, made for Microsoft IIS.

``python -m iiswsgi serve APP`` is the command; :func:`serve` is the same for a program of your own.
"""

from iiswsgi._gateway import version as _version
from iiswsgi.serving import serve

__all__ = ["__version__", "serve"]

__version__ = _version()
