"""Result lists of laboratories with a system of their own: rows, template, what can be wrong."""
