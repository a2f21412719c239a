"""From Python text to event flow graphs: the only package, with the fixes, that imports libcst."""
