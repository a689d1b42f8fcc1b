// All sweeps of a protocol as small pictures; a click, or Enter, shows one, and with Ctrl chooses it with others. All text is put in as text.
const [WIDE, HIGH] = [200, 90];

function picture(sweep, chosen, press) {
  const found = document.createElement("button");
  found.type = "button";
  found.className = "efe-small";
  found.title = sweep.hint;
  found.classList.toggle("efe-off", sweep.faint);
  found.setAttribute("aria-pressed", String(chosen));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${HIGH}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  const place = (x, k) => `${(x * WIDE).toFixed(1)},${((1 - sweep.y[k]) * (HIGH - 4) + 2).toFixed(1)}`;
  line.setAttribute("points", sweep.x.map(place).join(" "));
  svg.append(line);
  const label = document.createElement("span");
  label.textContent = sweep.mark ? `${sweep.label} ${sweep.mark}` : sweep.label;
  found.append(svg, label);
  found.addEventListener("click", press);
  return found;
}

function render({ model, el }) {
  el.classList.add("efe-sheet-of-sweeps");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "all sweeps of the protocol");
  const draw = () => {
    const chosen = new Set(model.get("chosen"));
    const at = [...el.children].indexOf(document.activeElement);
    el.replaceChildren(
      ...model.get("sweeps").map((sweep) =>
        picture(sweep, chosen.has(sweep.id), (event) =>
          model.send({ kind: "press", id: sweep.id, more: event.ctrlKey || event.metaKey })
        )
      )
    );
    el.children[at]?.focus();
  };
  model.on("change:sweeps change:chosen", draw);
  draw();
  return () => model.off("change:sweeps change:chosen", draw);
}

export default { render };
