// A message is heard where it stands; without this script its sound opens in a page of its own.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const audio = form.querySelector("audio");
  if (!audio) return;
  event.preventDefault();
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return form.submit();
  audio.src = URL.createObjectURL(await answer.blob());
  audio.hidden = false;
  form.querySelector("button").hidden = true;
  audio.focus();
  await audio.play().catch(() => {});
});
