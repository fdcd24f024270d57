"""What frameworks call the things that are, or build, a WSGI application."""

APPLICATIONS = {
    "flask.Flask", "flask.app.Flask", "apiflask.APIFlask", "flask_openapi3.OpenAPI", "connexion.FlaskApp",
    "bottle.Bottle", "bottle.app", "bottle.default_app", "bottle.load_app", "bottle.AppStack",
    "falcon.App", "falcon.API", "falcon.app.App", "hug.API",
    "django.core.wsgi.get_wsgi_application", "django.core.handlers.wsgi.WSGIHandler",
    "django.contrib.staticfiles.handlers.StaticFilesHandler", "configurations.wsgi.get_wsgi_application",
    "pyramid.paster.get_app", "pyramid.router.Router", "paste.deploy.loadapp", "plaster.loader.get_wsgi_app",
    "whitenoise.WhiteNoise", "whitenoise.base.WhiteNoise",
    "werkzeug.middleware.dispatcher.DispatcherMiddleware", "werkzeug.wsgi.DispatcherMiddleware",
    "cherrypy.Application", "cherrypy.tree.mount", "cherrypy._cptree.Application",
    "tornado.wsgi.WSGIAdapter", "tornado.wsgi.WSGIApplication", "webapp2.WSGIApplication",
    "web.application", "morepath.App", "eve.Eve", "pecan.make_app", "tg.AppConfig.make_wsgi_app",
    "spyne.server.wsgi.WsgiApplication", "wsgidav.wsgidav_app.WsgiDAVApp", "socketio.WSGIApp", "engineio.WSGIApp",
    "a2wsgi.ASGIMiddleware", "beaker.middleware.SessionMiddleware",
    "dash.Dash.server", "superset.app.create_app", "airflow.www.app.cached_app", "moin.app.create_app",
    "trac.web.main.TracApp", "radicale.Application", "mercurial.hgweb.hgweb", "odoo.http.Application",
    "prometheus_client.make_wsgi_app", "wsgiref.simple_server.demo_app", "static.Cling",
}
# Objects that a module offers as they are.
OBJECTS = {"cherrypy.tree", "trac.web.main.dispatch_request", "radicale.application", "wsgiref.simple_server.demo_app",
           "odoo.http.root", "odoo.service.wsgi_server.application"}
ASYNCHRONOUS = {"fastapi.FastAPI", "starlette.applications.Starlette", "quart.Quart", "sanic.Sanic", "litestar.Litestar",
                "starlite.Starlite", "falcon.asgi.App", "django.core.asgi.get_asgi_application", "blacksheep.Application",
                "aiohttp.web.Application", "a2wsgi.WSGIMiddleware", "asgiref.wsgi.WsgiToAsgi", "channels.routing.ProtocolTypeRouter"}
# Methods that give an application, whatever the object.
METHODS = {"make_wsgi_app", "wsgifunc"}
# These hold an application in an attribute and are none themselves (connexion's can be called).
SERVERS = {"dash.Dash", "dash.dash.Dash", "connexion.App"}
WITHOUT_CALL = {"web.application"}


def constructor(dotted):
    """What a call of a dotted name gives: the kind and the reason."""
    if dotted in ASYNCHRONOUS:
        return "asgi", "built by " + dotted
    if dotted in APPLICATIONS and dotted not in WITHOUT_CALL:
        return "application", "built by " + dotted
    return None, None


def object_of(dotted):
    """Why a dotted name is an application as it is, or None."""
    return "the object " + dotted if dotted in OBJECTS else None


def has_server(dotted):
    return dotted in SERVERS
