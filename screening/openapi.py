"""What a view takes and gives, declared beside it; the OpenAPI document is read from that."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, NoReturn

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, jsonify, request
from marshmallow import Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser

from screening.errors import BadField, Fault, Faults

UNKNOWN = {"json": None, "query": "exclude", "form": "exclude"}


class _Parser(FlaskParser):
    def handle_error(self, error: ValidationError, *a: Any, **kw: Any) -> NoReturn:
        raise error  # webargs itself would end the request with a 422 that names no field


_parser = _Parser(unknown=None)


def takes(schema: type[Schema] | Schema, location: str = "json") -> Callable:
    """Load the request's `location` (json, query, form) through `schema`; the view gets `args`.

    All faults come back at once as a 422 problem with one entry a field."""
    ready = schema() if isinstance(schema, type) else schema

    def wear(view: Callable) -> Callable:
        @functools.wraps(view)
        def wrapped(*a: Any, **kw: Any) -> Any:
            return view(*a, args=load(ready, location), **kw)

        wrapped.takes = (*getattr(view, "takes", ()), (ready, location))  # type: ignore[attr-defined]
        return wrapped

    return wear


def load(schema: Schema, location: str) -> dict[str, Any]:
    """The validated values of this request. Raises Faults."""
    try:
        if location == "json" and request.get_json(silent=True) is None:
            raise ValidationError({"_body": ["需要一个 JSON 对象 / a JSON object is needed"]})
        return _parser.parse(schema, request, location=location, unknown=UNKNOWN.get(location))
    except ValidationError as e:
        raise Faults(list(_faults(e.messages))) from None


def _faults(messages: Any, path: str = "") -> list[Fault]:
    if isinstance(messages, dict):
        out: list[Fault] = []
        for key, value in messages.items():
            same = path == "" and key in ("json", "query", "form", "files")
            out += _faults(value, path if same else f"{path}.{key}".lstrip("."))
        return out
    if isinstance(messages, list):
        return [f for m in messages for f in _faults(m, path)]
    return [Fault(BadField(message=str(messages)), field=path or None)]


def gives(schema: type[Schema] | Schema | None, status: int = 200, many: bool = False) -> Callable:
    """Dump what the view returns through `schema` and answer with `status`.

    A view may return a Response itself; that passes untouched. `schema` None documents only."""
    ready = schema() if isinstance(schema, type) else schema

    def wear(view: Callable) -> Callable:
        @functools.wraps(view)
        def wrapped(*a: Any, **kw: Any) -> Any:
            out = view(*a, **kw)
            if ready is None or hasattr(out, "status_code"):
                return out
            response = jsonify(ready.dump(out, many=many))
            response.status_code = status
            return response

        wrapped.gives = (ready, status, many)  # type: ignore[attr-defined]
        return wrapped

    return wear


def spec(app: Flask, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every route under /api."""
    marshmallow = MarshmallowPlugin(schema_name_resolver=_schema_name)
    doc = APISpec(
        title="Screening API",
        version=version,
        openapi_version="3.1.0",
        plugins=[marshmallow],
        info={"description": "采送检报: collect, deliver, test, report. Errors: RFC 9457."},
    )
    assert marshmallow.converter is not None
    marshmallow.converter.add_attribute_function(_as_written)
    doc.components.security_scheme("session", {"type": "http", "scheme": "bearer"})
    doc.components.schema("Problem", PROBLEM)
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.rule):
        if not rule.rule.startswith("/api/"):
            continue
        view = app.view_functions[rule.endpoint]
        path, params = _path(rule.rule)
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        ops = {m.lower(): _operation(view, rule.endpoint, params) for m in sorted(methods)}
        doc.path(path=path, operations=ops)
    return doc.to_dict()


PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "faults": {"type": "array", "items": {"type": "object"}},
    },
}


def _as_written(_: Any, field: Any, *, ret: dict[str, Any], **kw: Any) -> dict[str, str]:
    """An integer that travels as a string (63-bit ids) is said to be one; no default None."""
    if ret.get("default", "") is None:
        del ret["default"]  # it means "left out", and None itself may not be sent
    if isinstance(field, fields.Integer) and isinstance(field.serialize("n", {"n": 1}), str):
        return {"type": "string", "format": "int64"}
    return {}


def _schema_name(schema: Any) -> str:
    name = schema if isinstance(schema, str) else type(schema).__name__
    return re.sub(r"Schema$", "", name)


def _path(rule: str) -> tuple[str, list[dict]]:
    params = []
    for kind, name in re.findall(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", rule):
        number = kind == "int"
        schema = {"type": "integer"} if number else {"type": "string"}
        params.append({"name": name, "in": "path", "required": True, "schema": schema})
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule), params


def _operation(view: Any, endpoint: str, params: list[dict]) -> dict[str, Any]:
    text = (view.__doc__ or endpoint).strip()
    rule = getattr(view, "requires", None)
    op: dict[str, Any] = {
        "operationId": endpoint.replace(".", "_"),
        "tags": [endpoint.split(".")[0].removesuffix("_api")],
        "summary": text.splitlines()[0],
        "description": text,
        "parameters": list(params),
        "responses": {
            "default": {
                "description": "Problem",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            }
        },
    }
    if rule is not None and rule.roles:
        op["security"] = [{"session": []}]
        op["x-roles"] = sorted(rule.roles)
        op["x-scope"] = rule.at.name
    for schema, location in getattr(view, "takes", ()):
        if location == "query":
            op["parameters"].append({"in": "query", "schema": schema})
        else:
            kind = "application/json" if location == "json" else "multipart/form-data"
            op["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    out, status, many = getattr(view, "gives", (None, 200, False))
    answer: dict[str, Any] = {"description": "OK"}
    if out is not None:
        body = {"type": "array", "items": out} if many else out
        answer["content"] = {"application/json": {"schema": body}}
    op["responses"][str(status)] = answer
    return op
