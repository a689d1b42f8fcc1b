// The session's name, edited in its place, and when it was saved: counted here, since clocks differ.
function render({ model, el }) {
  const field = document.createElement("input");
  field.type = "text";
  field.className = "efe-session-title";
  field.maxLength = model.get("longest");
  field.spellcheck = false;
  field.setAttribute("aria-label", "name of the session");
  field.title = "what you call this session; it stands in the list of recent ones";
  const told = document.createElement("span");
  told.className = "efe-session-saved";
  el.classList.add("efe-session-name");
  el.replaceChildren(field, told);
  let since = 0;
  let timer = null;

  function named() {
    field.placeholder = model.get("placeholder");
    if (document.activeElement !== field) field.value = model.get("title");
  }

  function heard() {
    since = performance.now() - 1000 * model.get("ago");
    say();
  }

  function say() {
    clearTimeout(timer);
    const kept = model.get("kept");
    const s = Math.max(0, (performance.now() - since) / 1000);
    told.classList.toggle("efe-is-wrong", !["saved", "waits", "by hand", "nowhere"].includes(kept));
    told.title = "";
    if (kept === "saved") {
      told.textContent = `saved ${ago(s)}`;
      timer = setTimeout(say, s < 10 ? 1000 : s < 60 ? 5000 : 30000);
    } else if (kept === "waits") told.textContent = "saves itself";
    else if (kept === "by hand") told.textContent = "Ctrl+S saves it";
    else if (kept === "nowhere") told.textContent = "kept nowhere: download it";
    else {
      told.textContent = "can’t be saved";
      told.title = kept;
    }
  }

  function ago(s) {
    if (s < 2) return "just now";
    if (s < 60) return `${Math.floor(s)} s ago`;
    if (s < 3600) return `${Math.floor(s / 60)} min ago`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
    return `${Math.floor(s / 86400)} d ago`;
  }

  function give() {
    if (field.value === model.get("title")) return;
    model.set("title", field.value);
    model.save_changes();
  }

  field.addEventListener("change", give);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") field.blur();
    if (event.key === "Escape") {
      field.value = model.get("title");
      field.blur();
    }
  });
  model.on("change:title change:placeholder", named);
  model.on("change:number change:kept", heard);
  named();
  heard();
  return () => clearTimeout(timer);
}

export default { render };
