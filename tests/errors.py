#!/usr/bin/env python3
"""System calls fail, from the start to the end, in full separation. TAP.

tests/errors.py [--one KIND PROCESS CALL N]

tests/fault.py has every fault in a session, without root; here each of the
calls that a process starts with, takes its rights away with, and judges
passwords with fails once. Nobody dies of it or is served by less than the
whole jail; the client is told or the connection ends; the log, or the exit
status, says so; and the mailbox is as QUIT has said.
"""
import collections
import concurrent.futures as futures
import os
import sys

sys.dont_write_bytecode = True  # before what is ours: the tree stays clean

import oom
from scene import enter_namespace
from variant import place

KINDS = {name: oom.KINDS[name] for name in ('checkpassword', 'pam')}
ERROR = 5  # EIO
# What cannot fail (a close that does closes all the same), or is asked for by the C library for reasons of its own.
OTHERS = {'close', 'exit_group', 'execve', 'brk', 'mprotect', 'munmap', 'arch_prctl', 'set_tid_address', 'set_robust_list', 'rseq',
          'rt_sigaction', 'rt_sigprocmask', 'rt_sigreturn', 'getpid', 'getuid', 'geteuid', 'getgid', 'getegid', 'umask',
          'kill', 'alarm', 'restart_syscall', 'futex', 'pread64', 'pwrite64', 'mmap', 'getppid', 'gettid', 'uname', 'exit'}
FEW = 24  # of one name, in one process: PAM's modules read many files


class Trial(oom.Trial):
    """One session, of which a call fails."""

    def __init__(self, directory, name, process=0, call='', nth=0):
        super().__init__(directory, name, process, nth)
        self.call = call

    def __str__(self):
        return f'--one {self.name} {self.asked[0]} {self.call} {self.asked[1]}'

    def starve(self):
        process, nth, _ = self.asked
        fault = f'{process}:{self.call}:{nth}:{ERROR}' if nth else f'{self.scene.dir}/calls'
        with open(f'{self.scene.dir}/calls', 'wb') as f:
            os.chmod(f.name, 0o666)
        self.status = self.session({}, [f'{self.place}/inject', '-s', fault], oom.DELETED)
        with open(f'{self.scene.dir}/calls', encoding='ascii') as f:
            self.made = collections.Counter(tuple(line.split()) for line in f)
        self.failed = nth > 0 and self.status == 0

    def where(self):
        return []

    def expect(self, holds, what):
        """An update that has failed after all may be finished at the next login."""
        super().expect(holds or what == oom.GONE, what)

    def judge(self, clean):
        if clean is None:
            self.expect(self.is_told, f'without a fault: {self.heard[-1:]}')
            return
        self.expect('by signal' not in self.logged, 'a process was ended by a signal')
        right = [a for a, b in zip(self.heard, clean.heard) if a == b]
        if len(right) == len(clean.heard):
            return
        rest = self.heard[len(right):]
        self.expect(len(rest) <= 1 or not rest[0], f'after another answer: {rest[1:2]}')
        last = rest[0] if rest else b''
        is_cut = clean.heard[len(right)].startswith(last)
        self.expect(is_cut or last.startswith((b'-ERR', b'+OK POP3 ready')), f'the last answer is {last!r}')


def jobs_of(directory, name, clean):
    for (process, call), most in sorted(clean.made.items()):
        if call not in OTHERS:
            for nth in range(1, min(most, FEW) + 1):
                yield Trial(directory, name, int(process), call, nth)


def run_kind(directory, name, pool):
    clean = Trial(directory, name).play()
    bad = int(bool(clean.wrong))
    if clean.wrong:
        oom.blame(clean)
    done = 0
    for trial in pool.map(lambda t: t.play(clean), jobs_of(directory, name, clean)):
        done += 1
        if trial.wrong:
            bad += 1
            if bad <= 20:
                oom.blame(trial)
    print(f'{"not " if bad else ""}ok - errors: {name}: {done} calls have failed')
    sys.stdout.flush()
    return not bad


def run(form, argv):
    pool = futures.ThreadPoolExecutor(8)  # most of them wait, for two seconds
    with place('pop3d-errors-') as directory:
        oom.copy_programs(directory)
        try:
            if argv:
                name, process, call, nth = argv
                trial = Trial(directory, name, int(process), call, int(nth)).play(Trial(directory, name).play())
                oom.blame(trial)
                return not trial.wrong
            return all([run_kind(directory, name, pool) for name, kind in KINDS.items() if kind.form == form])
        finally:
            pool.shutdown(cancel_futures=True)


def main(argv):
    os.umask(0o022)
    inside = argv[:1] == ['--inside']
    argv = [a for a in argv if a not in ('--inside', '--one')]
    if inside:
        enter_namespace()
        return not run('root', argv)
    if argv and KINDS[argv[0]].form == 'root':
        return not oom.in_namespace(os.path.abspath(__file__), ['--one'] + argv)
    good = bool(argv) or run('user', argv)
    if argv:
        good = run('user', argv)
    elif os.geteuid() == 0:
        good &= oom.in_namespace(os.path.abspath(__file__), [])
    else:
        print('ok - errors: full separation # SKIP not root')
    return not good


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
