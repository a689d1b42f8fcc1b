// The sweeps that can be shown, as a list box: click, Ctrl and Shift click, arrow keys. All text is put in as text.
function render({ model, el }) {
  const list = document.createElement("ul");
  list.className = "efe-sweeps";
  list.tabIndex = 0;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-multiselectable", "true");
  el.replaceChildren(list);
  let anchor = null;

  const rows = () => model.get("rows");
  const index = (id) => rows().findIndex((row) => row.id === id);

  function piece(parent, kind, text) {
    const found = document.createElement("span");
    found.className = kind;
    found.textContent = text;
    parent.append(found);
    return found;
  }

  function draw() {
    list.setAttribute("aria-label", model.get("label"));
    list.replaceChildren(
      ...rows().map((row, k) => {
        const item = document.createElement("li");
        item.id = `${model.model_id ?? "sweeps"}-${k}`;
        item.setAttribute("role", "option");
        item.title = row.hint;
        item.classList.toggle("efe-off", row.faint);
        piece(item, "efe-swatch", "").style.background = row.colour;
        piece(item, "efe-sweep", row.label);
        if (row.mark) piece(item, `efe-sweep-mark${row.mark === "!" ? " efe-asks" : ""}`, row.mark);
        piece(item, "efe-sweep-name", row.detail);
        item.addEventListener("click", (event) => click(k, event));
        return item;
      })
    );
    mark();
  }

  function mark() {
    const chosen = new Set(model.get("chosen"));
    const active = index(model.get("active"));
    [...list.children].forEach((item, k) => {
      item.setAttribute("aria-selected", String(chosen.has(rows()[k]?.id)));
      item.classList.toggle("efe-active", k === active);
    });
    const item = list.children[active];
    if (!item) {
      list.removeAttribute("aria-activedescendant");
      return;
    }
    list.setAttribute("aria-activedescendant", item.id);
    if (item.offsetTop < list.scrollTop) list.scrollTop = item.offsetTop;
    const below = item.offsetTop + item.offsetHeight - list.clientHeight;
    if (below > list.scrollTop) list.scrollTop = below;
  }

  // shown at once, so that quick keys go on from where the last one went
  function choose(chosen, active) {
    model.set({ chosen, active });
    mark();
    model.save_changes();
  }

  function between(one, other) {
    const [first, last] = one < other ? [one, other] : [other, one];
    return rows().slice(first, last + 1).map((row) => row.id);
  }

  function click(k, event) {
    const id = rows()[k].id;
    const chosen = model.get("chosen");
    if (event.shiftKey && anchor !== null) return choose(between(anchor, k), id);
    anchor = k;
    if (!(event.ctrlKey || event.metaKey)) return choose([id], id);
    const others = chosen.filter((other) => other !== id);
    if (others.length === chosen.length) return choose([...chosen, id], id);
    if (others.length) choose(others, others[0]);
  }

  list.addEventListener("keydown", (event) => {
    const last = rows().length - 1;
    const at = index(model.get("active"));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    const all = (event.ctrlKey || event.metaKey) && event.key === "a";
    if (last < 0 || (to === undefined && !all)) return;
    event.preventDefault();
    event.stopPropagation();
    if (all) return choose(rows().map((row) => row.id), model.get("active"));
    const k = Math.min(Math.max(to, 0), last);
    if (event.shiftKey) {
      anchor ??= at;
      return choose(between(anchor, k), rows()[k].id);
    }
    anchor = k;
    choose([rows()[k].id], rows()[k].id);
  });

  model.on("change:rows change:label", draw);
  model.on("change:chosen change:active", mark);
  draw();
}

export default { render };
