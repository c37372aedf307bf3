
"use strict";
{
  const onward = document.getElementById("onward").href;
  const leave = () => location.replace(onward);
  addEventListener("load", leave);
  setTimeout(leave, 3000);
}
