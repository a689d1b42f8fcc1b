// Says on the page that the kernel behind it is gone: the page looks alive, but nothing answers any more.
// The dashboard's own server goes on after a connection broke, without telling the kernel's objects (line.js).

const GONE = ["restarting", "autorestarting", "terminating", "dead"];
const BACK = ["pointerdown", "keydown", "wheel"];
const SHORT = 3000; // ms; who is back by then has not been away

function render({ model, el }) {
  const kernel = model.widget_manager.kernel;
  let away = null;
  let gone = false;

  const say = (text, kind) => {
    el.replaceChildren();
    if (!text) return null;
    const line = document.createElement("div");
    line.className = `efe-says efe-${kind}`;
    line.setAttribute("role", "alert");
    line.textContent = text;
    el.append(line);
    return line;
  };
  const lost = async () => {
    clearTimeout(away);
    if (gone) return;
    gone = true;
    say(`${model.get("lost")} ${model.get("advice")}`, "error");
    const why = window.efeLines && (await reason(kernel));
    if (!why) return;
    const line = say(`${why.words} ${why.wakes ? "" : model.get("advice")} `, why.wakes ? "note" : "error");
    line.append(again());
    if (why.wakes) wake();
  };
  const status = (_, found) => {
    if (GONE.includes(found)) lost();
  };
  const connection = (_, found) => {
    if (gone) return;
    clearTimeout(away);
    away = null;
    if (found === "disconnected") lost();
    else if (found === "connected") say("");
    else away = setTimeout(() => say(model.get("away"), "warning"), SHORT);
  };

  const line = ({ detail }) => {
    if (gone) return;
    if (detail === "lost") lost();
    else if (detail === "back") connection(null, "connected");
    else away ??= setTimeout(() => say(model.get("away"), "warning"), SHORT);
  };

  window.addEventListener("efe-line", line);
  kernel.statusChanged.connect(status);
  kernel.connectionStatusChanged.connect(connection);
  kernel.disposed.connect(lost);
  return () => {
    clearTimeout(away);
    window.removeEventListener("efe-line", line);
    kernel.statusChanged.disconnect(status);
    kernel.connectionStatusChanged.disconnect(connection);
    kernel.disposed.disconnect(lost);
  };
}

// Why the dashboard's own server has ended the kernel; null if it didn't.
async function reason(kernel) {
  const address = `${kernel.serverSettings.baseUrl}api/kernels/${kernel.id}`;
  return fetch(address).then((answer) => answer.json(), () => ({})).then((told) => told.efe ?? null, () => null);
}

function again() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-button widget-button";
  button.textContent = "Open it again";
  button.addEventListener("click", () => window.location.reload());
  return button;
}

// The page of a person who is back opens its session again: its address names it.
function wake() {
  const reload = () => document.visibilityState === "visible" && window.location.reload();
  for (const name of BACK) window.addEventListener(name, reload, { capture: true, once: true });
  document.addEventListener("visibilitychange", reload);
}

export default { render };
