"""Proofs over HTTP: made for whoever holds the code, and what a verifier takes along."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from screening import clock
from screening.accounts.guard import public
from screening.interop import schemas as s
from screening.interop import service
from screening.openapi import gives, takes

bp = Blueprint("interop_api", __name__, url_prefix="/api/v1")


@bp.post("/proofs")
@public
@takes(s.AskProofSchema)
@gives(s.ProofSchema)
def issue_proof(args: dict[str, Any]) -> Any:
    """The proof of the own newest negative result; the same one when it is asked for again."""
    return service.issue(**args, address=request.remote_addr, at=clock.now())


@bp.get("/proofs/verifier")
@public
@gives(s.VerifierSchema)
def get_verifier() -> Any:
    """Public keys and the signed list of withdrawn proofs, to verify without a network."""
    return service.verifier(clock.now())
