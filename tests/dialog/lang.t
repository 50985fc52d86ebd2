# LANG: what is said to people, in German; also after the login
connect
mailbox two.mbox
S: +OK*
C: LANG
S: +OK *
S: en English
S: de Deutsch
S: .
C: LANG de-AT
S: +OK de Sprache gewechselt
C: USER joe
S: +OK jetzt das Passwort
C: PASS wrong
S: -ERR [AUTH] der Benutzername oder das Passwort ist falsch
C: LANG tlh
S: -ERR diese Sprache gibt es hier nicht
C: LANG de en
S: -ERR zu viele Argumente
C: USER joe
S: +OK jetzt das Passwort
C: PASS secret
S: +OK 2 Nachrichten (408 Oktette)
C: RETR 9
S: -ERR diese Nachricht gibt es nicht
C: LANG
S: +OK die Sprachen
S: en English
S: de Deutsch
S: .
C: LANG *
S: +OK en language changed
C: RETR 9
S: -ERR no such message
C: LANG DE
S: +OK de Sprache gewechselt
C: QUIT
S: +OK es bleiben 2 Nachrichten
