"""The page of ``egg:iiswsgi#test_app`` as an IIS application, with an ``install_msdeploy`` of its own."""

import os

from setuptools import setup

try:
    from iiswsgi import install_msdeploy
except ImportError:
    # pip builds the project in an environment of its own, without iiswsgi.
    commands = {}
else:

    class install_sample(install_msdeploy.install_msdeploy):
        """Sets a variable for web.config.in, and notes that the database was made."""

        def run(self):
            os.environ["SAMPLE_INSTANCE"] = f"instance {self.count}"
            self.pre_install()
            with open("database.txt", "w", encoding="utf-8") as stream:
                stream.write("made\n")
            self.post_install()

    commands = {"install_msdeploy": install_sample}

setup(
    name="WSGISampleIISApp",
    version="0.2",
    title="Sample WSGI Application",
    description="A page that shows the environ of WSGI.",
    author="The iiswsgi developers",
    author_email="iiswsgi@example.org",
    url="https://example.org/sample",
    license="MIT",
    license_url="https://example.org/licence.txt",
    keywords="python IIS FastCGI WSGI",
    py_modules=[],
    install_requires=["PasteDeploy"],
    install_msdeploy=["iiswsgi"],
    install_webpi=["IISManagementConsole"],
    cmdclass=commands,
)
