
"use strict";
{
  const form = document.getElementById("kept");
  form.action += location.hash;
  // Before the page has loaded, so that the application's page takes its place in the history.
  form.submit();
}
