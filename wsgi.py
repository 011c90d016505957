"""Entry point: `gunicorn wsgi:app`, `flask --app wsgi ...`."""

import sys

from screening.app import create_app
from screening.cli import alone, is_alone

app = alone() if is_alone(sys.argv[1:]) else create_app()
