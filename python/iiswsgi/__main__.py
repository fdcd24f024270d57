"""``python -m iiswsgi``."""

import sys

from iiswsgi.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
