#!/bin/sh
# What the linker and the compiler have put into the program against those who
# find a bug in it, as its ELF says. Without readelf or objdump: skipped.
set -u
cd "$(dirname "$0")/.." || exit 1

command -v readelf >/dev/null && command -v objdump >/dev/null || {
	echo 'ok - binary # SKIP not installed: binutils'
	exit 0
}

failed=0
verdict() { # verdict STATUS TEXT
	[ "$1" -eq 0 ] && echo "ok - binary: $2" || { echo "not ok - binary: $2"; failed=1; }
}
has() { # has TEXT PATTERN WHAT
	echo "$1" | grep -Eq "$2"
	verdict $? "$3"
}

elf=$(readelf -hldnW --dyn-syms pop3d)
has "$elf" 'Type: +DYN .*(Position|PIE)' 'is position-independent'
has "$elf" 'GNU_RELRO' 'relocations become read-only'
has "$elf" '\(FLAGS(_1)?\).*(BIND_NOW|NOW)' '... all of them, at the start'
has "$elf" 'GNU_STACK .* RW +0x' 'has a stack that cannot be executed'
! echo "$elf" | grep -Eq 'LOAD .* RWE '
verdict $? 'no memory is both writable and executable'
! echo "$elf" | grep -Eq '\((RPATH|RUNPATH|TEXTREL)\)'
verdict $? 'no library is looked for in other places, no code is relocated'
! echo "$elf" | grep -q 'NEEDED.*libpam'
verdict $? 'PAM is not loaded before it is asked'
has "$elf" '__stack_chk_fail' 'notices when its stack is overwritten'
has "$elf" '__(v?snprintf|memcpy|read|fdelt|explicit_bzero)_chk' 'sizes are checked (fortified)'
if [ "$(uname -m)" = x86_64 ]; then
	code=$(objdump -d --no-show-raw-insn pop3d)
	has "$code" 'endbr64' 'jumps can be checked, where the C library lets them (CET)'
	has "$code" '(or[qb]|movq) +\$0x0,.*\(%rsp' 'large frames touch every page (stack clash)'
fi
exit $failed
