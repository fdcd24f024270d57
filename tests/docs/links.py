#!/usr/bin/env python3
"""Looks whether every link of the built book leads somewhere: `links.py BOOK`.

Within the book files and anchors are looked up. A link to the repository's page on GitHub is looked up in this checkout.
Other addresses are not fetched: the check runs without a network.
"""

import html.parser
import pathlib
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REPOSITORY = "https://github.com/iiswsgi/iiswsgi/"


class Page(html.parser.HTMLParser):
    """The anchors of a page, and where its links lead."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = {""}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        for name in ("id", "name"):
            if values.get(name):
                self.anchors.add(values[name])
        for name in ("href", "src"):
            if values.get(name):
                self.links.append((self.getpos()[0], values[name]))


def fault(link, page, pages):
    """Why a link leads nowhere; None when it is right."""
    if link.startswith(REPOSITORY):
        kind, _, rest = link[len(REPOSITORY):].partition("/")
        path = urllib.parse.unquote(rest.partition("/")[2].partition("#")[0])
        # Where a page is edited: it is one of ours.
        if kind in ("blob", "tree", "edit") and not (ROOT / path).exists():
            return "the repository has no `{}`".format(path)
        return None
    address, _, anchor = link.partition("#")
    if "://" in address or address.startswith(("mailto:", "javascript:", "data:")):
        return None
    target = (page.parent / urllib.parse.unquote(address)).resolve() if address else page
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return "there is no `{}`".format(address)
    if target in pages and urllib.parse.unquote(anchor) not in pages[target].anchors:
        return "`{}` has no `#{}`".format(target.name, anchor)
    return None


def main():
    book = pathlib.Path(sys.argv[1]).resolve()
    pages = {path: Page(path) for path in sorted(book.rglob("*.html"))}
    count, faults = 0, set()
    for path, page in pages.items():
        # One page for all chapters, and the page for what is not found, whose links start elsewhere.
        if path.name in ("print.html", "404.html", "toc.html"):
            continue
        for line, link in page.links:
            count += 1
            reason = fault(link, path, pages)
            if reason:
                faults.add("{}:{}: {}: {}".format(path.relative_to(book), line, link, reason))
    print("\n".join(sorted(faults)) or "{} links of {} pages lead somewhere".format(count, len(pages)))
    sys.exit(1 if faults or not count else 0)


if __name__ == "__main__":
    main()
