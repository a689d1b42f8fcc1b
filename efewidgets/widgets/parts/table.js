/* What a person does with the table, by mouse and by keys. */

class View extends Arranging {
  constructor(store, el) {
    super(store, el);
    this.anchor = null; // row from which shift selects
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("mousedown", (event) => this.press(event));
    this.grid.addEventListener("mousemove", (event) => this.sweep(event));
    this.listen(document, "mouseup", () => (this.swept = null));
    this.grid.addEventListener("click", (event) => this.click(event));
    this.grid.addEventListener("dblclick", (event) => this.open(event));
    this.grid.addEventListener("focus", () => this.focused());
  }

  /* ---------------------------------------------------------------- cursor and selection */

  move(place, column) {
    const { order, columns } = this.store;
    const row = Math.max(-1, Math.min(order.length - 1, place));
    const inside = Math.max(0, Math.min(columns.length - 1, column));
    const seen = this.store.seen(inside, column < this.cursor.column ? -1 : 1);
    this.cursor = { id: row < 0 ? null : order[row][0], column: seen };
    this.reveal();
    this.soon();
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
    const { selected, selecting, places, active } = this.store;
    if (selecting) return;
    this.block = null;
    const first = active ?? selected[0];
    if (this.editing || !places.has(first)) return;
    this.cursor.id = first;
    this.anchor = first;
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
    if (now.includes(id)) this.store.select(now.filter((other) => other !== id), now.find((other) => other !== id));
    else this.store.select([...now, id]);
  }

  /* ---------------------------------------------------------------- mouse */

  hit(event) {
    const cell = event.target.closest("[role=gridcell], [role=columnheader]");
    if (!cell || !this.grid.contains(cell)) return null;
    return { cell, row: cell.parentElement, index: [...cell.parentElement.children].indexOf(cell) };
  }

  press(event) {
    const hit = this.hit(event);
    if (event.button !== 0 || event.target.closest(".efe-table-editor, .efe-table-grip") || !hit) return;
    event.preventDefault(); // the grid keeps the focus, and no text is selected
    const head = hit.row === this.head;
    const id = head ? null : hit.row.efeId;
    const again = !head && this.cursor.id === id && this.cursor.column === hit.index && document.activeElement === this.grid;
    this.stopEdit(true);
    this.cursor = { id, column: hit.index };
    this.grid.focus({ preventScroll: true });
    this.cursor = { id, column: hit.index };
    this.block = null;
    this.swept = head ? null : { ...this.cursor };
    if (head) return this.soon();
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey;
    this.pick(id, hit.index, event);
    const control = event.target.closest("input, button");
    if (again && plain && !control) this.startEdit({ mouse: true });
    this.soon();
  }

  /** Chooses the cells between where the mouse was pressed and where it is. */
  sweep(event) {
    const hit = event.buttons === 1 && !event.shiftKey && !event.ctrlKey && !event.metaKey && this.swept && this.hit(event);
    if (!hit || hit.row === this.head || this.editing) return;
    const { id, column } = this.swept;
    if (!this.block && hit.row.efeId === id && hit.index === column) return;
    this.block = [column, hit.index];
    this.anchor = id;
    this.cursor = { id: hit.row.efeId, column: hit.index };
    this.store.select(this.range(id, hit.row.efeId), hit.row.efeId);
    this.soon();
  }

  pick(id, index, event) {
    const { store } = this;
    if (event.shiftKey) store.select(this.range(this.anchor ?? id, id), id);
    else if (event.ctrlKey || event.metaKey) this.toggle(id);
    else {
      const many = store.selected.length > 1 && store.selected.includes(id);
      if (!(many && store.columns[index].editable)) store.select([id]);
      this.anchor = id;
    }
  }

  click(event) {
    const hit = this.hit(event);
    if (!hit || event.target.closest(".efe-table-grip")) return;
    if (hit.row === this.head) return this.store.sortBy(this.store.columns[hit.index]);
    if (event.target.matches("input[type=checkbox]:not(:disabled)")) {
      event.preventDefault();
      if (!event.shiftKey && !event.ctrlKey && !event.metaKey) this.act();
    } else if (event.target.closest("button")) this.act();
  }

  /** Opens a row where nothing can be typed. */
  open(event) {
    const { store, cursor } = this;
    const hit = event && this.hit(event);
    if (event && (!hit || hit.row === this.head || event.target.closest("button, input"))) return false;
    if (!store.model.get("opens") || !cursor.id || store.columns[cursor.column].editable) return false;
    store.send("open", { id: cursor.id });
    return true;
  }

  /** Takes the selected rows away where that is what Delete means. */
  remove() {
    const { store, cursor } = this;
    if (!store.model.get("deletes").includes(store.columns[cursor.column].name)) return false;
    store.send("delete", { ids: store.selected.includes(cursor.id) ? store.selected : [cursor.id] });
    return true;
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
    const byRows = control || (store.lists && cursor.id !== null);
    const page = Math.max(1, Math.floor((this.grid.clientHeight - HEAD) / ROW) - 1);
    const steps = {
      ArrowUp: [place - 1, cursor.column], ArrowDown: [place + 1, cursor.column],
      ArrowLeft: [place, cursor.column - 1], ArrowRight: [place, cursor.column + 1],
      PageUp: [Math.max(0, place - page), cursor.column], PageDown: [place + page, cursor.column],
      Home: [byRows ? 0 : place, byRows ? cursor.column : 0],
      End: [byRows ? store.order.length - 1 : place, byRows ? cursor.column : store.columns.length - 1],
    };
    if (cursor.id === null && store.columns.length) {
      const wider = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
      if (wider && event.altKey) return this.widenByKey(wider), true;
      if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) return this.arrangeColumn(cursor.column), true;
    }
    const passed = store.lists && cursor.id !== null && !(event.key in steps && !event.key.match(/Left|Right/));
    if (passed && !(control && event.key.toLowerCase() === "a")) return false;
    if (event.key in steps && !event.altKey) {
      const start = cursor.id;
      const from = cursor.column;
      this.move(...steps[event.key]);
      if (!event.shiftKey) this.block = null;
      else if (this.cursor.column !== from && start !== null) {
        this.block = [this.block?.[0] ?? from, this.cursor.column];
        if (!store.selected.includes(start)) store.select([start]);
      }
      if (event.shiftKey && this.cursor.id !== null) {
        this.anchor ??= start ?? this.cursor.id;
        if (this.cursor.id !== start) store.select(this.range(this.anchor, this.cursor.id), this.cursor.id);
      } else if (this.cursor.id !== start) {
        this.anchor = null;
        if (store.lists && this.cursor.id !== null) store.select([this.cursor.id]);
      }
      return true;
    }
    if (control && event.key.toLowerCase() === "a") {
      store.select(store.order.map((row) => row[0]), store.active ?? undefined);
      return true;
    }
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
    if (event.key === "Enter" || event.key === "F2") return this.act() || this.open() || this.startEdit({}), true;
    if (event.key === "Delete" && this.remove()) return true;
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
}

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
