#!/usr/bin/env python3
"""Which lines and branches of the program does the test suite reach?

tests/coverage.py [--in DIR] [--keep] [PART...]

Builds a copy of the tree for gcov, plays parts of the suite with it (without
any: those that reach most), and prints a table, and what is not reached. It
fails if that is more than variant/unreached.txt excuses, or less; if fewer
than 95 of 100 branches were taken; or if in the rooms of the journal and of
recovery one was not.

With --in DIR the copy is in DIR, and is not removed: what is counted there
adds up as long as the program is the same. variant/keep.c has the trick.
"""
import argparse
import collections
import contextlib
import glob
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

from variant import TREE, copy_tree, make, make_shared, place

PARTS = ('unit', 'lang', 'prepare', 'dialog', 'secret', 'says', 'errors', 'oom', 'full', 'fault', 'superservers', 'delivery',
         'proxies', 'ucspi', 'layers', 'ends')
ENOUGH = 95  # of 100 branches
ALL = ('journal.c', 'plan.c', 'recover.c')
FLAGS = '-O0 -g --coverage -fprofile-update=atomic -fdata-sections ' + \
    ' '.join(f'-fno-builtin-{f}' for f in ('fork', 'execl', 'execv', 'execve', 'execvp'))


class Line:
    def __init__(self, text):
        self.text, self.count, self.branches = text, 0, []

    def add(self, count, branches):
        """The same line may be compiled twice: what is reached in one is reached."""
        self.count += count
        if len(branches) != len(self.branches):
            branches, self.branches = max(branches, self.branches, key=len), []
        self.branches = [a + b for a, b in zip(branches, self.branches or [0] * len(branches))]

    def missed(self):
        """Branches that were not taken, where the line was reached."""
        return self.branches.count(0)


# -- building and running

def build(directory):
    counters = make_shared(directory, 'counters')
    tree = copy_tree(directory)
    subprocess.run(['gcc', '-O1', '-fPIC', '-D_GNU_SOURCE', f'-DCOUNTERS="{counters}"', '-c', '-o', f'{tree}/keep.lo',
                    'tests/variant/keep.c'], cwd=tree, check=True)
    make(tree, FLAGS, f'{tree}/keep.lo -Wl,--wrap=__gcov_exit -Wl,-T,{tree}/tests/variant/keep.ld',
         ['all', 'units', 'faults'])
    forget_tests(tree)
    return tree


def forget_tests(tree):
    """What gcov has to say of the tests is not asked for, and not to be run."""
    for path in glob.glob(f'{tree}/tests/**/*.gc*', recursive=True):
        if 'fault' not in path:
            os.unlink(path)


def dump(tree):
    """Counters to gcov's files: these add up over the programs."""
    for path in glob.glob(f'{tree}/**/*.gcda', recursive=True):
        os.unlink(path)
    programs = [f'{tree}/pop3d', f'{tree}/pop3d-secret', f'{tree}/tests/fault/bin/pop3d'] + \
        glob.glob(f'{tree}/tests/bin/*') + glob.glob(f'{tree}/tests/unit/bin/*')
    for path in programs:
        if not path.endswith('.so'):
            subprocess.run([path], env={'COVERAGE_DUMP': '1'}, check=True)
    forget_tests(tree)


def measure(tree):
    """The lines of each of our own files that have code."""
    files = collections.defaultdict(dict)
    made = [os.path.relpath(p, tree) for p in glob.glob(f'{tree}/**/*.gcda', recursive=True)]
    out = subprocess.run(['gcov', '--branch-probabilities', '--json-format', '--stdout'] +
                         made, cwd=tree, check=True, stdout=subprocess.PIPE)
    for text in out.stdout.splitlines():
        for entry in json.loads(text)['files']:
            name = entry['file']
            if '/' in name:
                continue
            with open(f'{tree}/{name}', encoding='utf-8') as f:
                source = f.read().split('\n')
            for line in entry['lines']:
                n = line['line_number']
                if n not in files[name]:
                    files[name][n] = Line(source[n - 1].strip())
                branches = [] if source[n - 1].lstrip().startswith('must(') else line['branches']
                files[name][n].add(line['count'], [b['count'] for b in branches])
    return files


