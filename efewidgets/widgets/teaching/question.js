// A question, a box or choices, two buttons and what is said about the answer. All text is put in as text.
// each widget has a module of its own, so that a count would give the same names to all
const own = () => Math.random().toString(36).slice(2);

const MARKS = { right: "✓", "too high": "▲", "too low": "▼", wrong: "✗", "not yet": "…", "no answer": "?" };

function part(kind, className, text = "") {
  const found = document.createElement(kind);
  found.className = className;
  found.textContent = text;
  return found;
}

function button(kind, text, does) {
  const found = part("button", kind, text);
  found.type = "button";
  found.addEventListener("click", does);
  return found;
}

function box(model, check) {
  const input = document.createElement("input");
  input.type = "text";
  input.inputMode = "decimal";
  input.autocomplete = "off";
  input.value = model.get("reply");
  const unit = model.get("unit");
  input.setAttribute("aria-label", unit ? `Your answer (${unit})` : "Your answer");
  input.placeholder = "?";
  input.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the keys of a notebook mean something else
    if (event.key === "Enter") check();
  });
  return { value: () => input.value, place: [input, part("span", "efe-unit", unit)], above: [], focus: () => input.focus(),
    take: (reply) => { if (input !== document.activeElement) input.value = reply; } };
}

function radios(model, check) {
  const name = `efe-question-${own()}`;
  const inputs = [];
  const above = model.get("choices").map((choice) => {
    const label = part("label", "efe-choice");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = name;
    input.value = choice;
    input.checked = choice === model.get("reply");
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") check();
    });
    inputs.push(input);
    label.append(input, part("span", "", choice));
    return label;
  });
  return { value: () => inputs.find((input) => input.checked)?.value ?? "", place: [], above,
    take: (reply) => inputs.forEach((input) => (input.checked = input.value === reply)) };
}

function render({ model, el }) {
  el.classList.add("efe-question");
  const check = () => model.send({ do: "check", reply: answer.value() });
  const answer = model.get("choices").length ? radios(model, check) : box(model, check);
  const field = document.createElement("fieldset");
  const asks = part("legend", "efe-asks", model.get("text"));
  const row = part("div", "efe-reply");
  const verdict = part("div", "efe-verdict");
  verdict.setAttribute("role", "status");
  const reveal = button("efe-reveal", "Show the answer", () => model.send({ do: "answer" }));
  row.append(...answer.place, button("efe-check", "Check", check), reveal);
  field.append(asks, ...answer.above, row, verdict);
  el.replaceChildren(field);

  function told() {
    const kind = model.get("verdict");
    el.dataset.verdict = kind;
    const says = model.get("says");
    const mark = part("b", "", MARKS[kind] ?? "");
    mark.setAttribute("aria-hidden", "true");
    verdict.replaceChildren(...(says ? [mark, part("span", "", says)] : []));
  }
  const replied = () => answer.take(model.get("reply"));
  const asked = () => (asks.textContent = model.get("text"));
  model.on("change:verdict change:says", told);
  model.on("change:reply", replied);
  model.on("change:text", asked);
  told();
  return () => {
    model.off("change:verdict change:says", told);
    model.off("change:reply", replied);
    model.off("change:text", asked);
  };
}

export default { render };
