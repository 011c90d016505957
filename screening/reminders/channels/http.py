"""An SMS gateway over HTTP: JSON, a bearer token, an idempotency key; retried by the outbox."""

from __future__ import annotations

import requests

from screening.reminders.channels import Answer, Fate

SECONDS = (3.05, 10)  # to connect, to answer
# the number or the text itself is refused: sending it again would not help
REFUSED = (400, 404, 410, 422)
DUPLICATE = 409


class HttpChannel:
    """POST {"to", "text"} with `Idempotency-Key`; 2xx (and 409: it has it already) means sent.

    A time-out is no failure: the message goes out again under the same key."""

    def __init__(self, url: str, token: str | None, seconds: tuple[float, float] = SECONDS) -> None:
        self.url, self.seconds = url, seconds
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def send(self, key: str, phone: str, text: str) -> Answer:
        try:
            answer = self.session.post(
                self.url,
                json={"to": phone, "text": text},
                headers={"Idempotency-Key": key},
                timeout=self.seconds,
                allow_redirects=False,
            )
        except requests.Timeout:
            return Answer(Fate.LATER, "timeout")
        except requests.RequestException as e:
            return Answer(Fate.LATER, type(e).__name__.lower())
        status = answer.status_code
        if 200 <= status < 300 or status == DUPLICATE:
            return Answer(Fate.SENT)
        fate = Fate.NEVER if status in REFUSED else Fate.LATER
        return Answer(fate, f"http_{status}")
