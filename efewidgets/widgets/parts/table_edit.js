/* Cells that are typed into, copied and pasted. */

class Editing extends Drawing {
  constructor(store, el) {
    super(store, el);
    this.block = null; // [column from which, column to which] cells are chosen; null: whole rows
    this.listen(document, "copy", (event) => this.copy(event));
    this.listen(document, "paste", (event) => this.paste(event));
  }

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
    this.attend(input);
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

  attend(input) {
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
        let next = place * columns + index;
        do next += event.shiftKey ? -1 : 1;
        while (this.store.hidden.has(this.store.columns[(next + columns) % columns].name));
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

  clear() {
    const column = this.store.columns[this.cursor.column];
    if (column.editable && (column.kind === "text" || column.kind === "number")) this.store.edit(this.cursor.id, column, "");
  }

  inBlock(index) {
    return this.block !== null && index >= Math.min(...this.block) && index <= Math.max(...this.block);
  }

  /** What is seen of the chosen cells. */
  copied(row) {
    const { columns, hidden } = this.store;
    const told = (column) => !hidden.has(column.name) && column.kind !== "colour";
    return row[1].filter((_, i) => told(columns[i]) && (!this.block || this.inBlock(i))).map(typed);
  }

  copy(event) {
    if (document.activeElement !== this.grid) return;
    const { store } = this;
    const chosen = new Set(store.selected);
    let matrix = store.order.filter((row) => chosen.has(row[0])).map((row) => this.copied(row));
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
    const matrix = fromTsv(text);
    const place = this.store.columns.indexOf(column);
    const width = Math.max(...matrix.map((line) => line.length));
    for (const { name } of this.store.columns.slice(place, place + width)) this.store.hide(name, false); // nothing unseen changes
    this.store.send("paste", { id, column: column.name, matrix });
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
