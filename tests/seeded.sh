#!/bin/sh
# tests/seeded.sh [NAME or TEST...]   mistakes, each made in a copy of the tree: caught?
#
# A test that cannot fail proves nothing. Each line below is a mistake that
# the update, or what reads from outside, could have: its name, the file, the
# change (sed), and the test that must go red over it, as it is run there; of
# fuzzing the target, with the inputs of the suite. TAP, one line for each.
set -u
cd "$(dirname "$0")/.." || exit 1
tree=$(pwd)

# Without the '|' of C.
mistakes='
first-file-sync-left-out | journal.c | s/!sync_file(w->r->fd) || // | power
journal-syncs-left-out | journal.c | /^record(/,/^}/s/sync_file(w->r->journal)/1/ | power
first-journal-sync-left-out | journal.c | /^record(/,/^}/s/sync_file(w->r->journal)/(rec->seq == 1 || sync_file(w->r->journal))/ | power
later-journal-syncs-left-out | journal.c | /^record(/,/^}/s/sync_file(w->r->journal)/((rec->seq > 1 \&\& rec->kind == RECORD_MOVE) || sync_file(w->r->journal))/ | power
sync-of-last-record-left-out | journal.c | /^record(/,/^}/s/sync_file(w->r->journal)/(rec->kind == RECORD_CUT || sync_file(w->r->journal))/ | power
file-syncs-left-out | journal.c | /^apply_and_sync(/,/^}/s/ && sync_file(w->r->fd)// | power
last-file-sync-left-out | journal.c | /^apply_and_sync(/,/^}/s/sync_file(w->r->fd)/(w->to == w->result || sync_file(w->r->fd))/ | power
earlier-file-syncs-left-out | journal.c | /^apply_and_sync(/,/^}/s/sync_file(w->r->fd)/(w->to < w->result || sync_file(w->r->fd))/ | power
cut-not-synced | journal.c | s/!truncate_and_sync(w->r->fd, w->result)/ftruncate(w->r->fd, w->result) == -1/ | power
plain-cut-not-synced | journal.c | s/ && truncate_and_sync(r->fd, w.result))/ \&\& ftruncate(r->fd, w.result) == 0)/ | power
cut-before-last-sync | journal.c | /^apply_and_sync(/,/^}/s/apply(w, rec) && /apply(w, rec) \&\& (w->to < w->result || ftruncate(w->r->fd, w->result) == 0) \&\& / | power
cut-before-last-record | journal.c | /^run(/,/^}/s/rec = next_record(w);/& if (rec.kind == RECORD_CUT \&\& ftruncate(w->r->fd, w->result) == -1) return 0;/ | power
journal-emptied-before-cut | journal.c | s/^\tif (!truncate_and_sync(w->r->fd, w->result))/\tif (ftruncate(w->r->journal, 0) == -1 || !truncate_and_sync(w->r->fd, w->result))/ | power
appended-mail-forgotten | journal.c | s/w->end = st->st_size;/w->end = size;/ | power
appended-mail-forgotten-by-recovery | journal.c | s/w->end = st.st_size;/w->end = w->plan.size;/ | power
no-mark | journal.c | /^apply(/,/^}/s/bytes_write(w->r->fd, w->mark, PLAN_ID, w->result)/1/ | power
mark-of-zeros | journal.c | s/getrandom(w->mark, PLAN_ID, 0) == PLAN_ID/1/ | power
mark-not-checked | journal.c | /^find_mark(/,/^}/s/== 0 ? FINE : CHANGED/== 0 ? FINE : FINE/ | power
plan-digest-not-checked | plan.c | s/memcmp(sum, head + HEAD, sizeof sum) == 0 && // | power
record-digest-not-checked | plan.c | s/memcmp(sum, bytes + RECORD, sizeof sum) != 0/0/ | power
data-digest-not-checked | plan.c | /^check_data(/,/^}/s/== 0 ? FINE : CHANGED;$/== 0 ? FINE : FINE;/ | power
records-in-one-place | plan.c | s/(off_t)(seq % 2)/(off_t)(0 * seq)/ | power
file-not-written-again | journal.c | /^apply_and_sync(/,/^}/{s/\*w = before;/(void)before;/;s/return apply(w, rec) && /return /} | power
record-not-written-again | journal.c | /^record_again(/,/^}/s/!record(w, rec)/!(tries == 2 ? record(w, rec) : sync_file(w->r->journal))/ | power
plan-not-written-again | journal.c | /^prepare(/,/^}/s/return record(w, rec);/return record(w, rec) || record(w, rec);/ | power
recovery-believes-the-cache | journal.c | s/why == FINE && !settle(w)/0/ | power
recovery-syncs-without-writing | journal.c | /^settle(/,/^}/s/off_t size = .*/off_t size = 0;/ | power
recovery-forgets-to-sync-mail | journal.c | s/sync_file(w->r->journal) && sync_file(w->r->fd);/sync_file(w->r->journal);/ | power
recovery-trusts-the-cut | journal.c | s/return sync_file(w->r->fd) &&$/return/ | power
device-number-believed | bytes.c | s/fstatvfs(fd, &fs) == 0/fstatvfs(fd, \&fs) == 1/ | power
cut-before-the-move | journal.c | /^run(struct work/,/^}/s/while (rec.kind == RECORD_MOVE) {/if (!truncate_and_sync(w->r->fd, w->result)) return 0; &/ | fault
journal-emptied-before-the-move | journal.c | /^run(struct work/,/^}/s/while (rec.kind == RECORD_MOVE) {/truncate_and_sync(w->r->journal, 0); &/ | fault
appended-mail-not-counted | journal.c | s/w->end = st->st_size;/w->end = size;/ | fault
appended-mail-not-counted-by-recovery | journal.c | /^end_rewrite/,/^}/s/w->end = st.st_size;/w->end = w->plan.size;/ | fault
mail-behind-the-old-end-not-moved | journal.c | /Mail that came behind/,/^\t}/s/rec = next_record(w);/return run(w, rec) ? FINE : TEMP;/ | fault
file-changed-before-journal-is-whole | journal.c | /^prepare/,/^}/s/return record(w, rec);/{ struct work c = *w; return (!rec->has_data || save_data(*w, rec)) \&\& apply(\&c, rec) \&\& plan_write_record(\&w->plan, w->r->journal, rec) \&\& sync_file(w->r->journal); }/ | fault
no-copy-where-places-overlap | journal.c | s/gap >= left + PLAN_ID/gap > 0/ | fault
no-room-for-the-mark | journal.c | s/gap >= left + PLAN_ID/gap >= left/ | fault
step-longer-than-the-gap | journal.c | s/rec.len = gap < left ? gap : room;/rec.len = gap < left ? gap + 1 : room;/ | fault
mark-left-out | journal.c | s/w->to < w->result ||/w->to <= w->result ||/ | fault
mark-not-looked-for | journal.c | /^find_mark/,/^}/s/return memcmp.*/return FINE;/ | fault
failed-cut-not-noticed | journal.c | /^truncate_and_sync/,/^}/s/ftruncate(fd, size) == 0/(ftruncate(fd, size), 1)/ | fault
failed-update-called-fine | journal.c | s/if (run(&w, rec))/run(\&w, rec); if (1)/ | fault
open-journal-not-seen | journal.c | s/st.st_size > 0;/st.st_size < 0;/ | fault
older-record-preferred | plan.c | s/other.seq > r->seq/other.seq < r->seq/ | fault
records-on-each-other | plan.c | s/(off_t)(seq % 2) \*/(off_t)(0 * seq) */ | fault
unreadable-plan-called-damaged | plan.c | s/if (why != FINE && errno == 0)/if (why != FINE)/ | fault
unreadable-record-called-damaged | plan.c | /^read_record/,/^}/s/errno == 0 ? CHANGED : TEMP/CHANGED/ | fault
torn-record-believed | plan.c | /^read_record/,/^}/s/if (memcmp(sum, bytes + RECORD, sizeof sum) != 0 ||/if (/ | fault
short-write-not-noticed | bytes.c | /^bytes_write/,/^}/s/n -= (size_t)some;/n = 0;/ | fault
short-read-not-noticed | bytes.c | /^bytes_read/,/^}/s/n -= (size_t)some;/n = 0;/ | fault
failed-write-not-noticed | bytes.c | /^bytes_write/,/^}/s/return 0;/return 1;/ | fault
session-goes-on-without-recovery | maildrop.c | s/return why == FINE ? FINE : TEMP;/return FINE;/ | fault
quit-always-says-ok | session.c | /^finish/,/^}/s/if (why == FINE) {/if (why == FINE || why == TEMP) {/ | fault
lock-file-left-behind | monitor.c | /^reap/,/^}/s/dotlock_remove(&m->lock);// | fault
dot-of-a-line-not-doubled | reply.c | s/if (r->line_start && bytes\[0\] == .\..)/if (0)/ | fuzz-session
dot-of-a-tiny-line-not-doubled | reply.c | s/if (line_start && c == .\..)/if (0)/ | fuzz-session
cr-too-many | reply.c | s/if (c == .\\n. && !after_cr)/if (c == 10)/ | fuzz-session
last-line-without-its-end | reply.c | s/^\tif (!r->line_start)$/\tif (0)/ | fuzz-session
line-too-many-by-top | message.c | s/r->lines--/r->lines -= r->lines != 2/ | fuzz-session
both-locks-kept | maildrop.c | s/^\tboxlock_release(&d->lock, &d->mbox);$/\t;/ | fuzz-session
reset-that-forgets | maildrop.c | s/d->mbox.messages\[i\].deleted = 0;/;/ | fuzz-session
another-message-than-the-next | session.c | s/row->number + 1 == number && // | fuzz-session
tries-without-end | monitor.c | s/m->refused < m->config->tries/1/ | fuzz-monitor
table-without-stages | monitor.c | s/ && r->from == from && r->stage == m->stage// | fuzz-monitor
proof-not-asked-for | monitor.c | s/is_proved = has_proved(m, &c);/is_proved = 1;/ | fuzz-monitor
password-not-looked-at | monitor.c | s/why = is_proved ? FINE : auth_check(&m->auth, &c, &m->account);/why = FINE;/ | fuzz-monitor
proxy-not-waited-for | monitor.c | s/m->introduced == m->config->proxy &&/1 \&\&/ | fuzz-monitor
lock-given-twice | monitor.c | s/m->lock.held)/0)/ | fuzz-monitor
length-of-unix-addresses | proxy.c | s/#define UNIX_LEN      216/#define UNIX_LEN      215/ | fuzz-proxy
length-of-inet6-addresses | proxy.c | s/#define INET6_LEN     36/#define INET6_LEN     35/ | fuzz-proxy
length-of-the-tls-part | proxy.c | s/len < SSL_LEN /len < SSL_LEN - 1 / | fuzz-proxy
port-too-large | proxy.c | s/"65535"/"65536"/ | fuzz-proxy
mapped-address-stays | proxy.c | s/IN6_IS_ADDR_V4MAPPED(in6)/0/ | fuzz-proxy
step-of-more-than-there-is | journal.c | s/rec->len > w->result - w->to/0/ | fuzz-recovery
other-file-believed | journal.c | s/w->r->fs != w->plan.fs .* st.st_ino != w->plan.ino/0/ | fuzz-recovery
samples-not-looked-at | journal.c | s/return plan_is_true(&w->plan, w->r->fd, rec->to + rec->len + PLAN_ID);/return FINE;/ | fuzz-recovery
result-one-too-small | journal.c | s/w->result += w->end - w->from;/w->result += w->end - w->from - 1;/ | fuzz-recovery
parts-on-each-other | plan.c | s/r->offset < end/0/ | fuzz-recovery
'

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP

