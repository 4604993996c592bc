/** The page on which the telephone is tried: shows what it tells, and passes clicks on. */

const telephone = globalThis.telephone;
const part = (name) => document.querySelector(`[data-part=${name}]`);
const actions = {
  answer: () => telephone.answer(),
  hangup: () => telephone.hangUp(),
  mute: () => telephone.mute(!telephone.call?.muted),
  hold: () => telephone.hold(telephone.call?.state !== "held"),
  test: () => telephone.test(),
  allow: () => telephone.allow(),
};

for (const [name, act] of Object.entries(actions)) part(name).addEventListener("click", act);
document.addEventListener("telephone", (event) => show(event.detail));
setInterval(() => {
  const levels = telephone.levels();
  part("here").value = levels.here;
  part("there").value = levels.there;
}, 100);

function show({ connection, call }) {
  for (const word of document.querySelectorAll("[data-when]")) {
    word.hidden = word.dataset.when !== (call?.state ?? connection);
  }
  part("shown").textContent = call?.shown ?? "";
}
show({ connection: telephone.connection, call: null });
