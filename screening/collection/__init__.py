"""采: what sampling says about tubes and persons."""
