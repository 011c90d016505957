"""What a phone sends in its own name, for tests."""

from __future__ import annotations

import json
from typing import Any

from screening import clock
from screening.field import signed


def signed_post(phone: Any, path: str, body: dict | None = None, *, token: str = "",
                headers: dict | None = None) -> dict[str, Any]:  # fmt: skip
    """The keyword arguments of a test client's `post` for a request that the phone signs."""
    data = json.dumps(body or {}).encode()
    ms = clock.to_ms(clock.now())
    head = signed.header(phone.key, phone.device_id, "POST", path, ms, data)
    sent = {"X-Device": head, **(headers or {})}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    return {"data": data, "content_type": "application/json", "headers": sent}


def ask(client: Any, phone: Any, path: str, body: dict | None = None, **kw: Any) -> Any:
    return client.post(path, **signed_post(phone, path, body, **kw))
