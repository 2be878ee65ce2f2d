### Was die Seiten auf Deutsch sagen. `en.ftl` hat dieselben Texte.

brand = Encore
language-name = Deutsch
site-description = Die Ticketbörse: Tickets, die jemand nicht mehr braucht, für alle, die sie brauchen.
skip = Zum Inhalt springen
footer-sandbox = Eine Spielwiese: Keine echte Karte wird belastet, kein echter Platz vergeben.

## Der Weg durch die Seiten

nav-main = Hauptmenü
nav-language = Sprache
nav-sell = Verkaufen
nav-sign-in = Anmelden
nav-menu = Menü
nav-orders = Bestellungen
nav-my-tickets = Meine Tickets
nav-sales = Verkäufe
nav-account = Konto
nav-sign-out = Abmelden
find-tickets = Tickets finden
never-mind = Lieber nicht
look-again = Noch einmal nachsehen
back-to-tickets = Alle Tickets
back-to-orders = Alle Bestellungen
back-to-sales = Alle Verkäufe

## Finden

home-page = Tickets finden
home-title = Jeder Platz verdient jemanden
home-lead = Tickets von Leuten, die nicht können, für Leute, die wollen. Ein Klick reserviert; dann ist es { $window } für dich da, bis du bezahlt hast.
search-label = Tickets nach Namen suchen
search-placeholder = Band, Team, Ort …
search-button = Suchen
search-price = Preis in { $currency }
search-min = von
search-max = bis
search-free = Nur verfügbare
search-sort = Zuerst
sort-newest = Neueste
sort-cheapest = Günstigste
results-all = Jetzt zu haben
results-found = Das haben wir gefunden
results-more = Mehr zeigen
results-none = Nichts passt.
results-none-next = Versuch es mit weniger Wörtern oder einer größeren Preisspanne.
results-reset = Alle Tickets zeigen
results-empty = Noch verkauft niemand etwas.
results-empty-next = Mach den Anfang.
card-listed = Seit { $it }

span-minutes = { $count ->
    [one] eine Minute
   *[other] { $count } Minuten
 }
span-seconds = { $count ->
    [one] eine Sekunde
   *[other] { $count } Sekunden
 }

## Ein Ticket

ticket-eyebrow = Ticket
ticket-in-full = alles inbegriffen, keine Gebühren
ticket-no-description = Mehr sagt die Verkäuferin oder der Verkäufer nicht dazu.
ticket-free = Noch hat es niemand.
ticket-reserved = Jemand bezahlt gerade. Wenn nicht, ist es bald wieder da.
ticket-reserved-until = Jemand bezahlt gerade. Vielleicht ist es um { $it } wieder da.
ticket-yours = Du hast es reserviert.
ticket-sold = Jemand hat es gekauft.
ticket-bought = Du hast es gekauft.
ticket-withdrawn = Es wurde zurückgezogen.
ticket-not-on-sale = Es ist nicht zu haben.
ticket-reserve = Reservieren
ticket-reserve-hint = Dann hast du { $window } zum Bezahlen. Reservieren kostet nichts.
ticket-others = Andere Tickets ansehen
ticket-to-order = Zu deiner Bestellung
ticket-to-sale = Zur Bestellung
ticket-own = Das ist dein Ticket.
ticket-edit = Ändern
ticket-withdraw = Zurückziehen
ticket-held-why = Du kannst es jetzt nicht ändern oder zurückziehen: Jemand hat es reserviert, und der gesehene Preis gilt. Wird nicht rechtzeitig bezahlt, kannst du es wieder ändern.

state-free = Verfügbar
state-reserved = Reserviert
state-sold = Verkauft
state-withdrawn = Zurückgezogen
state-not-on-sale = Nicht zu haben

## Verkaufen

sell-page = Ticket verkaufen
sell-lead = Zwei Zeilen und ein Preis. Sobald du es anbietest, ist es zu haben.
sell-title = Wofür ist es?
sell-title-hint = Wer spielt, wo und wann: 3 bis 56 Zeichen.
sell-price = Preis
sell-price-hint = So viel wird bezahlt, so viel bekommst du. Keine Gebühren.
sell-description = Noch etwas? (freiwillig)
sell-description-hint = Platz, Eingang, wie du es übergibst.
sell-button = Ticket anbieten
edit-page = Dein Ticket ändern
edit-lead = Solange es niemand reserviert hat, kannst du alles ändern.
edit-button = Speichern
withdraw-page = Ticket zurückziehen
withdraw-question = „{ $title }“ zurückziehen?
withdraw-lead = Dann kann es niemand mehr kaufen. Rückgängig geht das nicht, aber du kannst es neu anbieten.
withdraw-button = Zurückziehen
mine-page = Meine Tickets
mine-list = Deine Tickets
mine-none = Du verkaufst noch nichts.
mine-none-next = Biete ein Ticket an, das du nicht nutzen kannst: Jemand freut sich darüber.

