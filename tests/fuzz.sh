#!/bin/sh
# tests/fuzz.sh [TARGET...]   runs the fuzz targets on what is in their corpus,
# and on what libFuzzer makes of it: 10,000 inputs, the same each time, or, for
# FUZZ_SECONDS, others. What it finds stays in tests/fuzz/found; with FUZZ_KEEP
# the corpus gets what is new.
# FUZZ_SANITIZE says by which sanitizers: address,undefined, or memory.
set -u
cd "$(dirname "$0")/.." || exit 1

much='-runs=10000 -seed=1'
[ -z "${FUZZ_SECONDS:-}" ] || much=-max_total_time=$FUZZ_SECONDS
sanitize=${FUZZ_SANITIZE:-address,undefined}
bin=tests/fuzz/bin/$(echo "$sanitize" | tr , -)
failed=0

echo 'int LLVMFuzzerTestOneInput(void);int LLVMFuzzerTestOneInput(void){return 0;}' >"${TMPDIR:-/tmp}/fuzz.$$.c"
clang -fsanitize=fuzzer -o "${TMPDIR:-/tmp}/fuzz.$$" "${TMPDIR:-/tmp}/fuzz.$$.c" 2>/dev/null
there=$?
rm -f "${TMPDIR:-/tmp}/fuzz.$$" "${TMPDIR:-/tmp}/fuzz.$$.c"
[ $there -eq 0 ] || { echo 'ok - fuzz # SKIP no clang with libFuzzer'; exit 0; }

[ $# -gt 0 ] || set -- $(ls tests/fuzz/*.c | sed 's/.*\///; s/\.c$//')
nice make -s -j2 fuzz-targets FUZZ_SANITIZE="$sanitize" || exit 1
mkdir -p tests/fuzz/found
new=$(mktemp -d) || exit 1
trap 'rm -rf "$new"' EXIT

for target; do
	mkdir -p "$new/$target" "tests/fuzz/corpus/$target"
	into=$new/$target
	[ -z "${FUZZ_KEEP:-}" ] || into=tests/fuzz/corpus/$target
	words=
	[ ! -f "tests/fuzz/$target.dict" ] || words=-dict=tests/fuzz/$target.dict
	leaks=1 # what a child has is given back by its end
	case $target in login | session) leaks=0 ;; esac
	ASAN_OPTIONS=detect_leaks=$leaks "$bin/$target" $much -timeout=20 -rss_limit_mb=2048 -detect_leaks=$leaks \
	    -artifact_prefix="tests/fuzz/found/$target-" -print_final_stats=1 \
	    -verbosity=0 $words "$into" "tests/fuzz/corpus/$target" \
	    >"$new/out" 2>&1
	if [ $? -eq 0 ]; then
		echo "ok - fuzz: $target, $(sed -n 's/.*number_of_executed_units: *//p' "$new/out") inputs"
	else
		echo "not ok - fuzz: $target"
		grep -v '^#' "$new/out" | head -60 | sed 's/^/# /'
		failed=1
	fi
done
rmdir tests/fuzz/found 2>/dev/null
exit $failed
