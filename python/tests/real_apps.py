"""Real applications, each within `wsgiref.validate`: Django with its admin, Flask and Pyramid.

What differs from run to run is made to stay: the same request has the same answer, byte for byte.
"""

import os
from wsgiref.validate import validator

FILE = os.path.abspath(__file__)


def without_hint(app):
    """Werkzeug reads a stream of which it knows that it ends without saying how much, which the validator forbids."""

    def wrapped(environ, start_response):
        environ.pop("wsgi.input_terminated", None)
        return app(environ, start_response)

    return wrapped


def make_flask():
    from flask import Flask, Response, make_response, redirect, render_template_string, request, send_file

    app = Flask(__name__)

    @app.get("/")
    def index():
        answer = make_response(render_template_string("<h1>{{ name }}</h1>" * 500, name="<Flask & caf\xe9>"))
        answer.set_cookie("one", "1")
        answer.set_cookie("two", "2")
        return answer

    @app.route("/form", methods=["GET", "POST"])
    def form():
        names = {name: len(file.read()) for name, file in request.files.items()}
        return {"form": request.form, "args": request.args, "files": names, "host": request.host, "url": request.url}

    @app.get("/stream")
    def stream():
        return Response((f"line {number}\n" * 100 for number in range(300)), mimetype="text/plain")

    @app.get("/file")
    def file():
        return send_file(FILE, mimetype="text/plain", conditional=True, etag="fixed", last_modified=1)

    @app.get("/away")
    def away():
        return redirect("/form?x=1")

    @app.get("/fail")
    def fail():
        raise ValueError("on purpose")

    return app


def make_pyramid():
    from pyramid.config import Configurator
    from pyramid.response import FileResponse, Response

    def page(request):
        return {"name": request.matchdict["name"], "path": request.path, "url": request.url, "post": dict(request.POST)}

    def file(request):
        return FileResponse(FILE, request=request, content_type="text/plain")

    def pieces(request):
        return Response(app_iter=(b"piece %d\n" % number for number in range(1000)), content_type="text/plain")

    def fail(request):
        return 1 / 0

    def failed(error, request):
        return Response(f"failed: {error}", status=503)

    with Configurator() as config:
        config.add_route("page", "/page/{name}")
        config.add_view(page, route_name="page", renderer="json")
        for view in (file, pieces, fail):
            config.add_route(view.__name__, f"/{view.__name__}")
            config.add_view(view, route_name=view.__name__)
        config.add_exception_view(failed, context=ZeroDivisionError)
    return config.make_wsgi_app()


def make_django():
    import django as framework
    from django.conf import settings

    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="real_urls",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "real.sqlite"}},
        INSTALLED_APPS=["django.contrib." + name for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]},
        }],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STATIC_URL="/static/",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )
    framework.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.middleware import csrf

    # The token of a form is masked anew each time.
    csrf.get_random_string = lambda length, allowed_chars: allowed_chars[0] * length
    if not os.path.exists("real.sqlite"):
        call_command("migrate", verbosity=0)
        from django.contrib.auth.models import User

        User.objects.create_superuser("admin", "admin@example.org", "secret", last_name="caf\xe9 <&>")
    return get_wsgi_application()


def flask():
    return validator(without_hint(make_flask()))


def pyramid():
    return validator(make_pyramid())


def django():
    return validator(make_django())
