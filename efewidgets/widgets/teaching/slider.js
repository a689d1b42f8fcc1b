// A slider and a box for the exact number. What is typed is understood in the kernel; all text is put in as text.
// each widget has a module of its own, so that a count would give the same names to all
const own = () => Math.random().toString(36).slice(2);

function render({ model, el }) {
  const id = `efe-slider-${own()}`;
  const label = document.createElement("label");
  const range = document.createElement("input");
  const exact = document.createElement("input");
  const unit = document.createElement("span");
  label.htmlFor = range.id = id;
  range.type = "range";
  exact.type = "text";
  exact.inputMode = "decimal";
  exact.autocomplete = "off";
  unit.className = "efe-slider-unit";
  el.replaceChildren(label, range, exact, unit);

  // a number without the noise of its last bits, with a true minus sign
  const text = (value) => String(Number(value.toPrecision(6))).replace("-", "−");

  function describe() {
    label.textContent = model.get("label");
    unit.textContent = model.get("unit");
    el.title = model.get("hint");
    exact.setAttribute("aria-label", `${model.get("label")}, exact (${model.get("unit")})`);
    for (const [name, trait] of [["min", "low"], ["max", "high"], ["step", "step"]]) range[name] = model.get(trait);
    show();
  }

  function show() {
    const value = model.get("value");
    if (Number(range.value) !== value) range.value = value;
    range.setAttribute("aria-valuetext", `${text(value)} ${model.get("unit")}`);
    if (exact !== document.activeElement || !exact.dataset.typing) exact.value = text(value);
  }

  range.addEventListener("input", () => {
    model.set("value", Number(range.value));
    model.save_changes();
    show();
  });
  exact.addEventListener("input", () => (exact.dataset.typing = "yes"));
  exact.addEventListener("change", () => {
    delete exact.dataset.typing;
    model.send({ typed: exact.value });
  });
  exact.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    delete exact.dataset.typing;
    show();
  });
  const understood = () => {
    if (!exact.dataset.typing) exact.value = text(model.get("value"));
  };
  model.on("change:label change:unit change:hint change:low change:high change:step", describe);
  model.on("change:value", show);
  model.on("msg:custom", understood);
  describe();
  return () => {
    model.off("change:value", show);
    model.off("change:label change:unit change:hint change:low change:high change:step", describe);
    model.off("msg:custom", understood);
  };
}

export default { render };
