"""The commands beside `check` and `explain`, one module each; `cli.py` puts them together."""
