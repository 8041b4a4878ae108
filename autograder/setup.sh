#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image (Ubuntu 22.04 or newer).
# It makes a virtual environment of its own: Gradescope's harness runs on the system's python3.
set -euo pipefail

root="${AUTOGRADER_ROOT:-/autograder}"
zip_folder="$root/source"
venv="$root/venv"

fail() {
    printf 'setup.sh: %s\n' "$*" >&2
    exit 1
}

# True if the interpreter can make environments and another user can run it: student code does not
# run as root, and a Python below root's home directory would be out of its reach.
usable() {
    "$1" -I -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
        2>/dev/null || return 1
    if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$1" -I -c '' 2>/dev/null || return 1
    fi
}

find_python() {
    local version candidate
    for version in 3.11 3.12 3.13; do
        for candidate in "/usr/bin/python$version" "/usr/local/bin/python$version" \
            "$(command -v "python$version" || true)"; do
            if [ -n "$candidate" ] && [ -x "$candidate" ] && usable "$candidate"; then
                printf '%s\n' "$candidate"
                return 0
            fi
        done
    done
    return 1
}

install_python() {
    local version
    command -v apt-get >/dev/null || fail "no Python 3.11-3.13 found, no apt-get to install one." \
        "Choose an Ubuntu 22.04 base image (or newer) for the autograder."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update || fail "apt-get update failed; build the image again when the mirror answers."
    for version in 3.11 3.12 3.13; do
        if apt-get install -y --no-install-recommends "python$version" "python$version-venv"; then
            return 0
        fi
    done
    fail "no package python3.11, python3.12 or python3.13 with venv." \
        "Choose an Ubuntu 22.04 base image (or newer) for the autograder."
}

umask 022  # the environment must be readable for the user that student code runs as
[ -d "$zip_folder" ] || fail "$zip_folder is missing: expected the contents of the zip there."

if ! python="$(find_python)"; then
    install_python
    python="$(find_python)" || fail "the Python just installed cannot make virtual environments."
fi
printf 'setup.sh: using %s\n' "$("$python" --version)"

"$python" -m venv --clear "$venv"
pip=("$venv/bin/python" -I -m pip --disable-pip-version-check --no-input --no-cache-dir)
export PIP_ROOT_USER_ACTION=ignore
"${pip[@]}" install --requirement "$zip_folder/requirements.txt" \
    || fail "a pinned package could not be installed; pip says above which one."
"${pip[@]}" install --no-deps --no-index "$zip_folder"/*.whl \
    || fail "the wheel in the zip could not be installed; build the zip again."

# A data set that cannot be had costs the items about it, never the others.
if grep -q '"fashion_mnist"' "$zip_folder/assignment.json"; then
    "$venv/bin/python" -I -m mnist_course data fetch --sys-prefix fashion_mnist \
        || printf 'setup.sh: WARNING: Fashion-MNIST is not here; build the image again later.\n' >&2
fi
chmod -R a+rX "$venv"

# Trusted files are for root alone: hidden tests in source, verdicts in results.
mkdir -p "$root/results"
chmod 0700 "$zip_folder" "$root/results"
chmod -R go-rwx "$zip_folder"

"$venv/bin/python" -I -c 'import mnist_course.grading.gradescope_run' \
    || fail "the grader cannot be imported; build the zip again."
printf 'setup.sh: done\n'
