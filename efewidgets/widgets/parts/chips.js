// Names that were chosen; a click on one takes it away. All names are text.
function render({ model, el }) {
  const list = document.createElement("ul");
  list.className = "efe-chosen";
  list.setAttribute("aria-label", model.get("label"));
  el.replaceChildren(list);

  function draw() {
    const names = model.get("names");
    const at = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    list.hidden = !names.length;
    list.replaceChildren(...names.map(item));
    if (at >= 0) list.querySelectorAll("button")[Math.min(at, names.length - 1)]?.focus();
  }

  function item(name) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.title = "take it away";
    button.setAttribute("aria-label", `take ${name} away`);
    button.addEventListener("click", () => model.send({ remove: name }));
    const entry = document.createElement("li");
    entry.append(button);
    return entry;
  }

  model.on("change:names", draw);
  draw();
}

export default { render };
