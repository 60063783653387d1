# The demo's sign-in.

demo = This is the sign-in of the demo. Do not type a password of your own anywhere in it.
cancel = Cancel

account = Sign in
    .for = You sign in to go on at “{ $service }”.
    .label = Account
    .hint = Ten digits.
    .secret = Password or temporary access pass
    .secret-hint = Every account of the demo and its password is on the page with its people.
    .next = Next
    .lost = I cannot sign in
wrong = The account or the password is not right.
    .next = Look at both once more and type them again. If you issued a new password, the old one no longer works.
revoked = This account was revoked when its person left.
    .next = Nobody can sign in to it any more. What can still be done is on the portal’s pages.
locked = This account is locked.
    .next = Its person said that a recovery was not theirs. Only a counter opens it again.
waiting = There were several wrong attempts, so none is taken for the moment.
    .next = { $minutes ->
        [one] Wait a minute, then try again.
       *[other] Wait { $minutes } minutes, then try again.
    }
directory-away = The password cannot be checked right now.
    .next = It is not your mistake. Wait a little and try again.

second = Confirm that it is you
    .account = Account: { $account }
    .text = Outside the demo your authenticator app would ask you now. Here this button stands for it.
    .approve = Approve on the demo authenticator
    .other = Use another account
second-lost = Your authenticator is not there
    .why = The password is right, but what this account registered as its authenticator was lost.
    .next = With your My Number card you can have a temporary access pass issued. Type it in place of the password.
    .recover = Have a temporary access pass issued

security-info = Security information
    .account = Account
    .authenticator = Authenticator
    .has = the demo authenticator
    .lost = lost
    .text = If you want to see what happens without it, lose it.
    .lose = Lose the authenticator
    .register-text = Register a new one now, so that you can sign in again.
    .register = Register the demo authenticator
    .sign-out = Sign out
signed-out = You are signed out
    .why = This browser is signed in to no account of the demo.
    .next = You can close this page.
sign-in-again = Sign in again

sign-in-over = This sign-in is over
    .why = It was finished, took too long, or began in another browser.
    .next = Go back to the service you were using and start again from there.
bad-request = This request cannot be answered
    .why = The service that sent you here is not one that is known, or not at that address.
    .next = Go back to the service and start again.
