/* The page: controls change the state, and what follows from it is shown and said. */
(() => {
  "use strict";

  const { data, say, turned, fromTo, titleOf, METHODS, VIEWS, OPTIONS, fresh, methodsOf, isOn, addressOf, stateOf,
          fits, asked, analysed, mainOf, SORTS, isFiltered, filtersOf, rangeOf, numberOf, shownRows, biasOf, coverage, decimal, tau2Words, shownOf, interval, valued, pWords, percent,
          level, head, aboutProfile, answer, beforeOf, basis, stepOf, notesOf, trialWords, csv } = model;
  const { el, escaped, marked, langOf, drawn, file } = figures;
  const at = (id) => document.getElementById(id);
  const on = (id, event, then) => at(id).addEventListener(event, then);
  const all = (selector, within = at("figure")) => [...within.querySelectorAll(selector)];
  const rowOf = (key) => all(".row").find((row) => row.dataset.key === key);
  const narrow = () => matchMedia("(max-width: 56rem)").matches;

  /* ---- files ---- */

  function save(content, type, ending) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    const { id, subgroup } = data.syntheses[state.part];
    const name = [data.review.id, id, subgroup && subgroup.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40), state.view];
    link.download = `${name.filter(Boolean).join("_")}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    announce(say("explorer.saved", { file: link.download }));
  }

  function savePng() {
    const drawing = file(state, analysed(state), 760);
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [3 * image.width, 3 * image.height];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(blob, "image/png", "png"), "image/png");
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
  }

  /* ---- the page ---- */

  let state = stateOf(location.hash);
  let speaking = 0;
  let writing = 0;

  function announce(words) {
    clearTimeout(speaking);
    speaking = setTimeout(() => { at("live").textContent = words; }, 300);
  }

  function change(patch, words = "") {
    const next = asked(state, patch);
    const moved = next.ci !== (patch.ci || state.ci)
      && (next.model === "common" ? say("explorer.wald_alone") : say("explorer.now_wald"));
    state = next;
    const a = show();
    announce([words, moved, `${answer(state, a)}${beforeOf(state, a)}, ${coverage(a)}`].filter(Boolean).join(" "));
    clearTimeout(writing); // browsers refuse an address that changes with every step of a slider
    writing = setTimeout(() => history.replaceState(null, "", addressOf(state)), 150);
  }

  const choices = (pairs) =>
    pairs.map(([value, words]) => el("option", { value, ...langOf(words) }, escaped(words))).join("");

  const ASKED = { outcome: "outcome", term: "term", subgroup: "subgroup_words" };

  function showQuestion() {
    const part = data.syntheses[state.part];
    const options = (name, among) => [...new Set(among.map((one) => one[name]))];
    const outcomes = options("outcome", data.syntheses);
    const same = data.syntheses.filter((one) => one.outcome === part.outcome);
    const sameTerm = same.filter((one) => one.term === part.term);
    const inOneView = sameTerm.some((one) => one.apart) ? say("explorer.side_by_side") : say("explorer.whole");
    const named = (values) => choices(values.sort((one, other) => (one === null ? -1 : other === null ? 1 : 0))
      .map((words) => [words ?? "", words ?? inOneView]));
    at("outcome").innerHTML = named(outcomes);
    at("term").innerHTML = named(options("term", same));
    at("subgroup").innerHTML = named(options("subgroup_words", sameTerm));
    for (const [id, name] of Object.entries(ASKED)) at(id).value = part[name] ?? "";
    at("outcome-label").hidden = outcomes.length < 2;
    at("term-label").hidden = options("term", same).length < 2 && outcomes.length < 2;
    at("subgroup-label").hidden = sameTerm.length < 2;
  }

  /* What rows can be found, filtered and sorted by. */
  function showFilters(part) {
    at("filters").innerHTML = filtersOf(part).map(({ name, words, values }) => {
      const own = name.startsWith("own ") ? { lang: "" } : {};
      if (values) return el("label", own, escaped(words), el("select", { "data-name": name }, choices([["", say("explorer.any")], ...values])));
      const end = (said, i) => el("label", {}, said, el("input", { type: "text", inputmode: "decimal", autocomplete: "off", "data-name": name, "data-end": i, "aria-describedby": "rows-wrong" }));
      return el("span", { role: "group", "aria-label": words, class: "range" }, end(el("span", {}, el("span", own, escaped(words)), ` ${say("explorer.from")}`), 0), end(say("explorer.to"), 1));
    }).join("");
    const few = part.trials.length + part.missing.length + part.dropped.length < 2;
    at("rows-asked").hidden = few;
    at("rows-wrong").textContent = "";
    at("switches").hidden = !part.trials.length;
  }

  function showNumbers(a) {
    const [r, was] = [a.result, mainOf(a).result];
    const tell = (name, words) => {
      const [now, before] = [r ? words(r) : "–", was ? words(was) : "–"];
      return told(name, now, before);
    };
    const told = (name, now, before) => {
      const note = now === before ? "" : el("span", { class: "was" }, escaped(say("explorer.report", { value: before })));
      return el("div", {}, el("dt", {}, escaped(name)), el("dd", {}, escaped(now) + note));
    };
    if (a.part.apart) {
      at("numbers").innerHTML = a.groups.map((group) => {
        const [now, before] = [group, mainOf(group)].map(({ result, k }) => (result ? `${interval(state, result)}, k = ${k}` : "–"));
        return told(group.part.subgroup_words, now, before);
      }).join("");
      return;
    }
    const { prediction_from: n } = data;
    const ahead = (result) => result.tau2 !== null && !(state.prediction in kernel.PREDICTION)
      ? say("explorer.ahead_unknown", { name: state.prediction }) : result.pi_low === null ? "–"
      : (result === r ? a : mainOf(a)).k < n ? say("explorer.ahead_from", { n })
      : fromTo(...shownOf(state, result.people, [result.pi_low, result.pi_high]));
    const tau2 = (result) => result.tau2 === null ? "–"
      : `${result === r ? state.tau2 : mainOf(a).methods.tau2}: ${tau2Words(result.tau2)}`
        + (result.tau2_high === null ? "" : ` (${fromTo(tau2Words(result.tau2_low), tau2Words(result.tau2_high))})`);
    at("numbers").innerHTML = [
      tell(head(state), (result) => interval(state, result)),
      ...(data.compared ? [tell(say("explorer.test"), (result) => pWords(result.p_value))] : []),
      tell(say("explorer.prediction", level), ahead),
      tell(say("explorer.tau2_head"), tau2),
      tell(say("explorer.i2_q"), (result) => percent(result.i2)),
      tell(say("explorer.i2_tau2"), (result) => percent(result.i2_tau2)),
      tell(say("explorer.h2_q"), (result) => decimal(result.h2)),
      tell(say("explorer.q"), (result) => result.q === null ? "–"
        : `${decimal(result.q)}, df ${result.q_df}, ${pWords(result.q_p)}`),
      tell(say("explorer.k"), (result) => String((result === r ? a : mainOf(a)).k)),
    ].join("");
  }

  function showGaps(part) {
    const gaps = [
      ...part.missing.map(({ label, what, where }) => say("explorer.gap", { name: label, what, where })),
      ...part.dropped.map(({ label, why }) => say("explorer.gap_left_out", { name: label, why }))];
    at("gaps").hidden = !gaps.length;
    at("gaps").querySelector("summary").textContent = say("explorer.gaps", { n: gaps.length });
    at("gaps").querySelector("ul").innerHTML = gaps.map((words) => el("li", {}, marked(words))).join("");
  }

  function showDeduced(part) {
    at("deduced").hidden = !part.deduced.length;
    at("deduced").querySelector("ul").innerHTML = [
      ...part.deduced.map(({ printed, claims, said }) =>
        `${el("strong", {}, marked(printed))} (${escaped(claims)}): ${escaped(said)}`),
      ...part.clashes.map(escaped),
    ].map((words) => el("li", {}, words)).join("");
  }

  function showControls(a) {
    const { hidden, of } = shownRows(state, a);
    at("listed").textContent = hidden ? say("explorer.listed", { n: of - hidden, of }) : "";
    at("only-shown").hidden = at("show-all").hidden = !isFiltered(state);
    at("sort").value = state.sort;
    if (document.activeElement !== at("find")) at("find").value = state.find;
    for (const field of all("[data-name]", at("filters"))) {
      const { name, end } = field.dataset;
      if (end === undefined) field.value = state.where[name] || "";
      else if (document.activeElement !== field && !at("rows-wrong").textContent) field.value = turned((state.where[name] || "..").split("..")[end]);
    }
    at("what-if").hidden = !data.imaginable || Boolean(a.part.apart);
    at("what-if-where").hidden = !data.imaginable || !a.part.apart;
    at("profile").value = state.profile;
    at("profile-about").textContent = aboutProfile(state, a.profile);
    for (const name of METHODS) at(name).value = state[name];
    at("tau2").disabled = at("prediction").disabled = state.model === "common";
    for (const option of at("ci").options) option.disabled = !fits(state, option.value);
    at("imagined").checked = Boolean(state.imagined);
    at("imagined-parts").hidden = !state.imagined;
    if (state.imagined) {
      [at("imagined-n").value, at("imagined-smd").value] = [state.imagined.n, state.imagined.smd];
      at("imagined-n-said").textContent = state.imagined.n;
      at("imagined-smd-said").textContent = decimal(state.imagined.smd);
      at("imagined-smd").setAttribute("aria-valuetext", decimal(state.imagined.smd));
    }
    const wrong = at("sd-wrong").textContent; // stays told, with what was typed, until it is right
    if (document.activeElement !== at("sd") && !wrong) at("sd").value = turned(state.sd ?? "");
  }

  let part = null; // whose question and filters are shown
  function show() {
    const a = analysed(state);
    const many = a.part.multiverse?.analyses.length;
    at("tab-multiverse").hidden = !many;
    if (state.view === "multiverse" && !many) state = { ...state, view: "forest" };
    if (part !== state.part) {
      part = state.part;
      open = null;
      showQuestion();
      showFilters(a.part);
      at("specification").max = many || 1;
    }
    for (const view of VIEWS) {
      const tab = at(`tab-${view}`);
      tab.setAttribute("aria-selected", String(view === state.view));
      tab.tabIndex = view === state.view ? 0 : -1;
    }
    at("panel").setAttribute("aria-labelledby", `tab-${state.view}`);
    at("title").innerHTML = marked(titleOf(a.part));
    at("title").classList.toggle("unseen", at("title").textContent === document.querySelector("h1").textContent);
    at("estimate").textContent = answer(state, a);
    at("before").textContent = beforeOf(state, a);
    at("answer").classList.toggle("imagined", Boolean(state.imagined));
    at("undone").hidden = !state.imagined;
    at("rests").innerHTML = marked(`${coverage(a)}. ${basis(state, a)}`);
    showNumbers(a);
    at("notes").innerHTML = notesOf(state, a).map((words) => el("li", {}, marked(words))).join("");
    showGaps(a.part);
    showDeduced(a.part);
    showControls(a);
    at("imagined-about").textContent = stepOf(state, a);
    draw(a);
    at("rows").hidden = state.view !== "forest";
    at("cursor").hidden = state.view !== "multiverse";
    if (state.view === "multiverse") showSpecification(a);
    return a;
  }

  let open = null; // the row whose card is open, and whether it stays
  let reached = {}; // the box and the row that the Tab key comes to

  function draw(a) {
    const active = document.activeElement;
    const focused = at("figure").contains(active) && (active.id || active.dataset.key);
    const html = open && open.pinned && cardHtml(open.key, a);
    if (html) at("card").innerHTML = html;
    else open = null;
    at("card").hidden = !open;
    // where there is no column for it beside the figure, the card stands in a gap below its row and hides nothing
    const gap = open && narrow() ? { key: open.key, height: at("card").offsetHeight + 12 } : null;
    const { svg, boxes, gapAt } = drawn(state, a, Math.max(at("figure").clientWidth, 280), gap);
    at("figure").innerHTML = boxes.map(({ id, y, trial }) => el("input", {
      type: "checkbox", id: `box-${id}`, "data-id": id, style: `top:${y}px`, tabindex: -1,
      "aria-label": [trial.label + trial.marks, a.groups.find((one) => one.part.subgroup === trial.subgroup)?.part.subgroup_words]
        .filter(Boolean).join(", "),
      ...(trial.on ? { checked: "" } : {}), ...(trial.computable && !trial.imagined ? {} : { disabled: "" }) })).join("") + svg;
    for (const kind of [".row", "input:enabled"]) {
      const among = all(kind);
      const here = among.find((one) => (one.id || one.dataset.key) === reached[kind]) || among[0];
      if (here) here.tabIndex = 0;
    }
    const again = focused && (document.getElementById(focused) || rowOf(focused));
    if (again) again.focus({ preventScroll: true });
    const row = open && rowOf(open.key);
    if (row) placeCard(row, gapAt);
    else if (open) { // its row is filtered out
      open = null;
      draw(a);
    }
  }

  function placeCard(row, gapAt) {
    row.setAttribute("aria-expanded", "true");
    const above = at("panel").getBoundingClientRect().top;
    const lowest = Math.max(8, innerHeight - at("card").offsetHeight - 8);
    const beside = Math.min(Math.max(row.getBoundingClientRect().top, 8), lowest) - above;
    at("card").style.top = `${gapAt === null ? beside : gapAt + 4}px`;
  }

  function showSpecification(a) {
    const { analyses, of, said } = a.part.multiverse;
    const thinned = of > analyses.length && say("explorer.thinned", { n: analyses.length, of });
    at("shares").innerHTML = marked([say("explorer.share", { said }), thinned].filter(Boolean).join(" "));
    at("specification").value = state.looked || 1;
    const looked = state.looked && analyses[state.looked - 1];
    at("specified").innerHTML = looked ? marked(say("explorer.analysis", {
      n: state.looked, of: analyses.length, value: valued(state, looked), k: looked.k, made: looked.made })) : "";
    at("specification").setAttribute("aria-valuetext", at("specified").textContent);
  }

  /* ---- the card with source and quote ---- */

  let leaving = 0;

  function cardHtml(key, a) {
    const [kind, id] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    const closing = el("button", { type: "button", id: "close-card" }, say("explorer.close"));
    const card = (title, ...inside) => el("h3", {}, escaped(title)) + inside.join("");
    const saying = (words) => el("p", {}, marked(words));
    const actions = (...buttons) => el("p", { class: "actions" }, ...buttons, closing);
    const held = kind === "trial" ? a.trials.find((row) => row.id === id) : a.part[kind][id];
    if (!held) return ""; // it is gone with the change that was made
    const { label, what, where, why } = held;
    if (kind === "missing") {
      return card(label, saying(say("explorer.absent_what", { what })), saying(say("explorer.look_in", { where })), actions());
    }
    if (kind === "dropped") return card(label, saying(say("explorer.left_out_why", { why })), actions());
    const trial = held; // one with an effect, or made up
    if (trial.imagined) {
      return card(trial.label, saying(say("explorer.made_up", { trial: trialWords(state, trial) })), actions());
    }
    const known = Object.entries(trial.moderators).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${turned(value)}`);
    const about = [
      trial.instrument, trial.weeks !== null && say("week", { n: turned(trial.weeks) }),
      trial.statistic && (trial.statistic === "final" ? say("explorer.final") : say("explorer.change")),
      data.bias[trial.trial] && `${say("bias")}: ${data.bias_words[biasOf(trial)]}`, ...known];
    const sources = trial.sources.map(({ citation, locator, proved, quote, reading, url }) => {
      const where = reading === "secondary" ? say("explorer.second_hand", { locator }) : locator;
      const link = { href: url, target: "_blank", rel: "noopener noreferrer", lang: "" };
      return (quote ? el("blockquote", { lang: "" }, "“", escaped(quote), "”") : "")
        + el("p", { class: "soft" }, /^https?:/.test(url) ? el("a", link, escaped(citation)) : el("span", { lang: "" }, escaped(citation)),
          ` (${marked(where)})`, proved ? `; ${escaped(proved)}` : "");
    });
    const flags = trial.flags.map((flag) => el("li", {}, escaped(data.flag_words[flag])));
    const turning = trial.on ? say("explorer.turn_off") : say("explorer.turn_on");
    return card(trialWords(state, trial),
      el("p", { class: "soft" }, marked(about.filter(Boolean).join("; "))),
      trial.main ? "" : saying(say("explorer.held")),
      trial.assumption ? saying(say("explorer.assumed", { what: trial.assumption })) : "",
      ...sources, flags.length ? el("ul", {}, ...flags) : "",
      el("details", {}, el("summary", {}, say("explorer.how_made")),
        el("ol", {}, ...trial.derivation.map((step) => el("li", {}, marked(step))))),
      actions(trial.computable ? el("button", { type: "button", id: "turn", "data-id": id }, turning) : ""));
  }

  function showCard(key, pinned) {
    clearTimeout(leaving);
    const was = open && rowOf(open.key);
    if (was) was.setAttribute("aria-expanded", "false");
    const a = analysed(state);
    open = { key, pinned };
    if (narrow()) draw(a);
    else {
      at("card").innerHTML = cardHtml(key, a);
      at("card").hidden = false;
      placeCard(rowOf(key), null);
    }
  }

  function hideCard() {
    clearTimeout(leaving);
    const was = open && rowOf(open.key);
    open = null;
    at("card").hidden = true;
    if (was) was.setAttribute("aria-expanded", "false");
    if (was && narrow()) draw(analysed(state));
  }

  function closeCard() {
    const { key } = open;
    hideCard();
    quiet = true; // focus on a line shows its card
    rowOf(key)?.focus({ preventScroll: true });
    quiet = false;
  }
  let quiet = false;

  function pin(key) {
    showCard(key, true);
    at("card").focus({ preventScroll: true });
    const { top, bottom } = at("card").getBoundingClientRect();
    const clear = at("answer").offsetHeight + 48; // of the headline, which stays in sight, and of the card's row
    if (narrow() && (top < clear || bottom > innerHeight)) scrollBy(0, top - clear);
  }

  const rowAt = (event) => (event.target.closest ? event.target.closest(".row") : null);
  const leave = () => { if (open && !open.pinned) { clearTimeout(leaving); leaving = setTimeout(hideCard, 250); } };

  on("figure", "pointerover", (event) => {
    const row = rowAt(event);
    if (event.pointerType !== "mouse" || !row || open?.pinned || narrow()) return;
    clearTimeout(leaving);
    leaving = setTimeout(() => showCard(row.dataset.key, false), 150); // passing over is not pointing at
  });
  on("figure", "pointerout", (event) => { clearTimeout(leaving); leave(event); });
  on("card", "pointerenter", () => clearTimeout(leaving));
  on("card", "pointerleave", leave);
  on("figure", "focusin", (event) => {
    const row = rowAt(event);
    reached[row ? ".row" : "input:enabled"] = event.target.id || event.target.dataset.key;
    if (row && !quiet && !narrow() && !open?.pinned && row.matches(":focus-visible")) showCard(row.dataset.key, false);
  });
  on("figure", "click", (event) => { if (rowAt(event)) pin(rowAt(event).dataset.key); });
  on("figure", "change", (event) => turn(event.target.dataset.id));
  on("figure", "keydown", (event) => {
    const among = all(rowAt(event) ? ".row" : "input:enabled");
    const here = among.indexOf(rowAt(event) || event.target);
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -here, End: among.length - 1 - here }[event.key];
    if (rowAt(event) && (event.key === "Enter" || event.key === " ")) pin(among[here].dataset.key);
    else if (step !== undefined && here >= 0) {
      const next = among[Math.min(Math.max(here + step, 0), among.length - 1)];
      among[here].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open) closeCard();
  });
  document.addEventListener("pointerdown", (event) => {
    if (open?.pinned && !at("card").contains(event.target) && !rowAt(event)) hideCard();
  });
  on("card", "click", (event) => {
    if (event.target.id === "close-card") closeCard();
    if (event.target.id === "turn") {
      turn(event.target.dataset.id);
      at("turn").focus({ preventScroll: true });
    }
  });

  /* ---- controls ---- */

  function turn(id) {
    const trial = data.syntheses[state.part].trials.find((one) => one.id === id);
    const changed = state.turned.includes(id) ? state.turned.filter((one) => one !== id) : [...state.turned, id];
    const name = trial.label;
    change({ turned: changed }, isOn(state, trial) ? say("explorer.turned_off", { name }) : say("explorer.turned_on", { name }));
  }

  /* Switch trials so that exactly those are on for which `wanted` says so. */
  function turnAll(wanted, words) {
    const changed = data.syntheses[state.part].trials.filter((trial) => wanted(trial) !== trial.main).map((trial) => trial.id);
    change({ turned: changed }, words);
  }

  function ask(changed) {
    const ids = Object.keys(ASKED);
    const upTo = ids.slice(0, ids.indexOf(changed) + 1).map((id) => [ASKED[id], at(id).value]);
    const part = data.syntheses.findIndex((one) => upTo.every(([name, asked]) => (one[name] ?? "") === asked)); // of the rest, the first
    hideCard();
    change({ part, turned: [], looked: null, where: {} }, `${data.syntheses[part].title}.`);
  }

  const SORTED = { file: say("explorer.sort_file"), label: say("explorer.sort_label"), year: say("explorer.sort_year"),
                   effect: say("explorer.sort_effect"), weight: say("quantity.weight"), bias: say("bias") };

  function filterBy(name) {
    const fields = all("[data-name]", at("filters"));
    const wrong = fields.filter((one) => one.dataset.end && one.value.trim() && Number.isNaN(numberOf(one.value)));
    fields.forEach((one) => one.setAttribute("aria-invalid", String(wrong.includes(one))));
    at("rows-wrong").textContent = wrong.map((one) => say("explorer.no_number", { typed: one.value.trim() })).join(" ");
    const asked = fields.filter((one) => one.dataset.name === name).map((one) => one.value.trim()).join("..");
    const value = asked === ".." || (asked.includes("..") && !rangeOf(asked)) ? "" : asked;
    change({ where: { ...state.where, [name]: value } }, at("rows-wrong").textContent);
  }

  function tellWrong(words) {
    at("sd-wrong").textContent = words;
    at("sd").setAttribute("aria-invalid", String(Boolean(words)));
  }

  /* A page on a disk has an address that leads nobody else to it: what follows # is handed on as text. */
  function copyLink() {
    history.replaceState(null, "", addressOf(state));
    const onDisk = location.protocol === "file:";
    const field = at("view-text");
    const confirm = (words) => {
      at("copy-link").textContent = words;
      announce(`${words}.`);
      setTimeout(() => { at("copy-link").textContent = say("explorer.copy"); }, 3000);
    };
    const byHand = () => {
      at("as-text").hidden = false;
      field.select();
    };
    field.value = onDisk ? addressOf(state) : location.href;
    at("as-text").hidden = !onDisk;
    if (onDisk) field.select();
    const copied = navigator.clipboard ? navigator.clipboard.writeText(field.value) : Promise.reject(new Error());
    copied.then(() => confirm(onDisk ? say("explorer.copied_text") : say("explorer.copied")),
      () => { byHand(); announce(say("explorer.copy_by_hand")); });
  }

  function start() {
    at("explorer").hidden = false;
    at("profile").innerHTML = choices(data.profiles.map((one) => [one.name, one.words]));
    for (const name of METHODS) at(name).innerHTML = choices(OPTIONS[name]);
    at("sort").innerHTML = choices(Object.keys(SORTS).filter((name) => name !== "bias" || Object.keys(data.bias).length)
      .map((name) => [name, SORTED[name]]));
    const widened = () => { at("rows-asked").open = !narrow(); };
    widened();
    matchMedia("(max-width: 56rem)").addEventListener("change", widened);
    on("sort", "change", (event) => change({ sort: event.target.value }));
    on("find", "input", (event) => change({ find: event.target.value }));
    on("filters", "input", (event) => filterBy(event.target.dataset.name));
    on("show-all", "click", () => { showFilters(data.syntheses[state.part]); change({ find: "", where: {} }); });
    on("only-shown", "click", () => {
      const shown = new Set(shownRows(state, analysed(state)).trials.map((trial) => trial.id));
      turnAll((trial) => shown.has(trial.id) && isOn(state, trial), say("explorer.said_only_shown"));
    });
    at("scale").hidden = !data.standardised;
    for (const id of Object.keys(ASKED)) on(id, "change", () => ask(id));
    on("all-on", "click", () => turnAll(() => true, say("explorer.said_all_on")));
    on("all-off", "click", () => turnAll(() => false, say("explorer.said_all_off")));
    at("no-assumptions").hidden = !data.syntheses.some((one) => one.trials.some((trial) => trial.assumption));
    on("no-assumptions", "click", () =>
      turnAll((trial) => isOn(state, trial) && !trial.assumption, say("explorer.said_assumed_off")));
    on("profile", "change", (event) => {
      const profile = data.profiles.find((one) => one.name === event.target.value);
      change({ profile: profile.name, ...methodsOf(profile) }, say("explorer.as_in", { profile: profile.words }));
    });
    for (const name of METHODS) on(name, "change", (event) => change({ [name]: event.target.value }));
    on("imagined", "change", (event) => change({ imagined: event.target.checked ? { n: 200, smd: 0 } : null }));
    for (const [id, name] of [["imagined-n", "n"], ["imagined-smd", "smd"]]) {
      on(id, "input", (event) => change({ imagined: { ...state.imagined, [name]: Number(event.target.value) } }));
    }
    on("sd", "input", (event) => {
      const typed = event.target.value.trim().replace(",", "."); // either sign, whatever the language
      const sd = typed === "" ? null : Number(typed);
      const wrong = sd !== null && !(sd > 0 && sd <= 100);
      tellWrong(wrong ? say("explorer.sd_wrong", { typed: event.target.value.trim() }) : "");
      change({ sd: wrong ? null : sd }, at("sd-wrong").textContent);
    });
    on("specification", "input", (event) => change({ looked: Number(event.target.value) }));
    on("reset", "click", () => {
      tellWrong("");
      showFilters(data.syntheses[state.part]);
      change({ ...fresh(state.part), view: state.view }, `${say("explorer.reset")}.`);
    });
    for (const view of VIEWS) on(`tab-${view}`, "click", () => change({ view }));
    document.querySelector('[role="tablist"]').addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const open = VIEWS.filter((view) => !at(`tab-${view}`).hidden);
      const next = open[(open.indexOf(state.view) + step + open.length) % open.length];
      change({ view: next });
      at(`tab-${next}`).focus();
      event.preventDefault();
    });
    on("save-svg", "click", () => save(file(state, analysed(state), 760), "image/svg+xml", "svg"));
    on("save-png", "click", savePng);
    on("save-csv", "click", () => save(csv(state, analysed(state)), "text/csv", "csv"));
    on("copy-link", "click", copyLink);
    on("view-text", "change", (event) => {
      state = stateOf(event.target.value.replace(/^[^#]*#/, ""));
      change({}, say("explorer.view_shown"));
    });
    document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", (event) => event.preventDefault()));
    window.addEventListener("hashchange", () => { state = stateOf(location.hash); show(); });
    new ResizeObserver(([{ target }]) => { document.documentElement.style.scrollPaddingTop = `${target.offsetHeight + 8}px`; }).observe(at("answer"));
    // choices taller than the window stick by their lower end, and need no scroller of their own
    new ResizeObserver(([{ target }]) => { target.style.top = `${Math.min(8, innerHeight - target.offsetHeight - 8)}px`; }).observe(at("controls"));
    new ResizeObserver(() => { if (at("figure").clientWidth !== width) { width = at("figure").clientWidth; draw(analysed(state)); } }).observe(at("figure"));
    show();
  }
  let width = 0;
  start();
})();
