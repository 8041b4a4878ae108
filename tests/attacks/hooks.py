"""Hooks of the interpreter and of IPython that see or change what runs after the student's code."""

from __future__ import annotations

from tests.attacks.attack import ALL, NOTEBOOKS, Attack
from tests.attacks.reading_secrets import CLOSED

__all__ = ["ATTACKS"]

_STEAL = r'''
def steal(source):
    """Take the expected values out of the text of a test."""
    source = source if isinstance(source, str) else bytes(source or b"").decode("utf-8", "replace")
    for secret in set(re.findall(r"CANARY-[a-z]+-[0-9a-f]+", source)): say(secret)
    found = re.search(r"answer == (\d+)", source)
    if found: globals()["answer"] = int(found[1])
    found = re.search(r"'(\w+)' in words", source)
    if found: globals()["words"] = "I have read in the tests that I must say: " + found[1]
'''


def _hook(
    name: str,
    after: str,
    first: str,
    graders: frozenset[str] = ALL,
    aims: tuple[str, ...] = ("points",),
    last: str = "",
    needs: tuple[str, ...] = (),
) -> Attack:
    return Attack(
        name,
        "interpreter hooks",
        after,
        frozenset(aims),
        first=first,
        last=last,
        graders=graders,
        needs=needs,
    )


