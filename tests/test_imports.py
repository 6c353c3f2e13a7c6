"""The imports of all modules, read from their source: who may send, what stays apart, and which way the layers go."""

from __future__ import annotations

import ast
import fnmatch
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, environment

SENDING = ("requests", "urllib3", "socket", "http.client", "ssl", "asyncio", "aiohttp", "httpx")
PURE = ("harness.oracle", "harness.classify", "harness.contract", "harness.contract.*", "harness.checks", "harness.checks.*",
        "harness.wire", "harness.case", "strategies", "strategies.*")
PAGES = ("harness.contract.explain", "harness.contract.docs", "harness.contract.openapi")

# Left to right as in docs: a module imports from its own layer or from layers before it. A pattern that stands earlier wins.
LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("version and errors", ("harness", "harness.errors", "harness.files", "harness.lock", "harness.own_errors", "harness.stops", "harness.visible")),
    ("emulator", ("harness.emulator", "harness.emulator.*")),
    ("contract", ("harness.contract", "harness.contract.attributes", "harness.contract.classes", "harness.contract.clauses",
                  "harness.contract.model", "harness.contract.parameters")),
    ("case and wire", ("harness.accepted", "harness.case", "harness.wire", "harness.classify", "harness.secrecy")),
    ("strategies", ("strategies", "strategies.*")),
    ("pages of the contract", (*PAGES, "harness.curl", "harness.drift", "harness.drift.*")),
    ("oracle", ("harness.oracle",)),
    ("target and exchange", ("harness.exchange", "harness.route", "harness.target", "harness.traffic", "harness.weather")),
    ("settings", ("harness.config", "harness.again")),
    ("checks", ("harness.checks", "harness.checks.*")),
    ("findings and results", ("harness.findings", "harness.identity", "harness.latency", "harness.results", "harness.recorded", "harness.compare",
                              "harness.journal")),
    ("session", ("harness.calls", "harness.doubts", "harness.session", "harness.patience", "harness.har")),
    ("what a run does in turn", ("harness.live", "harness.preflight", "harness.readback", "harness.properties", "harness.generated", "harness.examples", "harness.strangers",
                                   "harness.saved", "harness.replay", "harness.redaction")),
    ("attribution", ("harness.attribution", "harness.attribution.*")),
    ("verdicts", ("harness.gate", "harness.verdicts")),
    ("engine", ("harness.engine", "harness.offline", "harness.rebuild", "harness.rehearsal")),
    ("report", ("harness.report", "harness.report.*")),
    ("pytest", ("harness.plugin", "harness.suite", "harness.suite.*")),
    ("runner", ("harness.runner", "harness.serving", "harness.checking", "harness.comparing", "harness.initialising", "harness.settings",
                "harness.telling", "harness.rebuilding", "harness.redacting", "harness.rehearsing")),
    ("command line", ("harness.cli", "harness.cli.*", "harness.__main__")),
)


def modules() -> dict[str, Path]:
    """Every module of the distribution by its dotted name."""
    found: dict[str, Path] = {}
    for top in ("harness", "strategies"):
        for path in (ROOT / top).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports_of(name: str) -> set[str]:
    """The full names of what a module imports, wherever in it; a name of ours as far as it is a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
            for _ in range(node.level - 1):
                package = package.rpartition(".")[0]
            base = ".".join(filter(None, [package if node.level else "", node.module or ""]))
            found.update(f"{base}.{a.name}" if f"{base}.{a.name}" in MODULES else f"{base}:{a.name}" for a in node.names)
    return found


IMPORTS = {name: imports_of(name) for name in MODULES}
OURS = {name: {i.partition(":")[0] for i in found} & set(MODULES) for name, found in IMPORTS.items()}


def foreign(name: str) -> set[str]:
    """The modules of others that a module imports, `http.client` written out."""
    return {i.replace(":", ".") for i in IMPORTS[name] if i.partition(":")[0] not in MODULES}


def sends(imported: str) -> bool:
    """Whether an import is of something that opens connections."""
    return any(imported == s or imported.startswith(s + ".") for s in SENDING)


def matching(patterns: tuple[str, ...]) -> list[str]:
    """Our modules that fit a pattern."""
    return [n for n in MODULES if any(fnmatch.fnmatchcase(n, p) for p in patterns)]


def reached(name: str) -> set[str]:
    """All of our modules that importing one imports, their packages included."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        parents = [".".join(current.split(".")[:i]) for i in range(1, current.count(".") + 1)]
        waiting += [*OURS[current], *(p for p in parents if p in MODULES)]
    return seen


