"""The kernel's messages: forged, early, too many, too large, unreadable."""

from __future__ import annotations

from tests.attacks.attack import NOTEBOOKS, OURS, Attack

__all__ = ["ATTACKS"]

# The means that every program in the kernel's process has.
_MEANS = """
kernel = get_ipython().kernel
session, iopub = kernel.session, kernel.iopub_socket
def parent(): return kernel.get_parent('shell')
def publish(kind, content, about=None):
    session.send(iopub, kind, content, parent=about if about is not None else parent())
"""
_KEPT = ("value", "array", "call", "text")


def _forge(
    name: str, after: str, code: str, aims: tuple[str, ...] = ("points",), first: str = _MEANS
) -> Attack:
    return Attack(
        name, "kernel channel", after, frozenset(aims), first=first + code, graders=NOTEBOOKS
    )


def _damage(
    name: str,
    after: str,
    code: str,
    aims: tuple[str, ...] = ("no verdict",),
    keeps: tuple[str, ...] = _KEPT,
    seconds: float = 20.0,
    needs: tuple[str, ...] = (),
) -> Attack:
    return Attack(
        name,
        "kernel channel",
        after,
        frozenset(aims),
        last=_MEANS + code,
        base="honest",
        keeps=keeps,
        needs=needs,
        graders=NOTEBOOKS,
        cell_seconds=seconds,
    )


