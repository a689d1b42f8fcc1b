// Before a press, a choice or Enter is told to the kernel, so are the changes that ipywidgets keeps back.
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
