"""Output that acts on who looks at it, or that poses as a result."""

from __future__ import annotations

from tests.attacks.attack import ALL, NOTEBOOKS, OURS, Attack

__all__ = ["ATTACKS"]

_KEPT = ("value", "array", "call")


def _words(name: str, after: str, text: str, *aims: str, last: str = "") -> Attack:
    """Bring a text into what the student is told: the test of ``words`` repeats it."""
    return Attack(
        name,
        "output injection",
        after,
        frozenset(aims or ("injection", "no verdict")),
        first=f"payload = {text}",
        answers={"text": "words = payload"},
        last=last or "print(payload); print(payload, file=sys.stderr)\nraise ValueError(payload)",
        base="honest",
        keeps=_KEPT,
        graders=OURS,
    )


def _poses(name: str, after: str, last: str, graders: frozenset[str] = ALL) -> Attack:
    return Attack(
        name, "output injection", after, frozenset({"points"}), last=last, graders=graders
    )


ATTACKS = (
    _words(
        "HTML and scripts",
        "scripts, handlers and frames in what is shown",
        '\'<script>alert("@NONCE@")</script><img src=x onerror=alert("@NONCE@")>\''
        '\'"><svg/onload=alert("@NONCE@")><iframe srcdoc=@NONCE@></iframe>\''
        "'<a href=\"javascript:@NONCE@\">click</a></style><style>@NONCE@{}</style>'",
    ),
    _words(
        "Markdown",
        "links, pictures and raw HTML in Markdown",
        "'[click](javascript:@NONCE@) ![](http://example.org/@NONCE@) `<b id=@NONCE@>` "
        '\\n\\n# 10/10\\n\\n|a|b|\\n|-|-|\\n<b id="@NONCE@">\'',
    ),
    _words(
        "terminal commands",
        "escape sequences that clear, colour, rename and type",
        "'\\x1b[2J\\x1b]0;@NONCE@\\x07\\x1b[31m\\x9b31m\\x1bP+q\\x1b\\\\ \\x08\\x08\\r10 of 10'"
        "'\\x1b]8;;file:///etc/passwd\\x1b\\\\x\\x1b]8;;\\x1b\\\\'",
    ),
    _words(
        "rich markup",
        "markup of the library that prints the table",
        "'[bold red]passed[/] [/nothing] [link=file:///@NONCE@]x[/link] [@click=app.bell]x "
        ":warning: \\\\['",
    ),
    _words(
        "formulas",
        "spreadsheet formulas at the start of a field",
        '\'=cmd|"/C calc"!A0,@SUM(1),+1,-1\\n=HYPERLINK("http://example.org/@NONCE@")\\t;|\'',
    ),
    _words(
        "templates",
        "placeholders of template languages and of format strings",
        "'{{ 7*7 }} {% raw %} {{ grade.__class__ }} ${7*7} %s %n {0.__class__} {missing} <%= 7 %>'",
    ),
    _words(
        "characters",
        "NUL, half characters, characters that turn the line around",
        "'\\x00\\ud800\\udfff\\u202e\\u2066\\u2028\\u2029\\ufeff\\uffff' + chr(0x10ffff) + "
        "'\\u0301' * 500",
    ),
    _words(
        "long text",
        "fifty million characters where a sentence is expected",
        "'A' * 50_000_000",
        "no verdict",
        last="raise ValueError(payload)",
    ),
    _words(
        "names that are markup",
        "exception classes and variables called like markup and commands",
        "type('<img src=x onerror=@NONCE@>\\x1b[31m', (Exception,), {})",
        last="raise payload('<script>@NONCE@</script>' * 3)",
    ),
    Attack(
        "active outputs",
        "output injection",
        "HTML, JavaScript and unknown kinds of output, from objects that hang while they are shown",
        frozenset({"injection", "no verdict"}),
        last="from IPython.display import HTML, Javascript, display\n"
        "display(HTML('<script>@NONCE@</script>'), Javascript('alert(\"@NONCE@\")'))\n"
        "display({'text/html': '<img src=x onerror=@NONCE@>', 'application/javascript': '1',"
        " 'image/svg+xml': '<svg onload=\"@NONCE@\"/>', '../x': 5}, raw=True)\n"
        "class Hangs:\n"
        "    def _repr_html_(self):\n"
        "        while True: pass\n"
        "    def __repr__(self): raise SystemExit(0)\n"
        "Hangs()",
        base="honest",
        keeps=(*_KEPT, "text"),
        cell_seconds=4,
        graders=NOTEBOOKS,
    ),
    Attack(
        "errors that fail",
        "output injection",
        "exceptions whose text, type and traceback raise, hang or grow",
        frozenset({"no verdict"}),
        last="class Bad(Exception):\n"
        "    def __str__(self): raise self\n"
        "    __repr__ = __getattr__ = __str__\n"
        "def down(n):\n"
        "    try: raise Bad('x' * 100_000)\n"
        "    except Bad as error:\n"
        "        if n: raise Bad(str) from down(n - 1)\n"
        "        raise\n"
        "down(50)",
        base="honest",
        keeps=(*_KEPT, "text"),
    ),
    _poses(
        "printed scores",
        "lines that say what was scored",
        "for text in ('10.0', 'score: 40/40', 'tiny-value: 10 of 10 points: passed',\n"
        "             'All tests passed!', 'OK', 'tiny-value passed!'): print(text)\n"
        "10.0",
    ),
    _poses(
        "printed results",
        "a whole results.json and a report of the test runner on every output",
        "import json\n"
        "full = json.dumps({'score': 40, 'tests': [{'name': 'tiny-value', 'score': 10,"
        " 'max_score': 10, 'status': 'passed'}], 'verdicts': [{'id': 'tiny-value',"
        " 'verdict': 'passed', 'score': 10.0}]})\n"
        "print(full); print(full, file=sys.stderr)\n"
        "for fd in range(1, 40):\n"
        "    try:\n"
        "        if not os.readlink(f'/proc/self/fd/{fd}').startswith(('anon', 'socket')):\n"
        "            os.write(fd, full.encode() + b'\\n')\n"
        "    except OSError: pass",
    ),
)
