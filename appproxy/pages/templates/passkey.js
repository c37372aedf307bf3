
"use strict";
{
  const form = document.querySelector("form[data-passkey]");
  const button = form.querySelector("button[data-passkey-button]");
  const status = form.querySelector("[data-passkey-status]");
  const making = form.dataset.passkeyMakes !== undefined;

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const listed = (list) => (list ?? []).map((one) => ({...one, id: bytes(one.id)}));

  // Browsers read and write this JSON by themselves only since lately.
  const options = JSON.parse(form.dataset.passkey);
  options.challenge = bytes(options.challenge);
  if (making) {
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = listed(options.excludeCredentials);
  } else {
    options.allowCredentials = listed(options.allowCredentials);
  }
  const packed = ({id, rawId, type, response}) => {
    const answer = {clientDataJSON: text(response.clientDataJSON)};
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) answer[name] = text(response[name]);
    }
    if (response.getTransports) answer.transports = response.getTransports();
    return JSON.stringify({id, rawId: text(rawId), type, response: answer, clientExtensionResults: {}});
  };

  const send = (credential) => {
    form.elements.passkey.value = packed(credential);
    form.querySelectorAll("input[type=password]").forEach((field) => { field.value = ""; });
    form.noValidate = true;
    form.requestSubmit();
  };

  // While a passkey is asked for, and while the next page is on its way, a press does nothing: a challenge counts once, so that a
  // second answer to it is refused, and it would take the place of the first one.
  let busy = false;
  addEventListener("pageshow", (event) => { if (event.persisted) busy = false; });

  let offering = new AbortController();
  const ask = async () => {
    if (busy) return;
    busy = true;
    offering.abort();
    status.hidden = true;
    try {
      send(await (making ? navigator.credentials.create({publicKey: options}) : navigator.credentials.get({publicKey: options})));
    } catch (error) {
      busy = false;
      status.textContent = error.name === "InvalidStateError" ? "This device has a passkey for your account already."
        : "No passkey was used. You can try again.";
      status.hidden = false;
    }
  };

  // While the user looks at the form, browsers offer passkeys together with names that they can fill in.
  const offer = async () => {
    if (making || !await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
    try {
      const credential = await navigator.credentials.get({publicKey: options, mediation: "conditional", signal: offering.signal});
      if (busy) return;
      busy = true;
      send(credential);
    } catch { /* the user has taken another way */ }
  };

  if (window.PublicKeyCredential) {
    button.closest("[hidden]").hidden = false;
    button.addEventListener("click", ask);
    form.elements.label?.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); ask(); }
    });
    if (form.dataset.passkeyOffers !== undefined) offer();
  }
}
