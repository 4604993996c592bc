// What is typed, sealed in this browser while the program cannot be reached: AES-256-GCM under a key that the page brings
// and nothing stores. Without one (no https, an old browser) nothing is kept here.
const PREFIX = "draft:";
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export async function safe(hex) {
  if (!globalThis.crypto?.subtle || hex.length !== 64) return null;
  return crypto.subtle.importKey("raw", bytes(hex), "AES-GCM", false, ["encrypt", "decrypt"]);
}

export async function keep(key, name, text) {
  if (!key) return;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const about = new TextEncoder().encode(name);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: about }, key, new TextEncoder().encode(text));
  try {
    localStorage.setItem(PREFIX + name, `${toText(iv)}.${toText(sealed)}`);
  } catch {
    // no room, or not allowed: then only the program keeps it
  }
}

export async function open(key, name) {
  const found = localStorage.getItem(PREFIX + name);
  if (!key || !found) return null;
  const [iv, sealed] = found.split(".");
  try {
    const about = new TextEncoder().encode(name);
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: toBytes(iv), additionalData: about }, key, toBytes(sealed));
    return new TextDecoder().decode(text);
  } catch {
    return null; // somebody else's
  }
}

export function drop(name) {
  localStorage.removeItem(PREFIX + name);
}

// letter by letter: a long text as arguments of one call is more than a browser takes
function toText(data) {
  return btoa(Array.from(new Uint8Array(data), (code) => String.fromCharCode(code)).join(""));
}
