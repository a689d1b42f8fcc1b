// Keys of a widget, or of the whole page: each is told to the kernel at once and in order, whatever it is busy with.
const SAID_FOR = 5000; // ms

async function render({ model, el }) {
  el.classList.add("efe-keyboard");
  const said = make("div", "efe-keyboard-said");
  said.setAttribute("role", "status");
  el.append(said);
  let root = el; // until it is on the page
  // In a notebook there is more on the page than this: there its keys are those while it has the focus.
  const everywhere = model.get("everywhere") && !document.querySelector(".jp-NotebookPanel");
  let all = null;
  model.widget_manager.get_model(model.get("within")).then((found) => (all = found));

  const now = () => model.get("now");
  const actions = () => model.get("actions");
  const where = () =>
    everywhere
      ? "They work everywhere on the page but in text fields."
      : "They work while this widget has the focus (click into it, or go there with Tab), but in text fields.";
  const palette = new Palette(el, `efe-${model.model_id ?? "keys"}`, actions, now, (action) => act(action));
  const sheet = new Sheet(el, actions, now, where);
  const dialogs = { palette, keys: sheet };
  const page = Math.random().toString(36).slice(2); // the kernel does the keys of a page in the order of their numbers
  let sent = 0;

  function open(dialog) {
    model.send({ kind: "open" }); // what can be done now comes as "now"
    if (!dialog.open) dialog.show();
  }

  function act(action) {
    if (dialogs[action.id]) return open(dialogs[action.id]);
    if (all) visit(all, new Set()); // what was chosen just before comes before
    model.send({ kind: "do", id: action.id, page, number: ++sent });
  }

  function pressed(event) {
    const name = nameOf(event);
    const dialog = [palette, sheet].find((one) => one.open);
    if (dialog) {
      event.stopImmediatePropagation(); // the page and the notebook have no keys meanwhile
      if (name && dialog.key(name)) event.preventDefault();
      return;
    }
    const target = event.composedPath()[0];
    if (!name || event.defaultPrevented || !(everywhere || root.contains(target))) return;
    const theirs = isTheirs(target, name);
    if (theirs && !mouse.isDoneWith(target)) return;
    if (target instanceof Element && target.closest("dialog[open], [role=dialog]")) return;
    const action = actions().find((one) => one.keys.includes(name));
    if (!action) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // else a notebook would cut its cell at an X
    if (theirs) everywhere ? target.blur() : root.focus({ preventScroll: true }); // Firefox presses it when Space goes up
    if (!event.repeat || action.repeats) act(action);
  }

  // A click into a figure gives the widget the focus, where only the one that has it hears keys.
  const clicked = () => root.contains(document.activeElement) || root.focus({ preventScroll: true });
  const settle = () => {
    if (!el.isConnected) return (waiting = requestAnimationFrame(settle));
    root = el.closest(".efe") ?? el;
    if (everywhere) return;
    if (!root.hasAttribute("tabindex")) root.tabIndex = -1;
    root.addEventListener("click", clicked);
  };
  let waiting = 0;
  settle();

  const mouse = new Mouse(window);
  let timer = null;
  const told = (message) => {
    if (message.kind === "open") return open(dialogs[message.what]);
    if (message.kind !== "said") return;
    clearTimeout(timer);
    said.textContent = message.text;
    said.classList.toggle("efe-refused", message.refused);
    timer = setTimeout(() => (said.textContent = ""), SAID_FOR);
  };
  const redraw = () => [palette, sheet].forEach((dialog) => dialog.open && dialog.draw());
  window.addEventListener("keydown", pressed, true); // before the notebook hears it
  model.on("msg:custom", told);
  model.on("change:now change:actions", redraw);
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(waiting);
    mouse.leave();
    window.removeEventListener("keydown", pressed, true);
    root.removeEventListener("click", clicked);
    model.off("msg:custom", told);
    model.off("change:now change:actions", redraw);
  };
}

export default { render };
