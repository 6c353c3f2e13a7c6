"""Drift: how another OpenAPI description of the operation differs from the contract. Nothing is sent.

`reading` makes a document into a neutral description, the contract's own export too; `differences` compares two of them.
"""
