### What the pages say in English. `de.ftl` has the same messages.

brand = Encore
language-name = English
site-description = The ticket exchange: tickets that nobody needs any more, for people who do.
skip = Skip to the content
footer-sandbox = A sandbox: no real card is charged, no real seat is taken.

## The way around

nav-main = Main
nav-language = Language
nav-sell = Sell
nav-sign-in = Sign in
nav-menu = Menu
nav-orders = Orders
nav-my-tickets = My tickets
nav-sales = Sales
nav-account = Account
nav-sign-out = Sign out
find-tickets = Find tickets
never-mind = Never mind
look-again = Look again
back-to-tickets = All tickets
back-to-orders = All orders
back-to-sales = All sales

## Finding

home-page = Find tickets
home-title = Every seat deserves someone in it
home-lead = Tickets from people who can’t go, for people who can. Reserve one with a click; it is yours for { $window } while you pay.
search-label = Search tickets by name
search-placeholder = Artist, team, place …
search-button = Search
search-price = Price in { $currency }
search-min = from
search-max = to
search-free = Available only
search-sort = Sort by
sort-newest = Newest
sort-cheapest = Cheapest
results-all = On sale now
results-found = What we found
results-more = Show more
results-none = Nothing fits.
results-none-next = Try fewer words or a wider price range.
results-reset = Show all tickets
results-empty = Nobody sells anything yet.
results-empty-next = Be the first.
card-listed = Listed { $it }

span-minutes = { $count ->
    [one] one minute
   *[other] { $count } minutes
 }
span-seconds = { $count ->
    [one] one second
   *[other] { $count } seconds
 }

## A ticket

ticket-eyebrow = Ticket
ticket-in-full = in full: no fees on top
ticket-no-description = The seller says nothing more about it.
ticket-free = Nobody has it yet.
ticket-reserved = Somebody is paying for it. If they don’t, it comes back.
ticket-reserved-until = Somebody is paying for it. It may come back at { $it }.
ticket-yours = You have reserved it.
ticket-sold = Somebody has bought it.
ticket-bought = You have bought it.
ticket-withdrawn = Its seller has taken it back.
ticket-not-on-sale = It is not on sale.
ticket-reserve = Reserve it
ticket-reserve-hint = You then have { $window } to pay. Reserving costs nothing.
ticket-others = See other tickets
ticket-to-order = Go to your order
ticket-to-sale = See the order
ticket-own = This is your ticket.
ticket-edit = Edit
ticket-withdraw = Withdraw
ticket-held-why = You can’t edit or withdraw it now: somebody has reserved it, and the price they saw is the price they pay. If they don’t pay in time, it is yours to change again.

state-free = Available
state-reserved = Reserved
state-sold = Sold
state-withdrawn = Withdrawn
state-not-on-sale = Not on sale

## Selling

sell-page = Sell a ticket
sell-lead = Two lines and a price. It is on sale as soon as you list it.
sell-title = What is it for?
sell-title-hint = Who plays, where and when: 3 to 56 characters.
sell-price = Price
sell-price-hint = What the buyer pays and you get. No fees.
sell-description = Anything else? (optional)
sell-description-hint = Seat, entrance, how you hand it over.
sell-button = List the ticket
edit-page = Edit your ticket
edit-lead = As long as nobody has reserved it, you can change everything.
edit-button = Save
withdraw-page = Withdraw a ticket
withdraw-question = Withdraw “{ $title }”?
withdraw-lead = Nobody can buy it then. This can’t be undone, but you can list it anew.
withdraw-button = Withdraw it
mine-page = My tickets
mine-list = Your tickets
mine-none = You sell nothing yet.
mine-none-next = List a ticket you can’t use: somebody will be glad of it.

rule-title = Say in 3 to 56 characters what it is for.
rule-description = At most 2,000 characters, please, without invisible ones.
rule-price = Type an amount such as 19.99.
rule-price-negative = The price can’t be below zero.
rule-price-precise = At most two digits after the point, please, and nothing between thousands: 1000.00.
rule-price-large = The most that can be asked for is 999,999.99.

## Orders

