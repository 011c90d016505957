"""Tests; a package so that makers and fixtures can be imported by name."""
