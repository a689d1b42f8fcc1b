// Before a press, a choice or Enter is told to the kernel, so are the changes that ipywidgets keeps back.
const send = (model) => {
  if (!model._msg_buffer) return;
  const sent = model.send_sync_message(model._msg_buffer, model._msg_buffer_callbacks);
  model.rememberLastUpdateFor(sent);
  model._msg_buffer = model._msg_buffer_callbacks = null;
};

const visit = (model, seen) => {
  if (!model?.get || seen.has(model)) return;
  seen.add(model);
  send(model);
  for (const child of model.get("children") ?? []) visit(child, seen);
};

async function render({ model, el }) {
  const all = await model.widget_manager.get_model(model.get("within"));
  const about = (event) => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    if (el.closest(".efe")?.contains(event.target)) visit(all, new Set());
  };
  const events = ["click", "change", "keydown"];
  for (const name of events) document.addEventListener(name, about, true);
  return () => {
    for (const name of events) document.removeEventListener(name, about, true);
  };
}

export default { render };
