"""Readers of untrusted bytes, with thousands of inputs that nobody thought of."""
