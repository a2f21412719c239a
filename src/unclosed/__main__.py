"""`python -m unclosed` is the command `unclosed`."""

from unclosed.cli import main

if __name__ == "__main__":
    main(prog_name="unclosed")