ATTACKS = (
    _forge(
        "forged replies",
        "the kernel answers that cells ended well, without running them",
        "async def do_execute(*given, **named):\n"
        "    return {'status': 'ok', 'execution_count': 1, 'user_expressions': {}, 'payload': []}\n"
        "kernel.do_execute = do_execute\ntype(kernel).do_execute = do_execute",
    ),
    _forge(
        "forged results",
        "each later cell gets a result of ten points before its own outputs",
        "real = kernel.do_execute\n"
        "async def do_execute(*given, **named):\n"
        "    publish('execute_result', {'data': {'text/plain': '10.0'}, 'metadata': {},"
        " 'execution_count': 1})\n"
        "    return {'status': 'ok', 'execution_count': 1, 'user_expressions': {}, 'payload': []}\n"
        "kernel.do_execute = do_execute",
    ),
    _forge(
        "text of the tests on the channel",
        "the code of later requests is taken from the channel itself",
        "real = kernel.do_execute\n"
        "async def do_execute(code, *given, **named):\n"
        "    for secret in re.findall(r'CANARY-[a-z]+-[0-9a-f]+', code): say(secret)\n"
        "    found = re.search(r'answer == (\\d+)', code)\n"
        "    if found: globals()['answer'] = int(found[1])\n"
        "    return await real(code, *given, **named)\n"
        "kernel.do_execute = do_execute",
        ("points", "leak"),
    ),
    _forge(
        "idle before the end",
        "the kernel says that it is idle while the cell still runs",
        "publish('status', {'execution_state': 'idle'})\n"
        "session.send(kernel.shell_stream if hasattr(kernel, 'shell_stream') else iopub,"
        " 'execute_reply', {'status': 'ok', 'execution_count': 1}, parent=parent(),"
        " ident=kernel._parent_ident.get('shell') if hasattr(kernel, '_parent_ident') else None)\n"
        "import time; time.sleep(1)",
        ("points", "no verdict"),
    ),
    _forge(
        "messages about other requests",
        "replies and results for requests that were never made, or not yet",
        "for number in range(200):\n"
        "    about = dict(parent()); about['header'] = dict(about.get('header') or {},"
        " msg_id=f'{session.session}_{number}')\n"
        "    for kind, content in (('execute_result', {'data': {'text/plain': '10.0'},"
        " 'metadata': {}, 'execution_count': number}), ('status', {'execution_state': 'idle'}),\n"
        "            ('execute_input', {'code': 'answer = 1', 'execution_count': number}),\n"
        "            ('shutdown_reply', {'status': 'ok', 'restart': True}),\n"
        "            ('kernel_info_reply', {'status': 'ok', 'protocol_version': '9.9'})):\n"
        "        publish(kind, content, about)",
        ("points", "no verdict"),
    ),
    _damage(
        "flood of messages",
        "two hundred thousand small messages",
        "for number in range(200_000): publish('stream', {'name': 'stdout', 'text': 'x' * 100})",
        seconds=15,
    ),
    _damage(
        "huge messages",
        "messages of sixty megabytes",
        "for number in range(6): publish('stream', {'name': 'stderr', 'text': 'x' * (60 << 20)})",
    ),
    _damage(
        "huge reply",
        "a reply that is too large to be heard: the connection for requests ends with it",
        "raise ValueError('A' * (50 << 20))",
        seconds=10,
    ),
    _damage(
        "unreadable messages",
        "bytes that are no messages, contents of wrong types, deep and endless ones",
        "for parts in ([b'x'], [b''], [b'<IDS|MSG>'], [b'a', b'<IDS|MSG>', b'', b'{', b'}'],\n"
        "              [b'status', b'<IDS|MSG>', b'0' * 64, b'{}', b'{}', b'{}', b'{}'],\n"
        "              [b'\\xff' * 1000] * 50):\n"
        "    try: iopub.send_multipart(parts)\n"
        "    except Exception as error: print(error)\n"
        "for kind in ('status', 'stream', 'error', 'display_data', 'execute_result', 'comm_open',"
        " 'update_display_data', 'clear_output', 'nothing', ''):\n"
        "    for content in ({}, {'execution_state': []}, {'data': 7}, {'text': None},\n"
        "                    {'data': {'text/plain': {'a': [1]}}, 'metadata': 1,"
        " 'transient': {'display_id': []}}, {'ename': 1, 'evalue': [], 'traceback': 5}):\n"
        "        try: publish(kind, content)\n"
        "        except Exception as error: print(error)",
        keeps=(),
    ),
    _damage(
        "deep message",
        "a message nested a hundred thousand levels deep, numbers of a million digits",
        "from jupyter_client.session import Session\n"
        "raw = Session(key=session.key, signature_scheme=session.signature_scheme)\n"
        "header = raw.pack(raw.msg_header('stream'))\n"
        "for text in (b'[' * 100_000 + b']' * 100_000, b'{\"text\": ' + b'9' * 1_000_000 + b'}',\n"
        '             b\'{"text": NaN, "name": Infinity}\', b\'{"text": "\\\\ud800"}\'):\n'
        "    parts = [header, raw.pack(parent()['header']), b'{}', text]\n"
        "    iopub.send_multipart([b'stream', b'<IDS|MSG>', raw.sign(parts), *parts])",
        keeps=(),
    ),
    _damage(
        "connection file",
        "the file that describes the kernel's sockets is changed, then replaced by a link",
        "from ipykernel import get_connection_file\n"
        "name = get_connection_file()\n"
        "print(name)\n"
        'for change in (lambda: pathlib.Path(name).write_text(\'{"key": "", "ip": "x"}\'),\n'
        "               lambda: os.unlink(name), lambda: os.symlink('/dev/zero', name)):\n"
        "    try: change()\n"
        "    except OSError as error: print(error)",
        ("no verdict", "mark"),
    ),
    Attack(
        "own sockets in place of the kernel's",
        "kernel channel",
        "the kernel's sockets are removed and others listen at their names",
        frozenset({"no verdict", "points"}),
        first=_MEANS + "from ipykernel import get_connection_file\n"
        "import json, zmq, threading\n"
        "info = json.load(open(get_connection_file()))\n"
        "if info.get('transport') == 'ipc':\n"
        "    context = zmq.Context()\n"
        "    for kind in ('iopub', 'shell', 'control', 'stdin', 'hb'):\n"
        "        name = f\"{info['ip']}-{info[kind + '_port']}\"\n"
        "        try: os.unlink(name)\n"
        "        except OSError as error: print(error); continue\n"
        "        mine = context.socket(zmq.PUB if kind == 'iopub' else zmq.ROUTER)\n"
        "        try: mine.bind('ipc://' + name)\n"
        "        except zmq.ZMQError as error: print(error)\n"
        "        globals()['mine_' + kind] = mine\n"
        "publish('stream', {'name': 'stdout', 'text': 'x' * (40 << 20)})",
        graders=OURS,
    ),
    _damage(
        "closed channel",
        "the kernel closes its sockets and goes on",
        "for socket in (getattr(kernel, 'shell_stream', None), getattr(kernel, 'control_stream',"
        " None), iopub, getattr(kernel, 'iopub_thread', None)):\n"
        "    try: socket.close()\n"
        "    except Exception as error: print(error)",
        seconds=4,
        keeps=(),
    ),
    _damage(
        "question to the student",
        "the kernel asks for input that nobody gives",
        "kernel._allow_stdin = True\n"
        "publish('input_request', {'prompt': 'name', 'password': True})\n"
        "try: kernel.raw_input('password')\n"
        "except Exception as error: print(error)",
        seconds=4,
    ),
    _damage(
        "widgets without end",
        "fifty thousand open channels and display updates",
        "for number in range(50_000):\n"
        "    publish('comm_open', {'comm_id': str(number), 'target_name': 'jupyter.widget',"
        " 'data': {'state': {'a': 'x' * 50}, 'buffer_paths': []}})\n"
        "    publish('display_data', {'data': {'text/plain': 'x'}, 'metadata': {},"
        " 'transient': {'display_id': 'one'}})\n"
        "    publish('update_display_data', {'data': {'text/plain': 'x' * 50}, 'metadata': {},"
        " 'transient': {'display_id': 'one'}})",
        seconds=15,
    ),
    _damage(
        "sockets of other programs",
        "services of the machine, over TCP, Unix sockets and abstract names",
        "import socket\n"
        "for family, name in ((socket.AF_INET, ('127.0.0.1', int('@PORT@'))),\n"
        "                     (socket.AF_UNIX, '@ROOT@/service.sock'),\n"
        "                     (socket.AF_UNIX, '\\0service-@NONCE@'),\n"
        "                     (socket.AF_INET6, ('::ffff:127.0.0.1', int('@PORT@')))):\n"
        "    try:\n"
        "        s = socket.socket(family); s.settimeout(2); s.connect(name); s.send(b'hello')\n"
        "    except OSError as error: print(error)\n"
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.syscall(41, 2, 1, 0), ctypes.get_errno())",
        ("contact",),
        needs=("system calls",),
    ),
)
