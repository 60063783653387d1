# What several pages of the portal say.

home = Prove who you are
    .text = If you forgot your password, or lost what you confirm your sign-in with, hold your My Number card to your phone and get your account back.
data = The university receives an ID valid only here, and the name on your card. It does not receive the My Number, your address, birth date, sex or PINs.
support = Ask the support desk
card-name = Name on the card
account = Account
account-names = Names of the account
linked-since = Linked on
begin-tap = Start with your card
begin-sign-in = Start without a card, by signing in
back-home = Back to the first page
back-to-procedure = Back to where you were
back-to-options = Back to the choices
start-again = Start again
start-over = Start again with your card
end = Finish and clear this screen
leave = Going to the sign-in page
    .text = The university's sign-in page is opening. If it does not, press the button.
    .go = Open the sign-in page
