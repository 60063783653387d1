# The frame around every page, and what a server says when there is no page.

skip = Skip to the content
bar = About this site
other-language = 日本語
help = Help
privacy = Privacy
terms = Terms of use
again = Try again
reference = For support:

not-found = There is no such page
    .why = Nothing is kept at this address. It may have been cut short, or it may be out of date.
    .next = Go back to the service you were using and start again from there.
wrong-host = This page cannot be shown
    .why = This address is not in use here.
    .next = Go back to the service you were using and start again from there.
too-often = Please wait a moment
    .why = There were many requests in a short time, so we are taking none right now.
    .next = Wait about a minute, then try again.
not-understood = We could not take what was sent
    .why = It did not come from a page of this site in the form that we know.
    .next = Go back to the page before and try again.
unavailable = We cannot go on right now
    .why = Something failed on our side. It is not your card, and nothing you typed was wrong.
    .next = Wait a little and try again. If it keeps happening, tell the support desk the reference below.
