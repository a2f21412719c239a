"""Holds the models against the real libraries: their names and signatures, and what they do when they are run against a server."""
