"""Servers that misbehave, on real sockets of this machine: single behaviours (`server`), and a fleet that is otherwise faultless."""

from adversary.server import *  # noqa: F403
