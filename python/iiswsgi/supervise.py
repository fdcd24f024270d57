"""The process between the command and the programs that it starts: ends them when the command is gone.

Started as ``python -I -S supervise.py EXTENSION ARGUMENT…`` and not as a module: the programs' own variables, which may
take this package out of reach, are set here already, and nothing but the extension module is needed.
"""

import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader


def main(extension: str, *arguments: str) -> int:
    """Looks after a program and gives its exit code."""
    loader = ExtensionFileLoader("_iiswsgi", extension)
    spec = spec_from_loader("_iiswsgi", loader, origin=extension)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return int(module.supervise(list(arguments)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
