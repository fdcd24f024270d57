"""The project's metadata with the keywords for the WebPI feed, as the 2012 iiswsgi took them.

iiswsgi reads this file without running it.
"""

from setuptools import setup

version = "1.0"

setup(
    name="ClassicIISApp",
    version=version,
    title="Classic application",
    description="A WSGI application in the file layout of 2012.",
    long_description=open("README.rst").read(),
    author="The iiswsgi developers",
    author_email="iiswsgi@example.org",
    author_url="https://example.org/authors",
    url="https://example.org/classic",
    license="MIT",
    license_url="https://example.org/licence.txt",
    icon_url="https://example.org/icon.png",
    screenshot_url="https://example.org/screenshot.png",
    keywords="python IIS FastCGI WSGI",
    classifiers=["Environment :: Web Environment", "Topic :: Internet :: WWW/HTTP :: WSGI"],
    py_modules=["classic_app"],
    install_msdeploy=["iiswsgi"],
    install_webpi=["IISManagementConsole"],
)
