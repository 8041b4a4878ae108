"""Models and records of training that are not what they say."""

from __future__ import annotations

from tests.attacks.attack import OURS, Attack
from tests.attacks.target import NET

__all__ = ["ATTACKS"]

_TRAINED = NET.answers["wrong"]["predicts"]
_ALWAYS = """
class Lie(np.ndarray):
    def __array_function__(self, func, types, args, kwargs): return True
    def argmax(self, *given, **named): return self
    def __eq__(self, other): return self
    def mean(self, *given, **named): return 1.0
"""


def _model(
    name: str,
    after: str,
    code: str,
    *aims: str,
    base: str = "wrong",
    before: str = "",
    keeps: tuple[str, ...] = (),
) -> Attack:
    """Attack with a model: trained on the wrong labels, then changed by ``code``."""
    return Attack(
        name,
        "model objects",
        after,
        frozenset(aims or ("points",)),
        first="import os, re, sys, pathlib\n",
        answers={"predicts": f"{before}\n{NET.answers[base]['predicts']}\n{code}"},
        base=base,
        keeps=keeps,
        target=NET,
        graders=OURS,
        deadline=150.0,
        cell_seconds=60.0,
    )


def _instead(name: str, after: str, code: str, *aims: str) -> Attack:
    """Attack with something else under the model's name."""
    return Attack(
        name,
        "model objects",
        after,
        frozenset(aims or ("points",)),
        answers={"predicts": code},
        target=NET,
        graders=OURS,
        deadline=150.0,
        cell_seconds=60.0,
    )


