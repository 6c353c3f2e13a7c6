"""`python -m harness` is the command `ringtrue`."""

from harness.cli import main

if __name__ == "__main__":
    main()
