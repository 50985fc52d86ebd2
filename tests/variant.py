"""The program, built in another way, in a copy of the tree: so the tree's own
build stays what it is, and every uid can reach what is in the copy."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def leave(number, _frame):
    sys.exit(128 + number)


@contextlib.contextmanager
def place(prefix):
    """A directory for it, which is removed, also where we are interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    path = tempfile.mkdtemp(prefix=prefix)
    try:
        os.chmod(path, 0o755)
        yield path
    finally:
        shutil.rmtree(path)


def is_same(a, b):
    if not os.path.exists(b):
        return False
    with open(a, 'rb') as f, open(b, 'rb') as g:
        return f.read() == g.read() and os.access(a, os.X_OK) == os.access(b, os.X_OK)


def copy_tree(directory):
    """With what is not committed yet, and without what was built. What is
    there already, and has not changed, keeps its time: make knows it."""
    tree = f'{directory}/tree'
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=TREE, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines()
    names = [n for n in listed or walk() if os.path.isfile(f'{TREE}/{n}')]
    for name in names:
        os.makedirs(os.path.dirname(f'{tree}/{name}'), exist_ok=True)
        if not is_same(f'{TREE}/{name}', f'{tree}/{name}'):
            shutil.copy(f'{TREE}/{name}', f'{tree}/{name}')
    return tree


def walk():
    """A tree that is not git's."""
    for directory, _, names in os.walk(TREE):
        if not directory.endswith('/bin') and '__pycache__' not in directory:
            yield from (os.path.relpath(f'{directory}/{n}', TREE) for n in names if not n.endswith('.o'))


def make(tree, flags, link, targets, more=()):
    subprocess.run(['make', '-s', '-j2', 'CC=gcc', f'CFLAGS={flags}', f'LDFLAGS={link}', 'FORTIFY=',
                    *more, *targets], cwd=tree, check=True)


def make_shared(directory, name):
    """A directory that programs of every uid can leave files in."""
    path = f'{directory}/{name}'
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o777)
    return path
