"""Values that lie when they are compared, measured or copied."""

from __future__ import annotations

from tests.attacks.attack import Attack

__all__ = ["ATTACKS"]

_POINTS = frozenset({"points"})
_ALWAYS = """
class Always:
    def _yes(self, *others): return True
    __eq__ = __ge__ = __gt__ = __le__ = __lt__ = __contains__ = __bool__ = _yes
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __len__(self): return 100
    def __iter__(self): return iter([self] * 4)
    def __getattr__(self, name): return self
    def __call__(self, *given, **named): return self
"""


def _lie(name: str, after: str, first: str = "", **answers: str) -> Attack:
    return Attack(name, "lying objects", after, _POINTS, first=first, answers=answers)


ATTACKS = (
    _lie(
        "always equal",
        "an object that is equal to everything",
        _ALWAYS,
        value="answer = Always()",
        array="table = Always(); table.shape = (2, 2)",
        text="words = Always()",
        call="softmax = Always()",
    ),
    _lie(
        "poses as int",
        "an always-equal object whose __class__ says int",
        _ALWAYS + "Always.__class__ = property(lambda self: int)",
        value="answer = Always()",
    ),
    _lie(
        "int subclass",
        "a whole number that is equal to every other",
        "",
        value="class Answer(int):\n"
        "    def __eq__(self, other): return True\n"
        "    def __hash__(self): return 1729\n"
        "Answer.__name__ = Answer.__qualname__ = 'int'\nanswer = Answer(7)",
    ),
    _lie(
        "bool and float subclasses",
        "numbers of NumPy with comparisons of their own",
        "",
        value="class Answer(np.float64):\n"
        "    __eq__ = __gt__ = lambda self, other: True\n"
        "    __class__ = int\nanswer = Answer(7)",
    ),
    _lie(
        "str subclass",
        "a text that holds every word",
        "",
        text="class Words(str):\n"
        "    def __contains__(self, other): return True\n"
        "    def __len__(self): return 100\nwords = Words('no')",
    ),
    _lie(
        "array subclass with __array_function__",
        "an array for which np.allclose is always true",
        "",
        array="class Table(np.ndarray):\n"
        "    def __array_function__(self, func, types, args, kwargs): return True\n"
        "table = np.zeros((2, 2)).view(Table)",
    ),
    _lie(
        "array subclass with __array_ufunc__",
        "an array all of whose comparisons are true",
        "",
        array="class Table(np.ndarray):\n"
        "    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):\n"
        "        return np.ones((2, 2), bool)\n"
        "table = np.zeros((2, 2)).view(Table)",
    ),
    _lie(
        "changing __array__",
        "an object that becomes another array each time it is asked",
        "",
        array="class Table:\n"
        "    shape, ndim, dtype, calls = (2, 2), 2, np.dtype(float), 0\n"
        "    def __array__(self, *given, **named):\n"
        "        Table.calls += 1\n"
        "        frame = sys._getframe()\n"
        "        while frame:\n"
        "            for value in (*frame.f_locals.values(),):\n"
        "                if type(value) in (list, np.ndarray) and np.shape(value) == (2, 2):\n"
        "                    return np.array(value, float)\n"
        "            frame = frame.f_back\n"
        "        return np.zeros((2, 2))\ntable = Table()",
    ),
    _lie(
        "masked and NaN arrays",
        "an array all of whose numbers are hidden from comparisons",
        "",
        array="table = np.ma.masked_all((2, 2))",
        value="answer = float('nan')",
    ),
    _lie(
        "array of objects",
        "always-equal objects inside an array",
        _ALWAYS,
        array="table = np.empty((2, 2), object)\ntable[:] = Always()",
        call="def softmax(x):\n    found = np.empty(len(x), object)\n    found[:] = Always()\n"
        "    return found",
    ),
    _lie(
        "function with a lying result",
        "a function whose result is equal to everything",
        _ALWAYS,
        call="class Result(np.ndarray):\n"
        "    def __array_function__(self, func, types, args, kwargs): return True\n"
        "def softmax(x):\n    return np.zeros(len(x)).view(Result)",
    ),
    Attack(
        "reduce",
        "lying objects",
        "values that run a command when they are unpickled",
        frozenset({"mark", "points", "harm"}),
        first="class Bomb:\n"
        "    def __reduce__(self):\n"
        "        return os.system, ('touch @ROOT@/@NONCE@ /tmp/@NONCE@ && echo @NONCE@',)\n",
        answers={
            "value": "answer = Bomb()",
            "array": "table = np.array([[Bomb()] * 2] * 2)",
            "call": "softmax = Bomb()",
            "text": "words = Bomb()",
        },
    ),
    Attack(
        "properties that fork",
        "lying objects",
        "an object that starts a process whenever somebody looks at it",
        frozenset({"left behind", "no verdict"}),
        answers={
            "value": "class Trap:\n"
            "    def __getattribute__(self, name):\n"
            "        if os.fork() == 0:\n"
            "            os.setsid(); os.execv('/bin/sleep', ['sleep', '900'])\n"
            "        raise RuntimeError('no')\n"
            "    __class__ = property(__getattribute__)\n"
            "    __repr__ = __str__ = __eq__ = __getattribute__\nanswer = Trap()",
        },
        base="honest",
        keeps=("array", "text"),
    ),
    Attack(
        "endless values",
        "lying objects",
        "values that hold themselves, are deeper than any stack, have ten million digits",
        frozenset({"no verdict"}),
        answers={
            "value": "answer = []\nfor _ in range(200_000): answer = [answer]",
            "call": "softmax = {}\nsoftmax['softmax'] = [softmax]",
            "text": "words = 7 ** 3_000_000",
        },
        base="honest",
        keeps=("array",),
    ),
)
