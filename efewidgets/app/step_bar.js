// The steps as buttons. A click marks its step here and at once, however busy the kernel is; the kernel opens it.
const SOON = 150; // ms; a step that is open by then need not say that it is waited for

function render({ model, el }) {
  const row = document.createElement("div");
  row.className = "efe-step-row";
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "steps");
  el.replaceChildren(row);
  let late = null;

  const wanted = () => model.get("wanted");
  const waits = () => wanted().number > model.get("answered");

  function draw() {
    const steps = model.get("steps");
    while (row.children.length > steps.length) row.lastChild.remove();
    while (row.children.length < steps.length) {
      const k = row.children.length;
      const button = document.createElement("button");
      button.type = "button";
      button.addEventListener("click", () => want(model.get("steps")[k].name));
      row.append(button);
    }
    mark();
  }

  // one step at most is marked: that which was clicked last, until the kernel has answered
  function mark() {
    const waiting = waits();
    const marked = waiting ? wanted().name : model.get("chosen");
    model.get("steps").forEach((step, k) => {
      const button = row.children[k];
      const is = step.name === marked;
      button.className = `jupyter-button widget-button efe-step-button efe-step-${step.kind}`;
      button.classList.toggle("mod-active", is);
      button.title = `${step.hint}\n${step.words}`;
      button.setAttribute("aria-pressed", String(is));
      button.setAttribute("aria-busy", String(is && waiting));
      const words = is && waiting && late === "said" ? "… opening" : step.words;
      button.textContent = `${step.title}\n${words}`;
    });
    row.classList.toggle("efe-step-waits", waiting && late === "said");
  }

  function settle() {
    if (waits()) {
      late ??= setTimeout(() => {
        late = "said";
        mark();
      }, SOON);
    } else {
      if (late !== "said") clearTimeout(late);
      late = null;
    }
    mark();
  }

  function want(name) {
    model.set("wanted", { name, number: Math.max(wanted().number, model.get("answered")) + 1 });
    settle(); // before anything is sent
    model.save_changes();
  }

  model.on("change:steps", draw);
  // a step begins at its top, wherever the one before it was left
  function begin() {
    mark();
    if (row.getBoundingClientRect().top >= 0) return;
    (el.closest(".efe-dashboard")?.querySelector(".efe-dashboard-header") ?? row).scrollIntoView();
  }

  model.on("change:chosen", begin);
  model.on("change:wanted change:answered", settle);
  draw();
  settle();
  return () => {
    if (late !== "said") clearTimeout(late);
  };
}

export default { render };