catches() { # catches TEST: is the copy's mistake seen?
	case $1 in
	fault) sign='^# '
		make -s -C "$dir/tree" pop3d tests/fault/bin/pop3d >"$dir/out" 2>&1 &&
		! tests/fault.py --tree "$dir/tree" --first >"$dir/out" 2>&1 &&
		grep -q '^not ok' "$dir/out" ;;
	power) sign='^# .* loss[0-9]/'
		! tests/power.py --tree "$dir/tree" --until-red >"$dir/out" 2>&1 &&
		grep -q "$sign" "$dir/out" ;;
	fuzz-*) sign='expected\|bug: '
		target=tests/fuzz/bin/address-undefined/${1#fuzz-}
		mkdir "$dir/tree/new"
		make -s -C "$dir/tree" "$target" >"$dir/out" 2>&1 &&
		! (cd "$dir/tree" && ASAN_OPTIONS=detect_leaks=0 $target -detect_leaks=0 -runs=10000 \
		    -seed=1 new "tests/fuzz/corpus/${1#fuzz-}") >"$dir/out" 2>&1 &&
		grep -q "$sign" "$dir/out" ;;
	*) false ;;
	esac
}

failed=0
seed() { # seed NAME FILE CHANGE TEST
	rm -rf "$dir/tree"
	mkdir "$dir/tree"
	cp -p "$tree"/*.[cho] "$tree/filter.bpf" "$tree/Makefile" "$dir/tree"
	mkdir -p "$dir/tree/tests/unit"
	cp -rp "$tree/tests/fuzz" "$dir/tree/tests"
	cp -p "$tree"/tests/unit/*.h "$dir/tree/tests/unit"
	sed -i "$3" "$dir/tree/$2"
	if cmp -s "$tree/$2" "$dir/tree/$2"; then
		echo "not ok - seeded/$1: the change fits no more"
		failed=1
	elif catches "$4"; then
		echo "ok - seeded/$1: $(grep -m 1 "$sign" "$dir/out" | sed "s/^# //" | cut -c1-120)"
	else
		echo "not ok - seeded/$1: $4 does not see it"
		sed 's/^/# /' "$dir/out" | tail -n 5
		failed=1
	fi
}

printf '%s\n' "$mistakes" | sed 's/ | /\t/;s/ | /\t/;s/\(.*\) | /\1\t/' >"$dir/mistakes"
while IFS='	' read -r name file change test <&3; do
	[ -n "$name" ] || continue
	case " ${*:-$name} " in *" $name "* | *" $test "*) seed "$name" "$file" "$change" "$test" ;; esac
done 3<"$dir/mistakes"
exit $failed
