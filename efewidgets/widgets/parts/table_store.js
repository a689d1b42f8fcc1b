/* What is shown. One store a model, however often it is shown; what it shows and takes is decided in the kernel. */

class Store extends EventTarget {
  constructor(model) {
    super();
    this.model = model;
    this.sort = null; // {name, down}
    this.filters = new Map(); // column's name: what is asked for
    this.hidden = new Set(); // columns' names
    this.sizes = new Map(); // column's name: px that a person has chosen
    this.waiting = new Map(); // number of an edit: {id, column, text} until the kernel has answered
    this.number = 0;
    this.lists = model.get("lists") ?? false; // whether the kernel sorts and filters, and one row stands for all
    if (this.lists) for (const name of ["sort", "filters", "total"]) model.on(`change:${name}`, () => this.told());
    this.load();
    model.on("change:_content", () => this.load());
    model.on("change:_columns", () => this.load());
    if (this.lists) model.on("change:active", () => this.tell("selected"));
    for (const name of ["selected", "refused", "label", "empty", "height"]) {
      model.on(`change:${name}`, () => {
        if (name === "selected" && this.filters.size) this.arrange();
        this.tell(name);
      });
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
    const names = new Set(this.columns.map((column) => column.name));
    if (this.lists) this.take();
    else if (this.sort && !names.has(this.sort.name)) this.sort = null;
    for (const kept of [...(this.lists ? [] : [this.filters]), this.hidden, this.sizes]) {
      for (const name of [...kept.keys()]) if (!names.has(name)) kept.delete(name);
    }
    this.arrange();
    this.tell("all");
  }

  /** Order and filters as the kernel has them. */
  take() {
    this.sort = this.model.get("sort");
    this.filters = new Map(Object.entries(this.model.get("filters")));
  }

  told() {
    this.take();
    this.tell("sort");
  }

  /** Shows rows in another order, or others of them; of a list the kernel does so. */
  rearrange() {
    if (!this.lists) this.arrange();
    else {
      this.model.set({ sort: this.sort, filters: Object.fromEntries(this.filters) });
      this.model.save_changes();
    }
    this.tell("sort");
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

  /** Brings the rows that are shown into their order; chosen ones are always shown, for edits go to all of them. */
  arrange() {
    let { rows } = this.content;
    if (this.filters.size && !this.lists) {
      const chosen = new Set(this.selected);
      rows = rows.filter((row) => chosen.has(row[0]) || this.matches(row));
    }
    if (this.sort && !this.lists) {
      const index = this.columns.findIndex((column) => column.name === this.sort.name);
      const sign = this.sort.down ? -1 : 1;
      this.order = rows.slice().sort((a, b) => {
        const { none, by } = compare(a[1][index], b[1][index]);
        return none || sign * by; // cells with nothing stand last both ways
      });
    } else this.order = rows;
    this.places = new Map(this.order.map((row, place) => [row[0], place]));
  }

  sortBy(column) {
    if (bare(column)) return;
    const { name } = column;
    if (this.sort?.name !== name) this.sort = { name, down: false };
    else this.sort = this.sort.down ? null : { name, down: true };
    this.rearrange();
  }

  matches(row) {
    return this.columns.every(({ name }, i) => !this.filters.has(name) || asked(row[1][i], this.filters.get(name)));
  }

  /** Shows only rows that have a text in a column, and lets go of the others; without a column all again. */
  filterBy(name, text) {
    if (name === null) this.filters.clear();
    else if (text.trim()) this.filters.set(name, text);
    else this.filters.delete(name);
    if (!this.lists) this.select(this.selected.filter((id) => this.byId.has(id) && this.matches(this.byId.get(id))));
    this.rearrange();
  }

  hide(name, whether) {
    if (whether && this.hidden.size + 1 < this.columns.length) this.hidden.add(name);
    else this.hidden.delete(name);
    this.tell("columns");
  }

  resize(name, width) {
    if (width === null) this.sizes.delete(name);
    else this.sizes.set(name, Math.max(LEAST, Math.round(width)));
    this.tell("columns");
  }

  /** The place of the next column that isn't hidden, from a place on; of the one before where there is none. */
  seen(place, step) {
    for (const way of [step, -step]) {
      for (let i = place; this.columns[i]; i += way) if (!this.hidden.has(this.columns[i].name)) return i;
    }
    return place;
  }

  get selected() {
    return this.model.get("selected");
  }

  /** The row that stands for all that are chosen, in a list. */
  get active() {
    return this.lists ? this.model.get("active") : null;
  }

  /** Chooses rows; in a list one is always chosen, and one of them stands for all. */
  select(ids, active = ids.at(-1)) {
    const now = this.selected;
    if (this.lists && !ids.length) return;
    const same = ids.length === now.length && ids.every((id, i) => id === now[i]);
    if (same && (!this.lists || active === this.active)) return;
    this.selecting = true;
    this.model.set(this.lists ? { selected: ids, active } : { selected: ids });
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
