"""Find leaking database connections, sessions, cursors and clients in Python code.

The command is `unclosed`, the flake8 plugin registers the prefix `UNC`. Importing the package has no effect and loads
neither libcst nor click.
"""

__version__ = "0.1.0"
