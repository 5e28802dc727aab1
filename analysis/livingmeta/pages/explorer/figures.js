/* The figures: a state and its numbers in, SVG as text out.
 *
 * Colours are CSS variables on the page (PAGE) and fixed in a file (FILE); nothing is computed here
 * but places, and the cumulative view, which pools anew after each trial.
 */
const figures = (() => {
  "use strict";

  const { data, say, turned, fromTo, titleOf, addressOf, mainOf, pooled, coverage, decimal, onScale, interval, valued, shown, shownOf,
          level, head, modelWords, basis, aboutInterval, answer, asPrinted, notesOf, trialWords, weightOf, sizes, MOST_ROWS, shownRows } = model;

  const FILE = data.colours; // by what they mean
  const PAGE = Object.fromEntries(Object.keys(FILE).map((name) => [name, `var(--${name})`]));

  const escaped = (text) =>
    String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
  /* Words as HTML, with what a review says in English marked as English on a page of another language;
   * a single word, which may stand in others, only where it stands alone. */
  const english = data.english.filter((text) => text.includes(" ")).map(escaped).sort((a, b) => b.length - a.length);
  const found = new RegExp(english.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  const marked = (words) => data.english.includes(words) ? el("span", { lang: "en" }, escaped(words))
    : english.length ? escaped(words).replace(found, (text) => el("span", { lang: "en" }, text)) : escaped(words);
  const langOf = (words) => (data.english.includes(words) ? { lang: "en" } : {});
  const attributes = (given) =>
    Object.entries(given).map(([name, value]) => ` ${name}="${escaped(value)}"`).join("");
  const el = (name, given, ...inside) => `<${name}${attributes(given)}>${inside.join("")}</${name}>`;
  const num = (x) => Math.round(x * 100) / 100;
  const line = (x1, y1, x2, y2, colour, more = {}) =>
    el("line", { x1: num(x1), y1: num(y1), x2: num(x2), y2: num(y2), style: `stroke:${colour}`, ...more });
  const text = (x, y, words, colour, more = {}) =>
    el("text", { x: num(x), y: num(y), style: `fill:${colour}`, ...langOf(words), ...more }, escaped(words));
  /* How wide words are, in a font as CSS has it: of the page, which is wider than most a file is opened with. */
  const [USUAL, BOLD, SMALLER, TITLE] = ["13px", "600 13px", "11.5px", "600 15px"];
  const pen = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  function long(words, font) {
    pen.font = `${font} ${family}`;
    return pen.measureText(words).width;
  }
  function cut(words, room, font = USUAL) {
    if (long(words, font) <= room) return words;
    let most = Math.floor(words.length * room / long(words, font));
    while (most > 1 && long(`${words.slice(0, most)}…`, font) > room) most -= 1;
    return `${words.slice(0, most).trimEnd()}…`;
  }
  function wrapped(words, room, font = SMALLER) {
    const lines = [""];
    for (const word of words.split(" ")) {
      const longer = `${lines.at(-1)}${lines.at(-1) ? " " : ""}${word}`;
      if (lines.at(-1) && long(longer, font) > room) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }
  const halo = (c, colour) => ({ style: `fill:${colour};paint-order:stroke;stroke:${c.paper};stroke-width:6px` });
  const END = { "text-anchor": "end" };
  const MIDDLE = { "text-anchor": "middle" };
  const SMALL = { "font-size": 11.5 };

  /* From where to where an axis goes: by what stands on it, at most so many times the upper quartile of
   * the ends to either side (what is beyond gets an arrow), and always over 0 and what `must` be seen. */
  function reachOf(intervals, must = [], times = 3) {
    const ends = intervals.flat().map(Math.abs).sort((x, y) => x - y);
    const far = ends.length ? times * ends[Math.floor(0.75 * (ends.length - 1))] : 0;
    const seen = [...intervals.flat().map((x) => Math.min(Math.max(x, -far), far)), ...must, ...(data.compared ? [0] : [])];
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    const room = 0.05 * (high - low || 1);
    return [low - room, high + room];
  }

  const limitsOf = (one) => [one.ci_low, one.ci_high];

  /* That of the forest is the same whatever is switched on, so that the diamond moves and not the axis. */
  function reachOfForest(a) {
    const own = a.trials.filter((t) => t.computable && !t.imagined);
    const totals = [a, ...a.groups].flatMap((one) => [one.part.printed, mainOf(one).result]).filter(Boolean);
    const about = a.trials.some((t) => t.imagined) ? [-1, 1] : [];
    return reachOf(own.map(limitsOf), [...totals.flatMap(limitsOf), ...about]);
  }

  function axis(s, [low, high], left, right, width = right) {
    const x = (value) => left + ((value - low) / (high - low)) * (right - left);
    const label = (value) => {
      const number = onScale(s, value);
      return turned(Number(data.ratio || data.positive ? number.toPrecision(6) : number.toFixed(3))).replace("-", "−");
    };
    const half = (one) => long(label(one), SMALLER) / 2 + 3;
    const ticks = [];
    for (const one of ticksOf(s, low, high, (right - left) / 48)) {
      if (ticks.every((t) => Math.abs(x(t) - x(one)) > half(t) + half(one))) ticks.push(one);
    }
    return { x, ticks, label, left, right, low, high, width };
  }

  const BACKED = ["logit", "arcsine", "double arcsine", "square root", "Fisher's z"];
  /* Where a number of the scale that is shown stands between two, by halves. */
  function standing(s, number, low, high) {
    for (let i = 0; i < 50; i++) {
      const middle = (low + high) / 2;
      [low, high] = onScale(s, middle) < number ? [middle, high] : [low, middle];
    }
    return (low + high) / 2;
  }

  /* Round numbers between two, so many at most or the rounder first, 0 (1 of a ratio) among them. */
  function ticksOf(s, low, high, most) {
    const unit = s.sd || 1;
    const round = (rough) => {
      const ten = 10 ** Math.floor(Math.log10(rough));
      return ten * [1, 2, 5, 10].find((one) => one * ten >= rough * 0.999);
    };
    const every = (from, to, step) => {
      const listed = [];
      for (let i = Math.ceil(from / step); i * step <= to; i++) listed.push(i * step);
      return listed;
    };
    if (BACKED.includes(data.scale)) {
      const [from, to] = [onScale(s, low), onScale(s, high)];
      const { beyond, at } = data.ticks || {};
      return (high - low > beyond ? at.filter((one) => one >= from && one <= to) : every(from, to, round((to - from) / most)))
        .map((one) => standing(s, one, low, high));
    }
    if (!data.ratio) return every(low * unit, high * unit, round((high - low) * unit / most)).map((one) => one / unit);
    const [from, to] = [Math.exp(low), Math.exp(high)];
    if (to / from < 4) return every(from, to, round((to - from) / most)).filter((one) => one > 0).map(Math.log);
    const tens = every(low / Math.LN10 - 1, high / Math.LN10, Math.max(1, Math.ceil((high - low) / Math.LN10 / most)));
    const [many, few] = [[1, 2, 5], [1]].map((among) => tens
      .flatMap((ten) => among.map((one) => Math.log(one) + Math.round(ten) * Math.LN10)).filter((one) => one >= low && one <= high));
    return many.length <= most ? many : few;
  }

  /* An axis from y on, and where it ends. */
  function axisDrawing(s, c, ax, y) {
    const sides = data.syntheses[s.part].favours; // null: not known
    const { lines, favours } = sides ? sidesDrawing(c, ax, sides.map((group) => say("pool.favours", { group })), y + 35) : { lines: 0, favours: [] };
    const end = y + 35 + lines * 16;
    return [end + 10, [
      line(ax.left, y, ax.right, y, c.soft, { "data-part": "axis" }),
      ...ax.ticks.map((t) => line(ax.x(t), y, ax.x(t), y + 4, c.soft)
        + text(ax.x(t), y + 17, ax.label(t), c.soft, { ...MIDDLE, ...SMALL })),
      ...favours,
      text((ax.left + ax.right) / 2, end, aboutInterval(s), c.soft, { ...MIDDLE, ...SMALL }),
    ].join("")];
  }

  /* Whom each side favours, on its side of no effect; where one has no room for it, a line lower. */
  function sidesDrawing(c, ax, [below, above], y) {
    const wide = (words) => long(words, SMALLER);
    const [zero, start] = [ax.x(0), Math.max(Math.min(ax.x(0) + 10, ax.width - wide(above)), 0)];
    const end = Math.min(Math.max(zero - 10, wide(below)), ax.width);
    const lines = start < end + 12 ? 2 : 1;
    return { lines, favours: [text(end, y, cut(below, ax.width, SMALLER), c.soft, { ...END, ...SMALL }),
      text(start, y + 16 * (lines - 1), cut(above, ax.width, SMALLER), c.soft, SMALL)] };
  }

  /* Arrows at the ends of the axis beyond which an interval goes on; nothing else has one. */
  function arrows(ax, low, high, y, colour) {
    const arrow = (x, turn) => el("path",
      { d: `M${num(x)} ${y}l${turn * 7} -4v8z`, style: `fill:${colour}`, "data-part": "beyond" });
    return (low < ax.low ? arrow(ax.left, 1) : "") + (high > ax.high ? arrow(ax.right, -1) : "");
  }

  /* An interval; one that lies beyond the axis as a whole is its arrow alone. */
  function whisker(ax, low, high, y, colour, more = {}) {
    const [from, to] = [Math.max(low, ax.low), Math.min(high, ax.high)];
    const within = from > to ? ""
      : line(ax.x(from), y, ax.x(to), y, colour, { "stroke-width": 1.4, "data-part": "interval", ...more });
    return within + arrows(ax, low, high, y, colour);
  }

  /* A diamond, cut blunt where it leaves the axis. */
  function diamond(ax, one, y, colour, style, height = 6) {
    const { ci_low: low, estimate: middle, ci_high: high } = one;
    const [from, to] = [Math.max(low, ax.low), Math.min(high, ax.high)];
    const tall = (x) => (x === middle ? height
      : x < middle ? height * (x - low) / (middle - low) : height * (high - x) / (high - middle));
    const xs = [from, ...(middle > from && middle < to ? [middle] : []), to];
    const corner = (side) => (x) => `${num(ax.x(x))} ${num(y + side * tall(x))}`;
    const upper = xs.map(corner(-1));
    const lower = xs.filter((x) => tall(x) > 0).reverse().map(corner(1));
    const inside = from > to ? "" : el("path",
      { d: `M${[...upper, ...lower].join("L")}z`, style, "data-part": "shape" });
    return inside + arrows(ax, low, high, y, colour);
  }

  /* A trial's effect; half hollow on the far side where it is a bound; none beyond the axis. */
  function mark(c, ax, trial, y, size, more = {}) {
    if (!within(ax, trial.yi)) return "";
    const bound = trial.flags.includes("p_bound");
    const wide = bound ? Math.max(size, 8) : size;
    const [x, top] = [ax.x(trial.yi) - wide / 2, num(y - wide / 2)];
    const box = (left, width, style) => el("rect",
      { x: num(left), y: top, width: num(width), height: num(wide), style, ...more });
    const colour = trial.imagined ? c.imagined : c.trial;
    if (!trial.on) return box(x, wide, `fill:${c.paper};stroke:${c.soft}`);
    if (!bound) return box(x, wide, `fill:${colour}`);
    return box(x, wide, `fill:${c.paper};stroke:${colour}`)
      + el("rect", { x: num(trial.yi < 0 ? x + wide / 2 : x), y: top, width: num(wide / 2), height: num(wide),
                     style: `fill:${colour}`, "data-part": "bound" });
  }

  /* A part of a figure that can be pointed at, tapped or reached by arrow keys, and a line that can. */
  const within = (ax, value) => value >= ax.low && value <= ax.high;
  const reached = (key, label, ...inside) => el("g", { class: "row", role: "button", tabindex: -1, "data-key": key,
    "aria-label": label, "aria-haspopup": "dialog", "aria-expanded": "false" }, ...inside);
  const row = (key, label, y, width, height, ...inside) => reached(key, label,
    el("rect", { class: "hit", x: -6, y: num(y), width: num(width + 12), height, rx: 4, fill: "none" }), ...inside);

  const colourOf = (c, a) => (a.contradictory ? c.contradictory : c.pooled);

  /* Places of the columns: beside each other where there is room, else in two lines per row; `mid` is
   * that of the marks, from the top of a row. On a page rows begin with a box that switches a trial. */
  function columns(c, width, boxes = false) {
    const label = boxes && c === PAGE ? 30 : 0;
    return width >= 600
      ? { wide: true, height: 26, mid: 13, label, n: label + 250, weight: label + 308, left: label + 324, right: width - 164, end: width }
      : { wide: false, height: 46, mid: 33, label, left: 8, right: width - 8, end: width };
  }

  function cells(c, col, y, { label, n = "", weight = "", value, colour = c.ink, style = "" }) {
    const base = y + 17;
    const more = style ? { "font-style": style } : {};
    // a name may fill what the numbers of its row leave free
    const room = (!col.wide ? col.end - long(value, BOLD) : n ? col.n - long(n, USUAL)
      : weight ? col.weight - long(weight, BOLD) : col.left) - 10 - col.label;
    const name = cut(label, room, weight.startsWith("100") ? BOLD : USUAL);
    const middle = col.wide ? text(col.n, base, n, c.soft, END) + text(col.weight, base, weight, c.soft, END) : "";
    const ground = col.wide ? {} : halo(c, colour); // lines run behind what stands above the marks
    return text(col.label, base, name, colour, { ...more, ...ground }) + middle + text(col.end, base, value, colour, { ...END, ...ground });
  }

  const FIGURES = {};

  /* Each figure gives its drawing, how high it is, and on a page its boxes and where a gap for a card is. */
  FIGURES.forest = (s, a, c, width, gap) => {
    const col = columns(c, width, true);
    const ax = axis(s, reachOfForest(a), col.left, col.right, width);
    const top = col.wide ? 30 : 0;
    const [out, boxes, behind] = [[col.wide ? heads(s, c, col, width) : ""], [], []];
    let [y, gapAt] = [top, null];
    const place = (drawing, height = col.height, key = null) => {
      out.push(drawing(y));
      y += height;
      if (gap && gap.key === key) [gapAt, y] = [y, y + gap.height];
    };
    const total = (one, from, lines) => {
      place((at) => line(0, at + 4, width, at + 4, c.line), 10);
      for (const summary of lines) {
        place((at) => el("g", summary.more || {}, cells(c, { ...col, label: 0 }, at, summary.words), summary.marks(at + col.mid)));
      }
      const r = one.result;
      if (r && r.k > 1 && within(ax, r.estimate)) behind.push(line(ax.x(r.estimate), from, ax.x(r.estimate), y, c.line, { "stroke-dasharray": "4 4" }));
    };
    const { stacks, absent } = shownRows(s, a);
    for (const { group, trials } of stacks) {
      const from = y;
      const titles = group ? wrapped(group.part.subgroup_words, width, BOLD) : [];
      titles.forEach((words) => place((at) => text(0, at + 18, words, c.ink, { "font-weight": 600, ...halo(c, c.ink) }), 18));
      if (group) y += 10;
      for (const trial of trials) {
        boxes.push({ id: trial.id, y, trial });
        place((at) => trialRow(s, a, c, col, ax, trial, at), col.height, `trial:${trial.id}`);
      }
      if (group) {
        total(group, from, summaries(s, group, c, ax, true));
        y += 12;
      }
    }
    for (const one of absent) {
      const why = one.kind === "missing" ? say("explorer.absent") : say("explorer.left_out");
      place((at) => absentRow(c, col, ax, one.key, one, why, at), col.height, one.key);
    }
    if (!a.part.apart) total(a, top, summaries(s, a, c, ax));
    if (data.compared) behind.unshift(line(ax.x(0), top, ax.x(0), y, c.soft, { "stroke-width": 0.8 }));
    const [height, scale] = axisDrawing(s, c, ax, y + 4);
    return { inside: behind.join("") + out.join("") + scale, height, boxes, gapAt };
  };

  function heads(s, c, col, width) {
    const bold = { "font-weight": 600 };
    const numbers = [[col.n, say("h_n")], [col.weight, say("h_weight")], [col.end, head(s)]];
    return text(0, 15, say("h_trial"), c.ink, bold)
      + numbers.map(([x, words]) => text(x, 15, words, c.ink, { ...END, ...bold })).join("")
      + line(0, 24, width, 24, c.ink);
  }

  function trialRow(s, a, c, col, ax, trial, y) {
    const label = trial.label + trial.marks;
    const drawn = (words, ...marks) =>
      row(`trial:${trial.id}`, trialWords(s, trial), y, col.end, col.height, cells(c, col, y, words), ...marks);
    if (!trial.computable) return drawn({ label, value: say("explorer.no_effect"), colour: c.soft });
    const weight = !trial.on ? say("explorer.off") : weightOf(trial);
    const words = { label, n: sizes(trial), weight, value: interval(s, trial, "yi"),
                    colour: trial.on ? c.ink : c.soft, style: trial.imagined ? "italic" : "" };
    const colour = trial.on ? (trial.imagined ? c.imagined : c.ink) : c.soft;
    const size = 4 + 10 * Math.sqrt((trial.on ? trial.weight || 0 : 0) / 100);
    const dashes = trial.on ? {} : { "stroke-dasharray": "3 3" };
    return drawn(words, whisker(ax, trial.ci_low, trial.ci_high, y + col.mid, colour, dashes),
      mark(c, ax, trial, y + col.mid, size));
  }

  function absentRow(c, col, ax, key, trial, why, y) {
    const { label, n } = trial;
    return row(key, `${label}: ${why}`, y, col.end, col.height, text((ax.left + ax.right) / 2, y + col.mid + 4, why, c.soft,
        { ...MIDDLE, ...SMALL, "font-style": "italic", ...halo(c, c.soft) }),
      cells(c, col, y, { label, n: String(n ?? ""), value: "–", colour: c.soft }));
  }

  /* The lines below the trials: pooled, predicted (not of each of several), as in the report, published. */
  function summaries(s, a, c, ax, several = false) {
    const [r, main] = [a.result, mainOf(a).result];
    const name = a.contradictory ? say("explorer.read_trials") : modelWords(s);
    const lines = [];
    if (r && r.k > 1) {
      const colour = colourOf(c, a);
      lines.push({ more: { "data-part": "diamond", "font-weight": a.contradictory ? 400 : 600 },
        words: { label: name, weight: `100${level.percent}`, value: interval(s, r), colour: a.contradictory ? c.soft : c.ink },
        marks: (y) => diamond(ax, r, y, colour, a.contradictory ? `fill:none;stroke:${colour}` : `fill:${colour}`) });
    } else {
      lines.push({ words: { label: r ? say("explorer.one_trial") : say("explorer.no_value"), value: "–", colour: c.soft },
        marks: () => "" });
    }
    if (!several && r && r.pi_low !== null && a.k >= data.prediction_from) {
      const band = { "stroke-width": 4, "data-part": "prediction" };
      lines.push({ words: { label: say("explorer.ahead", level), value: fromTo(...shownOf(s, r.people, [r.pi_low, r.pi_high])) },
        marks: (y) => whisker(ax, r.pi_low, r.pi_high, y, c.pooled, band) });
    }
    if (main && (!r || JSON.stringify(main) !== JSON.stringify(r))) {
      const colour = colourOf(c, mainOf(a));
      lines.push({ words: { label: main.k > 1 ? say("explorer.as_reported") : say("explorer.as_reported_one"), value: interval(s, main), colour: c.soft },
        marks: (y) => (main.k > 1 ? diamond(ax, main, y, colour, `fill:none;stroke:${colour}`)
          : whisker(ax, main.ci_low, main.ci_high, y, c.soft)) });
    }
    const printed = a.part.printed;
    if (printed) {
      const value = s.sd ? interval(s, printed) : asPrinted(printed);
      lines.push({ words: { label: s.sd ? say("explorer.printed_points") : say("explorer.printed"), value, colour: c.soft },
        marks: (y) => diamond(ax, printed, y, c.published, `fill:${c.shade1};stroke:${c.published};stroke-dasharray:3 2`) });
    }
    return lines;
  }

  FIGURES.cumulative = (s, a, c, width, gap) => {
    const col = columns(c, width);
    const order = (a.result ? a.on : []).map((trial, i) => [trial.year || 9999, i, trial]).sort((p, q) => p[0] - q[0] || p[1] - q[1]);
    if (!order.length) return nothing(s, a, c, width);
    const every = order.length > MOST_ROWS ? Math.ceil(order.length / 40) : 1; // of very many, some at a time
    const steps = order.map(([, , trial]) => trial).flatMap((trial, i, among) => ((i + 1) % every && i + 1 < among.length ? []
      : [[trial, pooled(among.slice(0, i + 1), a.methods)]]));
    const ax = axis(s, reachOf(steps.map(([, r]) => limitsOf(r)), limitsOf(a.result)), col.left, col.right, width);
    const out = [];
    let [y, gapAt] = [0, null];
    steps.forEach(([trial, r], i) => {
      const colour = trial.imagined ? c.imagined : c.variant;
      const key = `trial:${trial.id}`;
      const label = `${every > 1 ? "… " : i ? "+ " : ""}${trial.label}${trial.marks}`;
      const words = { label, weight: `k = ${r.k}`, value: interval(s, r) };
      const middle = y + col.mid;
      const marks = whisker(ax, r.ci_low, r.ci_high, middle, colour)
        + (within(ax, r.estimate) ? el("circle", { cx: num(ax.x(r.estimate)), cy: middle, r: 4, style: `fill:${colour}` }) : "");
      out.push(row(key, say("explorer.so_far", { name: label, k: r.k, value: valued(s, r) }), y, width, col.height,
        cells(c, col, y, words), marks));
      y += col.height;
      if (gap && gap.key === key) [gapAt, y] = [y, y + gap.height];
    });
    const [height, scale] = axisDrawing(s, c, ax, y + 4);
    const none = data.compared ? line(ax.x(0), 0, ax.x(0), y, c.soft, { "stroke-width": 0.8 }) : "";
    return { inside: none + out.join("") + scale, height, gapAt };
  };

  /* A figure of no trial says why. */
  function nothing(s, a, c, width) {
    const lines = wrapped(`${answer(s, a)}.`, width, USUAL);
    return { inside: lines.map((words, i) => text(0, 17 + 18 * i, words, c.soft)).join(""), height: 12 + 18 * lines.length };
  }

  FIGURES.funnel = (s, a, c, width) => {
    const points = shownRows(s, a).trials.filter((trial) => trial.computable);
    if (!points.length) return nothing(s, a, c, width);
    const [left, right, top, bottom] = [width < 600 ? 34 : 60, width - 10, 26, width < 600 ? 300 : 380];
    const deepest = 1.08 * Math.max(...points.map((t) => Math.sqrt(t.vi)));
    const r = a.result && a.result.k > 1 ? a.result : null;
    const z = kernel.quantile(kernel.normalTail, (1 - data.level) / 2);
    const sides = (from) => [from - z * deepest, from + z * deepest];
    const effects = points.map((t) => t.yi);
    const ax = axis(s, reachOf([], [...effects, ...(r || data.compared ? sides(r ? r.estimate : 0) : [])]), left, right, width);
    const y = (se) => top + (se / deepest) * (bottom - top);
    const plot = { x: left, y: top, width: num(right - left), height: num(bottom - top) };
    const shades = (data.compared ? [0] : []).flatMap(() => [[0.01, c.region2], [0.05, c.region1], [0.1, c.paper]].map(([p, shade]) => {
      const half = kernel.quantile(kernel.normalTail, p / 2) * deepest;
      return el("path", { style: `fill:${shade}`, d: `M${num(ax.x(0))} ${top}L${num(ax.x(half))} ${bottom}H${num(ax.x(-half))}z` });
    }));
    const lines = r ? sides(r.estimate).map((end) => line(ax.x(r.estimate), top, ax.x(end), bottom, colourOf(c, a), { "stroke-dasharray": "2 4", "data-part": "limits" }))
      .concat(line(ax.x(r.estimate), top, ax.x(r.estimate), bottom, colourOf(c, a), { "stroke-dasharray": "5 4" })) : [];
    const out = [el("clipPath", { id: "plot" }, el("rect", plot)), el("rect", { ...plot, style: `fill:${data.compared ? c.region3 : c.paper}` }),
      el("g", { "clip-path": "url(#plot)" }, ...shades, ...lines)];
    let key = left;
    const [p1, p5, p10] = [0.01, 0.05, 0.1].map((p) => decimal(p));
    for (const [shade, words] of data.compared ? [[c.paper, `P > ${p10}`], [c.region1, `${p5}–${p10}`], [c.region2, `${p1}–${p5}`], [c.region3, `P < ${p1}`]] : []) {
      out.push(el("rect", { x: key, y: 4, width: 12, height: 12, style: `fill:${shade};stroke:${c.line}` }),
        text(key + 16, 14, words, c.soft, SMALL));
      key += 30 + long(words, SMALLER);
    }
    const step = deepest > 1 ? 0.5 : deepest > 0.5 ? 0.2 : deepest > 0.25 ? 0.1 : 0.05;
    for (let se = 0; se <= deepest; se += step) out.push(text(left - 6, y(se) + 4, decimal(se), c.soft, { ...END, ...SMALL }));
    const [under, scale] = axisDrawing(s, c, ax, bottom);
    const legend = wrapped(say("explorer.funnel_legend", level), width);
    out.push(scale, ...legend.map((words, i) => text(0, under + 15 + 15 * i, words, c.soft, SMALL)));
    for (const trial of points) {
      const [cx, cy] = [num(ax.x(trial.yi)), num(y(Math.sqrt(trial.vi)))];
      const hit = el("circle", { class: "hit", cx, cy, r: 12, fill: "none" });
      const label = say("explorer.standard_error", { trial: trialWords(s, trial), se: decimal(Math.sqrt(trial.vi)) });
      out.push(reached(`trial:${trial.id}`, label, hit, mark(c, ax, trial, cy, 10, { rx: 5 })));
    }
    return { inside: out.join(""), height: under + 10 + 15 * legend.length };
  };

  /* All analyses by their estimate, with the place of the present choice among them. */
  FIGURES.multiverse = (s, a, c, width) => {
    const all = a.part.multiverse.analyses;
    const [left, right, top, bottom] = [44, width - 10, 10, width < 600 ? 300 : 360];
    const must = [...all.map((one) => one.estimate), ...(a.result ? [a.result.estimate] : [])];
    const ax = axis(s, reachOf(all.map(limitsOf), must, 1.5), top, bottom);
    const y = (value) => num(top + bottom - ax.x(Math.min(Math.max(value, ax.low), ax.high)));
    const x = (place) => num(left + ((place + 0.5) / all.length) * (right - left));
    const thick = { "stroke-width": num(Math.max(0.6 * (right - left) / all.length, 0.5)) };
    const kinds = { below: (one) => one.ci_high < 0, above: (one) => one.ci_low > 0,
                    across: (one) => one.ci_low <= 0 && one.ci_high >= 0 };
    const intervals = Object.entries(kinds).map(([kind, holds]) => el("path", { style: `stroke:${c[kind]}`, ...thick,
      d: all.map((one, i) => (holds(one) ? `M${x(i)} ${y(one.ci_low)}V${y(one.ci_high)}` : "")).join("") }));
    const off = all.map((one, i) => [one, i]).filter(([one]) => one.ci_low < ax.low || one.ci_high > ax.high);
    const beyond = off.map(([one, i]) => (one.ci_low < ax.low ? `M${x(i)} ${bottom}l-2.5 -5h5z` : "")
      + (one.ci_high > ax.high ? `M${x(i)} ${top}l-2.5 5h5z` : "")).join("");
    const sides = a.part.favours?.map((group) => say("pool.favours", { group }));
    const legend = [say("explorer.analyses", { n: all.length }), sides && say("explorer.up_down", { up: sides[1], down: sides[0] })]
      .filter(Boolean).flatMap((words) => wrapped(words, right - left));
    const dots = all.map((one, i) => `M${x(i)} ${y(one.estimate)}h0.01`).join("");
    const out = [
      ...intervals,
      ...(beyond ? [el("path", { d: beyond, style: `fill:${c.across}`, "data-part": "beyond" })] : []),
      line(left, y(0), right, y(0), c.soft, { "stroke-width": 0.8 }),
      el("path", { d: dots, style: `stroke:${c.variant}`, "stroke-width": all.length > 400 ? 2 : 5, "stroke-linecap": "round" }),
      ...ax.ticks.map((t) => text(left - 6, y(t) + 4, ax.label(t), c.soft, { ...END, ...SMALL })),
      ...legend.map((words, i) => text(left, bottom + 20 + 16 * i, words, c.soft, SMALL)),
    ];
    if (s.looked) out.push(line(x(s.looked - 1), top, x(s.looked - 1), bottom, c.ink, { "stroke-width": 0.8 }));
    const r = a.result;
    if (r) {
      const colour = colourOf(c, a);
      const here = Math.min(Math.max(x(all.filter((one) => one.estimate < r.estimate).length - 0.5), left), right);
      out.push(el("g", { "data-part": "present" },
        line(left, y(r.estimate), right, y(r.estimate), colour, { "stroke-dasharray": "4 4" }),
        line(here, y(r.ci_low), here, y(r.ci_high), colour, { "stroke-width": 2 }),
        r.ci_low < ax.low ? el("path", { d: `M${num(here)} ${bottom}l-4 -7h8z`, style: `fill:${colour}` }) : "",
        r.ci_high > ax.high ? el("path", { d: `M${num(here)} ${top}l-4 7h8z`, style: `fill:${colour}` }) : "",
        el("circle", { cx: num(here), cy: y(r.estimate), r: 6, style: `fill:${colour}` }),
        text(here, Math.abs(y(0) - top - 14) < 16 ? top + 38 : top + 18, say("explorer.present"), c.ink, { "text-anchor": here > (left + right) / 2 ? "end" : "start", dx: here > (left + right) / 2 ? -8 : 8, ...SMALL })));
    }
    return { inside: out.join(""), height: bottom + 16 + 16 * legend.length };
  };

  /* For the page: the drawing, its boxes, and where the gap is that a card takes. */
  function drawn(s, a, width, gap) {
    const { boxes = [], gapAt, ...made } = whole(s, a, PAGE, width, gap);
    const at = gap ? gapAt ?? made.height : null;
    const high = num(made.height + (gap && gapAt == null ? gap.height : 0));
    return { boxes, gapAt: at,
      svg: el("svg", { ...shared(s, a), "font-family": "inherit", role: "group", viewBox: `0 0 ${width} ${high}` }, made.inside) };
  }

  function whole(s, a, c, width, gap) {
    const made = FIGURES[s.view](s, a, c, width, gap);
    if (!made.inside.includes('data-part="beyond"')) return made;
    const lines = wrapped(data.arrow, width);
    const words = lines.map((one, i) => text(0, made.height + 8 + 15 * i, one, c.soft, SMALL)).join("");
    return { ...made, inside: made.inside + words, height: made.height + 4 + 15 * lines.length };
  }

  const shared = (s, a) => ({ xmlns: "http://www.w3.org/2000/svg", "font-size": 13, "aria-label": titleWords(s, a) });
  const titleWords = (s, a) => `${titleOf(a.part)}: ${answer(s, a)}; ${coverage(a)}`;

  /* As a file: with title, notes and its own ground. */
  function file(s, a, width) {
    const c = FILE;
    const made = whole(s, a, c, width);
    const lines = [`${answer(s, a)}; ${coverage(a)}.`, basis(s, a), ...notesOf(s, a)]
      .flatMap((words) => wrapped(words, width));
    const titles = wrapped(titleOf(a.part), width, TITLE);
    const head = 14 + 20 * titles.length;
    const below = lines.map((words, i) => text(0, made.height + head + 22 + 16 * i, words, c.soft, SMALL)).join("");
    const [w, h] = [width + 32, num(made.height + head + 46 + 16 * lines.length)];
    return el("svg", { ...shared(s, a), "font-family": "Helvetica, Arial, sans-serif", width: w, height: h, viewBox: `0 0 ${w} ${h}` },
      el("title", {}, escaped(titleWords(s, a))), el("desc", {}, escaped(say("explorer.drawn_by", { review: data.review.id, address: addressOf(s) }))),
      el("rect", { width: w, height: h, style: `fill:${c.paper}` }),
      el("g", { transform: "translate(16 16)" },
        ...titles.map((words, i) => text(0, 14 + 20 * i, words, c.ink, { "font-weight": 600, "font-size": 15 })),
        el("g", { transform: `translate(0 ${head})` }, made.inside), below));
  }

  return { el, escaped, marked, langOf, drawn, file };
})();
