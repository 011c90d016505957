"""What others open: the resident's proof, the verifier for everybody, FHIR for other systems, packages."""

from screening.interop.pages import fhir, packages, proof, verify
from screening.interop.pages.frame import bp

__all__ = ["bp", "fhir", "packages", "proof", "verify"]
