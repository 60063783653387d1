# The tap pages.

purpose-view = see what is linked
purpose-link = link your card
purpose-unlink = remove the link
purpose-recover = recover your account
purpose-rescue = rescue your cloud data
purpose-join = join the alumni service
purpose-counter = proof of identity at a counter

who = Who asks
what-for = What for
provided = What they get
provided-id = an ID that is valid only there
provided-name = an ID that is valid only there, and the name on your card
provided-nothing-else = Nothing else. Your My Number, address and date of birth are not read.
party-policy = What { $party } does with personal data
party-terms = Terms of use of { $party }
asked-by = { $party }: { $purpose }.
cancel = Cancel

start = Where will you tap your card?
start-one = Get ready to tap your card
start-same-phone = On this phone
    .hint = The reading app opens on the phone you are looking at now.
start-other-device = On another phone
    .hint = A QR code appears here, and you scan it with the phone in your hand.
start-local = On this computer’s card reader
    .hint = For a card reader plugged into this computer, and its reading software.
start-close = You can close this page. Within { $minutes } minutes, the same address takes you back to where you were.
on-a-pc = If you are on a computer
    .why = To keep anyone from doing this in your name, it happens on one phone only.
    .scan = Scan this code with your phone’s camera. It opens { $party } on the phone; start again there.
    .go = Open { $party } on your phone and start again there.
    .code = QR code that opens { $party } on a phone

phone = Open the reading app
    .text = The app shows you what is asked, takes your PIN, and reads your card. Then it brings you back to this browser.
    .open = Open the app
    .left = This button works for another
    .renew = Make a new link
no-app = If no app opens
    .text = Install the reading app on this phone, come back to this page, and press the button again.
    .android = The app for Android
    .ios = The app for iPhone

scan = Scan the code with your phone
    .first = Scan this code with the reading app on your phone.
    .second = The app shows you six digits.
    .third = When this page changes, type them in.
    .code = QR code to scan with the reading app
    .left = This code works for another
    .link = If it cannot be scanned, open this link with the app on your phone.
    .renew = Show a new code

reader = Hand the ticket to your reading software
    .first = Give the ticket below to the reading software on this computer. As a command:
    .second = The software shows you six digits.
    .third = When this page changes, type them in.
    .ticket = Ticket
    .left = This ticket works for another
    .renew = Show a new ticket

digits = Type the six digits
    .phone = They are on your phone, in the reading app.
    .local = The reading software shows them.
    .label = Six digits
    .confirm = Confirm
    .left = This number works for another
    .slip = Please type six digits.
    .over = That number has run out of time. Have the app show a new one, and type it here.
    .wrong = That was not the number. Look at the app once more and type it again.
    .tries = { $tries ->
        [one] You can try one more time.
       *[other] You can try { $tries } more times.
    }
    .last = You can try one more time. If that is wrong too, this procedure ends.
    .not-mine = If you did not scan the code yourself, press “Cancel”.
    .again = Start over with another device

wait = Go on in the app
    .phone = Read what the app shows you, then tap your card. The app brings you back to this browser.
    .paired = The number is right. Go on in the app and tap your card; this page then goes on by itself.
    .close = You can close this page. The same address brings you back here.
    .go-on = If you are done in the app and nothing happens
    .go-on-link = See how far it is
    .again = Open the app again
    .other-again = Start over with another device

over = Its time has run out
    .why = To be safe, codes and links work for a short time only. Your procedure is still open.
    .next = Press the button below to go on with a new one.

ticket-page = This link is for the reading app
    .why = The app that opens it does not seem to be on this device.
    .next = Install the app, go back to the page you came from, and open the link or scan the code again.
    .nothing = Opening this page has not started anything.

# Refusals. The word after `refused-` is the reason's.
refused = We cannot go on
refused-ticket_unknown = This link cannot be used
    .why = It was replaced by a new one, or it has been used already.
    .next = Go back to the page where you started and show a new code.
refused-cookies_required = We need a cookie
    .why = This browser keeps no cookies, so we cannot tell whether it was you who started.
    .next = Allow cookies in the browser’s settings, then start again from the service you were using.
refused-pairing_failed = The six digits did not match
    .why = The number was typed wrong as often as is allowed, so we ended the procedure to be safe. Nothing was passed on.
    .next = Go back to the service and start again.
refused-wrong_browser = This was opened in another browser
    .why = A procedure goes on only in the browser where it began. This one was opened in another browser or inside an app, so we stopped it. Nothing was passed on.
    .next = Open the service in the browser you usually use and start again.
refused-mode_not_allowed = It cannot be done this way
    .why = The rules of this procedure do not allow the way that was chosen.
    .next = Go back to the page before and choose one of the ways it shows.
refused-cancelled = The procedure was cancelled
    .why = Somebody pressed “Cancel”, here or in the reading app. Nothing was passed on.
    .next = Go back to the service. You can also start again from there.
refused-transaction_expired = Time is up
    .why = To be safe, a procedure has to be finished within a set time. Nothing was passed on.
    .next = Go back to the service and start again.
refused-already_accepted = You are done here
    .why = The service has been told who you are already.
    .next = You can close this page. Everything else happens on the service’s own pages.
refused-rate_limited = Please wait a moment
    .why = There were many requests in a short time, so we are taking none right now.
    .next = Wait about a minute, then try again.
refused-wrong_relying_party = This belongs to another service
    .why = The address is that of a procedure that another service began.
    .next = Go back to the service you were using and start again.
refused-form = We could not take that
    .why = We could not make sure that it was sent by a page of this site.
    .next = Go back to the page of your procedure and try again.
back-to-service = Back to the service
back-to-page = Back to the procedure
