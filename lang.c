/*
 * lang.c - what is said to people, in their language
 *
 * Pure. tests/lang.sh holds the table against the texts in the source.
 */
#include "lang.h"

#include "log.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *tag;
	const char *name;
} languages[LANG_COUNT] = {
    [LANG_EN] = {"en", "English"},
    [LANG_DE] = {"de", "Deutsch"},
};

/* clang-format off */
static const struct {
	const char *english;
	const char *german;
} texts[] = {
    /* both states */
    {"capabilities follow", "die Fähigkeiten"},
    {"languages follow", "die Sprachen"},
    {"language changed", "Sprache gewechselt"},
    {"that language is not spoken here", "diese Sprache gibt es hier nicht"},
    {"the line is too long, or holds a NUL",
     "die Zeile ist zu lang oder enthält ein NUL"},
    {"UTF-8 is welcome", "UTF-8 ist willkommen"},

    /* AUTHORIZATION */
    {"APOP is not offered here", "APOP wird hier nicht angeboten"},
    {"begin TLS", "TLS beginnt"},
    {"cannot check that now, try again later",
     "das lässt sich jetzt nicht prüfen, bitte später noch einmal"},
    {"goodbye", "auf Wiedersehen"},
    {"logged in too short a time ago, try again later",
     "die letzte Anmeldung ist zu kurz her, bitte später noch einmal"},
    {"mechanisms follow", "die Verfahren"},
    {"a character of the user name or password is not allowed there",
     "ein Zeichen des Benutzernamens oder Passworts ist dort nicht erlaubt"},
    {"no STLS here", "kein STLS auf dieser Verbindung"},
    {"no login on an unencrypted connection: use STLS",
     "keine Anmeldung ohne Verschlüsselung: bitte STLS benutzen"},
    {"no passwords on an unencrypted connection: use APOP, or TLS (POP3S, "
     "port 995)",
     "keine Passwörter ohne Verschlüsselung: bitte APOP benutzen oder TLS "
     "(POP3S, Port 995)"},
    {"no passwords on an unencrypted connection: use STLS",
     "keine Passwörter ohne Verschlüsselung: bitte STLS benutzen"},
    {"no passwords on an unencrypted connection: use TLS (POP3S, port 995)",
     "keine Passwörter ohne Verschlüsselung: bitte TLS benutzen (POP3S, Port "
     "995)"},
    {"now the password", "jetzt das Passwort"},
    {"say USER first", "zuerst USER"},
    {"TLS has begun already", "TLS läuft schon"},
    {"that mechanism has no initial response",
     "dieses Verfahren beginnt nicht mit einer Antwort"},
    {"that mechanism is not offered here",
     "dieses Verfahren wird hier nicht angeboten"},
    {"the mailbox cannot be served, tell your postmaster",
     "das Postfach ist nicht in Ordnung, bitte den Postmaster verständigen"},
    {"unknown command, or one for after the login",
     "unbekannter Befehl, oder einer für nach der Anmeldung"},
    {"user name or password is wrong",
     "der Benutzername oder das Passwort ist falsch"},

    /* SASL */
    {"nobody may act for another user here",
     "hier darf niemand für einen anderen handeln"},
    {"the exchange is cancelled", "der Vorgang ist abgebrochen"},
    {"the response holds a NUL where none may be",
     "die Antwort enthält ein NUL, wo keines sein darf"},
    {"the response is not base64", "die Antwort ist kein Base64"},
    {"the response is not one of CRAM-MD5",
     "die Antwort ist keine von CRAM-MD5"},
    {"the response is not one of PLAIN", "die Antwort ist keine von PLAIN"},
    {"the response is too long", "die Antwort ist zu lang"},
    {"the response is not one of SCRAM", "die Antwort ist keine von SCRAM"},
    {"the user name is not well formed",
     "der Benutzername hat nicht die richtige Form"},
    {"there are no extensions of SCRAM here",
     "Erweiterungen von SCRAM gibt es hier nicht"},
    {"there is no channel binding here",
     "eine Bindung an den Kanal gibt es hier nicht"},
    {"user name and password are both needed",
     "Benutzername und Passwort werden beide gebraucht"},
    {"user name or password is too long",
     "der Benutzername oder das Passwort ist zu lang"},

    /* TRANSACTION and UPDATE */
    {"%" PRIu64 " octets", "%" PRIu64 " Oktette"},
    {"%u messages (%" PRIu64 " octets)", "%u Nachrichten (%" PRIu64
     " Oktette)"},
    {"%u messages left", "es bleiben %u Nachrichten"},
    {"message %u deleted", "Nachricht %u gelöscht"},
    {"no room on the server's disk to delete these; all messages, or the "
     "newest, can be deleted",
     "auf dem Server ist kein Platz, um diese zu löschen; alle oder die "
     "neuesten lassen sich löschen"},
    {"no such message", "diese Nachricht gibt es nicht"},
    {"still here", "immer noch da"},
    {"that message is deleted", "diese Nachricht ist gelöscht"},
    {"the mailbox cannot be read now, try again later",
     "das Postfach lässt sich jetzt nicht lesen, bitte später noch einmal"},
    {"the mailbox is in use, try again later",
     "das Postfach wird gerade benutzt, bitte später noch einmal"},
    {"the mailbox was changed by another program, log in again; nothing was "
     "deleted",
     "ein anderes Programm hat das Postfach verändert, bitte neu anmelden; "
     "nichts wurde gelöscht"},
    {"the messages could not be deleted now, try again later",
     "die Nachrichten ließen sich jetzt nicht löschen, bitte später noch "
     "einmal"},
    {"top of message follows", "der Anfang der Nachricht"},
    {"unique ids follow", "die eindeutigen Kennungen"},
    {"unknown command", "unbekannter Befehl"},

    /* arguments */
    {"a message number is made of digits only",
     "die Nummer einer Nachricht besteht nur aus Ziffern"},
    {"a message number is needed", "es fehlt die Nummer einer Nachricht"},
    {"a number of lines is made of digits only",
     "die Zahl der Zeilen besteht nur aus Ziffern"},
    {"a number of lines is needed", "es fehlt die Zahl der Zeilen"},
    {"a password is needed", "es fehlt das Passwort"},
    {"a user name and a digest are needed",
     "es fehlen der Benutzername und die Prüfsumme"},
    {"a user name is needed", "es fehlt der Benutzername"},
    {"messages are numbered from 1", "die Nummern beginnen bei 1"},
    {"this command takes no argument", "dieser Befehl hat kein Argument"},
    {"too many arguments", "zu viele Argumente"},
};
/* clang-format on */

const char *
lang_text(enum lang lang, const char *english)
{
	if (lang != LANG_DE)
		return english;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (strcmp(texts[i].english, english) == 0)
			return texts[i].german;
	return english;
}

enum lang
lang_find(const char *range)
{
	if (strcmp(range, "*") == 0 || strcasecmp(range, "i-default") == 0)
		return LANG_EN;
	for (enum lang l = 0; l < LANG_COUNT; l++) {
		size_t len = strlen(languages[l].tag);

		if (strncasecmp(range, languages[l].tag, len) == 0 &&
		    (range[len] == '\0' || range[len] == '-'))
			return l;
	}
	return LANG_COUNT;
}

const char *
lang_tag(enum lang lang)
{
	must(lang < LANG_COUNT);
	return languages[lang].tag;
}

const char *
lang_name(enum lang lang)
{
	must(lang < LANG_COUNT);
	return languages[lang].name;
}
