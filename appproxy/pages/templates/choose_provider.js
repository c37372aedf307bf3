"use strict";
// Browsers keep the fragment of an address over redirects, but not over a form, unless its own address has one.
document.querySelector("form").action += location.hash;
