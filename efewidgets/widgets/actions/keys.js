// Which key was pressed, and whether it is for what has the focus.
const ARROWS = { ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓" };
const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

// As an action names it, "Ctrl+Shift+Z": digits and letters also of keyboards that type others without Shift
function nameOf(event) {
  if (event.isComposing || event.getModifierState?.("AltGraph")) return "";
  let key = event.key === " " ? "Space" : event.key;
  if (!key || ["Control", "Shift", "Alt", "Meta", "Dead", "Process"].includes(key)) return "";
  const code = event.code ?? "";
  if (/^Digit[1-9]$/.test(code) && !event.shiftKey) key = code.slice(5);
  else if (/^Key[A-Z]$/.test(code) && key.length === 1 && key > "~") key = code.slice(3);
  else if (key.length === 1) key = key.toUpperCase();
  const held = [];
  if (event.ctrlKey || event.metaKey) held.push("Ctrl");
  if (event.altKey) held.push("Alt");
  if (event.shiftKey && (key.length > 1 || /[A-Z]/.test(key))) held.push("Shift");
  return [...held, key].join("+");
}

function inWords(key) {
  const parts = key === "+" ? [key] : key.split("+");
  return parts.map((part) => ARROWS[part] ?? (MAC && part === "Ctrl" ? "⌘" : part)).join(MAC ? " " : "+");
}

const BUTTONS = ["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"];
const OWN_KEYS = "select, [role=grid]:not([data-passes-keys]), [role=slider], [role=menu], [role=tree], [role=radiogroup], input[type=range]";
const PRESSED = "button, a[href], summary, input, select, [role=button], [role=menuitem], [role=tab]";

function isText(node) {
  if (node.isContentEditable || node.closest("textarea, [role=textbox]")) return true;
  const input = node.closest("input");
  return input !== null && !BUTTONS.includes(input.type);
}

// Text fields have all of their keys, lists and tables theirs without Ctrl, and buttons Enter and Space.
function isTheirs(node, key) {
  if (!(node instanceof Element)) return false;
  if (isText(node)) return true;
  if (key === "Space" || key === "Enter") return node.closest(`${PRESSED}, ${OWN_KEYS}`) !== null;
  return !key.startsWith("Ctrl+") && node.closest(OWN_KEYS) !== null;
}
