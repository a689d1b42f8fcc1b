// Changes that ipywidgets keeps back while the kernel hasn't answered the ones before are sent at once.
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
