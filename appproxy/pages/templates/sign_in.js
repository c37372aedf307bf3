
"use strict";
{
  const form = document.querySelector("form[data-resume]");
  // Browsers keep the fragment of an address over redirects, but not over a form, unless its own address has one.
  form.action += location.hash;
  const onward = form.dataset.resume + location.hash;

  // With a session the answer is a redirect, which leads to the application; without one it is this page.
  const goOn = async () => {
    const answer = await fetch(form.dataset.resume, {redirect: "manual", cache: "no-store"}).catch(() => null);
    if (answer !== null && answer.type === "opaqueredirect") {
      // To its own address with a fragment a browser would only scroll.
      if (new URL(onward, location).href === location.href) location.reload(); else location.replace(onward);
      return true;
    }
    return false;
  };

  // Another tab has sent the form: soon there may be a session.
  let waiting = 0;
  const lookForAWhile = async () => {
    const mine = ++waiting;
    for (const seconds of [1, 1, 2, 3, 5, 8, 13]) {
      await new Promise((done) => setTimeout(done, seconds * 1000));
      if (mine !== waiting || await goOn()) return;
    }
  };

  const key = "appproxy-sign-in";
  form.addEventListener("submit", () => {
    try { localStorage.setItem(key, String(Math.random())); } catch { /* no storage: the user reloads */ }
  });
  addEventListener("storage", (event) => { if (event.key === key) lookForAWhile(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) goOn(); });
  addEventListener("pageshow", (event) => { if (event.persisted) goOn(); });
}
