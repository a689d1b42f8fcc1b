// Numbers in words, and lookups in what bqplot has drawn.
const SVG = "http://www.w3.org/2000/svg";
const NEAR = 16; // px from a trace, within which a click means it

// As a person writes it: so many significant digits, a true minus sign
function inDigits(value, digits = 4) {
  if (!Number.isFinite(value)) return "?";
  const size = Math.abs(value);
  const text = size && (size < 1e-4 || size >= 1e6) ? value.toExponential(digits - 1) : fixed(value, size, digits);
  return text.replace("-", "−");
}

function fixed(value, size, digits) {
  const before = size >= 1 ? Math.floor(Math.log10(size)) + 1 : 1;
  const text = value.toFixed(Math.max(0, Math.min(digits - before, 4)));
  return Number(text) === 0 ? text.replace("-", "") : text;
}

function between(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// The value of a line at a time, between the drawn samples before and after; null where it has none
function valueAt(line, ms) {
  const points = line?.values ?? [];
  let [low, high] = [0, points.length - 1];
  if (high < 0 || ms < points[0].x || ms > points[high].x) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle].x <= ms) low = middle;
    else high = middle;
  }
  const [one, other] = [points[low], points[high]];
  if (!(other.x > one.x)) return one.y;
  return one.y + ((ms - one.x) / (other.x - one.x)) * (other.y - one.y);
}

// The lowest and highest drawn value of a line within some pixels: where a spike stands upright in one of them
function spanAt(line, from, to) {
  const points = line?.values ?? [];
  let [low, high] = [Infinity, -Infinity];
  for (const end of [from, to]) {
    const y = valueAt(line, end);
    if (y !== null) [low, high] = [Math.min(low, y), Math.max(high, y)];
  }
  let [first, last] = [0, points.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    if (points[middle].x < from) first = middle + 1;
    else last = middle;
  }
  for (let k = first; k < points.length && points[k].x <= to; k++)
    [low, high] = [Math.min(low, points[k].y), Math.max(high, points[k].y)];
  return [low, high];
}

const HANDLE = 8; // px, half of a handle

// Which of some handles is under the pointer
function nearestOf(handles, x) {
  let [found, least] = [null, HANDLE];
  handles.forEach((handle, k) => {
    if (Math.abs(handle.x - x) <= least) [found, least] = [k, Math.abs(handle.x - x)];
  });
  return found;
}

// Where the names of handles begin, right or left of them where they cover nothing; null where there is no such place.
// The name of the first to be placed may cover handles.
function besideEachOther(handles, room, first = null) {
  const taken = handles.map(({ x }) => [x - HANDLE, x + HANDLE]);
  const places = handles.map(() => null);
  const order = handles.map((_, k) => k).sort((a, b) => handles[a].x - handles[b].x);
  if (first !== null) order.unshift(...order.splice(order.indexOf(first), 1));
  for (const k of order) {
    const { x, width } = handles[k];
    const sides = [x + HANDLE + 1, x - HANDLE - 1 - width].filter((at) => at >= 0 && at + width <= room);
    const others = taken.filter((_, n) => n !== k);
    const free = sides.find((at) => others.every(([low, high]) => at + width <= low || at >= high));
    const place = free ?? (k === first ? sides[0] : undefined);
    if (place === undefined) continue;
    places[k] = place;
    taken.push([place, place + width + 4]);
  }
  return places;
}

function drawn(parent, name, className) {
  const found = document.createElementNS(SVG, name);
  found.setAttribute("class", className);
  parent.append(found);
  return found;
}

function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.style.display = "";
}

function hide(...elements) {
  for (const element of elements) element.style.display = "none";
}
