"""Every statement, expression and pattern of Python is lowered: a class of libcst that nobody has thought of fails here, not at a user's.

The classes are asked of libcst itself, so a new version of it with new syntax makes this test fail until the syntax is understood.
"""

from __future__ import annotations

import inspect

import libcst as cst
import pytest

from unclosed.lowering.expressions import HANDLERS
from unclosed.lowering.facts import ModuleFacts
from unclosed.lowering.module import ModuleLowering
from unclosed.lowering.parse import parse
from unclosed.lowering.patterns import PATTERNS
from unclosed.lowering.statements import StatementLowering

STATEMENTS = {
    "AnnAssign": "def f():\n    x: int = one()\n",
    "Assert": "def f(a):\n    assert a, one()\n",
    "Assign": "def f():\n    x = y = one()\n",
    "AugAssign": "def f(x):\n    x += one()\n",
    "Break": "def f(a):\n    while a:\n        break\n",
    "ClassDef": "def f():\n    class C(Base, key=one()):\n        x = 1\n",
    "Continue": "def f(a):\n    while a:\n        continue\n",
    "Del": "def f(a, b):\n    del a, b.c, b[one()]\n",
    "Expr": "def f():\n    one()\n",
    "For": "def f(a):\n    for x in a:\n        one(x)\n    else:\n        two()\n",
    "FunctionDef": "def f():\n    @one\n    def g(a=two()):\n        return a\n",
    "Global": "def f():\n    global x\n    x = one()\n",
    "If": "def f(a):\n    if a:\n        one()\n    elif a is None:\n        two()\n    else:\n        three()\n",
    "Import": "def f():\n    import a.b, c as d\n",
    "ImportFrom": "def f():\n    from .a import b as c\n",
    "LazyImport": "lazy import a.b\n\n\ndef f():\n    return a\n",
    "LazyImportFrom": "lazy from a import b\n\n\ndef f():\n    return b\n",
    "Match": "def f(a):\n    match a:\n        case 1 if one():\n            two()\n        case _:\n            pass\n",
    "Nonlocal": "def f(x):\n    def g():\n        nonlocal x\n        x = one()\n    return g\n",
    "Pass": "def f():\n    pass\n",
    "Raise": "def f(a):\n    raise one() from a\n",
    "Return": "def f(a):\n    return a, one()\n",
    "SimpleStatementLine": "def f():\n    one(); two()\n",
    "Try": "def f():\n    try:\n        one()\n    except E as e:\n        two()\n    finally:\n        three()\n",
    "TryStar": "def f():\n    try:\n        one()\n    except* E as e:\n        two()\n",
    "TypeAlias": "def f():\n    type X[T] = list[T]\n",
    "While": "def f(a):\n    while a():\n        one()\n    else:\n        two()\n",
    "With": "def f():\n    with one() as a, two():\n        three()\n",
}
"""A program for each class of statement."""

EXPRESSIONS = {
    "Attribute": "a.b.c",
    "Await": "await a()",
    "BinaryOperation": "a + b() * c",
    "BooleanOperation": "a and b() or c",
    "Call": "a(b, *c, d=e, **g)",
    "Comparison": "a < b() <= c",
    "ConcatenatedString": "'a' f'{b()}' 'c'",
    "Dict": "{a: b(), **c}",
    "DictComp": "{a: b(a) for a in c if d(a)}",
    "Ellipsis": "...",
    "Float": "1.5",
    "FormattedString": "f'{a()!r:>{b()}}'",
    "GeneratorExp": "(a(b) for b in c for d in b)",
    "IfExp": "a() if b else c()",
    "Imaginary": "2j",
    "Integer": "0x10",
    "Lambda": "lambda a, *b, c=d(), **e: a(c)",
    "List": "[a, b(), *c]",
    "ListComp": "[a(b) for b in c]",
    "Name": "a",
    "NamedExpr": "(a := b())",
    "Set": "{a, b()}",
    "SetComp": "{a(b) async for b in c}",
    "SimpleString": "'a'",
    "StarredDictComp": "{**a(b) for b in c}",
    "StarredElement": "[*a()]",
    "Subscript": "a[b()][c:d():2]",
    "TemplatedString": "t'{a()!r:>{b()}}'",
    "Tuple": "(a, b())",
    "UnaryOperation": "-a()",
    "Yield": "(yield a())",
}
"""An expression of each class; it is evaluated in an `async def`."""

