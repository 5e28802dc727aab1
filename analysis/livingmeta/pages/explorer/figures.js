/* The figures: a state and its numbers in, SVG as text out.
 *
 * Colours are CSS variables on the page (PAGE) and fixed in a file (FILE); nothing is computed here
 * but places, and the cumulative view, which pools anew after each trial.
 */
const figures = (() => {
  "use strict";

  const { data, say, turned, fromTo, titleOf, addressOf, mainOf, pooled, coverage, decimal, onScale, interval, valued, shown,
          level, head, modelWords, basis, aboutInterval, answer, asPrinted, notesOf, trialWords, weightOf, sizes } = model;

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
  const cut = (words, room, letter = 7) => {
    const most = Math.floor(room / letter);
    return words.length > most ? `${words.slice(0, most - 1).trimEnd()}…` : words;
  };
  const END = { "text-anchor": "end" };
  const MIDDLE = { "text-anchor": "middle" };
  const SMALL = { "font-size": 11.5 };

  /* Half the width of the axis, the same whatever is switched on, so that the diamond moves and
   * not the axis: three times the upper quartile of the trials' limits; what is beyond gets an arrow. */
  function reachOf(a) {
    const own = a.trials.filter((t) => t.computable && !t.imagined);
    const ends = own.flatMap((t) => [Math.abs(t.ci_low), Math.abs(t.ci_high)]).sort((x, y) => x - y);
    const main = mainOf(a);
    const must = [a.part.printed, main.result].filter(Boolean).flatMap((one) => [one.ci_low, one.ci_high]);
    const far = ends.length ? Math.min(ends[ends.length - 1], 3 * ends[Math.floor(0.75 * (ends.length - 1))]) : 0;
    const few = a.trials.some((t) => t.imagined) ? 1 : 0;
    return 1.08 * (Math.max(far, few, ...must.map(Math.abs)) || 1);
  }

  function axis(s, reach, left, right, width = right) {
    const middle = (left + right) / 2;
    const x = (value) => middle + (value / reach) * (right - left) / 2;
    const ticks = [];
    if (data.ratio) {
      const step = Math.log(reach < 2.2 ? 2 : 10);
      for (let i = -Math.floor(reach / step); i * step <= reach; i++) ticks.push(i * step);
    } else {
      const rough = (2 * reach * (s.sd || 1)) / ((right - left) / 48);
      const ten = 10 ** Math.floor(Math.log10(rough));
      const step = ten * [1, 2, 5, 10].find((one) => one * ten >= rough) / (s.sd || 1);
      for (let i = -Math.floor(reach / step); i * step <= reach; i++) ticks.push(i * step);
    }
    const label = (value) => {
      const number = onScale(s, value);
      return turned(Number(data.ratio ? number.toPrecision(3) : number.toFixed(2))).replace("-", "−");
    };
    return { x, ticks, label, left, right, reach, width };
  }

  function axisDrawing(s, c, ax, y) {
    const sides = data.syntheses[s.part].favours; // null: not known
    return [
      line(ax.left, y, ax.right, y, c.soft, { "data-part": "axis" }),
      ...ax.ticks.map((t) => line(ax.x(t), y, ax.x(t), y + 4, c.soft)
        + text(ax.x(t), y + 17, ax.label(t), c.soft, { ...MIDDLE, ...SMALL })),
      ...sides ? [
        text(ax.x(0) - 10, y + 35, cut(say("pool.favours", { group: sides[0] }), ax.x(0) - 10, 5.6), c.soft, { ...END, ...SMALL }),
        text(ax.x(0) + 10, y + 35, cut(say("pool.favours", { group: sides[1] }), ax.width - ax.x(0) - 10, 5.6), c.soft, SMALL),
      ] : [],
      text(ax.x(0), y + 52, aboutInterval(s), c.soft, { ...MIDDLE, ...SMALL }),
    ].join("");
  }

  /* Arrows at the ends of the axis beyond which an interval goes on; nothing else has one. */
  function arrows(ax, low, high, y, colour) {
    const arrow = (x, turn) => el("path",
      { d: `M${num(x)} ${y}l${turn * 7} -4v8z`, style: `fill:${colour}`, "data-part": "beyond" });
    return (low < -ax.reach ? arrow(ax.left, 1) : "") + (high > ax.reach ? arrow(ax.right, -1) : "");
  }

  /* An interval; one that lies beyond the axis as a whole is its arrow alone. */
  function whisker(ax, low, high, y, colour, more = {}) {
    const [from, to] = [Math.max(low, -ax.reach), Math.min(high, ax.reach)];
    const within = from > to ? ""
      : line(ax.x(from), y, ax.x(to), y, colour, { "stroke-width": 1.4, "data-part": "interval", ...more });
    return within + arrows(ax, low, high, y, colour);
  }

  /* A diamond, cut blunt where it leaves the axis. */
  function diamond(ax, one, y, colour, style, height = 6) {
    const { ci_low: low, estimate: middle, ci_high: high } = one;
    const [from, to] = [Math.max(low, -ax.reach), Math.min(high, ax.reach)];
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
    if (Math.abs(trial.yi) > ax.reach) return "";
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
  const reached = (key, label, ...inside) => el("g", { class: "row", role: "button", tabindex: -1, "data-key": key,
    "aria-label": label, "aria-haspopup": "dialog", "aria-expanded": "false" }, ...inside);
  const row = (key, label, y, width, height, ...inside) => reached(key, label,
    el("rect", { class: "hit", x: -6, y: num(y), width: num(width + 12), height, rx: 4, fill: "none" }), ...inside);

  const colourOf = (c, a) => (a.contradictory ? c.contradictory : c.pooled);

  /* Places of the columns: beside each other where there is room, else in two lines per row; `mid` is
   * that of the marks, from the top of a row. And the axis that stands among them. */
  function columns(s, a, width) {
    const wide = width >= 600;
    const col = wide
      ? { wide, height: 26, mid: 13, label: 0, n: 250, weight: 308, left: 326, right: width - 160, end: width }
      : { wide, height: 46, mid: 33, label: 0, room: width - 165, left: 8, right: width - 8, end: width };
    return [col, axis(s, reachOf(a), col.left, col.right, width)];
  }

  function cells(c, col, y, { label, n = "", weight = "", value, colour = c.ink, style = "" }) {
    const base = y + 17;
    const more = style ? { "font-style": style } : {};
    // a name may fill what the numbers of its row leave free
    const room = !col.wide ? col.room : n ? col.n - 8.2 * n.length
      : weight ? col.weight - 8 * weight.length - 8 : col.left - 8;
    const name = cut(label, room, 7.6);
    const middle = col.wide ? text(col.n, base, n, c.soft, END) + text(col.weight, base, weight, c.soft, END) : "";
    return text(col.label, base, name, colour, more) + middle + text(col.end, base, value, colour, END);
  }

  const FIGURES = {};

  FIGURES.forest = (s, a, c, width) => {
    const [col, ax] = columns(s, a, width);
    const top = col.wide ? 30 : 0;
    const out = [col.wide ? heads(s, c, col, width) : ""];
    let y = top;
    const place = (drawing, height = col.height) => {
      out.push(drawing(y));
      y += height;
    };
    a.trials.forEach((trial) => place((at) => trialRow(s, a, c, col, ax, trial, at)));
    for (const [kind, why] of [["missing", say("explorer.absent")], ["dropped", say("explorer.left_out")]]) {
      a.part[kind].forEach((trial, i) => place((at) => absentRow(c, col, ax, `${kind}:${i}`, trial, why, at)));
    }
    place((at) => line(0, at + 4, width, at + 4, c.line), 10);
    for (const summary of summaries(s, a, c, ax)) {
      place((at) => el("g", summary.more || {}, cells(c, col, at, summary.words), summary.marks(at + col.mid)));
    }
    const r = a.result;
    const behind = line(ax.x(0), top, ax.x(0), y, c.soft, { "stroke-width": 0.8 })
      + (r && r.k > 1 && Math.abs(r.estimate) < ax.reach
        ? line(ax.x(r.estimate), top, ax.x(r.estimate), y, c.line, { "stroke-dasharray": "4 4" }) : "");
    return { inside: behind + out.join("") + axisDrawing(s, c, ax, y + 4), height: y + 64 };
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
    const weight = !trial.on ? say("explorer.off") : a.result ? weightOf(trial) : "–";
    const words = { label, n: sizes(trial), weight, value: interval(s, trial, "yi"),
                    colour: trial.on ? c.ink : c.soft, style: trial.imagined ? "italic" : "" };
    const colour = trial.on ? (trial.imagined ? c.imagined : c.ink) : c.soft;
    const size = 4 + 10 * Math.sqrt((trial.on ? trial.weight : 0) / 100);
    const dashes = trial.on ? {} : { "stroke-dasharray": "3 3" };
    return drawn(words, whisker(ax, trial.ci_low, trial.ci_high, y + col.mid, colour, dashes),
      mark(c, ax, trial, y + col.mid, size));
  }

  function absentRow(c, col, ax, key, trial, why, y) {
    const halo = { ...MIDDLE, ...SMALL, "font-style": "italic",
                   style: `fill:${c.soft};paint-order:stroke;stroke:${c.paper};stroke-width:6px` };
    const { label, n } = trial;
    return row(key, `${label}: ${why}`, y, col.end, col.height, text(ax.x(0), y + col.mid + 4, why, c.soft, halo),
      cells(c, col, y, { label, n: String(n ?? ""), value: "–", colour: c.soft }));
  }

  /* The lines below the trials: pooled, predicted, as in the report, published. */
  function summaries(s, a, c, ax) {
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
    if (r && r.pi_low !== null && a.k >= data.prediction_from) {
      const band = { "stroke-width": 4, "data-part": "prediction" };
      lines.push({ words: { label: say("explorer.ahead", level), value: fromTo(...shown(s, r.pi_low, r.pi_high)) },
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
        marks: (y) => diamond(ax, printed, y, c.published, `fill:${c.shade2};stroke:${c.published};stroke-dasharray:3 2`) });
    }
    return lines;
  }

  FIGURES.cumulative = (s, a, c, width) => {
    const [col, ax] = columns(s, a, width);
    const order = (a.result ? a.on : []).map((trial, i) => [trial.year || 9999, i, trial]).sort((p, q) => p[0] - q[0] || p[1] - q[1]);
    const so_far = [];
    const out = [];
    let y = 0;
    if (!order.length) return { inside: text(0, 17, answer(s, a), c.soft), height: 30 };
    for (const [, , trial] of order) {
      so_far.push(trial);
      const r = pooled(so_far, a.methods);
      const colour = trial.imagined ? c.imagined : c.variant;
      const label = `${so_far.length > 1 ? "+ " : ""}${trial.label}${trial.marks}`;
      const words = { label, weight: `k = ${r.k}`, value: interval(s, r) };
      const middle = y + col.mid;
      const marks = whisker(ax, r.ci_low, r.ci_high, middle, colour)
        + (Math.abs(r.estimate) <= ax.reach ? el("circle", { cx: num(ax.x(r.estimate)), cy: middle, r: 4, style: `fill:${colour}` }) : "");
      out.push(row(`trial:${trial.id}`, say("explorer.so_far", { name: label, k: r.k, value: valued(s, r) }), y, width, col.height,
        cells(c, col, y, words), marks));
      y += col.height;
    }
    out.push(axisDrawing(s, c, ax, y + 4));
    return { inside: line(ax.x(0), 0, ax.x(0), y, c.soft, { "stroke-width": 0.8 }) + out.join(""), height: y + 64 };
  };

  FIGURES.funnel = (s, a, c, width) => {
    const points = a.trials.filter((trial) => trial.computable);
    if (!points.length) return { inside: text(0, 17, answer(s, a), c.soft), height: 30 };
    const [left, right, top, bottom] = [width < 600 ? 34 : 60, width - 10, 26, width < 600 ? 300 : 380];
    const deepest = 1.08 * Math.max(...points.map((t) => Math.sqrt(t.vi)));
    const reach = 1.1 * Math.max(...points.map((t) => Math.abs(t.yi)), 2.2 * deepest);
    const ax = axis(s, reach, left, right, width);
    const y = (se) => top + (se / deepest) * (bottom - top);
    const out = [el("rect", { x: left, y: top, width: num(right - left), height: num(bottom - top), style: `fill:${c.shade3}` })];
    for (const [p, shade] of [[0.01, c.shade2], [0.05, c.shade1], [0.1, c.paper]]) {
      const half = Math.min(kernel.quantile(kernel.normalTail, p / 2) * deepest, reach);
      const depth = y(half / kernel.quantile(kernel.normalTail, p / 2));
      out.push(el("path", { style: `fill:${shade}`, d: `M${num(ax.x(0))} ${top}L${num(ax.x(half))} ${num(depth)}V${bottom}H${num(ax.x(-half))}V${num(depth)}z` }));
    }
    let key = left;
    const [p1, p5, p10] = [0.01, 0.05, 0.1].map((p) => decimal(p));
    for (const [shade, words] of [[c.paper, `P > ${p10}`], [c.shade1, `${p5}–${p10}`], [c.shade2, `${p1}–${p5}`], [c.shade3, `P < ${p1}`]]) {
      out.push(el("rect", { x: key, y: 4, width: 12, height: 12, style: `fill:${shade};stroke:${c.line}` }),
        text(key + 16, 14, words, c.soft, SMALL));
      key += 22 + words.length * 6.6;
    }
    if (a.result && a.result.k > 1) out.push(line(ax.x(a.result.estimate), top, ax.x(a.result.estimate), bottom, colourOf(c, a), { "stroke-dasharray": "5 4" }));
    const step = deepest > 1 ? 0.5 : deepest > 0.5 ? 0.2 : deepest > 0.25 ? 0.1 : 0.05;
    for (let se = 0; se <= deepest; se += step) out.push(text(left - 6, y(se) + 4, decimal(se), c.soft, { ...END, ...SMALL }));
    out.push(text(0, bottom + 70, say("explorer.funnel_legend"), c.soft, SMALL));
    for (const trial of points) {
      const [cx, cy] = [num(ax.x(trial.yi)), num(y(Math.sqrt(trial.vi)))];
      const hit = el("circle", { class: "hit", cx, cy, r: 12, fill: "none" });
      const label = say("explorer.standard_error", { trial: trialWords(s, trial), se: decimal(Math.sqrt(trial.vi)) });
      out.push(reached(`trial:${trial.id}`, label, hit, mark(c, ax, trial, cy, 10, { rx: 5 })));
    }
    out.push(axisDrawing(s, c, ax, bottom));
    return { inside: out.join(""), height: bottom + 80 };
  };

  /* All analyses by their estimate, with the place of the present choice among them. */
  FIGURES.multiverse = (s, a, c, width) => {
    const all = a.part.multiverse.analyses;
    const [left, right, top, bottom] = [44, width - 10, 10, width < 600 ? 300 : 360];
    const must = Math.max(...all.map((one) => Math.abs(one.estimate)), a.result ? Math.abs(a.result.estimate) : 0);
    const ax = axis(s, Math.max(reachOf(a), 1.08 * must), top, bottom);
    const y = (value) => num(top + bottom - ax.x(Math.min(Math.max(value, -ax.reach), ax.reach)));
    const x = (place) => num(left + ((place + 0.5) / all.length) * (right - left));
    const thick = { "stroke-width": num(Math.max(0.6 * (right - left) / all.length, 0.5)) };
    const kinds = { below: (one) => one.ci_high < 0, above: (one) => one.ci_low > 0,
                    across: (one) => one.ci_low <= 0 && one.ci_high >= 0 };
    const intervals = Object.entries(kinds).map(([kind, holds]) => el("path", { style: `stroke:${c[kind]}`, ...thick,
      d: all.map((one, i) => (holds(one) ? `M${x(i)} ${y(one.ci_low)}V${y(one.ci_high)}` : "")).join("") }));
    const off = all.map((one, i) => [one, i]).filter(([one]) => one.ci_low < -ax.reach || one.ci_high > ax.reach);
    const beyond = off.map(([one, i]) => (one.ci_low < -ax.reach ? `M${x(i)} ${bottom}l-2.5 -5h5z` : "")
      + (one.ci_high > ax.reach ? `M${x(i)} ${top}l-2.5 5h5z` : "")).join("");
    const sides = a.part.favours?.map((group) => say("pool.favours", { group }));
    const dots = all.map((one, i) => `M${x(i)} ${y(one.estimate)}h0.01`).join("");
    const out = [
      ...intervals,
      ...(beyond ? [el("path", { d: beyond, style: `fill:${c.across}`, "data-part": "beyond" })] : []),
      line(left, y(0), right, y(0), c.soft, { "stroke-width": 0.8 }),
      el("path", { d: dots, style: `stroke:${c.variant}`, "stroke-width": all.length > 400 ? 2 : 5, "stroke-linecap": "round" }),
      ...ax.ticks.map((t) => text(left - 6, y(t) + 4, ax.label(t), c.soft, { ...END, ...SMALL })),
      text(left, bottom + 20, cut(say("explorer.analyses", { n: all.length }), right - left, 5.6), c.soft, SMALL),
      ...sides ? [text(left, bottom + 38, say("explorer.up_down", { up: sides[1], down: sides[0] }), c.soft, SMALL)] : [],
    ];
    if (s.looked) out.push(line(x(s.looked - 1), top, x(s.looked - 1), bottom, c.ink, { "stroke-width": 0.8 }));
    const r = a.result;
    if (r) {
      const colour = colourOf(c, a);
      const here = Math.min(Math.max(x(all.filter((one) => one.estimate < r.estimate).length - 0.5), left), right);
      out.push(el("g", { "data-part": "present" },
        line(left, y(r.estimate), right, y(r.estimate), colour, { "stroke-dasharray": "4 4" }),
        line(here, y(r.ci_low), here, y(r.ci_high), colour, { "stroke-width": 2 }),
        r.ci_low < -ax.reach ? el("path", { d: `M${num(here)} ${bottom}l-4 -7h8z`, style: `fill:${colour}` }) : "",
        r.ci_high > ax.reach ? el("path", { d: `M${num(here)} ${top}l-4 7h8z`, style: `fill:${colour}` }) : "",
        el("circle", { cx: num(here), cy: y(r.estimate), r: 6, style: `fill:${colour}` }),
        text(here, top + 18, say("explorer.present"), c.ink, { "text-anchor": here > (left + right) / 2 ? "end" : "start", dx: here > (left + right) / 2 ? -8 : 8, ...SMALL })));
    }
    return { inside: out.join(""), height: bottom + 48 };
  };

  function svg(s, a, c, width, forFile) {
    const drawn = FIGURES[s.view](s, a, c, width);
    if (drawn.inside.includes('data-part="beyond"')) {
      drawn.inside += text(0, drawn.height + 8, data.arrow, c.soft, SMALL);
      drawn.height += 16;
    }
    const name = titleOf(a.part);
    const title = `${name}: ${answer(s, a)}; ${coverage(a)}`;
    const font = forFile ? "Helvetica, Arial, sans-serif" : "inherit";
    const shared = { xmlns: "http://www.w3.org/2000/svg", "font-family": font, "font-size": 13, "aria-label": title };
    if (!forFile) {
      return el("svg", { ...shared, role: "group", viewBox: `0 0 ${width} ${num(drawn.height)}` }, drawn.inside);
    }
    const lines = [`${answer(s, a)}; ${coverage(a)}.`, basis(s, a), ...notesOf(s, a)]
      .flatMap((words) => wrapped(words, width / 5.6));
    const titles = wrapped(name, width / 8.6);
    const head = 14 + 20 * titles.length;
    const below = lines.map((words, i) => text(0, drawn.height + head + 22 + 16 * i, words, c.soft, SMALL)).join("");
    const [w, h] = [width + 32, num(drawn.height + head + 46 + 16 * lines.length)];
    return el("svg", { ...shared, width: w, height: h, viewBox: `0 0 ${w} ${h}` },
      el("title", {}, escaped(title)), el("desc", {}, escaped(say("explorer.drawn_by", { review: data.review.id, address: addressOf(s) }))),
      el("rect", { width: w, height: h, style: `fill:${c.paper}` }),
      el("g", { transform: "translate(16 16)" },
        ...titles.map((words, i) => text(0, 14 + 20 * i, words, c.ink, { "font-weight": 600, "font-size": 15 })),
        el("g", { transform: `translate(0 ${head})` }, drawn.inside), below));
  }

  function wrapped(words, most) {
    const lines = [""];
    for (const word of words.split(" ")) {
      if ((lines[lines.length - 1] + word).length > most) lines.push("");
      lines[lines.length - 1] += `${lines[lines.length - 1] ? " " : ""}${word}`;
    }
    return lines;
  }

  return { PAGE, FILE, el, escaped, marked, langOf, svg };
})();
