"""Embedders: text in, unit-length vectors out, one file per implementation."""
