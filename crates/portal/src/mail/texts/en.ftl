# Notices by mail. Each has a subject, what happened (.what), and where the usual advice does not
# fit, its own (.next).

mail-from = [{ $institution }]

mail-linked = A card was linked
    .what = A My Number card was linked to your university account.
mail-replaced = The linked card was replaced
    .what = The My Number card that is linked to your university account was replaced by another one.
    .undo = If you have the earlier card, you can also undo this on the page that shows your link, by tapping that card.
mail-vetoed = The replacement of the linked card was undone
    .what = Somebody with the earlier card undid the replacement of the card that is linked to your university account. The earlier card stays linked.
mail-unlinked = The card was unlinked
    .what = The My Number card was unlinked from your university account. Until a card is linked again, you cannot recover the account with one.
mail-password = A new password was issued
    .what = After a check with the My Number card, a new password was issued for your university account. The earlier one no longer works.
mail-access_pass = A temporary access pass was issued
    .what = After a check with the My Number card, a temporary access pass was issued for your university account. With it, second factors can be registered anew.
mail-password_perhaps = Your password may have changed
    .what = Issuing a new password for your university account was interrupted. The password may have changed. If you cannot sign in, have a new one issued.
mail-access_pass_perhaps = A temporary access pass may have been issued
    .what = Issuing a temporary access pass for your university account was interrupted. It may have been issued. If you need one, ask for it again.
mail-frozen = Your account was put on hold
    .what = Somebody told us "this was not me", so your university account was put on hold. Passwords and access passes that were issued will not work any more.
    .next = To use the account again, please prove who you are at the university's support desk.
mail-erased = What was kept about your link was erased
    .what = At its person's request, what was kept about the link with a My Number card was erased. You cannot recover the account with a card.

mail-matures = From { $time } on, this card can be used to recover the account. Until then, the link can be undone.
mail-when = When: { $time }
mail-where = On: { $browser }
mail-where_unknown = On: an unknown device
mail-prior = This address was a contact of a university account until { $time }. You receive this to be on the safe side.
mail-not_you = If this was not you
mail-object = Please open the next page and choose "This was not me: put it on hold". Opening the page alone changes nothing.
mail-desk = Please tell the university's support desk at once.
mail-next = What to do next
mail-support = Support desk: { $link }
mail-closing = This mail was sent automatically. No link in a mail of ours signs you in, and we never ask for a password or a PIN by mail.