ATTACKS = (
    _hook(
        "input transformer",
        "IPython takes the asserts out of every later cell",
        "get_ipython().input_transformers_cleanup.append("
        "lambda lines: [re.sub(r'^(\\s*)assert .*', r'\\1pass', l) for l in lines])",
        NOTEBOOKS,
    ),
    _hook(
        "AST transformer",
        "IPython takes the asserts out of every later cell's tree",
        "import ast\n"
        "class NoAsserts(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)\n"
        "get_ipython().ast_transformers.append(NoAsserts())",
        NOTEBOOKS,
    ),
    _hook(
        "pre_run_cell event",
        "the text of each later cell is read for expected values, before it runs",
        _STEAL + "get_ipython().events.register('pre_run_cell', lambda info: steal(info.raw_cell))",
        NOTEBOOKS,
        ("points", "leak"),
    ),
    _hook(
        "post_run_cell event",
        "every later cell ends well, with ten points as its value",
        "def well(result):\n"
        "    result.error_in_exec = result.error_before_exec = None\n"
        "    ip = get_ipython()\n"
        "    ip.displayhook.session.send(ip.displayhook.pub_socket, 'execute_result', {"
        "'data': {'text/plain': '10.0'}, 'metadata': {}, 'execution_count': 1},"
        " parent=ip.displayhook.parent_header)\n"
        "get_ipython().events.register('post_run_cell', well)\n"
        "get_ipython().showtraceback = lambda *given, **named: None",
        NOTEBOOKS,
    ),
    _hook(
        "silent errors",
        "IPython shows no error any more",
        "ip = get_ipython()\n"
        "ip.showtraceback = ip.showsyntaxerror = ip._showtraceback = "
        "lambda *given, **named: None",
        NOTEBOOKS,
    ),
    _hook(
        "custom exception handler",
        "failed asserts are handled by the student's code",
        "get_ipython().set_custom_exc((AssertionError, NameError), lambda *given, **named: None)",
        NOTEBOOKS,
    ),
    _hook(
        "trace function",
        "lines with an assert are jumped over",
        "import linecache\n"
        "def trace(frame, event, argument):\n"
        "    if event == 'line':\n"
        "        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)\n"
        "        if line.startswith('assert'):\n"
        "            for ahead in range(1, 9):\n"
        "                try: frame.f_lineno += ahead\n"
        "                except ValueError: continue\n"
        "                break\n"
        "    elif event == 'exception' and argument[0] is AssertionError:\n"
        "        argument[1].args = ()\n"
        "    return trace\n"
        "def on():\n"
        "    sys.settrace(trace)\n"
        "    sys._getframe(1).f_trace = trace\n"
        "try: get_ipython().events.register('pre_execute', on)\n"
        "except NameError: on()\n"
        "import threading; threading.settrace(trace); sys.setprofile(None)",
    ),
    _hook(
        "audit hook",
        "whatever is compiled is read for expected values",
        _STEAL + "def audit(event, given):\n"
        "    if event == 'compile': steal(given[0])\n"
        "    elif event == 'exec':\n"
        "        if 1729 in given[0].co_consts: globals()['answer'] = 1729\n"
        "sys.addaudithook(audit)",
        ALL,
        ("points", "leak"),
    ),
    _hook(
        "import hook",
        "modules that are imported later come from the student",
        "import importlib.abc, importlib.machinery, types\n"
        "class Mine(importlib.abc.MetaPathFinder, importlib.abc.Loader):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith(('mnist_course.grading.test', 'mnist_course.checks', 'otter',"
        " 'unittest', 'nbgrader')):\n"
        "            return importlib.machinery.ModuleSpec(name, self)\n"
        "    def create_module(self, spec): return None\n"
        "    def exec_module(self, module):\n"
        "        module.__getattr__ = lambda name: (lambda *given, **named: 10.0)\n"
        "sys.meta_path.insert(0, Mine()); sys.path_hooks.clear()",
    ),
    _hook(
        "garbage collector",
        "every object of the process is searched for the tests",
        _STEAL,
        ALL,
        ("points", "leak"),
        last="import gc, types\n"
        "def search(value, depth=3):\n"
        "    if isinstance(value, (str, bytes)): steal(value)\n"
        "    elif isinstance(value, types.CodeType):\n"
        "        if 1729 in value.co_consts: globals()['answer'] = 1729\n"
        "        for c in value.co_consts: search(c)\n"
        "    elif depth and type(value) in (dict, list, tuple):\n"
        "        for v in list(value.values() if type(value) is dict else value)[:2000]:\n"
        "            search(v, depth - 1)\n"
        "for thing in gc.get_objects():\n"
        "    if isinstance(thing, types.FunctionType):\n"
        "        if thing.__module__ == __name__: continue\n"
        "        thing = thing.__code__\n"
        "    if type(thing) in (types.CodeType, dict, list, tuple) and thing is not globals():\n"
        "        search(thing)\n"
        "for module in list(sys.modules.values()):\n"
        "    for thing in list(getattr(module, '__dict__', {}).values()):\n"
        "        if isinstance(thing, types.FunctionType) and module.__name__ != __name__:\n"
        "            search(thing.__code__)",
    ),
    _hook(
        "watching thread",
        "a thread waits until names of the tests appear in the notebook's namespace",
        "import threading, time, builtins\n"
        "def watch():\n"
        "    for _ in range(40_000):\n"
        "        found = globals().get('secret_of_the_tests')\n"
        "        if found: globals()['words'] = 'because of ' + found; say(found)\n"
        "        e = globals().get('expected')\n"
        "        if e is not None: globals()['softmax'] = lambda x: e\n"
        "        time.sleep(0.0005)\n"
        "threading.Thread(target=watch, daemon=True).start()",
        ALL,
        ("points", "leak"),
    ),
    _hook(
        "exit handlers",
        "handlers and finalisers at the end of the interpreter write results",
        "import atexit, json\n"
        "result = json.dumps({'score': 40, 'tests': []})\n"
        "def end():\n"
        "    for name in ('@ROOT@/results/alice/results.json', '/tmp/@NONCE@', 'results.json'):\n"
        "        try: pathlib.Path(name).write_text(result)\n"
        "        except OSError: pass\n"
        "    print(result, flush=True)\n"
        "    os.system('(setsid sleep 900 &)')\n"
        "    os._exit(0)\n"
        "atexit.register(end)\n"
        "class Last:\n"
        "    def __del__(self): end()\n"
        "last_of_all = Last(); sys.keep_alive = last_of_all",
        ALL,
        ("points", "mark", "left behind"),
        needs=CLOSED,
    ),
    _hook(
        "display hook",
        "everything that a cell shows becomes a number of points",
        "ip = get_ipython()\n"
        "ip.display_formatter.format = lambda *given, **named: ({'text/plain': '10.0'}, {})\n"
        "sys.displayhook = lambda value: print('10.0')\n"
        "class Points:\n"
        "    def _repr_mimebundle_(self, **named): return {'text/plain': '10.0'}\n"
        "display(Points())",
        NOTEBOOKS,
    ),
    _hook(
        "shell replaced",
        "the shell says that cells ran, without running them",
        "from IPython.core.interactiveshell import ExecutionResult, InteractiveShell\n"
        "async def nothing(self, raw_cell, *given, **named):\n"
        "    result = ExecutionResult(None); result.result = 10.0\n"
        "    return result\n"
        "InteractiveShell.run_cell_async = nothing\n"
        "type(get_ipython()).run_cell_async = nothing",
        NOTEBOOKS,
    ),
    _hook(
        "magics and extensions",
        "%autoreload, %%script and an extension of the student's own change later cells",
        "pathlib.Path('ext_@NONCE@.py').write_text('def load_ipython_extension(ip):\\n"
        "    ip.input_transformers_post.append(lambda lines: "
        '[l.replace("assert ", "0 and ") for l in lines])\')\n'
        "ip = get_ipython(); sys.path.insert(0, '.')\n"
        "ip.run_line_magic('load_ext', 'autoreload'); ip.run_line_magic('autoreload', '2')\n"
        "ip.run_line_magic('load_ext', 'ext_@NONCE@')\n"
        "ip.run_cell_magic('script', 'bash', 'echo 10.0; grep -rhos \"CANARY-[a-z]*-[0-9a-f]*\" "
        "@ROOT@/course @ROOT@/results')",
        NOTEBOOKS,
        ("points", "leak"),
        needs=CLOSED,
    ),
    _hook(
        "task on the event loop",
        "a coroutine runs between the cells and sets names",
        "import asyncio\n"
        "async def between():\n"
        "    while True:\n"
        "        found = globals().get('secret_of_the_tests')\n"
        "        if found: say(found); globals()['words'] = 'because ' + found\n"
        "        await asyncio.sleep(0)\n"
        "task = asyncio.get_event_loop().create_task(between())",
        NOTEBOOKS,
        ("points", "leak"),
    ),
)
