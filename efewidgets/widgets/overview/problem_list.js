// Problems in groups that open and close. All that is shown is text: nothing is ever taken for HTML.
function make(name, className, text) {
  const found = document.createElement(name);
  if (className) found.className = className;
  if (text !== undefined) found.textContent = text;
  return found;
}

function render({ model, el }) {
  const opened = new Map(); // what a person has opened and closed, by group
  el.classList.add("efe-problem-list");

  // a sentence stands once, with what helps; below it the places of which it is said
  const place = (said, problem, first) => {
    const row = make("li", first ? "efe-first" : "");
    const button = make("button", "efe-problem");
    button.type = "button";
    button.dataset.key = `go ${problem.index}`;
    if (first || problem.message !== said.message) button.append(make("span", "efe-what", problem.message));
    if (first && said.count > 1) button.append(make("span", "efe-times", `${said.count}\u00d7`));
    if (problem.place) {
      const where = make("span", "efe-place", problem.place);
      where.title = problem.hint;
      button.append(where);
    }
    button.addEventListener("click", () => model.send({ kind: "go", index: problem.index }));
    row.append(button);
    if (first && said.actions.length) row.append(helps(said));
    return row;
  };

  const helps = ({ key, actions }) => {
    const bar = make("div", "efe-fixes");
    bar.append(
      ...actions.map(({ id, title, hint }) => {
        const button = make("button", "jupyter-button widget-button efe-fix", title);
        button.type = "button";
        button.title = hint;
        button.dataset.key = `do ${id} ${key}`;
        button.addEventListener("click", () => model.send({ kind: "do", sentence: key, action: id }));
        return button;
      }),
    );
    return bar;
  };

  const more = ({ key, more: text }) => {
    const button = make("button", "jupyter-button efe-more", text);
    button.type = "button";
    button.dataset.key = `more ${key}`;
    button.addEventListener("click", () => model.send({ kind: "more", key }));
    return button;
  };

  const sentence = (said) => {
    const rows = said.places.map((problem, k) => place(said, problem, k === 0));
    if (said.more) rows.push(make("li"));
    if (said.more) rows.at(-1).append(more(said));
    return rows;
  };

  const group = (data) => {
    const box = make("details", `efe-problems efe-${data.severity}`);
    box.open = opened.has(data.key) ? opened.get(data.key) : data.open;
    box.addEventListener("toggle", () => opened.set(data.key, box.open));
    const head = make("summary");
    head.dataset.key = `group ${data.key}`;
    head.append(make("span", "efe-heading", data.title), make("span", "efe-count", data.count_text));
    const list = make("ul");
    list.append(...data.sentences.flatMap(sentence));
    box.append(head, list);
    if (data.more) box.append(more(data));
    return box;
  };

  const draw = () => {
    const key = el.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    el.replaceChildren(...model.get("groups").map(group));
    const same = key && [...el.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key);
    if (same) same.focus({ preventScroll: true });
  };
  model.on("change:groups", draw);
  draw();
  return () => model.off("change:groups", draw);
}

export default { render };
