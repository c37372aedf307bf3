// What these pages can do without a script, they do; this copies texts, keeps numbers up to date and shows where one is.
"use strict";
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    button.textContent = "Copied";
  });
}
const links = document.querySelector(".body > nav > ul"), current = links?.querySelector("[aria-current=page]");
if (current) links.scrollTop = current.offsetTop - links.clientHeight / 2;  // the list alone: the page stays at its top
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.getElementById("q").focus();
});
// Numbers are fetched again while somebody is there: a page that was left open must not keep its session alive.
const EVERY = 10000, WHILE = 600000;
let touched = Date.now();
for (const kind of ["keydown", "pointerdown", "pointermove", "scroll"])
  addEventListener(kind, () => { touched = Date.now(); }, {passive: true});
async function renew() {
  const live = document.querySelector("[data-live]");
  if (!live || document.hidden || Date.now() - touched > WHILE || live.contains(document.activeElement)) return;
  if (live.querySelector("details[open]")) return;
  try {
    const answer = await fetch(location.href, {headers: {accept: "text/html"}, redirect: "error"});
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (page && !live.contains(document.activeElement)) live.replaceWith(page);
  } catch { /* the next time */ }
}
if (document.querySelector("[data-live]")) setInterval(renew, EVERY);
