// A button that asks the kernel for a file and saves what comes. Each view waits for its own answer.
function render({ model, el }) {
  const button = document.createElement("button");
  const told = document.createElement("span");
  button.type = "button";
  button.className = "jupyter-button efe-download-button";
  told.className = "efe-download-told";
  told.setAttribute("role", "alert");
  el.classList.add("efe-download");
  el.append(button, told);
  let waiting = null;

  const draw = () => {
    button.textContent = model.get("label");
    button.title = model.get("hint");
    button.disabled = model.get("disabled") || waiting !== null;
    button.setAttribute("aria-busy", String(waiting !== null));
  };
  const ask = () => {
    waiting = crypto.getRandomValues(new Uint32Array(1))[0];
    told.textContent = "";
    draw();
    model.send({ kind: "ask", number: waiting });
  };
  const answered = (message, buffers) => {
    if (message.number !== waiting) return;
    waiting = null;
    if (message.kind === "file") saveAs(message.filename, new Blob([buffers[0]], { type: message.type }));
    else told.textContent = message.text;
    draw();
  };
  // pressed from elsewhere, perhaps before this was drawn; of several views one asks
  const press = () => {
    if (!model.get("pressed")) return;
    model.set("pressed", false);
    model.save_changes();
    if (!button.disabled) ask();
  };
  button.addEventListener("click", ask);
  model.on("change:pressed", press);
  model.on("msg:custom", answered);
  for (const name of ["label", "hint", "disabled"]) model.on(`change:${name}`, draw);
  draw();
  press();
  return () => {
    model.off("change:pressed", press);
    model.off("msg:custom", answered);
    for (const name of ["label", "hint", "disabled"]) model.off(`change:${name}`, draw);
  };
}

export default { render };
