"use strict";
const by = (id) => document.getElementById(id);
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(2);
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (data) => hex(await crypto.subtle.digest("SHA-256", data));

// Server-sent events, and the time of a small request.
new EventSource("/events").onmessage = (event) => {
  const sent = JSON.parse(event.data).time * 1000;
  by("clock").textContent = new Date(sent).toLocaleTimeString();
  by("latency").textContent = Math.max(0, Date.now() - sent).toFixed(0);
};
async function measure() {
  const start = performance.now();
  try {
    await (await fetch("/healthy", { cache: "no-store" })).text();
    by("round").textContent = (performance.now() - start).toFixed(1);
  } catch {
    by("round").textContent = "–";
  }
}
measure();
setInterval(measure, 5000);

// WebSocket.
let socket;
function say(text) {
  const item = document.createElement("li");
  item.textContent = text;
  const list = by("messages");
  list.append(item);
  while (list.children.length > 200) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
}
function connect(wait) {
  socket = new WebSocket(`wss://${location.host}/chat`.replace("wss", location.protocol === "https:" ? "wss" : "ws"));
  socket.onopen = () => { wait = 1000; };
  socket.onmessage = (event) => say(event.data);
  socket.onclose = () => setTimeout(() => connect(Math.min(wait * 2, 30000)), wait);
}
connect(1000);
by("chat").onsubmit = (event) => {
  event.preventDefault();
  const text = by("text").value.trim();
  if (text && socket.readyState === WebSocket.OPEN) {
    socket.send(text);
    by("text").value = "";
  }
};

// Upload: XMLHttpRequest, because fetch tells no progress.
by("upload").onsubmit = (event) => {
  event.preventDefault();
  const file = by("file").files[0];
  const start = performance.now();
  const request = new XMLHttpRequest();
  request.open("PUT", "/upload");
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.onprogress = (step) => { by("progress").value = step.total ? step.loaded / step.total : 0; };
  request.onerror = () => { by("uploaded").textContent = "The upload broke off."; };
  request.onload = async () => {
    if (request.status !== 200) {
      by("uploaded").textContent = `The upload failed: status ${request.status}.`;
      return;
    }
    const answer = JSON.parse(request.responseText);
    const arrived = `${answer.size} bytes arrived in ${seconds(start)} s, SHA-256 ${answer.sha256}`;
    const same = file.size > 268435456 ? "not compared" : await sha256(await file.arrayBuffer()) === answer.sha256 ? "the same" : "NOT the same";
    by("uploaded").textContent = `${arrived}: ${same}.`;
  };
  request.send(file);
};

// Download.
for (const button of document.querySelectorAll(".download")) {
  button.onclick = async () => {
    const start = performance.now();
    by("downloaded").textContent = "Downloading…";
    try {
      const data = await (await fetch(`/download/${button.dataset.size}`)).arrayBuffer();
      const took = seconds(start);
      const known = await (await fetch(`/download/${button.dataset.size}/sha256`)).text();
      const same = await sha256(data) === known.trim() ? "the same" : "NOT the same";
      by("downloaded").textContent = `${data.byteLength} bytes in ${took} s, SHA-256 ${same}.`;
    } catch (error) {
      by("downloaded").textContent = `The download broke off: ${error.message}`;
    }
  };
}
