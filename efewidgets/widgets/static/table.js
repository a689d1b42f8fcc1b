/* A table that draws only the rows that can be seen. What it shows and takes is decided in the kernel; all text is
   other people's and is set as text. One `Store` a model, however often it is shown; one `View` each time. */

const ROW = 26; // px, as in table.css
const HEAD = 28;
const SPARE = 8; // rows drawn above and below those that can be seen
const SAMPLE = 20; // longest texts of a column that are measured for its width
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
let made = 0; // views, for ids that are unique on the page

/* ------------------------------------------------------------------ text */

/** A number as a person reads it: up to 6 significant digits and a true minus. */
function numeral(value) {
  const exact = Number.isInteger(value) && Math.abs(value) < 1e15;
  return String(exact ? value : Number(value.toPrecision(6))).replace(/-/g, "−");
}

/** Text in one line; what can't be seen is shown by a picture of it. */
function visible(text) {
  return text
    .replace(/[\u0000-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/\u007f/g, "␡")
    .replace(/[\p{Cf}\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

function shown(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return numeral(value);
  return visible(typeof value === "boolean" ? (value ? "yes" : "no") : value);
}

const typed = (value) => (value === null || value === undefined ? "" : String(value));

function compare(a, b) {
  const none = (a === null || a === "") - (b === null || b === "");
  if (none) return { none };
  if (typeof a === "number" && typeof b === "number") return { by: a - b };
  if (typeof a === "boolean" && typeof b === "boolean") return { by: a - b };
  if (typeof a === "number" || typeof b === "number") return { by: typeof a === "number" ? -1 : 1 };
  return { by: collator.compare(String(a), String(b)) };
}

/** Cells as spreadsheets copy them: tabs between, quotes around what holds a tab, a quote or a newline. */
function toTsv(matrix) {
  const quoted = (text) => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return matrix.map((line) => line.map(quoted).join("\t")).join("\n");
}

function fromTsv(text) {
  const matrix = [[]];
  const cell = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/gy;
  while (cell.lastIndex < text.length) {
    const [, quoted, simple, end] = cell.exec(text);
    matrix.at(-1).push(quoted === undefined ? simple : quoted.replaceAll('""', '"'));
    if (end === "\t" && cell.lastIndex === text.length) matrix.at(-1).push("");
    if (end && end !== "\t" && cell.lastIndex < text.length) matrix.push([]);
  }
  return matrix;
}

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/* ------------------------------------------------------------------ what is shown */

class Store extends EventTarget {
  constructor(model) {
    super();
    this.model = model;
    this.sort = null; // {name, down}
    this.waiting = new Map(); // number of an edit: {id, column, text} until the kernel has answered
    this.number = 0;
    this.load();
    model.on("change:_content", () => this.load());
    model.on("change:_columns", () => this.load());
    for (const name of ["selected", "refused", "label", "empty", "height"]) {
      model.on(`change:${name}`, () => this.tell(name));
    }
    model.on("msg:custom", (message) => this.heard(message));
    model.send({ kind: "ready", version: this.content.version });
  }

  tell(what, rows) {
    this.dispatchEvent(new CustomEvent("changed", { detail: { what, rows } }));
  }

  load() {
    this.columns = this.model.get("_columns");
    this.content = this.model.get("_content");
    this.byId = new Map(this.content.rows.map((row) => [row[0], row]));
    if (this.sort && !this.columns.some((column) => column.name === this.sort.name)) this.sort = null;
    this.arrange();
    this.tell("all");
  }

  heard(message) {
    if (message.kind === "done") {
      this.waiting.delete(message.number);
      this.tell("waiting");
    } else if (message.kind === "patch") {
      if (message.from === this.content.version) this.patch(message);
      else if (message.to > this.content.version) this.model.send({ kind: "ready", version: this.content.version });
    }
  }

  /** Changes the state's own list, so that the page saved as it stands holds what it shows. */
  patch({ rows, splice, to }) {
    const held = this.content.rows;
    for (const row of rows) this.byId.set(row[0], row);
    if (splice) {
      const [start, count, ids] = splice;
      const gone = held.slice(start, start + count).map((row) => row[0]);
      const put = ids.map((id) => this.byId.get(id));
      const rest = held.slice(start + count);
      held.length = start;
      for (const row of put) held.push(row);
      for (const row of rest) held.push(row);
      const kept = new Set(ids);
      for (const id of gone) if (!kept.has(id)) this.byId.delete(id);
    }
    if (rows.length) for (let i = 0; i < held.length; i++) held[i] = this.byId.get(held[i][0]);
    this.content.version = to;
    this.arrange();
    this.tell("rows", rows);
  }

  /** Brings rows into the order in which they are shown. */
  arrange() {
    const rows = this.content.rows;
    if (this.sort) {
      const index = this.columns.findIndex((column) => column.name === this.sort.name);
      const sign = this.sort.down ? -1 : 1;
      this.order = rows.slice().sort((a, b) => {
        const { none, by } = compare(a[1][index], b[1][index]);
        return none || sign * by; // cells with nothing stand last both ways
      });
    } else this.order = rows;
    this.places = new Map(this.order.map((row, place) => [row[0], place]));
  }

  sortBy({ name, kind }) {
    if (kind === "button") return;
    if (this.sort?.name !== name) this.sort = { name, down: false };
    else this.sort = this.sort.down ? null : { name, down: true };
    this.arrange();
    this.tell("sort");
  }

  get selected() {
    return this.model.get("selected");
  }

  select(ids) {
    const now = this.selected;
    if (ids.length === now.length && ids.every((id, i) => id === now[i])) return;
    this.selecting = true;
    this.model.set("selected", ids);
    this.selecting = false;
    this.model.save_changes();
  }

  /** What a cell shows: what was typed if that was refused or is on its way. */
  cell(row, column, index) {
    for (const edit of [...this.waiting.values()].reverse()) {
      if (edit.name === column.name && edit.ids.includes(row[0])) return { value: edit.text, waiting: true };
    }
    const refused = this.refused;
    if (refused && refused.id === row[0] && refused.column === column.name && refused.text !== null) {
      return { value: refused.text, reason: refused.reason };
    }
    return { value: row[1][index] };
  }

  get refused() {
    return this.model.get("refused");
  }

  forgive() {
    if (!this.refused) return false;
    this.model.set("refused", null);
    this.model.save_changes();
    return true;
  }

  edit(id, column, text) {
    const ids = this.selected.includes(id) ? this.selected : [id];
    this.waiting.set(++this.number, { ids, name: column.name, text });
    this.tell("waiting");
    this.model.send({ kind: "edit", number: this.number, id, ids, column: column.name, text });
  }

  send(kind, content) {
    this.model.send({ kind, ...content });
  }
}

/* ------------------------------------------------------------------ drawing */

class View {
  constructor(store, el) {
    this.store = store;
    this.uid = `efe-table-${++made}`;
    this.cursor = { id: null, column: 0 }; // id null: the header
    this.anchor = null; // row from which shift selects
    this.drawn = new Map(); // id: element
    this.spare = [];
    this.editing = null; // {id, column, input, before, end}
    this.build(el);
    this.keep = [
      [store, "changed", (event) => this.changed(event.detail)],
      [document, "copy", (event) => this.copy(event)],
      [document, "paste", (event) => this.paste(event)],
    ];
    for (const [target, name, call] of this.keep) target.addEventListener(name, call);
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.grid);
    this.restart();
  }

  close() {
    for (const [target, name, call] of this.keep) target.removeEventListener(name, call);
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
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("mousedown", (event) => this.press(event));
    this.grid.addEventListener("click", (event) => this.click(event));
    this.grid.addEventListener("focus", () => this.focused());
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
    const pen = (View.pen ??= document.createElement("canvas").getContext("2d"));
    this.measured = this.root.isConnected; // only on the page it has a font
    const font = getComputedStyle(this.root);
    const measure = (text, weight) => {
      pen.font = `${weight} ${font.fontSize} ${font.fontFamily}`;
      return pen.measureText(text).width;
    };
    const before = this.widths;
    this.widths = columns.map((column, index) => {
      const head = measure(`${column.label} ${column.unit}`, 600) + 34;
      const extra = { button: 36, choice: 32, check: 30 }[column.kind] ?? 20;
      const texts = longest(rows, index).map((text) => measure(text, 400) + extra);
      const needed = Math.max(Math.min(head, 220), Math.min(Math.max(0, ...texts), 340));
      return Math.max(before?.[index] ?? 0, Math.ceil(needed));
    });
    this.lay();
  }

  /** Shares the room that is left among columns of words, as wide as they are. */
  lay() {
    const { columns } = this.store;
    const widths = columns.map((column, i) => column.width || `${this.widths[i]}px`);
    const tracks = columns.map((column, i) => {
      const grows = !column.width && ["text", "choice"].includes(column.kind);
      return grows ? `minmax(${widths[i]}, ${this.widths[i]}fr)` : widths[i];
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
        const sorts = column.kind !== "button";
        if (sorts) cell.setAttribute("aria-sort", state);
        if (!column.label) cell.setAttribute("aria-label", column.hint || column.name);
        const name = element("span", "efe-table-name");
        name.textContent = visible(column.label);
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
        cell.title = [column.hint, sorts && "Click to sort."].filter(Boolean).join("\n");
        return cell;
      })
    );
  }

  /** Draws the rows that can be seen, and that which is being edited. */
  draw() {
    this.frameAsked = 0;
    const { order, places } = this.store;
    this.grid.setAttribute("aria-rowcount", order.length + 1);
    this.body.style.height = `${order.length * ROW}px`;
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
    this.drawCursor();
    this.drawSays();
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
    line.efeId = id;
    this.store.columns.forEach((column, index) => this.drawCell(line.children[index], row, column, index));
  }

  newRow() {
    const row = element("div", "efe-table-row", { role: "row" });
    const number = ++made;
    this.store.columns.forEach((column, index) => {
      const cell = element("div", "", { role: "gridcell", id: `${this.uid}-${number}-${index}`, "aria-colindex": index + 1 });
      if (!column.editable) cell.setAttribute("aria-readonly", "true");
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
    cell.className = `${kind}${waiting ? " efe-table-waiting" : ""} ${look}`;
    const text = shown(value);
    cell.title = hint ? visibleLines(hint) : text.length > 20 ? text : "";
    if (reason) cell.setAttribute("aria-invalid", "true");
    else cell.removeAttribute("aria-invalid");
    if (column.kind === "check") this.drawCheck(cell, column, value);
    else if (column.kind === "button" && text) this.drawButton(cell, text);
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

  /* ---------------------------------------------------------------- cursor and selection */

  place() {
    return this.cursor.id === null ? -1 : this.store.places.get(this.cursor.id) ?? -1;
  }

  move(place, column) {
    const { order, columns } = this.store;
    const row = Math.max(-1, Math.min(order.length - 1, place));
    this.cursor = { id: row < 0 ? null : order[row][0], column: Math.max(0, Math.min(columns.length - 1, column)) };
    this.reveal();
    this.soon();
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

  focused() {
    if (this.cursor.id === null || !this.store.places.has(this.cursor.id)) {
      const top = Math.ceil(this.grid.scrollTop / ROW);
      this.cursor.id = this.store.order[top]?.[0] ?? null;
    }
    this.soon();
  }

  /** Brings into view what was selected elsewhere. */
  follow() {
    const { selected, selecting, places } = this.store;
    if (selecting || this.editing || !places.has(selected[0])) return;
    this.cursor.id = selected[0];
    this.anchor = selected[0];
    this.body.style.height = `${this.store.order.length * ROW}px`;
    this.reveal();
  }

  range(from, to) {
    const { order, places } = this.store;
    const [a, b] = [places.get(from) ?? places.get(to), places.get(to)].sort((x, y) => x - y);
    return order.slice(a, b + 1).map((row) => row[0]);
  }

  toggle(id) {
    const now = this.store.selected;
    this.anchor = id;
    this.store.select(now.includes(id) ? now.filter((other) => other !== id) : [...now, id]);
  }

  /* ---------------------------------------------------------------- mouse */

  hit(event) {
    const cell = event.target.closest("[role=gridcell], [role=columnheader]");
    if (!cell || !this.grid.contains(cell)) return null;
    return { cell, row: cell.parentElement, index: [...cell.parentElement.children].indexOf(cell) };
  }

  press(event) {
    const hit = this.hit(event);
    if (event.button !== 0 || event.target.closest(".efe-table-editor") || !hit) return;
    event.preventDefault(); // the grid keeps the focus, and no text is selected
    const head = hit.row === this.head;
    const id = head ? null : hit.row.efeId;
    const again = !head && this.cursor.id === id && this.cursor.column === hit.index && document.activeElement === this.grid;
    this.stopEdit(true);
    this.cursor = { id, column: hit.index };
    this.grid.focus({ preventScroll: true });
    this.cursor = { id, column: hit.index };
    if (head) return this.soon();
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey;
    this.pick(id, hit.index, event);
    const control = event.target.closest("input, button");
    if (again && plain && !control) this.startEdit({ mouse: true });
    this.soon();
  }

  pick(id, index, event) {
    const { store } = this;
    if (event.shiftKey) store.select(this.range(this.anchor ?? id, id));
    else if (event.ctrlKey || event.metaKey) this.toggle(id);
    else {
      const many = store.selected.length > 1 && store.selected.includes(id);
      if (!(many && store.columns[index].editable)) store.select([id]);
      this.anchor = id;
    }
  }

  click(event) {
    const hit = this.hit(event);
    if (!hit) return;
    if (hit.row === this.head) return this.store.sortBy(this.store.columns[hit.index]);
    if (event.target.matches("input[type=checkbox]:not(:disabled)")) {
      event.preventDefault();
      if (!event.shiftKey && !event.ctrlKey && !event.metaKey) this.act();
    } else if (event.target.closest("button")) this.act();
  }

  /** Does what the cursor's cell is for, if that is not to be typed into; whether it was. */
  act() {
    const column = this.store.columns[this.cursor.column];
    const row = this.store.byId.get(this.cursor.id);
    if (!row) return false;
    const { value } = this.store.cell(row, column, this.cursor.column);
    if (column.kind === "check" && column.editable && typeof value === "boolean") {
      this.store.edit(row[0], column, !value);
      return true;
    }
    if (column.kind === "button" && value) {
      this.store.send("button", { id: row[0], column: column.name });
      return true;
    }
    return false;
  }

  /* ---------------------------------------------------------------- keys */

  key(event) {
    if (event.target !== this.grid || event.isComposing) return;
    if (this.command(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  command(event) {
    const { store, cursor } = this;
    const place = this.place();
    const control = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor((this.grid.clientHeight - HEAD) / ROW) - 1);
    const steps = {
      ArrowUp: [place - 1, cursor.column], ArrowDown: [place + 1, cursor.column],
      ArrowLeft: [place, cursor.column - 1], ArrowRight: [place, cursor.column + 1],
      PageUp: [Math.max(0, place - page), cursor.column], PageDown: [place + page, cursor.column],
      Home: [control ? 0 : place, control ? cursor.column : 0],
      End: [control ? store.order.length - 1 : place, control ? cursor.column : store.columns.length - 1],
    };
    if (event.key in steps && !event.altKey) {
      const start = cursor.id;
      this.move(...steps[event.key]);
      if (event.shiftKey && this.cursor.id !== null) {
        this.anchor ??= start ?? this.cursor.id;
        if (this.cursor.id !== start) store.select(this.range(this.anchor, this.cursor.id));
      } else if (this.cursor.id !== start) this.anchor = null;
      return true;
    }
    if (control && event.key.toLowerCase() === "a") return store.select(store.order.map((row) => row[0])), true;
    if (event.key === "Escape") return this.escape();
    if (cursor.id === null) {
      const sorts = event.key === "Enter" || event.key === " ";
      if (sorts && store.columns.length) store.sortBy(store.columns[cursor.column]);
      return sorts;
    }
    if (event.key === " ") {
      if (control || event.shiftKey || !this.act()) this.toggle(cursor.id);
      return true;
    }
    if (control || event.altKey) return false;
    if (event.key === "Enter" || event.key === "F2") return this.act() || this.startEdit({}), true;
    if (event.key === "Delete" || event.key === "Backspace") return this.clear(), true;
    if (event.key.length === 1) return this.startEdit({ typing: true }), false;
    return false;
  }

  escape() {
    if (this.store.forgive()) return true;
    if (!this.store.selected.length) return false;
    this.store.select([]);
    return true;
  }

  clear() {
    const column = this.store.columns[this.cursor.column];
    if (column.editable && (column.kind === "text" || column.kind === "number")) this.store.edit(this.cursor.id, column, "");
  }

  /* ---------------------------------------------------------------- editing */

  startEdit({ mouse = false, typing = false }) {
    const { id, column: index } = this.cursor;
    const column = this.store.columns[index];
    const row = this.store.byId.get(id);
    if (!row || !column.editable || !["text", "number", "choice"].includes(column.kind)) return;
    this.reveal();
    this.draw();
    const cell = this.cellAt(this.cursor);
    const value = typed(this.store.cell(row, column, index).value);
    const input = column.kind === "choice" ? chooser(column, value) : this.writer(column, value, cell);
    input.setAttribute("aria-label", column.unit ? `${column.label} (${column.unit})` : column.label);
    if (cell.getAttribute("aria-invalid")) input.setAttribute("aria-invalid", "true");
    if (typing && column.kind !== "choice") input.value = "";
    cell.efeKey = null;
    cell.title = "";
    cell.replaceChildren(...[input, input.efeList].filter(Boolean));
    this.editing = { id, index, input, before: column.kind === "choice" ? value : typedBefore(column, value) };
    this.listen(input);
    input.focus({ preventScroll: true });
    if (!typing && input.select) input.select();
    if (mouse && input.showPicker && column.kind === "choice") {
      try {
        input.showPicker();
      } catch {} // it stands open only where the browser lets it
    }
  }

  writer(column, value) {
    const input = element("input", "efe-table-editor", { type: "text", autocomplete: "off", spellcheck: "false", "data-lm-suppress-shortcuts": "true" });
    if (column.kind === "number") input.inputMode = "decimal";
    input.value = value;
    if (column.choices.length) {
      input.efeList = element("datalist", "", { id: `${this.uid}-choices` });
      input.efeList.append(...column.choices.map((choice) => new Option(visible(choice), choice)));
      input.setAttribute("list", `${this.uid}-choices`);
    }
    return input;
  }

  listen(input) {
    let byKey = false;
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      byKey = true;
      if (event.isComposing) return;
      const place = this.store.places.get(this.editing.id);
      const { index } = this.editing;
      const columns = this.store.columns.length;
      const ends = { Enter: [place + (event.shiftKey ? -1 : 1), index], Escape: [place, index] };
      if (event.key === "Tab") {
        const next = place * columns + index + (event.shiftKey ? -1 : 1);
        ends.Tab = [Math.floor(next / columns), (next + columns) % columns];
      }
      if (!(event.key in ends)) return;
      event.preventDefault();
      this.stopEdit(event.key !== "Escape");
      if (event.key === "Escape") this.store.forgive();
      this.move(Math.max(0, ends[event.key][0]), ends[event.key][1]);
    });
    input.addEventListener("pointerdown", () => (byKey = false));
    input.addEventListener("blur", () => {
      if (document.activeElement !== input) this.stopEdit("blur"); // else it is the window that is left
    });
    if (input.tagName === "SELECT") {
      input.addEventListener("change", () => {
        if (!byKey) this.stopEdit(true);
      });
    }
  }

  stopEdit(commit) {
    const edit = this.editing;
    if (!edit) return;
    this.editing = null;
    const column = this.store.columns[edit.index];
    const text = column?.kind === "number" ? edit.input.value.trim().replaceAll("−", "-") : edit.input.value;
    const focused = document.activeElement === edit.input;
    edit.input.parentElement?.replaceChildren();
    if (focused) this.grid.focus({ preventScroll: true });
    const many = this.store.selected.length > 1 && this.store.selected.includes(edit.id);
    if (commit && (text !== edit.before || (many && commit !== "blur"))) this.store.edit(edit.id, column, text);
    this.soon();
  }

  /* ---------------------------------------------------------------- clipboard */

  copy(event) {
    if (document.activeElement !== this.grid) return;
    const { store } = this;
    const chosen = new Set(store.selected);
    let matrix = store.order.filter((row) => chosen.has(row[0])).map((row) => row[1].map(typed));
    const row = store.byId.get(this.cursor.id);
    if (!matrix.length && row) matrix = [[typed(row[1][this.cursor.column])]];
    if (!matrix.length) return;
    event.clipboardData.setData("text/plain", toTsv(matrix));
    event.preventDefault();
  }

  paste(event) {
    if (document.activeElement !== this.grid) return;
    const text = event.clipboardData.getData("text/plain");
    const id = this.cursor.id ?? this.store.order[0]?.[0] ?? null;
    const column = this.store.columns[id === null ? 0 : this.cursor.column];
    if (!text || !column) return;
    event.preventDefault();
    this.store.send("paste", { id, column: column.name, matrix: fromTsv(text) });
  }
}

/** What an input makes of a text: it has one line. */
function typedBefore(column, value) {
  const input = document.createElement("input");
  input.value = value;
  return column.kind === "number" ? input.value.trim() : input.value;
}

function chooser(column, value) {
  const select = element("select", "efe-table-editor", { "data-lm-suppress-shortcuts": "true" });
  const choices = column.choices.includes(value) ? column.choices : [value, ...column.choices];
  select.append(...choices.map((choice) => new Option(visible(choice), choice, false, choice === value)));
  return select;
}

function visibleLines(text) {
  return text.split("\n").map(visible).join("\n");
}

/** Some of the longest texts of a column. */
function longest(rows, index) {
  const found = [];
  let least = -1;
  for (const row of rows) {
    const value = row[1][index];
    const text = typeof value === "number" ? numeral(value) : typeof value === "string" ? value : "";
    if (text.length <= least) continue;
    found.push(text);
    if (found.length > 4 * SAMPLE) {
      found.sort((a, b) => b.length - a.length).splice(SAMPLE);
      least = found.at(-1).length;
    }
  }
  return found.sort((a, b) => b.length - a.length).slice(0, SAMPLE).map((text) => visible(text.slice(0, 200)));
}

/* ------------------------------------------------------------------ anywidget */

/* Called once a model: all its views share a store. */
export default () => {
  let store;
  return {
    initialize({ model }) {
      store = new Store(model);
    },
    render({ el }) {
      const view = new View(store, el);
      return () => view.close();
    },
  };
};
