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
  const item = (problem, head) => {
    const row = make("li", problem === head ? "efe-first" : "");
    const button = make("button", "efe-problem");
    button.type = "button";
    button.dataset.key = `go ${problem.index}`;
    if (problem === head || problem.message !== head.message) button.append(make("span", "efe-what", problem.message));
    if (problem === head && problem.count > 1) button.append(make("span", "efe-times", `${problem.count}\u00d7`));
    if (problem.place) {
      const place = make("span", "efe-place", problem.place);
      place.title = problem.hint;
      button.append(place);
    }
    button.addEventListener("click", () => model.send({ kind: "go", index: problem.index }));
    row.append(button);
    if (problem === head && problem.actions.length) row.append(helps(problem));
    return row;
  };

  const helps = ({ sentence, actions }) => {
    const bar = make("div", "efe-fixes");
    bar.append(
      ...actions.map(({ id, title, hint }) => {
        const button = make("button", "jupyter-button widget-button efe-fix", title);
        button.type = "button";
        button.title = hint;
        button.dataset.key = `do ${id} ${sentence}`;
        button.addEventListener("click", () => model.send({ kind: "do", sentence, action: id }));
        return button;
      }),
    );
    return bar;
  };

  const rows = (items) => {
    let head = null;
    return items.map((problem) => item(problem, (head = problem.sentence === undefined ? head : problem)));
  };

  const group = (data) => {
    const box = make("details", `efe-problems efe-${data.severity}`);
    box.open = opened.has(data.key) ? opened.get(data.key) : data.open;
    box.addEventListener("toggle", () => opened.set(data.key, box.open));
    const head = make("summary");
    head.dataset.key = `group ${data.key}`;
    head.append(make("span", "efe-heading", data.title), make("span", "efe-count", data.count_text));
    const list = make("ul");
    list.append(...rows(data.items));
    box.append(head, list);
    if (data.more) {
      const more = make("button", "jupyter-button efe-more", data.more);
      more.type = "button";
      more.dataset.key = `more ${data.key}`;
      more.addEventListener("click", () => model.send({ kind: "more", group: data.key }));
      box.append(more);
    }
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
