"""Pages of what leaves: the resident's proof, and the verifier that anybody may open."""

from screening.interop.pages import proof, verify
from screening.interop.pages.frame import bp

__all__ = ["bp", "proof", "verify"]
