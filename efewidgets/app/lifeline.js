// Says on the page that the kernel behind it is gone: the page looks alive, but nothing answers any more.
// The dashboard's own server goes on after a connection broke, without telling the kernel's objects (line.js).

const GONE = ["restarting", "autorestarting", "terminating", "dead"];
const SHORT = 3000; // ms; who is back by then has not been away

function render({ model, el }) {
  const kernel = model.widget_manager.kernel;
  let away = null;
  let gone = false;

  const say = (name, kind) => {
    el.replaceChildren();
    if (!name) return;
    const line = document.createElement("div");
    line.className = `efe-says efe-${kind}`;
    line.setAttribute("role", "alert");
    line.textContent = model.get(name);
    el.append(line);
  };
  const lost = () => {
    clearTimeout(away);
    gone = true;
    say("lost", "error");
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
    else away = setTimeout(() => say("away", "warning"), SHORT);
  };

  const line = ({ detail }) => {
    if (gone) return;
    if (detail === "lost") lost();
    else if (detail === "back") connection(null, "connected");
    else away ??= setTimeout(() => say("away", "warning"), SHORT);
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

export default { render };