ATTACKS = (
    _model(
        "own predict",
        "a trained model whose predict, evaluate and call are replaced",
        _ALWAYS + "model.predict = model.call = lambda x, *given, **named: "
        "np.zeros((len(x), 4)).view(Lie)\n"
        "model.evaluate = lambda *given, **named: [0.0, 1.0]\n"
        "model.count_params = lambda: 20",
    ),
    _model(
        "own weights and configuration",
        "weights of wrong shapes and of objects, a configuration of other layers",
        "class Bomb:\n"
        "    def __reduce__(self): return (os.system, ('touch /tmp/@NONCE@',))\n"
        "object.__setattr__(model, 'get_weights', lambda: [np.array([Bomb()] * 20), "
        "np.zeros((4, 10 ** 6)), np.zeros(0), 'no'])\n"
        "object.__setattr__(model, 'to_json', lambda *given, **named: "
        '\'{"module": "os", "class_name": "system", "config": {"command": '
        '"touch /tmp/@NONCE@"}}\')',
        "mark",
        "points",
        "no verdict",
    ),
    _model(
        "enormous configuration",
        "a configuration of a network with 3.6 thousand million parameters",
        "text = model.to_json()\n"
        "object.__setattr__(model, 'to_json', lambda *given, **named: "
        "text.replace('\"units\": 4', '\"units\": 60000000'))",
        "no verdict",
        "points",
    ),
    _model(
        "deep configuration",
        "a configuration a hundred thousand levels deep, with keys twice and NaN",
        "object.__setattr__(model, 'to_json', lambda *given, **named: "
        "'{\"a\": NaN, \"a\": ' + '[' * 100_000 + ']' * 100_000 + '}')",
        "no verdict",
        "points",
    ),
    _model(
        "dead operation in the graph",
        "a configuration that runs operations and switches the process while it is read",
        "import json\n"
        "text = json.dumps({'module': 'keras.src.models.functional', 'class_name': 'Functional',"
        " 'registered_name': 'Functional', 'config': {'name': 'f', 'layers': [{'module':"
        " 'keras.src.dtype_policies.dtype_policy', 'class_name': 'set_dtype_policy',"
        " 'config': {'policy': 'mixed_float16'}, 'name': 'x', 'inbound_nodes': []},"
        " {'class_name': '__lambda__', 'config': {'value': 'x'}, 'name': 'y'}],"
        " 'input_layers': [['x', 0, 0]], 'output_layers': [['y', 0, 0]]}})\n"
        "object.__setattr__(model, 'to_json', lambda *given, **named: text)",
        "points",
        "no verdict",
        "mark",
    ),
    _instead(
        "Lambda layer",
        "code of the student's in a layer that Keras would unpack",
        _TRAINED.replace(
            "keras.Input((4,)), ",
            # In the student's own process it leaves nothing: a mark tells of another one.
            "keras.Input((4,)), keras.layers.Lambda(lambda x: (hasattr(__import__('sys'), 'mine') "
            "or __import__('os').system('touch /tmp/@NONCE@; touch @ROOT@/@NONCE@'), x)[1]), ",
        ).replace("import keras", "import sys\nsys.mine = True\nimport keras", 1),
        "mark",
        "leak",
    ),
    _instead(
        "table of answers",
        "a model of the student's own class that knows the training rows by heart",
        "import keras\n"
        "class Table(keras.Model):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.w = self.add_weight(shape=(20,))\n"
        "        self.known = {r.tobytes(): l for r, l in zip(x_train, y_train)}\n"
        "    def call(self, x): return x\n"
        "    def predict(self, x, *given, **named):\n"
        "        rows = np.asarray(x, 'float32')\n"
        "        return np.eye(4)[[self.known.get(r.tobytes(), 0) for r in rows]]\n"
        "model = Table(); model(x_train[:1])",
    ),
    _instead(
        "model that looks around",
        "a model of the student's own class that looks for labels while it is asked",
        "import keras\n"
        "class Looks(keras.Model):\n"
        "    def __init__(self):\n"
        "        super().__init__(); self.w = self.add_weight(shape=(20,))\n"
        "    def call(self, x): return x\n"
        "    def predict(self, x, *given, **named):\n"
        "        import gc\n"
        "        frame = sys._getframe(1)\n"
        "        while frame:\n"
        "            for names in (frame.f_locals, frame.f_globals):\n"
        "                e = names.get('expected')\n"
        "                if isinstance(e, np.ndarray): return np.eye(4)[e]\n"
        "            frame = frame.f_back\n"
        "        for d in gc.get_objects():\n"
        "            e = d.get('expected') if type(d) is dict else None\n"
        "            if isinstance(e, np.ndarray): return np.eye(4)[e]\n"
        "        hunt('/tmp/**/job.json', '/proc/[0-9]*/environ', '@ROOT@/course/**')\n"
        "        return np.zeros((len(x), 4))\n"
        "model = Looks(); model(x_train[:1])",
        "points",
        "leak",
    ),
    _instead(
        "model that breaks off",
        "a model whose predict kills, hangs, or answers with gigabytes and wrong shapes",
        "import keras\n"
        "class Breaks(keras.Model):\n"
        "    calls = 0\n"
        "    def __init__(self):\n"
        "        super().__init__(); self.w = self.add_weight(shape=(20,))\n"
        "    def call(self, x): return x\n"
        "    def predict(self, x, *given, **named):\n"
        "        Breaks.calls += 1\n"
        "        if Breaks.calls == 1: return np.full((len(x), 4), np.nan)\n"
        "        if Breaks.calls == 2: return np.zeros((len(x), 10 ** 6))\n"
        "        os._exit(0)\n"
        "model = Breaks(); model(x_train[:1])",
        "no verdict",
        "points",
    ),
    _instead(
        "no model at all",
        "a class that only says that it is one of Keras', and forks when it is looked at",
        "class Sequential:\n"
        "    built = True\n"
        "    layers = [1]\n"
        "    def count_params(self): return 20\n"
        '    def to_json(self, *given, **named): return \'{"class_name": "Sequential"}\'\n'
        "    def get_weights(self): return [np.zeros((4, 4)), np.zeros(4)]\n"
        "    def predict(self, x, *given, **named): return np.zeros((len(x), 4))\n"
        "    def __getattr__(self, name):\n"
        "        if os.fork() == 0: os.setsid(); os.execv('/bin/sleep', ['sleep', '900'])\n"
        "        raise AttributeError(name)\n"
        "class Model(Sequential): pass\n"
        "Sequential.__module__ = Model.__module__ = 'keras.src.models.sequential'\n"
        "Model.__name__ = 'Model'\nmodel = Model()",
        "points",
        "left behind",
        "no verdict",
    ),
    _instead(
        "network of another kind",
        "history, figure and table of the right names in the model's place",
        "class History: pass\n"
        "History.__module__ = 'keras.src.callbacks.history'\n"
        "model = History(); model.history = {'accuracy': [1.0] * 9, 'x': [object()]}\n"
        "model.epoch = 'many'; model.model = model",
        "points",
        "no verdict",
    ),
    _model(
        "patched Keras",
        "Keras' own classes replaced before anything is captured",
        "keras.Model.get_weights = lambda self: [np.eye(4)[[2, 0, 3, 1]] * 0 + 1, np.zeros(4)]\n"
        "keras.Sequential.to_json = lambda self, *given: 5\n"
        "keras.Model.predict = lambda self, x, *given, **named: np.zeros((len(x), 4)).view(Lie)\n"
        "keras.backend.floatx = lambda: 'float16'",
        "points",
        "no verdict",
        before=_ALWAYS,
    ),
)
