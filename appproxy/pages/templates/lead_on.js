
"use strict";
{
  const onward = document.getElementById("onward");
  location.replace(onward.href + location.hash);
}
