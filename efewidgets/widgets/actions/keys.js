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

const CLICKED = "button, summary, select, input[type=checkbox], [role=button]";

// What was pressed or chosen with the mouse is done: it has the focus still, but the next key is the page's, so that
// Space after a click on "Next" is about the sweep, and X after a protocol was chosen, too. Tab gives it its keys again.
class Mouse {
  constructor(page) {
    this.at = this.done = null;
    const down = (event) => {
      this.at = event.target instanceof Element ? event.target.closest(CLICKED) : null;
      this.done = null;
    };
    const ended = (event) => {
      const node = event.target instanceof Element ? event.target.closest(CLICKED) : null;
      // a drop-down is done with when something was chosen in it, not when it was opened
      if (node && node === this.at && (event.type === "change" || !node.matches("select"))) this.done = node;
    };
    const moved = (event) => {
      if (event.target.closest?.(CLICKED) !== this.at) this.at = this.done = null;
    };
    const heard = { pointerdown: down, click: ended, change: ended, focusin: moved };
    for (const [name, hears] of Object.entries(heard)) page.addEventListener(name, hears, true);
    this.leave = () => Object.entries(heard).forEach(([name, hears]) => page.removeEventListener(name, hears, true));
  }

  isDoneWith(node) {
    return this.done !== null && node instanceof Element && this.done === node.closest(CLICKED);
  }
}
