/* Only the rows that can be seen are drawn. All text is other people's and is set as text. */

const ROW = 26; // px, as in table.css
const HEAD = 28;
const SPARE = 8; // rows drawn above and below those that can be seen
let pen; // measures texts

class Drawing {
  constructor(store, el) {
    this.store = store;
    this.uid = `efe-table-${++made}`;
    this.cursor = { id: null, column: 0 }; // id null: the header
    this.drawn = new Map(); // id: element
    this.spare = [];
    this.editing = null; // {id, index, input, before}
    this.kept = [];
    this.build(el);
    this.listen(store, "changed", (event) => this.changed(event.detail));
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.grid);
    this.restart();
  }

  /** Listens to something that outlives the view. */
  listen(target, name, call) {
    target.addEventListener(name, call);
    this.kept.push(() => target.removeEventListener(name, call));
  }

  close() {
    for (const forget of this.kept) forget();
    this.sizes.disconnect();
  }

  build(el) {
    this.root = element("div", "efe-table");
    // JupyterLab's single-letter shortcuts are not for whoever types into a table
    this.grid = element("div", "efe-table-grid", { role: "grid", tabindex: "0", "aria-multiselectable": "true", "data-lm-suppress-shortcuts": "true" });
    this.head = element("div", "efe-table-head efe-table-row", { role: "row", "aria-rowindex": "1" });
    this.body = element("div", "efe-table-body", { role: "rowgroup" });
    this.nothing = element("div", "efe-table-empty");
    this.says = element("div", "efe-table-says", { role: "alert" });
    this.head.style.position = "sticky";
    const top = element("div", "", { role: "rowgroup" });
    top.style.display = "contents";
    top.append(this.head);
    this.grid.append(top, this.body, this.nothing);
    this.root.append(this.grid, this.says);
    el.append(this.root);
    this.grid.addEventListener("scroll", () => this.soon(), { passive: true });
  }

  changed({ what, rows }) {
    if (what === "all") this.restart();
    else {
      if (what === "rows") this.widen(rows);
      if (what === "selected") this.follow();
      if (what === "sort") {
        this.drawHead();
        this.grid.scrollTop = 0;
      }
      if (what === "columns") {
        this.lay();
        this.hideCells(this.head);
        this.cursor.column = this.store.seen(this.cursor.column, 1);
      }
      if (what === "empty" || what === "height" || what === "label") this.frame();
      this.soon();
    }
  }

  restart() {
    this.stopEdit(false);
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.spare = [];
    this.widths = null;
    this.cursor.column = Math.min(this.cursor.column, Math.max(0, this.store.columns.length - 1));
    this.frame();
    this.widen(this.store.content.rows);
    this.drawHead();
    this.soon();
  }

  frame() {
    const { model } = this.store;
    this.grid.setAttribute("aria-label", model.get("label"));
    this.grid.style.maxHeight = model.get("height");
    this.nothing.textContent = model.get("empty");
  }

  soon() {
    if (!this.frameAsked) this.frameAsked = requestAnimationFrame(() => this.draw());
  }

  resized() {
    if (!this.measured) this.widen(this.store.content.rows);
    this.soon();
  }

  /** Makes columns as wide as the longest texts of these rows; if they are so already, they stay. */
  widen(rows) {
    const { columns } = this.store;
    pen ??= document.createElement("canvas").getContext("2d");
    this.measured = this.root.isConnected; // only on the page it has a font
    const font = getComputedStyle(this.root);
    const measure = (text, weight) => {
      pen.font = `${weight} ${font.fontSize} ${font.fontFamily}`;
      return pen.measureText(text).width;
    };
    const before = this.widths;
    this.widths = columns.map((column, index) => {
      const head = measure(`${column.label} ${column.unit}`, 600) + 29;
      const extra = { button: 36, choice: 32, check: 30 }[column.kind] ?? 20;
      const texts = longest(rows, index).map((text) => measure(text, 400) + extra);
      const needed = Math.max(Math.min(head, 220), Math.min(Math.max(0, ...texts), 340));
      return Math.max(before?.[index] ?? 0, Math.ceil(needed));
    });
    this.lay();
  }

  /** Shares the room that is left among columns of words, as wide as they are. */
  lay() {
    const { columns, sizes, hidden } = this.store;
    const widths = columns.map((column, i) => {
      if (hidden.has(column.name)) return "0px";
      return sizes.has(column.name) ? `${sizes.get(column.name)}px` : column.width || `${this.widths[i]}px`;
    });
    const tracks = columns.map((column, i) => {
      const fixed = column.width || sizes.has(column.name) || hidden.has(column.name);
      const grows = !fixed && !column.frozen && ["text", "choice"].includes(column.kind);
      return grows ? `minmax(${widths[i]}, ${this.widths[i]}fr)` : widths[i];
    });
    columns.forEach((column, i) => {
      if (column.frozen) this.grid.style.setProperty(`--t-left-${i}`, `calc(${["0px", ...widths.filter((_, k) => k < i && columns[k].frozen)].join(" + ")})`);
    });
    this.grid.style.setProperty("--t-tracks", tracks.join(" "));
    this.grid.style.setProperty("--t-width", `max(100%, calc(${["0px", ...widths].join(" + ")}))`);
  }

  drawHead() {
    const { columns, sort } = this.store;
    this.grid.setAttribute("aria-colcount", columns.length);
    this.head.replaceChildren(
      ...columns.map((column, index) => {
        const state = sort?.name === column.name ? (sort.down ? "descending" : "ascending") : "none";
        const cell = element("div", `efe-table-cell efe-table-${column.kind}`, {
          role: "columnheader", id: `${this.uid}-head-${index}`, "aria-colindex": index + 1,
        });
        const sorts = !bare(column);
        if (sorts) cell.setAttribute("aria-sort", state);
        this.freeze(cell, column, index);
        const name = element("span", column.label ? "efe-table-name" : "efe-table-unseen");
        name.textContent = visible(column.label || column.hint || column.name);
        cell.append(name);
        if (column.unit) {
          const unit = element("span", "efe-table-unit");
          unit.textContent = visible(column.unit);
          cell.append(unit);
        }
        if (state !== "none") {
          const arrow = element("span", "efe-table-arrow", { "aria-hidden": "true" });
          arrow.textContent = sort.down ? "▼" : "▲";
          cell.append(arrow);
        }
        cell.title = [column.hint, sorts && "Click to sort.", "Right click to filter rows and hide columns."].filter(Boolean).join("\n");
        cell.append(element("span", "efe-table-grip", { "aria-hidden": "true" }));
        return cell;
      })
    );
    this.hideCells(this.head);
  }

  freeze(cell, column, index) {
    if (!column.frozen) return;
    cell.classList.add("efe-table-frozen");
    cell.style.left = `var(--t-left-${index})`;
  }

  hideCells(line) {
    const { columns, hidden } = this.store;
    columns.forEach((column, i) => line.children[i].classList.toggle("efe-table-hidden", hidden.has(column.name)));
  }

  /** Draws the rows that can be seen, and that which is being edited. */
  draw() {
    this.frameAsked = 0;
    const { order, places } = this.store;
    this.grid.setAttribute("aria-rowcount", order.length + 1);
    this.body.style.height = `${order.length * ROW}px`;
    this.root.parentElement?.style.setProperty("--t-all", `${HEAD + (order.length || 2) * ROW + 20}px`); // all rows, and a bar to scroll by
    this.nothing.hidden = order.length > 0 || !this.nothing.textContent;
    const first = Math.max(0, Math.floor(this.grid.scrollTop / ROW) - SPARE);
    const last = Math.min(order.length, Math.ceil((this.grid.scrollTop + this.grid.clientHeight) / ROW) + SPARE);
    if (this.editing && !places.has(this.editing.id)) this.stopEdit(false);
    const wanted = new Set();
    for (let place = first; place < last; place++) wanted.add(order[place][0]);
    if (this.editing) wanted.add(this.editing.id);
    for (const [id, row] of this.drawn) {
      if (!wanted.has(id)) {
        this.drawn.delete(id);
        row.remove();
        this.spare.push(row);
      }
    }
    const selected = new Set(this.store.selected);
    for (const id of wanted) this.drawRow(order[places.get(id)], places.get(id), selected.has(id));
    // what isn't a list's own key is the page's, but in its header
    this.grid.toggleAttribute("data-passes-keys", this.store.lists && this.cursor.id !== null);
    this.drawCursor();
    this.drawSays();
    this.drawFew();
  }

  drawRow(row, place, selected) {
    const id = row[0];
    let line = this.drawn.get(id);
    if (!line) {
      line = this.spare.pop() ?? this.newRow();
      this.drawn.set(id, line);
      this.body.append(line);
    }
    line.style.transform = `translateY(${place * ROW}px)`;
    line.setAttribute("aria-rowindex", place + 2);
    line.setAttribute("aria-selected", selected);
    line.classList.toggle("efe-table-active", id === this.store.active);
    line.efeId = id;
    this.store.columns.forEach((column, index) => {
      const cell = line.children[index];
      this.drawCell(cell, row, column, index);
      cell.classList.toggle("efe-table-block", selected && this.inBlock(index));
    });
    this.hideCells(line);
  }

  newRow() {
    const row = element("div", "efe-table-row", { role: "row" });
    const number = ++made;
    this.store.columns.forEach((column, index) => {
      const cell = element("div", "", { role: "gridcell", id: `${this.uid}-${number}-${index}`, "aria-colindex": index + 1 });
      if (!column.editable) cell.setAttribute("aria-readonly", "true");
      this.freeze(cell, column, index);
      row.append(cell);
    });
    return row;
  }

  drawCell(cell, row, column, index) {
    if (this.editing?.id === row[0] && this.editing.index === index) return;
    const { value, waiting, reason } = this.store.cell(row, column, index);
    const look = row[2]?.look?.[column.name] ?? "";
    const hint = reason ?? row[2]?.hint?.[column.name] ?? "";
    const key = JSON.stringify([value, waiting, reason, look, hint]);
    if (cell.efeKey === key) return;
    cell.efeKey = key;
    const kind = `efe-table-cell efe-table-${column.kind}${column.editable ? " efe-table-editable" : ""}`;
    cell.className = `${kind}${waiting ? " efe-table-waiting" : ""}${column.frozen ? " efe-table-frozen" : ""} ${look}`;
    const text = shown(value, column.digits);
    cell.title = hint ? visibleLines(hint) : whole(value, text);
    if (reason) cell.setAttribute("aria-invalid", "true");
    else cell.removeAttribute("aria-invalid");
    if (column.kind === "check") this.drawCheck(cell, column, value);
    else if (column.kind === "button" && text) this.drawButton(cell, text);
    else if (column.kind === "colour") this.drawColour(cell, value);
    else cell.textContent = text;
  }

  drawCheck(cell, column, value) {
    if (typeof value !== "boolean") {
      cell.textContent = shown(value);
      return;
    }
    const box = element("input", "", { type: "checkbox", tabindex: "-1", "aria-label": column.label });
    box.checked = value;
    box.disabled = !column.editable;
    cell.replaceChildren(box);
  }

  drawButton(cell, text) {
    const button = element("button", "", { type: "button", tabindex: "-1" });
    button.textContent = text;
    cell.replaceChildren(button);
  }

  drawColour(cell, value) {
    cell.title = "";
    const swatch = element("span", "efe-swatch");
    swatch.style.background = value ?? "none";
    cell.replaceChildren(swatch);
  }

  drawCursor() {
    this.grid.querySelector(".efe-table-cursor")?.classList.remove("efe-table-cursor");
    const cell = this.cellAt(this.cursor);
    cell?.classList.add("efe-table-cursor");
    if (cell) this.grid.setAttribute("aria-activedescendant", cell.id);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  drawSays() {
    const text = this.store.refused?.reason ?? "";
    if (this.says.textContent !== text) this.says.textContent = text;
  }

  cellAt({ id, column }) {
    const row = id === null ? this.head : this.drawn.get(id);
    return row?.children[column];
  }

  place() {
    return this.cursor.id === null ? -1 : this.store.places.get(this.cursor.id) ?? -1;
  }

  reveal() {
    const place = this.place();
    const grid = this.grid;
    if (place >= 0) {
      const room = grid.clientHeight - HEAD;
      if (place * ROW < grid.scrollTop) grid.scrollTop = place * ROW;
      else if ((place + 1) * ROW > grid.scrollTop + room) grid.scrollTop = (place + 1) * ROW - room;
    }
    const cell = this.head.children[this.cursor.column];
    if (!cell) return;
    if (cell.offsetLeft < grid.scrollLeft) grid.scrollLeft = cell.offsetLeft;
    else if (cell.offsetLeft + cell.offsetWidth > grid.scrollLeft + grid.clientWidth) {
      grid.scrollLeft = Math.min(cell.offsetLeft, cell.offsetLeft + cell.offsetWidth - grid.clientWidth);
    }
  }
}
