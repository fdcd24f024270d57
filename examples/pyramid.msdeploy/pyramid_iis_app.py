"""The application: one page, which says its greeting and where its data is."""

import os

from pyramid.config import Configurator
from pyramid.response import Response


def home(request):
    data = os.environ.get("PYRAMID_DATA", "")
    ready = os.path.isfile(os.path.join(data, "README.txt"))
    greeting = request.registry.settings["greeting"]
    return Response(f"{greeting}\ndata: {'ready' if ready else 'missing'}\n", content_type="text/plain")


def main(global_config, **settings):
    """The factory that development.ini names."""
    config = Configurator(settings=settings)
    config.add_route("home", "/")
    config.add_view(home, route_name="home")
    return config.make_wsgi_app()
