"""The catalogue is whole, and the runner sees each kind of success when there is one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.attack import AIMS, ALL, Attack
from tests.attacks.catalogue import ATTACKS, FAMILIES
from tests.attacks.gains import injections, leaks
from tests.attacks.playing import exact, plan, play
from tests.attacks.world import world

alone = pytest.mark.skipif(not exact(), reason="needs root on Linux, with namespaces")


def test_every_family_is_there_and_every_aim_is_somebodys() -> None:
    assert len(ATTACKS) >= 75
    assert len({a.name for a in ATTACKS}) == len(ATTACKS)
    assert len(FAMILIES) >= 12
    assert set().union(*(a.aims for a in ATTACKS)) == set(AIMS)
    for grader in ALL:
        assert sum(grader in a.graders for a in ATTACKS) >= 50


def test_every_attack_is_a_submission() -> None:
    with world() as made:
        for attack in ATTACKS:
            place = made.place(attack.file_name)
            data = attack.submission(place)
            assert data and b"@ROOT@" not in data and b"@NONCE@" not in data
            for secret in made.canaries.values():
                assert secret.encode() not in data


def test_an_unknown_aim_is_refused() -> None:
    with pytest.raises(ValueError, match="fame"):
        Attack("a", "b", "c", frozenset({"fame"}))


def _scene(script: str, **options: Any) -> tuple[dict[str, Any], Path]:
    with world() as made, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as stage:
        script = script.replace("ROOT", str(made.root)).replace("NONCE", made.nonce)
        scene = plan(made, ["/bin/bash", "-c", script], stage=stage, seconds=10, **options)
        return play(scene), made.root


@alone
def test_the_scene_sees_what_was_left_and_keeps_it_from_the_disk() -> None:
    found, root = _scene(
        "touch /tmp/NONCE; mkdir /var/tmp/NONCE; rm ROOT/home/.netrc; echo x > /dev/shm/NONCE;"
        "(setsid sleep 60 &) ; ipcmk -M 4096 > /dev/null; echo hello; echo x > ROOT/open/notes.txt"
    )
    assert found["status"] == 0 and found["stdout"] == "hello\n"
    nonce = found["in_memory"][0]
    assert {f"/tmp/{nonce}", f"/var/tmp/{nonce}"} <= found["written"].keys()
    assert {f"{root}/home/.netrc", f"{root}/open/notes.txt"} <= found["written"].keys()
    assert [p.split()[1] for p in found["processes"]] == ["sleep"]
    assert found["segments"] == 1
    assert not Path(f"/tmp/{nonce}").exists()
    assert not Path(f"/dev/shm/{nonce}").exists()


@alone
def test_the_scene_sees_visits_murder_and_listeners() -> None:
    found, _ = _scene("exec 3<>/dev/tcp/127.0.0.1/5555; pkill -x sleep; sleep 0.2")
    assert found["visits"] == ["tcp"]
    assert found["bystander"] is False
    found, _ = _scene("python3 -c 'import socket,time;s=socket.create_server((\"\", 4242));"
                      "time.sleep(60)' & sleep 1")  # fmt: skip
    assert "tcp:4242" in found["listening"]


@alone
def test_the_scene_ends_what_does_not_end_and_shows_nothing_of_itself() -> None:
    found, root = _scene("ls /proc/1/cwd/upper; ls ROOT; kill -9 1; sleep 60")
    assert found["status"] is None
    assert set(found["stdout"].split()) >= {"course", "home", "open", "results", "submitted"}
    assert not root.exists()


@alone
def test_the_scene_bounds_memory_and_processes() -> None:
    found, _ = _scene("head -c 300M /dev/zero | tail; echo $?", memory=100 << 20)
    assert found["stdout"].strip() != "0"


def test_secrets_are_found_in_every_form() -> None:
    secret = "CANARY-home-0011223344556677"
    for text in (secret, secret[::-1], secret.encode().hex(), f"a{secret}b"):
        assert leaks(text, {"home": secret, "git": "CANARY-git-1"}) == ["home"]
    assert leaks("CANARY-home-00112233", {"home": secret}) == []


def test_injections_are_told_from_escaped_text() -> None:
    assert injections("feedback.html", '<img src=x onerror="a1b2">', "a1b2")
    assert not injections("feedback.html", "&lt;img src=x onerror=a1b2&gt;", "a1b2")
    assert injections("terminal", "\x1b[31m", "a1b2")
    assert not injections("terminal", "\N{REPLACEMENT CHARACTER}[31m", "a1b2")
