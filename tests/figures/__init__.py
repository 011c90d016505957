"""Tests of the figures that leaders read."""
