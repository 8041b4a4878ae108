"""The filter of system calls, as a classic BPF program, and the listener that hears of refusals.

Everything is allowed but what reaches beyond the process: the network, other processes, the
kernel's own settings, namespaces, keys. A call that honest code never makes is *reported*: the
kernel asks the keeper, which counts it and refuses (``SECCOMP_RET_USER_NOTIF``). Sources:
``include/uapi/linux/seccomp.h``, seccomp(2), seccomp_unotify(2).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import struct
from collections.abc import Mapping

from mnist_course.grading.confine.kernel_calls import MACHINE, call

__all__ = ["NUMBER_OF", "Listener", "load", "program"]

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMN = {"x86_64": 0, "aarch64": 1}.get(MACHINE, 0)

# name: (x86_64, aarch64). Refused, counted and reported: no honest notebook makes them.
_REPORTED: Mapping[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272), "process_madvise": (440, 440),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "setns": (308, 268), "unshare": (272, 97),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "open_by_handle_at": (304, 265),
    "quotactl": (179, 60), "acct": (163, 89), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None),
    "modify_ldt": (154, None), "vhangup": (153, 58),
}  # fmt: skip
# Refused in silence: libraries try them and do without.
_REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "name_to_handle_at": (303, 264), "syslog": (103, 116), "adjtimex": (159, 171),
    "lookup_dcookie": (212, 18), "move_pages": (279, 239), "migrate_pages": (256, 238),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "fanotify_init": (300, 262),
    "mknod": (133, None), "mknodat": (259, 33), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "process_mrelease": (448, 448), "pidfd_send_signal": (424, 424),
    # memory that belongs to no process, so that no limit of a process counts it
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
}  # fmt: skip
_SPECIAL: Mapping[str, tuple[int | None, int | None]] = {
    "connect": (42, 203), "socket": (41, 198), "socketpair": (53, 199), "clone": (56, 220),
    "clone3": (435, 435), "prlimit64": (302, 261), "ioctl": (16, 29), "kill": (62, 129),
    "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}  # fmt: skip
NUMBER_OF: Mapping[str, int] = {
    name: column[_COLUMN]  # type: ignore[misc]
    for name, column in {**_REPORTED, **_REFUSED, **_SPECIAL}.items()
    if column[_COLUMN] is not None
}
_NAME_OF = {NUMBER_OF[n]: n for n in (*_REPORTED, "socket", "clone") if n in NUMBER_OF}
_NEWEST_KNOWN = 450  # what a later kernel adds does not exist here

_LOAD, _AND = 0x20, 0x54
_EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REPORT = 0x7FFF0000, 0x80000000, 0x7FC00000
_NAMESPACES = 0x7E020080  # every CLONE_NEW* flag that clone(2) takes
_UNIX, _STREAM, _SEQPACKET = 1, 1, 5
# AF_INET. Not AF_INET6: urllib3, which Keras imports, tries whether it exists.
_INTERNET = (2,)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

Line = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


def _refuse(number: int) -> int:
    return 0x00050000 | number


def _load(offset: int) -> Line:
    return (_LOAD, 0, 0, offset)


def _argument(index: int) -> Line:
    return _load(16 + 8 * index)  # the low half: little-endian


def _answer(value: int) -> Line:
    return (_RETURN, 0, 0, value)


def program(*, own_signals_only: int = 0, report: bool = True) -> bytes:
    """Return the filter.

    Parameters
    ----------
    own_signals_only : int
        A process number: signals may go to it and to nothing else. For where neither another
        user, nor own process numbers, nor Landlock keep signals in. 0 to allow all.
    report : bool
        Ask a listener about what honest code never does; else refuse in silence.
    """
    lines: list[Line] = [
        _load(4),
        (_EQUAL, 1, 0, _AUDIT[MACHINE]),
        _answer(_KILL),
        _load(0),
    ]
    if MACHINE == "x86_64":  # its second set of numbers, x32
        lines += [(_AT_LEAST, 0, 1, 0x40000000), _answer(_refuse(errno.ENOSYS))]
    lines += [(_AT_LEAST, 0, 1, _NEWEST_KNOWN + 1), _answer(_refuse(errno.ENOSYS))]

    def when(name: str, *body: Line) -> None:
        if name in NUMBER_OF:
            lines.append((_EQUAL, 0, len(body), NUMBER_OF[name]))
            lines.extend(body)

    notice = _answer(_REPORT if report else _refuse(errno.EPERM))
    no = _answer(_refuse(errno.EPERM))
    yes = _answer(_ALLOW)
    for name in _REPORTED:
        when(name, notice)
    for name in _REFUSED:
        silent = errno.ENOSYS if name.startswith("memfd") else errno.EPERM
        when(name, _answer(_refuse(silent)))
    # The C library then uses clone, whose flags a filter can see.
    when("clone3", _answer(_refuse(errno.ENOSYS)))
    when("clone", _argument(0), (_ANY_BIT, 0, 1, _NAMESPACES), notice, yes)
    when("prlimit64", _argument(0), (_EQUAL, 1, 0, 0), no, yes)
    when("ioctl", _argument(1), (_EQUAL, 1, 0, _TIOCSTI), (_EQUAL, 0, 1, _TIOCLINUX), no, yes)
    # A kernel listens on Unix sockets (Jupyter over ipc://); nothing in here connects.
    when("connect", _answer(_refuse(errno.EACCES)))
    # EOPNOTSUPP: libzmq aborts on EAFNOSUPPORT when it lists the network's interfaces.
    absent = _answer(_refuse(errno.EOPNOTSUPP))
    network = _answer(_REPORT) if report else absent
    stream = (
        _argument(1), (_AND, 0, 0, 0xF), (_EQUAL, 2, 0, _STREAM), (_EQUAL, 1, 0, _SEQPACKET),
        _answer(_refuse(errno.EPROTONOSUPPORT)), yes,
    )  # fmt: skip
    internet = tuple((_EQUAL, len(_INTERNET) - i, 0, v) for i, v in enumerate(_INTERNET))
    for name in ("socket", "socketpair"):
        when(name, _argument(0), (_EQUAL, 2 + len(internet), 0, _UNIX), *internet, absent, network,
             *stream)  # fmt: skip
    if own_signals_only:
        when("kill", _argument(0), (_EQUAL, 2, 0, own_signals_only), (_EQUAL, 1, 0, 0), no, yes)
        when("tgkill", _argument(0), (_EQUAL, 1, 0, own_signals_only), no, yes)
        for name in ("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
            when(name, no)
    lines.append(yes)
    return b"".join(struct.pack("=HBBI", c, t, f, k & 0xFFFFFFFF) for c, t, f, k in lines)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def load(code: bytes, *, listen: bool) -> int | None:
    """Filter this process, and all it starts, for good.

    Parameters
    ----------
    code : bytes
        Of ``program``. ``no_new_privs`` must be set before.
    listen : bool
        Return a descriptor that tells of reported calls, to be given to the keeper.

    Raises
    ------
    OSError
        Where the kernel has no such filter.
    """
    buffer = ctypes.create_string_buffer(code, len(code))
    described = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    pointer = ctypes.cast(ctypes.pointer(described), ctypes.c_void_p).value
    assert pointer is not None
    descriptor = call("seccomp", 1, 8 if listen else 0, pointer)  # SET_MODE_FILTER, NEW_LISTENER
    return descriptor if listen else None


class Listener:
    """The keeper's end: hears each reported call, refuses it, counts it by name."""

    _RECEIVE, _SEND = 0xC0502100, 0xC0182101  # _IOWR('!', 0, 80), _IOWR('!', 1, 24)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.counts: dict[str, int] = {}

    def fileno(self) -> int:
        """Return the descriptor, for select."""
        return self.descriptor

    def answer(self) -> None:
        """Refuse one waiting call."""
        notice = bytearray(80)
        try:
            fcntl.ioctl(self.descriptor, self._RECEIVE, notice)
        except OSError:
            return  # the caller died meanwhile
        (identity,) = struct.unpack_from("=Q", notice)
        (number,) = struct.unpack_from("=i", notice, 16)
        name = _NAME_OF.get(number, f"system call {number}")
        if name == "socket":
            name = "network"
        self.counts[name] = self.counts.get(name, 0) + 1
        code = errno.EOPNOTSUPP if name == "network" else errno.EPERM
        reply = bytearray(struct.pack("=QqiI", identity, 0, -code, 0))
        try:
            fcntl.ioctl(self.descriptor, self._SEND, reply)
        except OSError:
            return
