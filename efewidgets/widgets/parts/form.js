// Fields that are filled in one by one; the kernel says what each may hold. All words are text.
let forms = 0;

const make = (name, className = "", text = "") => {
  const found = document.createElement(name);
  found.className = className;
  if (text) found.textContent = text;
  return found;
};

function render({ model, el }) {
  const form = make("form", "efe-form");
  form.setAttribute("aria-label", model.get("label"));
  form.addEventListener("submit", (event) => event.preventDefault());
  el.replaceChildren(form);
  const uid = `efe-form-${++forms}`;
  const parts = new Map(); // name -> what stands on the page for it
  let drawn = "";

  function draw() {
    const groups = model.get("groups");
    const order = JSON.stringify(groups.map((group) => [group.title, group.fields.map((field) => [field.name, !field.free])]));
    if (order !== drawn) build(groups);
    drawn = order;
    for (const group of groups) for (const field of group.fields) update(field);
  }

  function build(groups) {
    const focused = document.activeElement?.name;
    parts.clear();
    form.replaceChildren(...groups.map((group) => {
      const set = make("fieldset");
      set.append(make("legend", "", group.title), ...group.fields.map(line));
      return set;
    }));
    if (focused) parts.get(focused)?.input.focus({ preventScroll: true });
  }

  function line(field) {
    const id = `${uid}-${field.name}`;
    const row = make("div", "efe-field");
    const label = make("label", "", field.title);
    label.htmlFor = id;
    const input = document.createElement(field.free ? "input" : "select");
    Object.assign(input, { id, name: field.name, autocomplete: "off", spellcheck: false });
    input.dataset.lmSuppressShortcuts = "true";
    input.setAttribute("aria-describedby", `${id}-says`);
    const list = make("datalist");
    list.id = `${id}-list`;
    if (field.free) input.setAttribute("list", list.id);
    const unit = make("span", "efe-field-unit", field.unit);
    const says = make("div", "efe-field-says");
    says.id = `${id}-says`;
    const error = make("div", "efe-field-error");
    error.setAttribute("role", "alert");
    row.append(label, input, unit, list, error, says);
    const part = { row, input, list, says, error, shown: "" };
    input.addEventListener("change", () => send(field.name, part));
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") input.value = part.shown;
      if (event.key === "Enter" && field.free) event.preventDefault(), send(field.name, part);
    });
    parts.set(field.name, part);
    return row;
  }

  function send(name, part) {
    if (part.input.value === part.shown && !part.error.textContent) return;
    part.shown = part.input.value;
    model.send({ set: name, text: part.input.value });
  }

  function update(field) {
    const part = parts.get(field.name);
    const typing = document.activeElement === part.input && part.input.value !== part.shown;
    const options = field.choices.map(([value, words]) => new Option(words, value));
    if (field.free) {
      part.list.replaceChildren(...options);
      part.input.placeholder = field.hint;
    } else {
      if (field.value && !field.choices.some(([value]) => value === field.value)) options.push(new Option(field.value, field.value));
      part.input.replaceChildren(new Option(field.hint || "–", ""), ...options);
    }
    if (!typing) part.input.value = field.value;
    if (!typing) part.shown = field.value;
    part.row.classList.toggle("efe-said", field.value !== "");
    part.row.classList.toggle("efe-asked", field.asked);
    part.error.textContent = field.error;
    part.says.textContent = field.meaning;
    if (field.error) part.input.setAttribute("aria-invalid", "true");
    else part.input.removeAttribute("aria-invalid");
  }

  model.on("change:groups", draw);
  draw();
  const frame = requestAnimationFrame(() => el.closest(".efe-details")?.scrollIntoView({ block: "nearest" }));
  return () => {
    cancelAnimationFrame(frame);
    model.off("change:groups", draw);
  };
}

export default { render };
