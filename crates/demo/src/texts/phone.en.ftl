# The virtual phone.

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
started = Started in
    .ago = { $minutes ->
        [0] just now
        [one] one minute ago
       *[other] { $minutes } minutes ago
    }
cancel = Cancel

home = This is the phone of the demo
    .what = It stands for your phone and its reading app, and reads no real card. When you press “Open the app” on a page of the demo, or the link below a QR code, you get here.
    .link = Link of a QR code
    .hint = A page cannot look at another screen, so copy the link below the code and paste it here.
    .wrong = This is not a link of the demo. It starts with the address of this phone and is complete.
    .open = Open it
to-desk = To the municipal counter of the demo
to-page = Back to the page where it started

cards = Whose card is in your hand?
    .text = A phone reads the card that is held to it. Choose which one of the demo that is.
    .take = Take this card
    .taro = a student
    .kazasu = a student with a staff account
    .hanako = left the university
    .jiro = has a renewed card
    .momoko = lost a card and has a new one
    .saburo = lost the authenticator
    .ryoko = is written a little differently at the university
    .nothing = Opening this page has not started anything.

no-ticket = This link cannot be used
    .why = It is not complete.
    .next = Go back to the page where you started and open its link again.
offline = The service cannot be reached
    .why = The app found no connection to the service that checks the card.
    .next = Wait a little, then open the link again.
refused = We cannot go on

consent = Do you want to provide this?
    .allow = Yes, go on
    .not-mine = If you did not start this yourself a moment ago, press “Cancel”.

digits = Type these six digits into the page
    .text = The page on the other device waits for them.
    .left = They work for another
    .over = These digits have run out of time. Have new ones shown.
    .only = Type them only where the address starts with
    .never = and never tell them to anybody.
    .there = Open that page beside this one
    .again = Show new digits

pin-auth = The PIN for signing in
    .label = PIN for signing in
    .official = Four digits (利用者証明用暗証番号).
pin-name = The PIN for the name
    .label = PIN for the name
    .official = Four digits (券面事項入力補助用暗証番号).
pin = PIN
    .tries = { $tries ->
        [one] One try is left.
       *[other] { $tries } tries are left.
    }
    .next = Next
    .same = Use the same digits as before
    .sample = On { $person }’s card it is { $pin }. A real app does not tell.
    .wrong = That was not the PIN of this card. Please type it again.
    .slip = A PIN is four digits. The card was not asked, and no try was used.
    .not-agreed = One try is left. Please say first whether you want to use it.
last-try = This is the last try
    .why = If it is wrong, the card locks this PIN. Then only a municipal counter can reset it, with you and the card there. If you are not sure, stop here: the try is kept.
    .agree = I am sure and want to use the last try

hold = Hold the card to the phone
    .text = Lay the card flat against the back of the phone and keep it still until the phone says that it is done.
    .button = Hold { $person }’s card to the phone
hold-again = Hold the card to the phone once more
lost = The card slipped away. Put it back: nothing is lost.
lost-while-verifying = The card slipped away while it checked the PIN. Put it back: its counter is looked at before the PIN is sent again.
offline-now = The service could not be reached. Hold the card to the phone again: nothing is lost.

reading = Reading: keep the card still
    .still = This takes a few seconds.
    .take-away = Take the card away now
checking = Checking
    .text = The card can be taken away. The service checks what it signed.
step-name = Reading your name
step-certificate = Reading the certificate
step-signing = Signing
step-checking = Checking
step-done = (done)

done = Done
    .text = The service knows that it is you. Go on in the browser where you started.
    .back = Back to { $party }
    .there = The service knows that it is you. The page on the other device goes on by itself; this phone can be put away.
    .open-there = Open that page here

cancelled = Cancelled
    .why = Nothing was provided.
    .next = You can go back to the page where it started.
blocked-auth = The PIN for signing in is locked
    .why = No tries are left, so the card does not take this PIN any more. Nothing was provided.
    .next = A municipal counter resets it. The demo has one, too.
blocked-name = The PIN for the name is locked
    .why = No tries are left, so the card does not take this PIN any more. Nothing was provided.
    .next = A municipal counter resets it. The demo has one, too.
another-card = This is not a My Number card
    .why = A phone’s certificate or an older card cannot be used here. Nothing was provided.
    .next = Start again with the My Number card itself.
card-failed = The card could not be read
    .why = It answered something that the app cannot use. Nothing was provided.
    .next = Go back to the page where it started and try again.
failed = The service could not be understood
    .why = Something failed on its side. It is not your card, and nothing you typed was wrong.
    .next = Go back to the page where it started and try again.
