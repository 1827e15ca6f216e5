"""The command line: `hub run`, `hub serve`, `hub migrate`, `hub seed`, `hub clients …`, `hub demo`.

Every act goes through the one door, with the operator's name on it.
"""

from app.cli.program import main

__all__ = ["main"]
