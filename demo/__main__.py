"""`make demo`: shows a deployment and serves until Ctrl-C, which ends it with 130.

With DEMO_EXIT=1 it checks what it showed, takes everything down and exits 0 or 1.
"""

import sys

_INTERRUPTED = 130


def main() -> int:
    try:
        # Imported here, because this takes a moment in which Ctrl-C may come as well.
        import asyncio

        from demo.show import show
    except KeyboardInterrupt:
        print("\nNothing was started yet.")
        return _INTERRUPTED
    try:
        return 0 if asyncio.run(show()) else 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
