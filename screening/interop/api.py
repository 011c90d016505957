"""What leaves over HTTP: proofs and what a verifier takes along; packages and their receipts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from screening import clock
from screening.accounts.guard import CITY, current_actor, public, require
from screening.accounts.roles import Role
from screening.interop import packages, service
from screening.interop import schemas as s
from screening.openapi import gives, takes

SENDERS = (Role.DISPATCHER, Role.ADMINISTRATOR)
WATCHING = (*SENDERS, Role.AUDITOR)

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


@bp.get("/packages")
@require(*WATCHING, at=CITY)
@takes(s.PackageQuerySchema, "query")
@gives(s.PackageSchema, many=True)
def list_packages(args: dict[str, Any]) -> Any:
    """Packages for the authority, newest first; `unreceipted`: those without a receipt by age."""
    return packages.list_packages(unreceipted=args["unreceipted"])


@bp.post("/packages/<number>/receipt")
@require(*SENDERS, at=CITY)
@takes(s.ReceiptSchema)
@gives(s.PackageSchema)
def receive_package(number: str, args: dict[str, Any]) -> Any:
    """Record the receiver's answer; its hash must be the package's."""
    return packages.receive(
        packages.number_of(number), args["receipt"], args["sha256"],
        by=current_actor().staff_id, at=clock.now(),
    )  # fmt: skip
