#!/bin/sh
# Who may include what: the fence between the root side and the side that
# parses, and the layers, low to high. A file includes only lower ones.
set -u
cd "$(dirname "$0")/.." || exit 1

layers='
log line proto from
bytes lang prep
trace
reply sasl proxy walk options client plan filter
apop scram privsep jail journal index
dotlock account pam secrets checkpassword scan
mbox auth
state message boxlock uidl recall
check monitor maildrop
login session
recover
pop3d pop3d-secret filter_write
'
root_side='pop3d pop3d-secret options client monitor state account auth pam secrets scram dotlock check recover checkpassword'
root_only='account.h auth.h pam.h secrets.h dotlock.h pwd.h security/'
never_root='line.h reply.h proto.h mbox.h'

layer_of() {
	echo "$layers" | awk -v f="$1" 'NF {n++; for (i = 1; i <= NF; i++) if ($i == f) print n}'
}

failed=0
verdict() { # verdict STATUS TEXT
	[ "$1" -eq 0 ] && echo "ok - $2" || { echo "not ok - $2"; failed=1; }
}

is_in() { case " $2 " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

for file in *.c *.h; do
	room=${file%.[ch]}
	own=$(layer_of "$room")
	bad=
	[ -n "$own" ] || bad='has no place in the layers'
	for h in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
		[ "${h%.*}" = "$room" ] && continue
		theirs=$(layer_of "${h%.h}")
		[ -n "$theirs" ] && [ "$theirs" -lt "${own:-0}" ] || bad="$bad includes $h, which is not lower"
		is_in "$room" "$root_side" && is_in "$h" "$never_root" && bad="$bad includes $h on the root side"
	done
	if ! is_in "$room" "$root_side"; then
		for h in $root_only; do
			grep -q "^#include [\"<]$h" "$file" && bad="$bad includes $h outside the root side"
		done
	fi
	[ -z "$bad" ]
	verdict $? "fence: $file${bad:+:$bad}"
done
exit $failed
