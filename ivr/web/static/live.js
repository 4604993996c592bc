// Keeps a page up that lives: parts are put in as they come, durations are counted from their beginning.
// Without it the page is the same, as old as its last load.
(() => {
  "use strict";
  const live = document.querySelector("[data-live]");
  const lost = document.querySelector("[data-lost]");
  if (!live || !window.EventSource) return;
  let ahead = Number(live.dataset.now) - Date.now() / 1000; // the server's clock before ours

  const two = (n) => String(n).padStart(2, "0");
  const stopwatch = (seconds) => {
    const s = Math.max(0, Math.floor(seconds));
    const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
    return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  };
  const tick = () => {
    const now = Date.now() / 1000 + ahead;
    for (const each of live.querySelectorAll("[data-since]")) {
      const text = stopwatch(now - Number(each.dataset.since));
      if (each.textContent !== text) each.textContent = text;
    }
  };
  const put = ({ data }) => {
    const { name, html } = JSON.parse(data);
    const part = live.querySelector(`[data-part="${name}"]`);
    if (!part) return;
    const held = part.contains(document.activeElement) ? document.activeElement.id : "";
    const unfolded = [...part.querySelectorAll("details[open]")].map((each) => each.id);
    part.innerHTML = html; // ours alone, escaped where it was made
    for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
    if (held) document.getElementById(held)?.focus();
    tick();
  };
  const stream = new EventSource(live.dataset.live);
  let waiting = 0;
  stream.addEventListener("clock", ({ data }) => { ahead = Number(data) - Date.now() / 1000; });
  stream.addEventListener("part", put);
  stream.addEventListener("open", () => { clearTimeout(waiting); waiting = 0; lost.hidden = true; });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) lost.hidden = false;
    else waiting ||= setTimeout(() => { lost.hidden = false; }, 5000); // it asks again by itself each minute
  });
  setInterval(tick, 1000);
  tick();
})();
