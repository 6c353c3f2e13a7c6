"""What a run has to say, for people and programs: files, the HTML page, the terminal. Nothing here sends or judges.

A module reads a `RunResult` and returns text; `files` alone writes. What a target sent is made safe in `escape` alone.
"""