rule-title = Sag in 3 bis 56 Zeichen, wofür es ist.
rule-description = Bitte höchstens 2000 Zeichen, und keine unsichtbaren.
rule-price = Gib einen Betrag an, etwa 19,99.
rule-price-negative = Der Preis kann nicht unter null liegen.
rule-price-precise = Bitte höchstens zwei Stellen nach dem Komma, und nichts zwischen den Tausendern: 1000,00.
rule-price-large = Mehr als 999.999,99 geht nicht.

## Bestellungen

orders-page = Bestellungen
orders-lead = Was du reserviert und gekauft hast.
orders-none = Keine Bestellungen.
orders-none-next = Such dir ein Ticket aus und reservier es.
sales-page = Verkäufe
sales-lead = Welche deiner Tickets reserviert und verkauft sind.
sales-none = Keine Verkäufe.
sales-none-next = Sobald jemand eines deiner Tickets reserviert, steht es hier.
filter-label = Nach Stand filtern
filter-all = Alle
filter-open = Offen
filter-complete = Abgeschlossen
filter-cancelled = Storniert
row-until = Bis { $it }
row-placed = Vom { $it }

order-eyebrow = Deine Bestellung
sale-eyebrow = Dein Verkauf
order-created = Reserviert
order-awaiting = Wird bezahlt
order-complete = Abgeschlossen
order-cancelled = Storniert
order-to-ticket = Das Ticket ansehen
order-look-again = Ist es wieder frei? Nachsehen
told-open = Das Ticket ist für dich zurückgelegt. Bezahl rechtzeitig, dann gehört es dir.
told-held = Jemand hat dein Ticket reserviert und kann bis dahin bezahlen.
told-complete = Es gehört dir. Deine Karte wurde einmal belastet; viel Vergnügen.
told-charging = Es gehört dir. Deine Karte wird gerade belastet, einmal; viel Vergnügen.
told-sold = Verkauft. Alles ist bezahlt.
told-cancelled = Du hast das Ticket zurückgegeben. Deine Karte wurde nicht belastet.
told-given-back = Es wurde zurückgegeben und kam wieder in den Verkauf.
told-failed = Zu viele Karten wurden abgelehnt. Keine wurde belastet, und das Ticket kam wieder in den Verkauf.
told-expired = Die Zeit zum Bezahlen ist abgelaufen. Keine Karte wurde belastet, und das Ticket kam wieder in den Verkauf.
countdown-until = Zurückgelegt bis { $it }
countdown-warning = Noch zwei Minuten zum Bezahlen.
countdown-over = Die Zeit ist abgelaufen.

pay-title = Bezahlen
pay-button = { $price } bezahlen
pay-hint = Deine Karte wird nur belastet, wenn das Ticket dir gehört, und nie zweimal.
pay-under-way = Wir fragen deine Bank. Auf dieser Seite steht dann, wie es ausging.
cards-legend = Wähl eine Karte
cards-hint = Das ist eine Spielwiese: Jede Karte zeigt, wie eine Zahlung ausgehen kann.
card-good = funktioniert
card-funds = zu wenig Geld
card-expired = ist abgelaufen
card-declined = wird abgelehnt
card-slow = funktioniert, aber die Bank ist langsam
cancel-summary = Ich will es doch nicht
cancel-lead = Das Ticket ist dann sofort wieder zu haben. Deine Karte wird nicht belastet.
cancel-button = Bestellung stornieren

history-title = Was bisher geschah
step-created = Reserviert: Das Ticket ist zurückgelegt.
step-payment = Eine Zahlung wurde begonnen.
step-authorized = Die Bank hält das Geld bereit; noch ist nichts abgebucht.
step-charging = Die Bank hält das Geld bereit, und die Karte wird gerade belastet.
step-captured = Die Karte wurde belastet.
step-voided = Die Bank hat das Geld freigegeben: Nichts wurde abgebucht.
step-failed = Die Karte wurde abgelehnt; nichts wurde abgebucht.
step-refunded = Das Geld wurde zurückgegeben.
step-complete = Abgeschlossen: Das Ticket hat seinen Platz gefunden.
step-cancelled = Auf Wunsch storniert; das Ticket kam wieder in den Verkauf.
step-payment-failed = Nach zu vielen abgelehnten Karten storniert; das Ticket kam wieder in den Verkauf.
step-expired = Storniert: Die Zeit zum Bezahlen war vorbei, und das Ticket kam wieder in den Verkauf.
step-until = Als Nächstes: Ohne Zahlung endet die Bestellung von selbst.