def layer_of(name: str) -> int:
    """The place of a module's layer."""
    exact = [i for i, (_, patterns) in enumerate(LAYERS) if name in patterns]
    return exact[0] if exact else next(i for i, (_, patterns) in enumerate(LAYERS) if any(fnmatch.fnmatchcase(name, p) for p in patterns))


def test_modules_are_all_seen() -> None:
    assert {"harness.cli", "harness.emulator.faults.accepts", "strategies.plan", "harness.suite.test_clauses"} <= set(MODULES)
    assert "http.client" in foreign("harness.target") and "harness.case" in OURS["harness.target"]


@pytest.mark.parametrize("name", [n for n in matching(PURE) if n not in PAGES])
def test_pure_module_reaches_nothing_that_sends(name: str) -> None:
    assert {(n, i) for n in reached(name) for i in foreign(n) if sends(i)} == set()


def test_pure_modules_load_no_http_client() -> None:
    names = [n for n in matching(PURE) if n not in PAGES and not n.startswith("strategies")]
    code = f"import sys, {', '.join(names)}; print(sorted({{'requests', 'urllib3', 'http.client'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_what_a_run_loads_at_its_start_is_not_hypothesis_nor_what_other_commands_need() -> None:
    code = "import sys, harness.cli.run, harness.runner, harness.settings; print(sorted({'hypothesis', 'harfile', 'harness.rehearsal', 'harness.compare'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_strategies_are_reached_from_their_package() -> None:
    import strategies
    from strategies import calls

    assert strategies.values is calls.values and strategies.valid_calls is calls.valid_calls
    assert all(getattr(strategies, name) is getattr(calls, name) for name in strategies.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        strategies.nothing  # noqa: B018


def test_only_the_target_imports_an_http_client() -> None:
    clients = ("requests", "urllib3", "http.client", "httpx", "aiohttp")
    found = {n for n in MODULES if any(i == c or i.startswith(c + ".") for i in foreign(n) for c in clients)}
    assert found == {"harness.target"}


@pytest.mark.parametrize("name", matching(("harness.emulator", "harness.emulator.*")))
def test_emulator_imports_nothing_of_the_harness_but_itself(name: str) -> None:
    outside = {n for n in reached(name) if n != "harness" and not (n + ".").startswith("harness.emulator.")}
    assert outside == set()


def test_emulator_is_imported_by_those_alone_who_start_it() -> None:
    users = {n for n in MODULES if not n.startswith("harness.emulator") and any(i.startswith("harness.emulator") for i in OURS[n])}
    assert users <= {"harness.engine", "harness.rehearsal", "harness.settings", "harness.serving", "harness.cli.completion"}


def test_imports_have_no_cycle() -> None:
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        assert name not in path, " -> ".join([*path[path.index(name):], name])
        path.append(name)
        for imported in sorted(OURS[name] - {name}):
            visit(imported)
        path.pop()
        done.add(name)

    for name in MODULES:
        visit(name)


def test_every_module_has_a_layer() -> None:
    for name in MODULES:
        assert 0 <= layer_of(name) < len(LAYERS)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_module_imports_from_the_left_alone(name: str) -> None:
    mine = layer_of(name)
    right = {i: LAYERS[layer_of(i)][0] for i in OURS[name] if layer_of(i) > mine}
    assert right == {}, f"{name} is in the layer '{LAYERS[mine][0]}'"