# -- what is said about it

def read_excuses(path):
    """FILE: TEXT OF THE LINE, and below it, indented, why it is not reached."""
    excuses, last = {}, None
    with open(path, encoding='utf-8') as f:
        for line in f.read().split('\n'):
            if not line or line.startswith('#'):
                continue
            if line.startswith('\t'):
                excuses[last].append(line.strip())
                continue
            name, _, text = line.partition(': ')
            last = name, text
            excuses[last] = []
    for (name, text), why in excuses.items():
        if not why:
            raise SystemExit(f'variant/unreached.txt: {name}: {text}: why?')
    return excuses


def percent(part, whole):
    return 100 * part / whole if whole else 100


def print_table(files):
    """Returns the per cent of all branches."""
    rows = []
    for name in sorted(files):
        lines = files[name].values()
        rows.append((name, sum(line.count > 0 for line in lines), len(lines),
                     sum(len(line.branches) - line.missed() for line in lines), sum(len(line.branches) for line in lines)))
    rows.append(('all',) + tuple(sum(row[i] for row in rows) for i in range(1, 5)))
    print(f'{"file":18} {"lines":>12} {"%":>6} {"branches":>12} {"%":>6}')
    for name, l, ls, b, bs in rows:
        print(f'{name:18} {l:6}/{ls:5} {percent(l, ls):6.1f} {b:6}/{bs:5} {percent(b, bs):6.1f}')
    return percent(*rows[-1][3:])


def judge(files, excuses, branches):
    """TAP; whether all is well."""
    wrong, left = [], set(excuses)
    for name in sorted(files):
        for n, line in sorted(files[name].items()):
            if line.count > 0 and not (name in ALL and line.missed()):
                continue
            left.discard((name, line.text))
            if (name, line.text) not in excuses:
                wrong.append(f'{name}:{n}: {"not reached" if line.count == 0 else "a branch is not taken"}: {line.text}')
    wrong += [f'{name}: excused, but it is reached, or is not there: {text}' for name, text in sorted(left)]
    for text in wrong:
        print(f'# {text}')
    print(f'{"not " if wrong else ""}ok - coverage: all lines are reached but the {len(excuses)} that are excused')
    few = branches < ENOUGH
    print(f'{"not " if few else ""}ok - coverage: {branches:.1f} of 100 branches are taken')
    return not wrong and not few


def print_branches(files):
    for name in sorted(files):
        for n, line in sorted(files[name].items()):
            if line.count > 0 and line.missed():
                print(f'{name}:{n}: {line.missed()} of {len(line.branches)}: {line.text}')


def main():
    o = argparse.ArgumentParser(description=__doc__.split('\n\n', 1)[0])
    o.add_argument('--in', dest='place', metavar='DIR', help='where the copy is built, and stays')
    o.add_argument('--branches', action='store_true', help='list all branches that are not taken')
    o.add_argument('parts', nargs='*', metavar='PART', help='of the suite, or "none"')
    options = o.parse_args()
    kept = options.place and os.path.abspath(options.place)
    with contextlib.nullcontext(kept) if kept else place('pop3d-coverage-') as where:
        tree = build(where)
        if options.parts != ['none']:
            subprocess.run(['tests/run'] + (options.parts or list(PARTS)), cwd=tree, check=False)
        dump(tree)
        files = measure(tree)
    branches = print_table(files)
    if options.branches:
        print_branches(files)
    return judge(files, read_excuses(f'{TREE}/tests/variant/unreached.txt'), branches)


if __name__ == '__main__':
    sys.exit(not main())
