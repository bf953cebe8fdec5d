"""``python -m supops``, and what the installed command runs."""

import os
import sys


def main() -> None:
    """Run the command line of this process, and exit."""
    # The one question that needs no command line parser, and is asked by every installer.
    if sys.argv[1:] == ["--version"]:
        from supops import __version__

        print(f"supops {__version__}")  # noqa: T201  (before rich is loaded)
        return
    # Given by a worker to what it runs (see `supops.adapters.command_runner`).
    pipe = os.environ.pop("SUPOPS_PARENT_PIPE", "")
    if pipe:
        from supops.adapters.process_signals import end_with_parent

        end_with_parent(int(pipe))
    from supops.cli import run

    sys.exit(run())


if __name__ == "__main__":
    main()
