
"use strict";
{
  const onward = document.getElementById("onward");
  let fragment = null;
  try {
    fragment = sessionStorage.getItem(onward.dataset.key);
    sessionStorage.removeItem(onward.dataset.key);
  } catch { /* no storage */ }
  // What begins with # behind a whole address is its fragment, whatever follows.
  location.replace(onward.href + (fragment !== null && fragment.startsWith("#") ? fragment : ""));
}
