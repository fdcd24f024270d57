"""The application of the classic layout: its texts come from a file that Web Deploy fills in."""

import configparser
import pathlib

greeting = configparser.ConfigParser()
greeting.read(pathlib.Path(__file__).with_name("greeting.ini"), encoding="utf-8")


def application(environ, start_response):
    text = greeting["greeting"]["text"]
    if greeting["greeting"]["style"] == "loud":
        text = text.upper()
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