orders-page = Orders
orders-lead = What you have reserved and bought.
orders-none = No orders here.
orders-none-next = Find a ticket you like, and reserve it.
sales-page = Sales
sales-lead = Which of your tickets have been reserved and sold.
sales-none = No sales here.
sales-none-next = As soon as somebody reserves one of your tickets, you see it here.
filter-label = Filter by status
filter-all = All
filter-open = Open
filter-complete = Complete
filter-cancelled = Cancelled
row-until = Until { $it }
row-placed = Placed { $it }

order-eyebrow = Your order
sale-eyebrow = A sale of yours
order-created = Reserved
order-awaiting = Awaiting payment
order-complete = Complete
order-cancelled = Cancelled
order-to-ticket = See the ticket
order-look-again = Is it free again? Have a look
told-open = The ticket is kept for you. Pay in time and it is yours.
told-held = Somebody has reserved your ticket and has until then to pay.
told-complete = It’s yours. Your card was charged once; enjoy the evening.
told-charging = It’s yours. Your card is being charged, once; enjoy the evening.
told-sold = Sold. The buyer has paid in full.
told-cancelled = You gave the ticket back. You were not charged.
told-given-back = The buyer gave it back, and it went back on sale.
told-failed = Too many cards were declined. Nobody was charged, and the ticket went back on sale.
told-expired = The time to pay ran out. Nobody was charged, and the ticket went back on sale.
countdown-until = Kept until { $it }
countdown-warning = Two minutes left to pay.
countdown-over = The time is over.

pay-title = Pay
pay-button = Pay { $price }
pay-hint = Your card is charged only when the ticket is yours, and never twice.
pay-under-way = We are asking your bank. This page tells you how it went.
cards-legend = Choose a card
cards-hint = This is a sandbox: each card shows one way a payment can end.
card-good = works
card-funds = not enough money
card-expired = has expired
card-declined = is declined
card-slow = works, with a slow bank
cancel-summary = I don’t want it any more
cancel-lead = The ticket goes back on sale at once. You are not charged.
cancel-button = Cancel the order

history-title = What has happened
step-created = Reserved: the ticket is kept for the buyer.
step-payment = A payment was started.
step-authorized = The bank holds the money; nothing is charged yet.
step-charging = The bank holds the money, and the card is being charged.
step-captured = The card was charged.
step-voided = The bank let the money go: nothing was charged.
step-failed = The card was declined; nothing was charged.
step-refunded = The money was given back.
step-complete = Complete: the ticket is the buyer’s.
step-cancelled = Cancelled by the buyer; the ticket went back on sale.
step-payment-failed = Cancelled after too many declined cards; the ticket went back on sale.
step-expired = Cancelled: the time to pay was over, and the ticket went back on sale.
step-until = Next: unpaid, it ends by itself.

## Accounts

email = E-mail address
password = Password
password-current = Present password
password-new = New password
password-hint = At least 8 characters; a few words that you alone would put together are best.
sign-in-page = Sign in
sign-in-button = Sign in
sign-in-link = Sign in
sign-in-no-account = New here?
register-page = Create an account
register-lead = An address and a password; nothing else.
register-button = Create the account
register-link = Create an account
register-has-account = You have an account?
account-page = Account
account-who = You are signed in as { $email }.
password-title = Change the password
password-button = Change the password
sessions-title = Where you are signed in
sessions-lead = If you don’t know one of these, end it and change your password.
session-present = This one
session-end = Sign out there
sessions-end-others = Sign out everywhere else
session-since = since { $it }
session-unknown = An unknown browser
session-over = You were signed out meanwhile.
session-over-next = Sign in and go on: what you typed is kept.
throttled = Too many tries.
wait-seconds = Try again in { $count ->
    [one] one second
   *[other] { $count } seconds
 }.
wait-minutes = Try again in { $count ->
    [one] one minute
   *[other] { $count } minutes
 }.

rule-email = This is not an e-mail address.
rule-email-missing = Type your e-mail address.
rule-password-missing = Type your password.
rule-password-short = At least 8 characters, please.
rule-password-long = At most 128 characters, please.
rule-password-common = This password is among the first that anybody would guess.
rule-password-similar = This password is too much like your e-mail address.
rule-credentials = This address and this password don’t go together.
rule-current = This is not your present password.
rule-register = You can’t sign up with these details. If you have an account, sign in; otherwise try another address.
rule-form = The form could not be taken. Check it, and try again.
rule-form-expired = This form was open too long. Here is a new one: try again.

