"""Entry point: `gunicorn wsgi:app`, `flask --app wsgi ...`."""

from screening.app import create_app

app = create_app()
