"""The settings of the site. What differs from server to server comes in through Web Deploy parameters."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# Web Deploy fills this in when the package is installed: the parameter `SecretKey` in iiswsgi.yml.
SECRET_KEY = "__secret_key__"
DEBUG = False
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = ["whitenoise.runserver_nostatic", "django.contrib.staticfiles", "guestbook"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "site_project.urls"
WSGI_APPLICATION = "site_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static_root"
