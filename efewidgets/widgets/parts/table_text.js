/* Texts and numbers, as they are shown and as spreadsheets copy them. table.py joins the parts of the table's code:
   this, then table_store.js, table_draw.js, table_edit.js, table_columns.js and table.js. */

const SAMPLE = 20; // longest texts of a column that are measured for its width
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
let made = 0; // for ids that are unique on the page

/** A number as a person reads it: so many significant digits at most, and a true minus. */
function numeral(value, digits = 6) {
  const exact = Number.isInteger(value) && Math.abs(value) < 1e15;
  return String(exact ? value : Number(value.toPrecision(digits))).replace(/-/g, "−");
}

/** Text in one line; what can't be seen is shown by a picture of it. */
function visible(text) {
  return text
    .replace(/[\u0000-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/\u007f/g, "␡")
    .replace(/[\p{Cf}\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

function shown(value, digits) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return numeral(value, digits);
  return visible(typeof value === "boolean" ? (value ? "yes" : "no") : value);
}

/** What of a value isn't seen in its cell: all digits of a number, the end of a long text; "" if all is. */
function whole(value, text) {
  const all = typeof value === "number" ? numeral(value, 17) : text;
  return all !== text || text.length > 20 ? all : "";
}

const typed = (value) => (value === null || value === undefined ? "" : String(value));

function compare(a, b) {
  const none = (a === null || a === "") - (b === null || b === "");
  if (none) return { none };
  if (typeof a === "number" && typeof b === "number") return { by: a - b };
  if (typeof a === "boolean" && typeof b === "boolean") return { by: a - b };
  if (typeof a === "number" || typeof b === "number") return { by: typeof a === "number" ? -1 : 1 };
  return { by: collator.compare(String(a), String(b)) };
}

/** Cells as spreadsheets copy them: tabs between, quotes around what holds a tab, a quote or a newline. */
function toTsv(matrix) {
  const quoted = (text) => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return matrix.map((line) => line.map(quoted).join("\t")).join("\n");
}

function fromTsv(text) {
  const matrix = [[]];
  const cell = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/gy;
  while (cell.lastIndex < text.length) {
    const [, quoted, simple, end] = cell.exec(text);
    matrix.at(-1).push(quoted === undefined ? simple : quoted.replaceAll('""', '"'));
    if (end === "\t" && cell.lastIndex === text.length) matrix.at(-1).push("");
    if (end && end !== "\t" && cell.lastIndex < text.length) matrix.push([]);
  }
  return matrix;
}

/** Whether a column holds nothing to sort or filter by. */
const bare = ({ kind }) => kind === "button" || kind === "colour";

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function visibleLines(text) {
  return text.split("\n").map(visible).join("\n");
}

/** Some of the longest texts of a column. */
function longest(rows, index) {
  const found = [];
  let least = -1;
  for (const row of rows) {
    const value = row[1][index];
    const text = typeof value === "number" ? numeral(value) : typeof value === "string" ? value : "";
    if (text.length <= least) continue;
    found.push(text);
    if (found.length > 4 * SAMPLE) {
      found.sort((a, b) => b.length - a.length).splice(SAMPLE);
      least = found.at(-1).length;
    }
  }
  return found.sort((a, b) => b.length - a.length).slice(0, SAMPLE).map((text) => visible(text.slice(0, 200)));
}
