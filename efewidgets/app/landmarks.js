// Says to those who can't see the page what its parts are. The parts are ipywidgets' boxes, which know no roles.
// And keeps the page: a dropped file doesn't replace it.
const PARTS = {
  ".efe-dashboard-header": ["banner", "session and run"],
  ".efe-dashboard > .efe-step-bar": ["navigation", "steps"],
  ".efe-dashboard-step": ["main", "step"],
  ".efe-dashboard-drawer": ["complementary", "beside the step"],
  ".efe-dashboard-footer": ["contentinfo", "back and next"],
};

function render({ el }) {
  let seen = null;
  const own = () => document.body.dataset.voila !== undefined; // else the page around has such parts of its own

  function mark() {
    const page = el.closest(".efe-dashboard");
    if (!page) return false;
    const found = Object.entries(PARTS).map(([where, [role, name]]) => {
      const part = page.querySelector(where);
      part?.setAttribute("role", own() ? role : "region");
      part?.setAttribute("aria-label", name);
      return part;
    });
    return found.every(Boolean);
  }

  // a file that is dropped where nothing takes it makes the browser leave the page
  const keep = (event) => {
    if (own() && [...(event.dataTransfer?.types ?? [])].includes("Files")) event.preventDefault();
  };
  window.addEventListener("dragover", keep);
  window.addEventListener("drop", keep);

  const frame = requestAnimationFrame(() => {
    if (mark()) return;
    seen = new MutationObserver(() => mark() && seen.disconnect());
    seen.observe(document.body, { childList: true, subtree: true });
  });
  return () => {
    cancelAnimationFrame(frame);
    seen?.disconnect();
    window.removeEventListener("dragover", keep);
    window.removeEventListener("drop", keep);
  };
}

export default { render };
