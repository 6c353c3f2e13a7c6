"""The command `ringtrue`, and `python -m harness`. It imports nothing itself, so that Ctrl-C during the start is no traceback."""

from __future__ import annotations


def main() -> None:
    """Entry point of the command."""
    try:
        from harness.cli import main as command
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except (ImportError, MemoryError, OSError, SystemError) as error:  # never 1, which means a broken contract
        import sys

        print(f"ringtrue: it can't start ({type(error).__name__}: {error})", file=sys.stderr)
        raise SystemExit(3) from None
    command()


if __name__ == "__main__":
    main()
