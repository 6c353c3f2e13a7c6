"""ringtrue's harness: the contract as data, an oracle, checks, a runner and reports for one HTTP operation."""

__version__ = "0.1.0"
