"""The figures that leaders read: one function each, whatever screen, export or answer shows it."""
