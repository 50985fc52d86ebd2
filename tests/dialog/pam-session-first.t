# --pam-session: what a module brings along is there when the mailbox is opened
only root
connect
no-secrets
mailbox two.mbox
options --pam-session
env TCPREMOTEIP=127.0.0.7
script bring #!/bin/sh
script bring cd "$(dirname "$0")" && [ "$PAM_TTY" = "$PAM_SERVICE" ]
script bring echo "$?,$PAM_TYPE,$PAM_USER,$PAM_RHOST" >>notes
script bring [ "$PAM_TYPE" = open_session ] || exit 0
script bring printf 'From a@b Mon Jan  1 10:00:00 2024\n\nhello\n\n' >mail/joe
pam auth required pam_unix.so
pam account required pam_unix.so
pam session required pam_exec.so {dir}/bring
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: +OK 1 message*
C: QUIT
S: +OK*
holds notes 0,open_session,joe,127.0.0.7 0,close_session,joe,127.0.0.7
