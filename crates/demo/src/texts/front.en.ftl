# The front of the browser demo.

start = Try the account portal
    .text = Everything here runs on this machine: a portal of a university that does not exist, its sign-in, a service that checks My Number cards, and a phone with cards to hold to it. The people are invented, and so are their cards.
    .tabs = Keep this page open, and open the others beside it in new tabs of the same browser.
    .nothing = Nothing leaves this machine.
door-portal = The account portal
    .hint = Link a card, get an account back, see what is linked.
door-people = The people, their accounts and PINs
    .hint = Who they are, and what to try with each, step by step.
door-mail = The mailbox
    .hint = Every mail that the portal wrote, with its “this was not me”.
door-desk = The counters
    .hint = Renew, lose or revoke a card; unblock a PIN; open a frozen account.
door-phone = The phone
    .hint = Links of the tap pages lead to it by themselves.
door-sign-in = Security information at the sign-in
    .hint = Register an authenticator, or lose it.
minute = In one minute
    .first = Open the portal, choose “Link your card” and hold the card of Mihon Taro to the phone. The PIN is 1234, twice.
    .second = Sign in as 1000000001 with the password Mihon-Taro-2026, approve, and confirm the link.
    .third = Choose “I forgot my password” in the portal, tap again, and have a new password issued.
    .fourth = Look into the mailbox: the owner of the account was told.

people = The people of the demo
    .text = Nobody of them exists. Everybody may know their passwords and PINs.
    .account = Account
    .password = Password
    .auth-pin = PIN for signing in
    .name-pin = PIN for the name
kind-student = (student)
kind-staff = (member of staff)
kind-left = (student, left and revoked)
person-taro = A student with a new card, linked to nothing yet.
    .try1 = Portal → “Link your card”: tap, sign in, confirm. The link can be used at once; outside the demo it first matures for a day.
    .try2 = Portal → “I forgot my password”: have a new password issued, or choose one. The old one then no longer works at the sign-in.
    .try3 = Take the card away while the phone reads it, or mistype a PIN.
    .try4 = Portal → “Remove the link”. Then nothing can be recovered any more.
    .try5 = Link this card once more, but sign in as somebody else: the portal stops, because the names differ.
person-kazasu = A student who also works at the university and has two accounts.
    .try1 = Link the card to the staff account, 2000000002: the portal says why it takes the student account only.
    .try2 = Link it to the student account, 1000000002.
    .try3 = On the PC: choose “on another phone”, open the link below the QR code, and type the phone’s six digits.
person-hanako = Left the university; the account was revoked 40 days ago. The card was linked in time.
    .try1 = Sign in at the sign-in: it is not possible any more.
    .try2 = Portal → “I forgot my password”: see what can still be done and why not the rest.
person-jiro = Linked a card some time ago and has had it renewed since.
    .try1 = Portal → “See what is linked”: the renewed card is still the same person.
    .try2 = Have it renewed once more at the counter, and look again.
person-momoko = Lost a linked card; it was revoked, and a new one was issued.
    .try1 = Portal → “See what is linked”: the new card is linked to nothing.
    .try2 = Portal → “Link your card”: the link of the new card takes the place of the old one. Then look into the mailbox.
person-saburo = Is linked, but lost the phone with the authenticator.
    .try1 = Sign in at “security information”: the password is right, and nobody gets in.
    .try2 = Portal → “I forgot my password”: have a temporary access pass issued.
    .try3 = Sign in with the pass in place of the password, and register a new authenticator.
person-ryoko = A student whose account has another form of one character: 見本　凉子 on the card, 見本　涼子 at the university.
    .try1 = Portal → “Link your card”: both names are shown, and you are asked whether both are yours. Confirm, and the card is linked.
    .try2 = Sign in to another student’s account in place of this one: the names differ by more, and the portal stops.

desk = The counters of the demo
    .text = The municipality’s counter looks after cards. Each order counts at once.
    .auth-tries = PIN for signing in: { $tries ->
        [0] locked.
        [one] one try left.
       *[other] { $tries } tries left.
    }
    .name-tries = PIN for the name: { $tries ->
        [0] locked.
        [one] one try left.
       *[other] { $tries } tries left.
    }
order-renew = The card of { $person } was renewed
    .order = Renew
    .why = It has a new certificate. Who asks the authority learns that it continues the old one.
    .next = In the portal, what is linked is still linked.
order-reissue = { $person } has a new card
    .order = Re-issue after a loss
    .why = The lost card was revoked, and the PINs of the new one have all their tries.
    .next = In the portal the new card is linked to nothing: link it again.
order-revoke = The card of { $person } is revoked
    .order = Revoke
    .why = Its certificate was revoked for good.
    .next = Try to tap with it: it is refused. Have a new card issued to go on.
order-hold = The card of { $person } is on hold
    .order = Put on hold
    .why = Its certificate cannot be used until it is released.
    .next = Try to tap with it: it is refused. Release it to go on.
order-release = The card of { $person } can be used again
    .order = Release
    .why = Its certificate is good again.
    .next = Tap with it: everything is as before.
order-unblock = The PINs of { $person }’s card have all their tries
    .order = Give the PINs their tries back
    .why = A municipal counter does this where the person and the card are there.
    .next = Go back to the portal and start again.
order-refused = The order was refused
    .why = The authority does not do that with the certificate as it is now.
    .next = A revoked card can only be re-issued, and only one on hold can be released.
university = The university’s counter
    .text = Whoever said “this was not me” froze an account. Here it is opened again, as after a look at an identity card.
    .open = Open { $account } again
opened = Account { $account } is open again
    .why = Its procedures can go on.
    .next = Recover it in the portal: its password is worthless.
not-opened = Account { $account } was not opened
    .why = It was not frozen.
    .next = Nothing has to be done.
back-to-desk = Back to the counters
back-to-start = Back to the start

mailbox = The mailbox
    .text = Everybody’s mails, the latest first. Nothing was really sent.
    .empty = There is no mail yet.
    .again = Look again
mail = Mail
    .to = To
    .from = From
    .date = Written
back-to-mailbox = Back to the mailbox
