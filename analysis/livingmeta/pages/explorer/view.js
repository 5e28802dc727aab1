/* The page: controls change the state, and what follows from it is shown and said. */
(() => {
  "use strict";

  const { data, METHODS, VIEWS, OPTIONS, fresh, methodsOf, addressOf, stateOf, fits, possible, analysed,
          mainOf, coverage, decimal, tau2Words, unit, shown, interval, valued, pWords, percent, level,
          methodWords, aboutProfile, answer, published, stepOf, notesOf, trialWords, sizes, csv } = model;
  const { PAGE, FILE, el, escaped, svg } = figures;
  const at = (id) => document.getElementById(id);

  /* ---- files ---- */

  function save(content, type, ending) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    link.download = `${data.review.id}_${data.syntheses[state.part].id}_${state.view}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    say(`${link.download} saved`);
  }

  function savePng() {
    const drawing = svg(state, analysed(state), FILE, 760, true);
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

  function say(words) {
    clearTimeout(speaking);
    speaking = setTimeout(() => { at("live").textContent = words; }, 300);
  }

  function change(patch, said = "") {
    const next = possible({ ...state, ...patch });
    if (next.ci !== (patch.ci || state.ci)) {
      said += next.model === "common" ? "A common effect has the Wald interval alone. "
        : "The profile-likelihood interval belongs to random effects by ML; now Wald. ";
    }
    state = next;
    show();
    const a = analysed(state);
    say(`${said}${answer(state, a)}, ${coverage(a)}`);
    clearTimeout(writing); // browsers refuse an address that changes with every step of a slider
    writing = setTimeout(() => history.replaceState(null, "", addressOf(state)), 150);
  }

  const choices = (pairs_) => pairs_.map(([value, words]) => el("option", { value }, escaped(words))).join("");

  function showQuestion() {
    const part = data.syntheses[state.part];
    const options = (name, among) => [...new Set(among.map((one) => one[name]))];
    const outcomes = options("outcome", data.syntheses);
    const same = data.syntheses.filter((one) => one.outcome === part.outcome);
    const sameTerm = same.filter((one) => one.term === part.term);
    const named = (values) => choices(values.map((one) => [one ?? "", one ?? "all together"]));
    at("outcome").innerHTML = named(outcomes);
    at("term").innerHTML = named(options("term", same));
    at("subgroup").innerHTML = named(options("subgroup", sameTerm));
    for (const name of ["outcome", "term", "subgroup"]) at(name).value = part[name] ?? "";
    at("subgroup-label").hidden = sameTerm.length < 2;
  }

  function showTrials(a) {
    at("trials").innerHTML = a.part.trials.map((trial, i) => {
      const note = trial.main ? sizes(trial) : "sensitivity only";
      return el("li", {}, el("label", { class: "tick" },
        el("input", { type: "checkbox", id: `trial-${i}`, "data-id": trial.id }),
        el("span", {}, escaped(trial.label + trial.marks)), el("span", { class: "soft" }, escaped(note))));
    }).join("") || el("li", { class: "soft" }, "No trial has usable numbers.");
  }

  function showNumbers(a) {
    const r = a.result;
    const was = mainOf(a).result;
    const tell = (name, words) => {
      const [now, before] = [r ? words(r) : "–", was ? words(was) : "–"];
      const note = now === before ? "" : el("span", { class: "was" }, escaped(`report: ${before}`));
      return el("div", {}, el("dt", {}, escaped(name)), el("dd", {}, escaped(now) + note));
    };
    const few = `shown from ${data.prediction_from} trials on`;
    const ahead = (one) => one.tau2 !== null && !(state.prediction in kernel.PREDICTION)
      ? `by ${state.prediction}, not computed on this page; livingmeta pool does` : one.pi_low === null ? "–"
      : (one === r ? a : mainOf(a)).k < data.prediction_from ? few
      : shown(state, one.pi_low, one.pi_high).join(" to ");
    const tau2 = (one) => one.tau2 === null ? "–" : `${one === r ? state.tau2 : mainOf(a).methods.tau2}: ${tau2Words(one.tau2)}`
      + (one.tau2_high === null ? "" : ` (${tau2Words(one.tau2_low)} to ${tau2Words(one.tau2_high)})`);
    at("numbers").innerHTML = [
      tell(`${unit(state)} (${level})`, (one) => interval(state, one)),
      tell("Test of no effect", (one) => pWords(one.p_value)),
      tell(`${100 * data.level}% prediction interval of the true effect`, ahead),
      tell("τ² (and its Q-profile interval)", tau2),
      tell("I² by Q", (one) => percent(one.i2)),
      tell("I² by τ²", (one) => percent(one.i2_tau2)),
      tell("H² by Q", (one) => decimal(one.h2)),
      tell("Cochran’s Q", (one) => one.q === null ? "–" : `${decimal(one.q)}, df ${one.q_df}, ${pWords(one.q_p)}`),
      tell("Trials pooled", (one) => String((one === r ? a : mainOf(a)).k)),
    ].join("");
  }

  function showGaps(part) {
    const gaps = [
      ...part.missing.map((one) => `${one.label}: ${one.what}. Look in ${one.where}.`),
      ...part.dropped.map((one) => `${one.label}: left out, ${one.why}.`)];
    at("gaps").hidden = !gaps.length;
    at("gaps").querySelector("summary").textContent = `What is missing, and where to look (${gaps.length})`;
    at("gaps").querySelector("ul").innerHTML = gaps.map((words) => el("li", {}, escaped(words))).join("");
  }

  function showControls(a) {
    for (const box of at("trials").querySelectorAll("input")) {
      const trial = a.trials.find((one) => one.id === box.dataset.id);
      box.checked = trial.on;
      box.disabled = !trial.computable;
    }
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
    if (document.activeElement !== at("sd")) at("sd").value = state.sd ?? "";
  }

  function show() {
    const a = analysed(state);
    const many = a.part.multiverse?.analyses.length;
    at("tab-multiverse").hidden = !many;
    if (state.view === "multiverse" && !many) state = { ...state, view: "forest" };
    if (at("trials").dataset.part !== String(state.part)) {
      showQuestion();
      showTrials(a);
      at("trials").dataset.part = state.part;
      at("specification").max = many || 1;
    }
    for (const view of VIEWS) {
      const tab = at(`tab-${view}`);
      tab.setAttribute("aria-selected", String(view === state.view));
      tab.tabIndex = view === state.view ? 0 : -1;
    }
    at("panel").setAttribute("aria-labelledby", `tab-${state.view}`);
    at("title").textContent = a.part.title + (a.part.subgroup ? ` – ${a.part.subgroup}` : "");
    at("estimate").textContent = answer(state, a);
    at("rests").textContent = `${coverage(a)}. ${methodWords(state)}.${published(state, a.part)}`;
    showNumbers(a);
    at("notes").innerHTML = notesOf(state, a).map((words) => el("li", {}, escaped(words))).join("");
    showGaps(a.part);
    showControls(a);
    at("imagined-about").textContent = stepOf(state, a);
    draw(a);
    at("cursor").hidden = state.view !== "multiverse";
    if (state.view === "multiverse") showSpecification(a);
  }

  function draw(a) {
    const focused = document.activeElement && document.activeElement.dataset.key;
    hideCard();
    at("figure").innerHTML = svg(state, a, PAGE, Math.max(at("figure").clientWidth, 280), false);
    const rows = [...at("figure").querySelectorAll(".row")];
    const first = rows.find((one) => one.dataset.key === focused) || rows[0];
    if (first) first.tabIndex = 0;
    if (focused && first) first.focus({ preventScroll: true });
  }

  function showSpecification(a) {
    const { analyses, of, said } = a.part.multiverse;
    const thinned = of > analyses.length ? ` Here are ${analyses.length} of ${of}, evenly by estimate.` : "";
    at("shares").textContent = `${said} A share of analyses is not a probability.${thinned}`;
    at("specification").value = state.looked || 1;
    const one = state.looked && analyses[state.looked - 1];
    at("specified").textContent = one
      ? `${state.looked} of ${analyses.length}: ${valued(state, one)}, k = ${one.k}; ${one.made}` : "";
    at("specification").setAttribute("aria-valuetext", at("specified").textContent);
  }

  /* ---- the card with source and quote ---- */

  let pinned = null;
  let leaving = 0;

  function cardHtml(key) {
    const [kind, id] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    const a = analysed(state);
    const close = el("p", { class: "actions" }, el("button", { type: "button", id: "close-card" }, "Close"));
    if (kind === "missing") {
      const one = a.part.missing[id];
      return el("h4", {}, escaped(one.label)) + el("p", {}, "Measured, no usable numbers here: ", escaped(one.what), ".")
        + el("p", {}, "Look in ", escaped(one.where), ".") + close;
    }
    if (kind === "dropped") {
      return el("h4", {}, escaped(a.part.dropped[id].label)) + el("p", {}, "Left out: ", escaped(a.part.dropped[id].why), ".") + close;
    }
    const trial = a.trials.find((one) => one.id === id);
    if (trial.imagined) {
      return el("h4", {}, "A trial that was not done") + el("p", {}, escaped(trialWords(state, trial)), ". You made it up on this page.") + close;
    }
    const about = [trial.instrument, trial.weeks === null ? null : `week ${trial.weeks}`, trial.statistic && `${trial.statistic} scores`];
    const sources = trial.sources.map((one) =>
      (one.quote ? el("blockquote", {}, "“", escaped(one.quote), "”") : "")
      + el("p", { class: "soft" }, /^https?:/.test(one.url) ? el("a", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, escaped(one.citation)) : escaped(one.citation),
        ` (${escaped(one.locator)}${one.reading === "secondary" ? "; read at second hand" : ""})`));
    const flags = trial.flags.map((flag) => el("li", {}, escaped(data.flag_words[flag])));
    const turn = trial.computable ? el("button", { type: "button", id: "turn", "data-id": id }, trial.on ? "Switch this trial off" : "Switch this trial on") : "";
    return el("h4", {}, escaped(trialWords(state, trial)))
      + el("p", { class: "soft" }, escaped(about.filter(Boolean).join("; ")))
      + (trial.assumption ? el("p", {}, "† Assumed: ", escaped(trial.assumption), ".") : "")
      + sources.join("") + (flags.length ? el("ul", {}, ...flags) : "")
      + el("details", {}, el("summary", {}, "How the number was made, as in the report"), el("ol", {}, ...trial.derivation.map((step) => el("li", {}, escaped(step)))))
      + el("p", { class: "actions" }, turn, el("button", { type: "button", id: "close-card" }, "Close"));
  }

  function showCard(target) {
    clearTimeout(leaving);
    const card = at("card");
    at("figure").querySelectorAll('[aria-expanded="true"]').forEach((one) => one.setAttribute("aria-expanded", "false"));
    card.innerHTML = cardHtml(target.dataset.key);
    card.hidden = false;
    const box = target.getBoundingClientRect();
    card.style.top = `${box.bottom - at("panel").getBoundingClientRect().top + 4}px`;
    target.setAttribute("aria-expanded", "true");
    card.dataset.key = target.dataset.key;
  }

  function hideCard() {
    clearTimeout(leaving);
    at("card").hidden = true;
    pinned = null;
    at("figure").querySelectorAll('[aria-expanded="true"]').forEach((one) => one.setAttribute("aria-expanded", "false"));
  }

  function closeCard() {
    const key = at("card").dataset.key;
    hideCard();
    const back = [...at("figure").querySelectorAll(".row")].find((one) => one.dataset.key === key);
    if (back) back.focus({ preventScroll: true });
    hideCard(); // focus on a line shows its card
  }

  function pin(target) {
    showCard(target);
    pinned = target.dataset.key;
    at("card").focus({ preventScroll: true });
  }

  const rowOf = (event) => (event.target.closest ? event.target.closest(".row") : null);
  const leave = () => { if (!pinned) { clearTimeout(leaving); leaving = setTimeout(hideCard, 250); } };

  at("figure").addEventListener("pointerover", (event) => {
    const target = rowOf(event);
    if (event.pointerType !== "mouse" || !target || pinned) return;
    clearTimeout(leaving);
    leaving = setTimeout(() => showCard(target), 150); // passing over is not pointing at
  });
  at("figure").addEventListener("pointerout", leave);
  at("card").addEventListener("pointerenter", () => clearTimeout(leaving));
  at("card").addEventListener("pointerleave", leave);
  at("figure").addEventListener("focusin", (event) => {
    if (rowOf(event) && event.target.matches(":focus-visible")) showCard(rowOf(event));
  });
  at("figure").addEventListener("click", (event) => { if (rowOf(event)) pin(rowOf(event)); });
  at("figure").addEventListener("keydown", (event) => {
    const rows = [...at("figure").querySelectorAll(".row")];
    const here = rows.indexOf(rowOf(event));
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -here, End: rows.length - 1 - here }[event.key];
    if (event.key === "Enter" || event.key === " ") pin(rows[here]);
    else if (step !== undefined) {
      const next = rows[Math.min(Math.max(here + step, 0), rows.length - 1)];
      rows[here].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !at("card").hidden) closeCard();
  });
  document.addEventListener("pointerdown", (event) => {
    if (pinned && !at("card").contains(event.target) && !rowOf(event)) hideCard();
  });
  at("card").addEventListener("click", (event) => {
    if (event.target.id === "close-card") closeCard();
    if (event.target.id === "turn") {
      const key = at("card").dataset.key;
      turn(event.target.dataset.id);
      pin([...at("figure").querySelectorAll(".row")].find((one) => one.dataset.key === key) || at("figure"));
      at("turn").focus();
    }
  });

  /* ---- controls ---- */

  function turn(id) {
    const trial = data.syntheses[state.part].trials.find((one) => one.id === id);
    const turned = state.turned.includes(id) ? state.turned.filter((one) => one !== id) : [...state.turned, id];
    const on = trial.main !== turned.includes(id);
    change({ turned }, `${trial.label} ${on ? "on" : "off"}. `);
  }

  /* Switch trials so that exactly those are on for which `wanted` says so. */
  function turnAll(wanted, said) {
    const turned = data.syntheses[state.part].trials.filter((trial) => wanted(trial) !== trial.main).map((trial) => trial.id);
    change({ turned }, said);
  }
  const isOn = (trial) => trial.main !== state.turned.includes(trial.id);

  function ask(changed) {
    const wanted = Object.fromEntries(["outcome", "term", "subgroup"].map((name) => [name, at(name).value]));
    const upTo = { outcome: ["outcome"], term: ["outcome", "term"], subgroup: ["outcome", "term", "subgroup"] }[changed];
    const part = data.syntheses.findIndex((one) => upTo.every((name) => (one[name] ?? "") === wanted[name]));
    change({ part, turned: [], looked: null }, `${data.syntheses[part].title}. `);
  }

  function start() {
    at("explorer").hidden = false;
    at("profile").innerHTML = choices(data.profiles.map((one) => [one.name, one.name]));
    for (const name of METHODS) at(name).innerHTML = choices(OPTIONS[name]);
    at("what-if").hidden = !data.imaginable;
    at("scale").hidden = !data.standardised;
    for (const name of ["outcome", "term", "subgroup"]) at(name).addEventListener("change", () => ask(name));
    at("trials").addEventListener("change", (event) => turn(event.target.dataset.id));
    at("all-on").addEventListener("click", () => turnAll(() => true, "All trials on. "));
    at("all-off").addEventListener("click", () => turnAll(() => false, "All trials off. "));
    at("no-assumptions").addEventListener("click", () =>
      turnAll((trial) => isOn(trial) && !trial.assumption, "Trials that rest on an assumption off. "));
    at("profile").addEventListener("change", (event) => {
      const profile = data.profiles.find((one) => one.name === event.target.value);
      change({ profile: profile.name, ...methodsOf(profile) }, `As in ${profile.name}. `);
    });
    for (const name of METHODS) at(name).addEventListener("change", (event) => change({ [name]: event.target.value }));
    at("imagined").addEventListener("change", (event) => change({ imagined: event.target.checked ? { n: 200, smd: 0 } : null }));
    for (const [id, name] of [["imagined-n", "n"], ["imagined-smd", "smd"]]) {
      at(id).addEventListener("input", (event) => change({ imagined: { ...state.imagined, [name]: Number(event.target.value) } }));
    }
    at("sd").addEventListener("input", (event) => {
      const sd = event.target.value === "" ? null : Number(event.target.value);
      const wrong = event.target.validity.badInput || (sd !== null && !(sd > 0 && sd <= 100));
      event.target.setAttribute("aria-invalid", String(wrong));
      if (wrong) say("An SD on this scale is above 0 and at most 100 mm.");
      change({ sd: wrong ? null : sd });
    });
    at("specification").addEventListener("input", (event) => change({ looked: Number(event.target.value) }));
    at("reset").addEventListener("click", () => {
      at("sd").setAttribute("aria-invalid", "false");
      change({ ...fresh(state.part), view: state.view }, "Everything as in the report. ");
    });
    document.querySelector('[role="tablist"]').addEventListener("click", (event) => {
      if (event.target.id.startsWith("tab-")) change({ view: event.target.id.slice(4) });
    });
    document.querySelector('[role="tablist"]').addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const open = VIEWS.filter((view) => !at(`tab-${view}`).hidden);
      const next = open[(open.indexOf(state.view) + step + open.length) % open.length];
      change({ view: next });
      at(`tab-${next}`).focus();
      event.preventDefault();
    });
    at("save-svg").addEventListener("click", () => save(svg(state, analysed(state), FILE, 760, true), "image/svg+xml", "svg"));
    at("save-png").addEventListener("click", savePng);
    at("save-csv").addEventListener("click", () => save(csv(state, analysed(state)), "text/csv", "csv"));
    at("copy-link").addEventListener("click", () => {
      history.replaceState(null, "", addressOf(state));
      navigator.clipboard.writeText(location.href).then(() => say("Link copied"), () => say("Copy the link from the address bar"));
    });
    document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", (event) => event.preventDefault()));
    window.addEventListener("hashchange", () => { state = stateOf(location.hash); show(); });
    new ResizeObserver(() => { if (at("figure").clientWidth !== width) { width = at("figure").clientWidth; draw(analysed(state)); } }).observe(at("figure"));
    show();
  }
  let width = 0;
  start();
})();