## Konten

email = E-Mail-Adresse
password = Passwort
password-current = Jetziges Passwort
password-new = Neues Passwort
password-hint = Mindestens 8 Zeichen; am besten ein paar Wörter, die nur du so zusammenstellst.
sign-in-page = Anmelden
sign-in-button = Anmelden
sign-in-link = Anmelden
sign-in-no-account = Neu hier?
register-page = Konto anlegen
register-lead = Eine Adresse und ein Passwort; mehr nicht.
register-button = Konto anlegen
register-link = Konto anlegen
register-has-account = Du hast ein Konto?
account-page = Konto
account-who = Du bist angemeldet als { $email }.
password-title = Passwort ändern
password-button = Passwort ändern
sessions-title = Wo du angemeldet bist
sessions-lead = Kennst du etwas davon nicht, dann melde es ab und ändere dein Passwort.
session-present = Hier
session-end = Dort abmelden
sessions-end-others = Überall sonst abmelden
session-since = seit { $it }
session-unknown = Ein unbekannter Browser
session-over = Du wurdest inzwischen abgemeldet.
session-over-next = Melde dich an und mach weiter: Was du geschrieben hast, ist noch da.
throttled = Zu viele Versuche.
wait-seconds = Versuch es in { $count ->
    [one] einer Sekunde
   *[other] { $count } Sekunden
 } wieder.
wait-minutes = Versuch es in { $count ->
    [one] einer Minute
   *[other] { $count } Minuten
 } wieder.

rule-email = Das ist keine E-Mail-Adresse.
rule-email-missing = Gib deine E-Mail-Adresse ein.
rule-password-missing = Gib dein Passwort ein.
rule-password-short = Bitte mindestens 8 Zeichen.
rule-password-long = Bitte höchstens 128 Zeichen.
rule-password-common = Dieses Passwort würde man als eines der ersten erraten.
rule-password-similar = Dieses Passwort ist deiner E-Mail-Adresse zu ähnlich.
rule-credentials = Adresse und Passwort passen nicht zusammen.
rule-current = Das ist nicht dein jetziges Passwort.
rule-register = Mit diesen Angaben geht es nicht. Hast du ein Konto, dann melde dich an; sonst versuch es mit einer anderen Adresse.
rule-form = Das Formular ließ sich nicht annehmen. Prüf es und versuch es noch einmal.
rule-form-expired = Dieses Formular war zu lange offen. Hier ist ein neues: Versuch es noch einmal.

## Was gerade geschah

