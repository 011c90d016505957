"""What others open: the resident's proof, the verifier for everybody, FHIR for other systems."""

from screening.interop.pages import fhir, proof, verify
from screening.interop.pages.frame import bp

__all__ = ["bp", "fhir", "proof", "verify"]
