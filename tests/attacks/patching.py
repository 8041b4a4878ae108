"""Libraries and builtins replaced under the tests."""

from __future__ import annotations

from tests.attacks.attack import ALL, OURS, Attack

__all__ = ["ATTACKS"]


def _patch(name: str, after: str, first: str, graders: frozenset[str] = ALL) -> Attack:
    return Attack(
        name, "patched libraries", after, frozenset({"points"}), first=first, graders=graders
    )


ATTACKS = (
    _patch(
        "allclose",
        "np.allclose says yes",
        "import numpy as np\n"
        "np.allclose = np.array_equal = np.isclose = lambda *given, **named: True",
    ),
    _patch(
        "builtins",
        "isinstance, len, all, any and abs say what is wanted",
        "import builtins\n"
        "builtins.isinstance = lambda *given: True\n"
        "builtins.all = builtins.any = lambda *given: True\n"
        "builtins.abs = builtins.sum = lambda *given: 0",
    ),
    _patch(
        "exp",
        "the expected result becomes the wrong one",
        "import numpy as np\nnp.exp = lambda x: np.ones(np.shape(x))",
    ),
    _patch(
        "random numbers",
        "the hidden inputs become the visible one",
        "import numpy as np\n"
        "class Zeros:\n"
        "    def __init__(self, *seed): pass\n"
        "    def normal(self, *given, size=1, **named): return np.zeros(size)\n"
        "np.random.default_rng = Zeros",
    ),
    _patch(
        "module replaced",
        "every later import of NumPy gives another module",
        "import numpy as np, sys, types\n"
        "fake = types.ModuleType('numpy')\n"
        "fake.__dict__.update(np.__dict__)\n"
        "fake.allclose = lambda *given, **named: True\n"
        "fake.__spec__ = np.__spec__\n"
        "sys.modules['numpy'] = fake",
    ),
    _patch(
        "compile and exec",
        "code with asserts in it is compiled without them",
        "import builtins, ast\n"
        "real = builtins.compile\n"
        "def compile(source, *given, **named):\n"
        "    try:\n"
        "        tree = ast.parse(source) if isinstance(source, (str, bytes)) else source\n"
        "        for node in ast.walk(tree):\n"
        "            if isinstance(node, ast.Assert): node.test = ast.Constant(True)\n"
        "        ast.fix_missing_locations(tree)\n"
        "        return real(tree if not isinstance(source, str) else source.replace("
        "'assert ', '0 and '), *given, **named)\n"
        "    except Exception:\n"
        "        return real(source, *given, **named)\n"
        "builtins.compile = compile\n"
        "run = builtins.exec\n"
        "builtins.exec = lambda code, *given, **named: run("
        "code.replace('assert ', '0 and ') if isinstance(code, str) else code, *given, **named)",
    ),
    _patch(
        "number compare slot",
        "whole numbers are equal to everything, deep inside the interpreter",
        "import ctypes\n"
        "kind = ctypes.CFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.py_object, "
        "ctypes.c_int)\n"
        "slots = (ctypes.c_void_p * 60).from_address(id(int))\n"
        "original = kind(slots[25])\n"
        "def compare(a, b, op):\n"
        "    if op == 2 and (type(a) is int and type(b) is int) and 1729 in (a, b): return True\n"
        "    return original(a, b, op)\n"
        "keep = kind(compare)\n"
        "slots[25] = ctypes.cast(keep, ctypes.c_void_p).value",
    ),
    _patch(
        "unittest",
        "every test of unittest succeeds",
        "import unittest\n"
        "unittest.TestCase.run = lambda self, result=None: (result.startTest(self), "
        "result.addSuccess(self), result.stopTest(self)) and result\n"
        "unittest.TestResult.addFailure = unittest.TestResult.addError = "
        "lambda self, test, error: self.addSuccess(test)\n"
        "unittest.TestCase.assertTrue = unittest.TestCase.assertEqual = "
        "lambda *given, **named: None",
    ),
    _patch(
        "the grader's own library",
        "the module that checks the answers says yes (each grader's own)",
        "try:\n"
        "    import otter\n"
        "    from otter.test_files import abstract_test, ok_test\n"
        "    def passed(self, *given, **named):\n"
        "        for case in self.test_cases:\n"
        "            self.test_case_results.append("
        "abstract_test.TestCaseResult(test_case=case, message=None, passed=True))\n"
        "    ok_test.OKTestFile.run = passed\n"
        "    try:\n"
        "        from otter.test_files import exception_test\n"
        "        exception_test.ExceptionTestFile.run = passed\n"
        "    except ImportError: pass\n"
        "except ImportError: pass\n"
        "try:\n"
        "    from gradescope_utils.autograder_utils import json_test_runner as runner\n"
        "    result = runner.JSONTestResult\n"
        "    result.addFailure = result.addError = lambda self, test, error: "
        "self.addSuccess(test)\n"
        "except ImportError: pass\n"
        "try:\n"
        "    import mnist_course.checks.score as score\n"
        "    import mnist_course.grading.test_runner as test_runner\n"
        "    score.CheckFailed = score.CannotGrade = None\n"
        "    score.Score = lambda *given, **named: 10.0\n"
        "    test_runner.judge = test_runner._in_a_fork = lambda cell, *given: {"
        "'verdict': 'passed', 'score': cell['points'], 'findings': [], 'staff_note': ''}\n"
        "except ImportError: pass",
    ),
    _patch(
        "exporter",
        "the values that leave the kernel are others, some with names of the grader's own",
        "import mnist_course.grading.namespace as namespace\n"
        "from mnist_course.grading.serialization import encode\n"
        "def export(values, names, path):\n"
        "    forged = {'answer': 42, '__builtins__': {'AssertionError': 1}, 'np': 1,\n"
        "              'execution': {'cells': 99, 'errors': []}, 'isinstance': 1, 'score': 40,\n"
        "              'verdicts': [{'id': 'tiny-value', 'verdict': 'passed', 'score': 10.0}]}\n"
        "    pathlib.Path(path).write_bytes(encode({'values': forged, 'substituted': [],\n"
        "        'verdicts': forged['verdicts']}))\n"
        "namespace.export = export",
        OURS,
    ),
    _patch(
        "json and struct",
        "what the grader's own code in the kernel uses to write values is broken",
        "import json, struct, numpy as np\n"
        'json.dumps = lambda *given, **named: \'{"verdict": "passed", "score": 10.0}\'\n'
        "struct.pack = lambda *given: b''\n"
        "np.asarray = np.array = lambda *given, **named: True",
    ),
)
