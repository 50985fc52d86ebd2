#!/bin/sh
# The manual pages are well formed and have every option; each room is named in
# DESIGN; --version and --help answer.
set -u
cd "$(dirname "$0")/.." || exit 1

failed=0
verdict() { # verdict STATUS TEXT
	[ "$1" -eq 0 ] && echo "ok - $2" || { echo "not ok - $2"; failed=1; }
}

if command -v mandoc >/dev/null; then
	for page in pop3d.8 pop3d-secret.8 pop3d.secrets.5; do
		found=$(mandoc -T lint -W warning "$page" 2>/dev/null)
		verdict $? "docs: $page is well formed${found:+: $found}"
	done
else
	echo 'ok - docs: manual pages # SKIP not installed: mandoc'
fi

for option in $(./pop3d --help | sed -n 's/^  -., --\([a-z-]*\).*/\1/p'); do
	grep -q "Fl -$option" pop3d.8
	verdict $? "docs: --$option is in pop3d.8"
done

for option in $(./pop3d-secret --help | sed -n 's/^  -., --\([a-z-]*\).*/\1/p'); do
	grep -q "Fl -$option" pop3d-secret.8
	verdict $? "docs: --$option is in pop3d-secret.8"
done

for room in $(ls ./*.c | sed 's/^..//; s/\.c$//'); do
	grep -qw "$room" DESIGN
	verdict $? "docs: $room is in DESIGN"
done

./pop3d --version | grep -q '^pop3d [0-9]'
verdict $? 'docs: --version'
exit $failed
