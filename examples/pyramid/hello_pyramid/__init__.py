"""A Pyramid application: `main` is the factory that the Paste ini file names."""

from pyramid.config import Configurator
from pyramid.response import Response


def hello(request):
    return Response(f"{request.registry.settings['greeting']}, {request.matchdict.get('name', 'world')}!\n")


def main(global_config, **settings):
    with Configurator(settings=settings) as config:
        config.add_route("hello", "/")
        config.add_route("hello_name", "/hello/{name}")
        config.add_view(hello, route_name="hello")
        config.add_view(hello, route_name="hello_name")
        return config.make_wsgi_app()
