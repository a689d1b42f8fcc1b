// A tour: a card beside what it tells about, one stop after the other. It covers nothing else, and Esc ends it.
const TAKEN = "efewidgets-tour";
const PATIENCE = 20000; // ms for what a stop is about to be there

function remembered() {
  try {
    return localStorage.getItem(TAKEN) !== null;
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(TAKEN, "yes");
  } catch {
    // a browser that keeps nothing offers it again
  }
}

function make(kind, className, text) {
  const found = document.createElement(kind);
  found.className = className;
  found.textContent = text;
  return found;
}

function pressed(text, className, press) {
  const button = make("button", `jupyter-button ${className}`, text);
  button.type = "button";
  button.addEventListener("click", press);
  return button;
}

function render({ model, el }) {
  el.classList.add("efe-tour");
  let card = null;
  let about = null;
  let at = -1;
  let ticking = 0;

  const begin = pressed("Tour", "efe-tour-begin", () => show(0));
  begin.title = "five stops, a minute";
  const offer = () => {
    begin.textContent = remembered() ? "Tour" : "New here? Take the tour";
    begin.classList.toggle("efe-tour-offered", !remembered());
  };
  el.append(begin);
  offer();

  function end() {
    clearInterval(ticking);
    about?.classList.remove("efe-tour-about");
    card?.remove();
    [card, about, at] = [null, null, -1];
    remember();
    offer();
    begin.focus({ preventScroll: true });
  }

  function show(number) {
    const stops = model.get("stops");
    if (number >= stops.length) return end();
    at = number;
    const stop = stops[number];
    model.send({ step: stop.step });
    about?.classList.remove("efe-tour-about");
    about = null;
    card?.remove();
    card = make("div", "efe efe-tour-card", "");
    card.setAttribute("role", "dialog");
    card.setAttribute("aria-label", `Tour, stop ${number + 1} of ${stops.length}: ${stop.title}`);
    const ways = make("div", "efe-tour-ways", "");
    const last = number === stops.length - 1;
    const next = pressed(last ? "Done" : "Next", "mod-primary", () => show(number + 1));
    ways.append(make("span", "efe-faint", `${number + 1} of ${stops.length}`));
    if (number) ways.append(pressed("Back", "", () => show(number - 1)));
    if (!last) ways.append(pressed("End the tour", "", end));
    ways.append(next);
    card.append(make("h2", "", stop.title), make("p", "", stop.text), ways);
    card.addEventListener("keydown", (event) => {
      if (event.key === "Escape") end();
      event.stopPropagation(); // keys of the page would exclude sweeps
    });
    document.body.append(card);
    next.focus({ preventScroll: true });
    clearInterval(ticking);
    const since = Date.now();
    ticking = setInterval(() => follow(stop, since), 150);
    follow(stop, since);
  }

  // What it is about comes a moment after its step, and moves when the page is scrolled
  function follow(stop, since) {
    if (!card) return;
    if (!about?.checkVisibility({ visibilityProperty: true })) {
      about?.classList.remove("efe-tour-about");
      const found = stop.at.flatMap((one) => [...document.querySelectorAll(one)]);
      about = found.find((one) => one.checkVisibility({ visibilityProperty: true })) ?? null;
      about?.classList.add("efe-tour-about");
      const top = about?.getBoundingClientRect().top ?? 0;
      if (top < 0 || top > 0.6 * innerHeight) about.scrollIntoView({ block: "start" });
    }
    if (!about && Date.now() - since > PATIENCE) clearInterval(ticking);
    place(about?.getBoundingClientRect());
  }

  function place(box) {
    const [wide, high] = [card.offsetWidth, card.offsetHeight];
    const [most, deep] = [innerWidth - wide - 12, innerHeight - high - 12];
    // below what it is about if there is room, else over its lower right corner
    const below = box ? box.bottom + 10 : deep;
    const [left, top] = box && below <= deep ? [box.left, below] : [box ? box.right - wide - 12 : most, deep - 48];
    card.style.left = `${Math.max(12, Math.min(left, most))}px`;
    card.style.top = `${Math.max(12, Math.min(top, deep))}px`;
  }

  const wanted = () => show(0);
  model.on("change:wanted", wanted);
  return () => {
    model.off("change:wanted", wanted);
    clearInterval(ticking);
    card?.remove();
    about?.classList.remove("efe-tour-about");
  };
}

export default { render };
