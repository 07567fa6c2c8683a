// Passkeys, and keeping recovery codes. No framework, no inline handlers.
"use strict";

const bytesOf = (text) =>
  Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")),
    (letter) => letter.charCodeAt(0),
  );

const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const withBytes = (credentials = []) =>
  credentials.map((each) => ({ ...each, id: bytesOf(each.id) }));

// --- What the server asks, and what the browser answers, as the standard writes both --
function asksForNew(options) {
  return navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytesOf(options.challenge),
      user: { ...options.user, id: bytesOf(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    },
  });
}

function asksForKnown(options) {
  return navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytesOf(options.challenge),
      allowCredentials: withBytes(options.allowCredentials),
    },
  });
}

function asText(credential) {
  const response = {};
  for (const part of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[part]) response[part] = textOf(credential.response[part]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function usePasskey(button) {
  const form = button.form;
  const trouble = form.querySelector("[data-passkey-trouble]");
  trouble.hidden = true;
  if (!form.reportValidity()) return;
  const options = JSON.parse(button.dataset.passkey).publicKey;
  try {
    const asked = options.user ? asksForNew(options) : asksForKnown(options);
    form.elements.passkey.value = asText(await asked);
  } catch {
    // Refused by the person, by the device, or out of time: the browser says which.
    trouble.hidden = false;
    return;
  }
  form.requestSubmit();
}

async function copy(button) {
  const codes = [...document.querySelectorAll(`#${button.dataset.copies} code`)];
  await navigator.clipboard.writeText(codes.map((code) => code.textContent).join("\n"));
  button.lastElementChild.textContent = button.dataset.done;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passkey], [data-copies], [data-prints]");
  if (!button) return;
  event.preventDefault();
  if (button.dataset.passkey) usePasskey(button);
  else if (button.dataset.copies) copy(button);
  else window.print();
});
