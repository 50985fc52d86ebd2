#!/bin/sh
# tests/popup.sh PROGRAM [ARGUMENT...]   as qmail-popup: asks who is there
#
# The program has the connection, and name, proof and timestamp on descriptor 3.
# If it lets the user in, what it becomes answers; if not, its status says so.

say() { printf '%s\r\n' "$*"; }

cr=$(printf '\r')
stamp="<$$.$(date +%s)@here>"
user= proof=
say "+OK $stamp"
while [ -z "$proof" ] && IFS= read -r line; do
	line=${line%"$cr"}
	case $line in
	USER\ *) user=${line#USER }; say '+OK' ;;
	PASS\ *) proof=${line#PASS } ;;
	APOP\ *) proof=${line##* } user=${line#APOP } user=${user% *} ;;
	*) say '-ERR authorization first' ;;
	esac
done
[ -n "$proof" ] || exit 0
exec 4<&0
printf '%s\0%s\0%s\0' "$user" "$proof" "$stamp" | "$@" 3<&0 0<&4 4<&-
status=$?
if [ $status -gt 128 ]; then
	say '-ERR aack, child crashed'
elif [ $status -gt 0 ]; then
	say '-ERR authorization failed'
fi
