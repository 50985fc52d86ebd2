#!/bin/sh
# tests/model.sh [all]   searches the model of the update for what goes wrong
#
# As it is (journal.pml): nothing may be found, and no state be left out. With
# each of its mistakes: something must be found. "all" searches larger ones
# too, which takes some minutes and 3 GB.
set -u
cd "$(dirname "$0")" || exit 1

if ! command -v spin >/dev/null; then
	echo "ok - model # skip: no spin"
	exit 0
fi
pml=$PWD/journal.pml
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
cd "$dir" || exit 1

build() { # build MACRO=VALUE... : what the model's shape is
	shape=$*
	spin $(printf ' -D%s' "$@") -a "$pml" >out 2>&1 &&
		${CC:-cc} -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=3500 -o pan pan.c >>out 2>&1 &&
		return
	sed 's/^/# /' out
	echo "not ok - model/$shape: cannot be built"
	exit 1
}

search() { # search UPDATES KILLS CRASHES MISTAKE
	UPDATES=$1 KILLS=$2 CRASHES=$3 MISTAKE=$4 ./pan -m5000 -w22 >out 2>&1
	limits="updates $1, kills $2, crashes $3"
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' out)
}

holds() { # holds UPDATES KILLS CRASHES
	search "$@" 0
	if grep -q 'errors: 0$' out && grep -q '^Full statespace' out &&
		! grep -Eqi 'truncated|not completed|too small|out of memory' out; then
		echo "# model/$shape, $limits: $states states"
		echo "ok - model/$shape, $limits"
	else
		sed 's/^/# /' out
		echo "not ok - model/$shape, $limits"
	fi
}

finds() { # finds NAME NUMBER UPDATES KILLS CRASHES
	search "$3" "$4" "$5" "$2"
	if grep -q 'assertion violated' out; then
		echo "ok - model/$1 is found: $states states"
	else
		sed 's/^/# /' out
		echo "not ok - model/$1 is not found"
	fi
}

build OLD=3 NEW=1 ROOM=2
holds 1 2 2
sed -n 's/^#define \([A-Z_]*\)  *\([0-9]*\)\( .*\)\{0,1\}$/\1 \2/p' "$pml" |
	sed -n '/^NO_SYNC_FIRST /,/^NEVER/p' | while read -r name number; do
	case $name in
	NEVER) ;;
	NO_SYNC_EMPTIED) finds $name $number 2 1 1 ;;
	*) finds $name $number 1 2 2 ;;
	esac
done
[ "${1:-}" = all ] || exit 0
holds 2 1 1
for shape in 'OLD=3 NEW=1 ROOM=1' 'OLD=3 NEW=2 ROOM=2' 'OLD=4 NEW=1 ROOM=2' \
	'OLD=4 NEW=1 ROOM=3' 'OLD=5 NEW=1 ROOM=1'; do
	build $shape
	holds 1 1 2
done
