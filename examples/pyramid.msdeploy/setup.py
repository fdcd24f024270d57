"""A Pyramid application for IIS in the layout of 2012, with a step of its own when it is installed.

``setup.cfg`` chains the steps by an alias, which the manifest's runCommand names.
"""

import os

from setuptools import Command, setup


class install_pyramid(Command):
    """Makes the folder that the application writes to, and lets web.config know of it."""

    description = "make the folder for the application's data"
    user_options = [("data=", "d", "the folder (data)")]

    def initialize_options(self):
        self.data = None

    def finalize_options(self):
        self.data = os.path.abspath(self.data or "data")

    def run(self):
        os.makedirs(self.data, exist_ok=True)
        with open(os.path.join(self.data, "README.txt"), "w", encoding="utf-8") as stream:
            stream.write("The application writes here.\n")
        # %PYRAMID_DATA% of web.config.in.
        os.environ["PYRAMID_DATA"] = self.data


setup(
    name="PyramidIISApp",
    version="0.2",
    title="Pyramid Application",
    description="A Pyramid application for IIS.",
    author="The iiswsgi developers",
    author_email="iiswsgi@example.org",
    url="https://example.org/pyramid",
    license="MIT",
    license_url="https://example.org/licence.txt",
    icon_url="https://example.org/pyramid.png",
    keywords="python Pyramid IIS FastCGI WSGI",
    py_modules=["pyramid_iis_app"],
    install_requires=["pyramid", "PasteDeploy"],
    entry_points={"paste.app_factory": ["main = pyramid_iis_app:main"]},
    install_webpi=["IISManagementConsole"],
    cmdclass={"install_pyramid": install_pyramid},
)
