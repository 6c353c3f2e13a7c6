"""pytest-html's finished page, made ours: its head, its landmarks, our styles and scripts.

pytest-html has no hooks for these. It writes the paths of style files into the page, names no language and no width for
phones, and lets the page load and run anything. Each change is bound to a piece of its template; where a piece is not
there, the page stays as it is in that place. What stands on the page is `harness.report.page`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib import resources

_PATHS = re.compile(r"\n/\*{10,}\n \* CUSTOM CSS\n \* [^\n]*\n \*{10,}/\n")
_GENERATED = re.compile(r"<p>(Report generated on [^\n]{1,40} by) <a href=[^>]{1,100}>(pytest-html)</a>\s*(v[^<\s]{1,20})</p>")
_HANDLER = ' onclick="location.reload()"'
_SKIP = '<a class="rt-skip" href="#rt-findings">Skip to the findings</a>'
_THEME = '<output class="rt-sr" id="rt-said"></output><button type="button" class="rt-theme rt-scripted" id="rt-theme">Theme: as the system</button>'


def framed(page: str, *, sealed: bool) -> str:
    """The page with everything that pytest-html can't be told.

    Args:
        page: as pytest-html wrote it.
        sealed: whether nothing but its own scripts may run and nothing may be loaded; not for a page with files beside it.
    """
    head, body = page.partition("</head>")[::2]
    if not body:
        return page
    body = _landmarks(body.replace(_HANDLER, ""))
    return _head(head, _policy(body) if sealed else "") + "</head>" + body


def _head(head: str, policy: str) -> str:
    first = (
        '<meta charset="utf-8"/>', f'{policy}<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><meta name="generator" content="ringtrue">',
        f"<script>{_own('head.js')}</script>",
    )
    head = head.replace("<html>", '<html lang="en">', 1).replace(first[0], "\n    ".join(first), 1)
    style = f"<style>\n{_own('style.css')}{_own('report.css')}</style>"
    return _PATHS.sub("\n", head) + style


def _landmarks(body: str) -> str:
    """Skip link and main part; the words about pytest-html at the page's end, our script after all that it works on."""
    made = _GENERATED.search(body)
    words = f"<p>{made[1]} {made[2]} {made[3]}</p>" if made else ""
    body = _GENERATED.sub("", body, count=1)
    body = body.replace("<body>", f"<body>\n{_SKIP}\n<main id=\"rt-main\">", 1)
    start, footer, end = body.rpartition("<footer>")
    return f"{start}</main>\n{footer}{words}{_THEME}<script>{_own('script.js')}</script>{end}" if footer else body


def _policy(body: str) -> str:
    """A policy by which only the scripts that stand here now may run, and nothing may be loaded from anywhere."""
    last = body.rpartition("<script>")[2].partition("</script>")[0]
    scripts = " ".join(f"'sha256-{_digest(code)}'" for code in (_own("head.js"), _own("script.js"), last))
    rules = (
        "default-src 'none'", f"script-src {scripts}", "style-src 'unsafe-inline'", "img-src data:", "media-src data:", "base-uri 'none'",
        "form-action 'none'",
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">\n    '


def _digest(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")


@lru_cache(maxsize=8)
def _own(name: str) -> str:
    return resources.files("harness.report").joinpath(name).read_text("utf-8")
