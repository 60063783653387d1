// The only script there is: live updates, without which the same pages reload by themselves, and
// what helps to keep a secret that is shown once.
"use strict";
(() => {
  let leaving = false;
  const again = (address) => leaving || location.replace(address || location.href);

  // What a form leads to must not be overtaken by the news that the form itself makes. A second
  // click is no second wish: a browser shows only what answers the last one.
  let sent = -Infinity;
  addEventListener("submit", (event) => {
    const now = performance.now();
    if (now - sent < 5000) event.preventDefault();
    else sent = now;
    leaving = true;
  });

  // A page that the browser kept aside may tell an old state.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    leaving = false;
    sent = -Infinity;
    again();
  });

  for (const clock of document.querySelectorAll("[data-countdown]")) {
    const end = performance.now() + Number(clock.dataset.countdown) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (left === 0) {
        clearInterval(timer);
        // Half a second, because the server counts whole ones.
        setTimeout(() => again(clock.dataset.page), 500);
      }
    };
    const timer = setInterval(tick, 1000);
    tick();
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      const what = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(what.textContent);
        document.getElementById("copied").textContent = button.dataset.copied;
      } catch {
        // Where the browser forbids it, people copy what is marked.
        getSelection().selectAllChildren(what);
      }
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  // Coming back opens the address anew, and does not send the form again that led here.
  if (document.querySelector("[data-once]")) history.replaceState(null, "");
  const secret = document.querySelector("[data-secret]");
  if (secret) {
    addEventListener("beforeunload", (event) => {
      if (!leaving && secret.textContent) event.preventDefault();
    });
    // Also where the browser keeps the page aside.
    addEventListener("pagehide", () => {
      secret.textContent = "";
    });
  }
  const live = document.querySelector("[data-events]");
  if (live) {
    const source = new EventSource(live.dataset.events);
    source.addEventListener("changed", () => {
      source.close();
      again(live.dataset.page);
    });
    source.addEventListener("error", () => {
      // Closed means that the browser gave up; otherwise it tries again by itself.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => again(live.dataset.page), 5000);
    });
  }
})();
