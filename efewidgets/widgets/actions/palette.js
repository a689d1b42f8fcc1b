// Two dialogs over the page: all that can be done, found by typing; and the keys. Titles are put in as text.
function make(name, className, text) {
  const found = document.createElement(name);
  if (className) found.className = className;
  if (text !== undefined) found.textContent = text;
  return found;
}

function keysOf(action) {
  const found = make("span", "efe-keys");
  found.append(...action.keys.map((key) => make("kbd", "", inWords(key))));
  return found;
}

class Dialog {
  constructor(el, label, className) {
    this.box = make("dialog", `efe-dialog ${className}`);
    this.box.setAttribute("aria-label", label);
    this.box.addEventListener("pointerdown", (event) => event.target === this.box && this.close());
    el.append(this.box);
  }

  get open() {
    return this.box.open;
  }

  close() {
    this.box.close(); // the focus goes back to where it was; if that was nowhere, a field that is gone has it for a moment
    if (this.box.contains(document.activeElement)) document.activeElement.blur();
  }

  // Whether it was for the dialog itself; all else is left to what has the focus in it
  key(name) {
    if (name === "Escape") this.close();
    return name === "Escape";
  }
}

class Palette extends Dialog {
  constructor(el, id, actions, now, chosen) {
    super(el, "Commands", "efe-palette");
    Object.assign(this, { id, actions, now, chosen, found: [], at: 0 });
    this.input = make("input");
    this.list = make("ul");
    this.about = make("div", "efe-palette-about");
    this.input.type = "text";
    this.input.placeholder = "type what you want to do";
    this.list.id = `${id}-commands`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "commands");
    const traits = { role: "combobox", autocomplete: "off", spellcheck: "false" };
    const aria = { label: "Find a command", controls: this.list.id, expanded: "true", autocomplete: "list" };
    for (const [name, value] of Object.entries(traits)) this.input.setAttribute(name, value);
    for (const [name, value] of Object.entries(aria)) this.input.setAttribute(`aria-${name}`, value);
    this.input.addEventListener("input", () => this.draw(0));
    this.box.append(this.input, this.list, this.about);
  }

  show() {
    this.input.value = "";
    this.draw(0);
    this.box.showModal();
    this.input.focus();
  }

  of(action) {
    return this.now()[action.id] ?? { title: action.title, enabled: true, line: "" };
  }

  // Those that have all words; first those whose title begins with what was typed, and those that can be done
  match() {
    const typed = this.input.value.trim().toLowerCase();
    const words = typed.split(/\s+/).filter(Boolean);
    const rank = (action) => {
      const { title, enabled } = this.of(action);
      return (enabled ? 0 : 4) + (title.toLowerCase().startsWith(typed) ? 0 : 1);
    };
    return this.actions()
      .filter((action) => this.now()[action.id]?.there !== false)
      .filter((action) => {
        const text = `${this.of(action).title} ${action.title} ${action.group} ${action.hint}`.toLowerCase();
        return words.every((word) => text.includes(word));
      })
      .sort((one, other) => rank(one) - rank(other));
  }

  draw(at = this.at) {
    this.found = this.match();
    this.list.replaceChildren(
      ...this.found.map((action, k) => {
        const { title, enabled } = this.of(action);
        const item = make("li");
        item.id = `${this.id}-command-${k}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-disabled", String(!enabled));
        item.append(make("span", "efe-palette-title", title), make("span", "efe-palette-group", action.group));
        item.append(keysOf(action));
        item.addEventListener("click", () => this.choose(k));
        return item;
      })
    );
    if (!this.found.length) this.list.replaceChildren(make("li", "efe-faint", "nothing is called that"));
    this.mark(Math.min(at, Math.max(this.found.length - 1, 0)));
  }

  mark(at) {
    this.at = at;
    [...this.list.children].forEach((item, k) => item.setAttribute("aria-selected", String(k === at)));
    const action = this.found[at];
    this.about.replaceChildren();
    if (!action) return this.input.removeAttribute("aria-activedescendant");
    const item = this.list.children[at];
    this.input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
    const { line } = this.of(action);
    this.about.append(make("span", "", action.hint));
    if (line) this.about.append(make("code", "", line));
  }

  choose(at) {
    const action = this.found[at];
    if (!action || !this.of(action).enabled) return;
    this.close();
    this.chosen(action);
  }

  key(name) {
    const last = this.found.length - 1;
    const to = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, PageDown: this.at + 8, PageUp: this.at - 8 }[name];
    if (to !== undefined) this.mark(Math.min(Math.max(to, 0), Math.max(last, 0)));
    else if (name === "Enter") this.choose(this.at);
    else if (name === "Ctrl+K") this.close();
    else return super.key(name);
    return true;
  }
}

class Sheet extends Dialog {
  constructor(el, actions, now, where) {
    super(el, "Keys", "efe-sheet");
    Object.assign(this, { actions, now, where });
  }

  show() {
    const close = make("button", "jupyter-button efe-sheet-close", "Close");
    close.type = "button";
    close.addEventListener("click", () => this.close());
    const head = make("div", "efe-sheet-head");
    head.append(make("h2", "", "Keys"), close);
    this.body = make("div", "efe-sheet-body");
    this.box.replaceChildren(head, make("p", "efe-faint", this.where()), this.body);
    this.draw();
    this.box.showModal();
    close.focus();
  }

  draw() {
    const sections = [...this.grouped()].map(([group, actions]) => this.section(group, actions));
    this.body.replaceChildren(...sections);
  }

  grouped() {
    const found = new Map();
    for (const action of this.actions().filter((one) => one.keys.length && this.now()[one.id]?.there !== false))
      found.set(action.group, [...(found.get(action.group) ?? []), action]);
    return found;
  }

  section(group, actions) {
    const found = make("section");
    const table = make("table");
    for (const action of actions) {
      const row = make("tr");
      const [keys, title] = [make("td"), make("td", "", this.now()[action.id]?.title ?? action.title)];
      keys.append(keysOf(action));
      title.title = action.hint;
      row.append(keys, title);
      table.append(row);
    }
    found.append(make("h3", "", group), table);
    return found;
  }

  key(name) {
    if (name === "?") this.close();
    return name === "?" || super.key(name);
  }
}