note-listed = Dein Ticket ist zu haben.
note-listed-next = Hier siehst du, wenn es jemand reserviert.
note-listed-before = Dein Ticket war schon eingestellt, so wie du es zuerst abgeschickt hast.
note-listed-before-next = Du kannst es hier ändern.
note-edited = Gespeichert.
note-withdrawn = Zurückgezogen.
note-withdrawn-next = Niemand kann es mehr kaufen.
note-welcome = Willkommen!
note-welcome-next = Du bist angemeldet.
note-signed-out = Du bist abgemeldet.
note-password-changed = Dein Passwort ist geändert.
note-password-changed-next = Überall sonst bist du nun abgemeldet.
note-session-revoked = Dort abgemeldet.
note-reserved = Es ist für dich zurückgelegt.
note-reserved-next = Wähl eine Karte und bezahl, bevor die Zeit abläuft.
note-cancelled = Die Bestellung ist storniert.
note-cancelled-next = Deine Karte wurde nicht belastet.
note-lost-race = Jemand war einen Augenblick schneller.
note-lost-race-next = Wird nicht rechtzeitig bezahlt, ist das Ticket wieder da; auf dieser Seite siehst du es.
note-yours-already = Du hast dieses Ticket schon reserviert; hier ist deine Bestellung.
note-own-ticket = Das ist dein eigenes Ticket: Du kannst es nicht kaufen.
note-not-for-sale = Dieses Ticket ist nicht mehr zu haben.
note-not-for-sale-next = Sieh dir die anderen an.
note-declined = Die Bank hat diese Karte abgelehnt.
note-declined-funds = Auf dieser Karte ist nicht genug Geld.
note-declined-expired = Diese Karte ist abgelaufen.
note-declined-next = Nichts wurde abgebucht, und das Ticket ist noch für dich zurückgelegt: Versuch eine andere Karte.
note-declined-processing = Die Bank war nicht zu erreichen.
note-declined-processing-next = Nichts wurde abgebucht. Versuch es noch einmal, vielleicht mit einer anderen Karte.
note-too-late = Die Zeit war vorbei, bevor die Zahlung kam.
note-too-late-next = Nichts wurde abgebucht. Das Ticket kam wieder in den Verkauf: Ist es frei, reservier es noch einmal.
note-order-cancelled = Diese Bestellung wurde storniert, bevor die Zahlung kam.
note-already-paid = Das hast du schon bezahlt: Einmal genügt, und nur einmal wurde abgebucht.
note-in-progress = Eine Zahlung läuft schon, vielleicht in einem anderen Tab. Hier steht dann, wie sie ausging.
note-already-complete = Es ist bezahlt und lässt sich nicht mehr stornieren.
note-held = Jetzt lässt es sich nicht ändern.
note-held-next = Jemand hat es reserviert oder gekauft, oder es wurde zurückgezogen.
note-signed-in-again = Du bist wieder angemeldet, und was du geschrieben hast, ist noch da.
note-signed-in-again-next = Prüf es und schick es ab.
note-in-doubt = Wir wissen nicht, ob das geklappt hat.
note-in-doubt-next = Hier siehst du, wie es steht. Es noch einmal abzuschicken schadet nicht.
note-away = Das hat nicht geklappt: Ein Teil der Börse ist nicht zu erreichen.
note-away-next = Nichts wurde geändert. Versuch es gleich noch einmal.
note-too-soon = Das war zu viel auf einmal.
note-too-soon-next = Nichts wurde geändert. Warte einen Augenblick und versuch es noch einmal.
note-conflict = Das hat nicht geklappt: Inzwischen hat sich etwas geändert.
note-conflict-next = Hier siehst du, wie es jetzt steht.
note-outrun = Dieses Ticket wurde inzwischen geändert, vielleicht in einem anderen Fenster.
note-outrun-next = Was du geschrieben hast, ist noch da; speicherst du es, ersetzt es jene Änderung.
note-no-card = Wähl eine der Karten.

## Was schiefging

not-found = Hier ist nichts
not-found-next = Vielleicht ist die Adresse vertippt, oder was hier war, ist nicht für dich bestimmt.
refused = Das geht nicht
refused-next = Die Börse hat es abgelehnt. Geh zurück und sieh es dir noch einmal an.
too-many = Einen Augenblick, bitte
too-many-next = Von deiner Adresse kamen zu viele Anfragen. Warte einen Augenblick und versuch es noch einmal.
away = Wir sind gleich wieder da
away-next = Ein Teil der Börse ist nicht zu erreichen. Versuch es gleich noch einmal; nichts wurde geändert.
away-doubt = Ein Teil der Börse ist nicht zu erreichen. Wir wissen nicht, ob das geklappt hat: Sieh nach, bevor du es noch einmal versuchst.
stale-form = Dieses Formular war zu lange offen
stale-form-next = Geh zurück, lade die Seite neu und schick es noch einmal ab. Cookies müssen erlaubt sein.
too-large = Das ist zu viel
too-large-next = Nichts wurde getan. Geh zurück, kürze, was du getippt hast, und schick es noch einmal ab.
too-long = Diese Adresse ist zu lang
too-long-next = Nichts wurde getan. Fang auf der ersten Seite neu an; wenn das nicht hilft, lösche die Cookies dieser Seite.
too-slow = Das kam zu langsam an
too-slow-next = Nichts wurde getan. Sieh nach deiner Verbindung, geh zurück und schick es noch einmal ab.
elsewhere = Das kam von einer anderen Seite
elsewhere-next = Eine andere Seite ließ deinen Browser das schicken; deshalb wurde nichts getan. Wenn du es willst, tu es hier.
busy = Hier ist gerade sehr viel los
busy-next = Nichts wurde getan. Versuch es gleich noch einmal: Wer bezahlt, kommt zuerst dran.
broken = Bei uns ist etwas schiefgegangen
broken-next = Wir haben es vermerkt. Sieh in deinen Bestellungen nach, bevor du es noch einmal versuchst: Vielleicht hat es geklappt.