PATTERN_CASES = {
    "MatchAs": "a as b",
    "MatchClass": "a(1, b=c)",
    "MatchList": "[1, *a]",
    "MatchMapping": "{'a': b, **c}",
    "MatchOr": "1 | 2",
    "MatchSingleton": "None",
    "MatchStar": "[*a]",
    "MatchTuple": "(1, a)",
    "MatchValue": "a.b",
}
"""A pattern of each class."""

ABSTRACT = {"MatchSequence": "the common base of MatchList and MatchTuple"}
"""Classes that no parser makes, and why."""

INSIDE = {"MatchStar": "stands only inside a sequence pattern"}
"""Classes that have a handler and are no statement, expression or pattern of their own, and why."""


def concrete(*bases: str) -> list[str]:
    """The names of the classes that libcst exports below these bases and makes instances of."""
    below = tuple(vars(cst)[base] for base in bases)
    exported = [name for name, found in vars(cst).items() if inspect.isclass(found) and issubclass(found, below)]
    return [name for name in exported if not name.startswith("Base") and name not in {*bases, *ABSTRACT}]


def known(examples: dict[str, str]) -> list[str]:
    """The classes of some examples that this version of libcst has."""
    return sorted(name for name in examples if hasattr(cst, name))


def occurs(program: str, name: str) -> bool:
    """Whether the parsed program holds a node of this class."""
    pending: list[cst.CSTNode] = [parse(program)]
    while pending:
        at = pending.pop()
        if type(at).__name__ == name:
            return True
        pending.extend(at.children)
    return False


def lowered(program: str) -> ModuleFacts:
    """The facts of a program."""
    return ModuleLowering(parse(program)).lower()


def test_every_statement_has_a_handler_of_its_own() -> None:
    """`visit_If` and its like are defined in the visitor itself: libcst's default would walk on without lowering."""
    wanted = concrete("BaseStatement", "BaseSmallStatement")
    assert [name for name in wanted if f"visit_{name}" not in vars(StatementLowering)] == []


def test_every_expression_has_a_handler() -> None:
    """The table of expressions has each class, and nothing else."""
    assert sorted(node.__name__ for node in HANDLERS) == sorted(concrete("BaseExpression"))


def test_every_pattern_has_a_handler() -> None:
    """The table of patterns has each class, and nothing else."""
    assert sorted(node.__name__ for node in PATTERNS) == sorted([*concrete("MatchPattern"), *INSIDE])


def test_there_is_an_example_of_every_class() -> None:
    """The programs below leave no class out."""
    wanted = concrete("BaseStatement", "BaseSmallStatement", "BaseExpression", "MatchPattern")
    assert sorted([*known(STATEMENTS), *known(EXPRESSIONS), *known(PATTERN_CASES)]) == sorted([*wanted, *INSIDE])


@pytest.mark.parametrize("name", known(STATEMENTS))
def test_a_statement_is_lowered(name: str) -> None:
    """A function around the statement has a graph, and nothing is skipped."""
    assert occurs(STATEMENTS[name], name)
    facts = lowered(STATEMENTS[name])
    assert (facts.skipped, "f" in [f.name for f in facts.functions]) == ((), True)
    assert all(len(f.graph) > 4 for f in facts.functions)


@pytest.mark.parametrize("name", known(EXPRESSIONS))
def test_an_expression_is_lowered(name: str) -> None:
    """As a value, as a condition and as an argument alike."""
    text = EXPRESSIONS[name]
    program = f"async def f(a, b, c):\n    x = {text}\n    if {text}:\n        d({text})\n    return x\n"
    assert occurs(program, name)
    facts = lowered(program)
    assert (facts.skipped, [f.name for f in facts.functions][:2]) == ((), ["", "f"])
    assert all(len(f.graph) > 4 for f in facts.functions)


@pytest.mark.parametrize("name", known(PATTERN_CASES))
def test_a_pattern_is_lowered(name: str) -> None:
    """Over a name and over a temporary as the subject."""
    pattern = PATTERN_CASES[name]
    case = f"        case {pattern}:\n            one()\n"
    program = f"def f(s):\n    match s:\n{case}    match two(s):\n{case}"
    assert occurs(program, name)
    facts = lowered(program)
    assert (facts.skipped, [f.name for f in facts.functions]) == ((), ["", "f"])
    assert all(len(f.graph) > 4 for f in facts.functions)
