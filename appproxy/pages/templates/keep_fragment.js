
"use strict";
{
  const onward = document.getElementById("onward");
  const fragment = location.hash;
  // In the tab's own storage: it never leaves the browser, and no other tab has it. The cookie only says that there is one.
  if (fragment.length > 1 && fragment.length <= 16384) {
    try {
      sessionStorage.setItem(onward.dataset.key, fragment);
      document.cookie = `${onward.dataset.mark}=1; Path=/; Secure; SameSite=Lax; Max-Age=14400`;
    } catch { /* no storage: the page opens without it */ }
  }
  // In place of this page, so that Back leads over it.
  location.replace(onward.href);
}
