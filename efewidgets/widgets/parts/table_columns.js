/* Columns as a person wants them: how wide, which of them, which rows; nothing of it is known to the kernel. */

const LEAST = 30; // px
const STEP = 10; // px by which a key widens a column

class Arranging extends Editing {
  constructor(store, el) {
    super(store, el);
    this.menu = element("div", "efe-table-menu", { popover: "auto", role: "dialog" });
    this.few = element("div", "efe-table-few", { role: "status" });
    this.root.append(this.menu, this.few);
    this.listen(this.head, "pointerdown", (event) => this.drag(event));
    this.listen(this.head, "dblclick", (event) => {
      const column = this.gripped(event);
      if (column) store.resize(column.name, null);
    });
    this.listen(this.head, "contextmenu", (event) => {
      const hit = this.hit(event);
      if (!hit) return;
      event.preventDefault();
      this.cursor = { id: null, column: hit.index };
      this.arrangeColumn(hit.index);
    });
    this.listen(this.menu, "keydown", (event) => event.stopPropagation());
  }

  /* ---------------------------------------------------------------- widths */

  gripped(event) {
    const grip = event.target.closest(".efe-table-grip");
    return grip && this.store.columns[[...this.head.children].indexOf(grip.parentElement)];
  }

  drag(event) {
    const column = this.gripped(event);
    if (!column || event.button !== 0) return;
    const grip = event.target;
    const start = grip.parentElement.offsetWidth - event.clientX;
    const move = (now) => this.store.resize(column.name, start + now.clientX);
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", () => grip.removeEventListener("pointermove", move), { once: true });
  }

  widenByKey(by) {
    const cell = this.head.children[this.cursor.column];
    this.store.resize(this.store.columns[this.cursor.column].name, cell.offsetWidth + by);
  }

  /* ---------------------------------------------------------------- what is shown */

  /** Opens what can be done with a column. */
  arrangeColumn(index) {
    const { store, menu } = this;
    const column = store.columns[index];
    const filter = element("input", "efe-table-filter", {
      type: "search", placeholder: column.kind === "number" ? "text, or > 5" : "text", autocomplete: "off", "aria-label": `Rows in which ${named(column)} has`,
    });
    filter.value = store.filters.get(column.name) ?? "";
    filter.addEventListener("input", () => store.filterBy(column.name, filter.value));
    filter.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault(); // by itself Escape takes away what is typed
      menu.hidePopover();
    });
    const list = element("fieldset", "");
    list.append(titled("legend", "Columns"), ...store.columns.map((other) => this.shownOrNot(other)));
    const rows = element("label", "");
    rows.append(`Rows in which ${named(column)} has`, filter);
    menu.setAttribute("aria-label", named(column));
    menu.replaceChildren(...(bare(column) ? [] : [rows]), list);
    const box = this.head.children[index].getBoundingClientRect();
    menu.style.left = `${Math.max(0, Math.min(box.left, window.innerWidth - 260))}px`;
    menu.style.top = `${box.bottom}px`;
    this.grid.focus({ preventScroll: true }); // to which it goes back when the menu is closed
    menu.showPopover();
    (menu.querySelector("input") ?? menu).focus();
  }

  shownOrNot(column) {
    const box = element("input", "", { type: "checkbox" });
    box.checked = !this.store.hidden.has(column.name);
    box.addEventListener("change", () => {
      this.store.hide(column.name, !box.checked);
      box.checked = !this.store.hidden.has(column.name); // the last one stays
    });
    const label = element("label", "");
    label.append(box, ` ${named(column)}`);
    return label;
  }

  /** Says that not all rows are there, and brings them back. */
  drawFew() {
    const { store } = this;
    const names = store.columns.filter((column) => store.filters.has(column.name)).map(named);
    const all = store.lists ? store.model.get("total") : store.content.rows.length;
    const text = names.length ? `${store.order.length} of ${all} rows, by ${names.join(" and ")}` : "";
    if (this.few.efeText === text) return;
    this.few.efeText = text;
    const back = element("button", "", { type: "button" });
    back.textContent = "All rows";
    back.addEventListener("click", () => store.filterBy(null, ""));
    this.few.replaceChildren(...(text ? [`${text} `, back] : []));
  }
}

const named = (column) => visible(column.label || column.hint || column.name);

function titled(name, text) {
  const made = element(name, "");
  made.textContent = text;
  return made;
}

/** Whether a value is one of those that a person asks for: it has the text in it, or is above or below a number. */
function asked(value, text) {
  const than = /^\s*([<>]=?|=)\s*([-−+]?[\d.]+(?:e[-+]?\d+)?)\s*$/i.exec(text);
  if (than && typeof value === "number") {
    const limit = Number(than[2].replace("−", "-"));
    return { "<": value < limit, ">": value > limit, "<=": value <= limit, ">=": value >= limit, "=": value === limit }[than[1]];
  }
  return shown(value).toLocaleLowerCase().includes(visible(text.trim()).toLocaleLowerCase());
}
