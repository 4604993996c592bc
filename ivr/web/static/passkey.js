// Passkeys: has the browser make or use one, and sends what it signed as an ordinary form. Without it, codes work as ever.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  // A passkey belongs to a host's name; an address of numbers has none.
  const isNamed = !/^[\d.]+$|:/.test(location.hostname);
  const listed = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

  const make = (told) =>
    navigator.credentials.create({
      publicKey: {
        ...told,
        challenge: bytes(told.challenge),
        user: { ...told.user, id: bytes(told.user.id) },
        excludeCredentials: listed(told.excludeCredentials),
      },
    });
  const use = (told) =>
    navigator.credentials.get({
      publicKey: { ...told, challenge: bytes(told.challenge), allowCredentials: listed(told.allowCredentials) },
    });

  const said = (key) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (key.response[name]) response[name] = text(key.response[name]);
    return JSON.stringify({
      id: key.id,
      rawId: text(key.rawId),
      type: key.type,
      response,
      clientExtensionResults: key.getClientExtensionResults(),
    });
  };

  const ask = async (form) => {
    const answer = await fetch(form.dataset.passkey, {
      method: "POST",
      headers: { "X-Form-Token": form.elements.form_token.value },
    });
    if (!answer.ok) throw new Error(answer.statusText);
    const told = await answer.json();
    return said(await (told.user ? make(told) : use(told)));
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!isNamed || !window.PublicKeyCredential) continue;
    form.hidden = false;
    const without = document.getElementById("passkey-without");
    if (without) without.hidden = true;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const failed = form.querySelector(".failed");
      failed.hidden = true;
      try {
        form.elements.answer.value = await ask(form);
        form.submit();
      } catch {
        failed.hidden = false;
      }
    });
  }
})();