## What was just done

note-listed = Your ticket is on sale.
note-listed-next = You see here when somebody reserves it.
note-listed-before = Your ticket was listed already, as you had sent it first.
note-listed-before-next = You can edit it here.
note-edited = Saved.
note-withdrawn = Withdrawn.
note-withdrawn-next = Nobody can buy it any more.
note-welcome = Welcome!
note-welcome-next = You are signed in.
note-signed-out = You are signed out.
note-password-changed = Your password is changed.
note-password-changed-next = All your other sessions have ended.
note-session-revoked = Signed out there.
note-reserved = It is kept for you.
note-reserved-next = Choose a card and pay before the time is over.
note-cancelled = The order is cancelled.
note-cancelled-next = You were not charged.
note-lost-race = Somebody was a moment quicker.
note-lost-race-next = If they don’t pay in time, the ticket comes back; this page tells you.
note-yours-already = You have reserved this ticket already; here is your order.
note-own-ticket = This is your own ticket: you can’t buy it.
note-not-for-sale = This ticket is not on sale any more.
note-not-for-sale-next = Have a look at the others.
note-declined = The bank declined this card.
note-declined-funds = There is not enough money on this card.
note-declined-expired = This card has expired.
note-declined-next = You were not charged, and the ticket is still kept for you: try another card.
note-declined-processing = The bank could not be asked.
note-declined-processing-next = You were not charged. Try once more, or with another card.
note-too-late = The time was over before the payment came.
note-too-late-next = You were not charged. The ticket went back on sale: if it is free, reserve it once more.
note-order-cancelled = This order was cancelled before the payment came.
note-already-paid = You have paid for this already: once is enough, and you were charged once.
note-in-progress = A payment is under way already, perhaps in another tab. We tell you here how it went.
note-already-complete = It is paid, and can’t be cancelled any more.
note-held = It can’t be changed now.
note-held-next = Somebody has reserved or bought it, or it was withdrawn.
note-signed-in-again = You are signed in again, and what you typed is still here.
note-signed-in-again-next = Check it, and send it.
note-in-doubt = We don’t know whether that worked.
note-in-doubt-next = What you see here is how things stand. Sending it once more does no harm.
note-away = That didn’t work: a part of the exchange can’t be reached.
note-away-next = Nothing was changed. Try again in a moment.
note-too-soon = That was too much at once.
note-too-soon-next = Nothing was changed. Wait a moment, and try again.
note-conflict = That didn’t work: something has changed meanwhile.
note-conflict-next = What you see here is how things stand now.
note-outrun = This ticket was changed meanwhile, perhaps in another window.
note-outrun-next = What you typed is still here; saved, it takes the place of that change.
note-no-card = Choose one of the cards.

## What went wrong

not-found = There is nothing here
not-found-next = The address may be mistyped, or what was here is not for you to see.
refused = This can’t be done
refused-next = The exchange refused it. Go back, and have another look.
too-many = One moment, please
too-many-next = There were too many requests from your address. Wait a moment, and try again.
away = We’ll be right back
away-next = A part of the exchange can’t be reached. Try again in a moment; nothing was changed.
away-doubt = A part of the exchange can’t be reached. We don’t know whether that worked: have a look before you try again.
stale-form = This form was open too long
stale-form-next = Go back, load the page anew, and send it once more. Cookies must be allowed.
too-large = That is too much
too-large-next = Nothing was done. Go back, shorten what you typed, and send it again.
too-long = This address is too long
too-long-next = Nothing was done. Begin anew from the home page; if that doesn’t help, delete this site’s cookies.
too-slow = That took too long to arrive
too-slow-next = Nothing was done. Look at your connection, go back, and send it again.
elsewhere = This came from another site
elsewhere-next = Another site had your browser send this, so nothing was done. If you want it, do it here.
busy = Very many people are here
busy-next = Nothing was done. Try again in a moment: who is paying goes first.
broken = Something went wrong on our side
broken-next = We have noted it. Look at your orders before you try again: it may have worked.
