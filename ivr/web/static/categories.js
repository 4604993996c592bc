// Search as you type over the categories. The selects of the page stay what is sent; without this script they are used.
export function enhance(field) {
  const selects = [...field.querySelectorAll("select")];
  const finder = field.querySelector(".finder");
  const input = finder.querySelector("input");
  const list = finder.querySelector(".found");
  const chosen = field.querySelector(".chosen");
  let asked = 0;
  let at = -1;
  let searching = Promise.resolve();

  for (const select of selects) select.hidden = true;
  finder.hidden = false;
  show();

  input.addEventListener("input", () => {
    searching = find();
  });
  input.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") move(1, event);
    else if (event.key === "ArrowUp") move(-1, event);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter") {
      event.preventDefault();
      pick();
    } else if (event.key === "Backspace" && !input.value) take(selects.findLast((select) => select.value));
  });
  input.addEventListener("blur", () => setTimeout(close, 200));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });

  async function find() {
    const turn = ++asked;
    const query = input.value.trim();
    if (!query) return close();
    try {
      const answer = await fetch(`${field.dataset.search}?q=${encodeURIComponent(query)}`, { headers: { "HX-Request": "true" } });
      if (!answer.ok || turn !== asked) return;
      list.innerHTML = await answer.text();
      list.hidden = !list.children.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      at = -1;
      if (list.children.length) move(1);
    } catch {
      for (const select of selects) select.hidden = false; // the program is away: the lists in the page are not
    }
  }

  function move(by, event) {
    event?.preventDefault();
    if (!list.children.length) return;
    list.children[at]?.setAttribute("aria-selected", "false");
    at = (at + by + list.children.length) % list.children.length;
    list.children[at].setAttribute("aria-selected", "true");
    list.children[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", list.children[at].id);
  }

  async function pick() {
    await searching; // who types fast means what all the letters find, not what the first ones found
    if (list.children[at]) choose(list.children[at]);
  }

  function choose(option) {
    const free = selects.find((select) => !select.value);
    const twice = selects.some((select) => select.value === option.dataset.code);
    if (free && !twice) set(free, option.dataset.code);
    input.value = "";
    close();
  }

  function take(select) {
    if (select) set(select, "");
    input.focus();
  }

  function set(select, code) {
    select.value = code;
    show();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function close() {
    list.hidden = true;
    list.replaceChildren();
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function show() {
    chosen.replaceChildren(
      ...selects.filter((select) => select.value).map((select) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button";
        button.tabIndex = -1; // by keyboard: Backspace in the empty field
        const words = select.selectedOptions[0].textContent.trim();
        button.textContent = `${words} ×`;
        button.setAttribute("aria-label", `${field.dataset.remove}: ${words}`);
        button.addEventListener("click", () => take(select));
        return button;
      }),
    );
    chosen.hidden = !chosen.children.length;
    input.disabled = selects.every((select) => select.value);
  }

  return show;
}
