// Links to sessions. Where several people share a server, the kernel is told which names this browser knows.
const FIRST = 6;

function render({ model, el }) {
  const box = document.createElement("section");
  box.className = "efe-recent";
  box.setAttribute("aria-label", "recent sessions");
  el.replaceChildren(box);
  let all = false;

  function draw() {
    const sessions = model.get("sessions");
    box.replaceChildren();
    box.hidden = !sessions.length;
    if (!sessions.length) return;
    const head = document.createElement("h2");
    head.textContent = "Go on with";
    const list = document.createElement("ul");
    list.append(...sessions.slice(0, all ? sessions.length : FIRST).map(item));
    box.append(head, list);
    if (!all && sessions.length > FIRST) box.append(more(sessions.length - FIRST));
  }

  function more(left) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jupyter-button widget-button efe-more";
    button.textContent = `${left} older`;
    button.addEventListener("click", () => {
      all = true;
      draw();
      box.querySelectorAll("a")[FIRST].focus();
    });
    return button;
  }

  function item({ name, title, lines, when }) {
    const link = document.createElement("a");
    const there = new URL(window.location);
    there.searchParams.set("session", name);
    link.href = there.pathname + there.search;
    link.append(text("b", title), ...lines.map((line) => text("span", line)), text("time", said(when)));
    const entry = document.createElement("li");
    entry.append(link);
    return entry;
  }

  function text(kind, words) {
    const part = document.createElement(kind);
    part.textContent = words;
    return part;
  }

  // as a person says it: the time of today, yesterday, else the date
  function said(seconds) {
    const then = new Date(1000 * seconds);
    const days = Math.round((midnight(new Date()) - midnight(then)) / 86400000);
    const time = then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    if (days === 0) return `today, ${time}`;
    if (days === 1) return `yesterday, ${time}`;
    return then.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
  }

  function midnight(day) {
    return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  }

  model.on("change:sessions", draw);
  draw();
  if (model.get("asks")) model.send({ kind: "known", names: known() });
}

function known() {
  try {
    const found = JSON.parse(localStorage.getItem(`efewidgets-sessions:${location.pathname}`));
    return Array.isArray(found) ? found : [];
  } catch {
    return []; // a browser that keeps nothing
  }
}

export default { render };
