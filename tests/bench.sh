#!/bin/sh
# The bench works: a tiny run of it, whose figures mean nothing.
set -u
cd "$(dirname "$0")/.." || exit 1

if [ "$(id -u)" != 0 ] || ! command -v tcpserver >/dev/null ||
    ! unshare --mount true 2>/dev/null; then
	echo 'ok - bench # SKIP not root, no mount namespace, or no tcpserver'
	exit 0
fi
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
bench/run --tiny --reps 1 --only start,login32,ways,opensmall,open,retr,pipe,deletefirst,memory >"$out" 2>"$out.log"
status=$?
[ $status -eq 0 ] || cat "$out.log"
rm -f "$out.log"
[ $status -eq 0 ] && echo 'ok - bench: runs' || echo "not ok - bench: ended with $status"
for row in Login 'by the secrets file' 'Exec to greeting' 'First open of 1 GiB' 'Open again, 10' \
    'Download of 1 GiB' 'Download, pipelined' 'QUIT, the first deleted' 'Private memory' 'AUTH SCRAM-SHA-256, keys' 'PASS, checkpassword'; do
	[ "$row" = Login ] && row='the same, 32 clients, CPU'
	grep -q "^| $row.* | [0-9]" "$out" && echo "ok - bench: $row" || echo "not ok - bench: $row"
done
