
"use strict";
// Only pages of this origin hear it. The window's opener need not be known any more: a provider's page may have cut the tie.
new BroadcastChannel("appproxy").postMessage({type: "signed-in"});
// Possible where a script has opened the window; a tab that somebody has opened by hand stays, with what is on it.
window.close();
