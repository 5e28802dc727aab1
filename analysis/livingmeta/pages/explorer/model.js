/* What the page knows and says: the state, the numbers that follow from it, and words for them.
 *
 * `analysed` turns a state into numbers, `addressOf` and `stateOf` into the address after # and
 * back. Nothing here touches the page but to read its data. Words come from the catalogues by key.
 */
const model = (() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  for (const { multiverse } of data.syntheses.filter((one) => one.multiverse)) {
    multiverse.analyses = multiverse.rows.map(([estimate, ci_low, ci_high, k, set, chosen]) => ({
      estimate, ci_low, ci_high, k,
      made: multiverse.options.map(([name, among], i) => [name, among[i < chosen.length ? chosen.charCodeAt(i) - 48 : set]]).filter(([, option]) => option)
        .map((pair) => pair.join(": ")).join("; ") }));
  }

  /* Subgroups stand in one view: above the review's total where it has one, else side by side. */
  for (const id of new Set(data.syntheses.map((one) => one.id))) {
    const all = data.syntheses.filter((one) => one.id === id);
    const parts = all.filter((one) => one.subgroup !== null);
    if (parts.length < 2) continue;
    const total = all.find((one) => one.subgroup === null);
    if (total) total.parts = parts;
    else data.syntheses.push(sideBySide(parts));
  }

  /* What stands there has the ids that it has in a total. */
  function sideBySide(parts) {
    const inAll = (part, id) => `${id}/${part.subgroup}`;
    const once = (name) => [...new Map(parts.flatMap((part) => part[name]).map((one) => [JSON.stringify(one), one])).values()];
    const alike = new Set(parts.map((part) => JSON.stringify(part.favours))).size === 1;
    return {
      ...parts[0], subgroup: null, subgroup_words: null, apart: true, parts, favours: alike ? parts[0].favours : null,
      trials: parts.flatMap((part) => part.trials.map((one) => ({ ...one, id: inAll(part, one.id), subgroup: part.subgroup }))),
      ties: parts.flatMap((part) => part.ties.map((tie) => ({ ...tie, ids: tie.ids.map((id) => inAll(part, id)) }))),
      missing: once("missing"), dropped: once("dropped"), deduced: [], clashes: [], multiverse: null,
      printed: null, printed_words: null, printed_undrawn: null, printed_k: null };
  }

  /* ---- words by key, and numbers as the language of the page writes them ---- */

  const { percent: PERCENT, comma, thousands } = data.language;
  const say = (key, values = {}) => data.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const capital = (words) => `${words[0].toUpperCase()}${words.slice(1)}`;
  const sentence = (words) => `${capital(words)}.`;
  const turned = (number) => String(number).replace(".", comma);
  const whole = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, thousands);
  const trials = (n) => (n === 1 ? say("trials_one") : say("trials_many", { n }));
  const fromTo = (low, high) => say("from_to", { low, high });
  const titleOf = (part) => part.title + (part.subgroup === null ? "" : ` – ${part.subgroup_words}`);

  const METHODS = [...(data.sums ? ["method"] : []), "model", "tau2", "ci", "prediction"];
  const VIEWS = ["forest", "cumulative", "funnel", "multiverse"];

  /* ---- state, and the address that holds it ---- */

  const fresh = (part) => ({
    part, // number of the synthesis
    view: "forest",
    turned: [], // ids of trials that are not as in the report: off, or on where it holds them back
    profile: data.profiles[0].name,
    ...methodsOf(data.profiles[0]),
    sd: null, // of a VAS, as typed
    imagined: null, // {n, smd} of a trial that was not done
    looked: null, // number of an analysis of the multiverse
    sort: "file", // as SORTS in figures/forest_table.py
    find: "", // what the names of the rows shown hold
    where: {}, // by filter: the value that the rows shown have, or from..to
  });

  const methodsOf = (profile) => Object.fromEntries(METHODS.map((name) => [name, profile[name]]));
  const profileOf = (s) => data.profiles.find((profile) => profile.name === s.profile);
  const isOn = (s, trial) => trial.main !== s.turned.includes(trial.id);

  function addressOf(s) {
    const part = data.syntheses[s.part];
    const plain = fresh(s.part);
    const profile = methodsOf(profileOf(s));
    const query = new URLSearchParams({ synthesis: part.id });
    if (part.subgroup !== null) query.set("subgroup", part.subgroup);
    if (s.view !== plain.view) query.set("view", s.view);
    for (const id of s.turned) query.append("turned", id);
    if (s.profile !== plain.profile) query.set("profile", s.profile);
    for (const name of METHODS) if (s[name] !== profile[name]) query.set(name, s[name]);
    if (s.sd !== null) query.set("sd", s.sd);
    if (s.imagined) query.set("imagined", `${s.imagined.n} ${s.imagined.smd}`);
    if (s.looked) query.set("looked", s.looked);
    if (s.sort !== plain.sort) query.set("sort", s.sort);
    if (s.find) query.set("find", s.find);
    for (const [name, value] of Object.entries(s.where)) if (value) query.append("where", `${name}=${value}`);
    return `#${query}`;
  }

  /* What an address says and this page does not know is passed over; without one, a total comes first. */
  function stateOf(address) {
    const query = new URLSearchParams(address.replace(/^#/, ""));
    const part = data.syntheses.findIndex(
      (one) => one.id === query.get("synthesis") && one.subgroup === query.get("subgroup"));
    const total = data.syntheses.findIndex((one) => one.id === data.syntheses[0].id && one.subgroup === null && !one.apart);
    const s = fresh(part >= 0 ? part : Math.max(total, 0));
    if (VIEWS.includes(query.get("view"))) s.view = query.get("view");
    const ids = data.syntheses[s.part].trials.map((trial) => trial.id);
    s.turned = [...new Set(query.getAll("turned"))].filter((id) => ids.includes(id));
    const profile = data.profiles.find((one) => one.name === query.get("profile"));
    if (profile) Object.assign(s, { profile: profile.name }, methodsOf(profile));
    for (const name of METHODS) {
      if (OPTIONS[name].some(([value]) => value === query.get(name))) s[name] = query.get(name);
    }
    const sd = Number(query.get("sd"));
    if (sd > 0 && Number.isFinite(sd)) s.sd = sd;
    const [n, smd] = (query.get("imagined") || "").split(" ").map(Number);
    if (data.imaginable && n >= 10 && [n, smd].every(Number.isFinite)) s.imagined = { n, smd };
    const many = data.syntheses[s.part].multiverse?.analyses.length || 0;
    if (Number(query.get("looked")) >= 1 && Number(query.get("looked")) <= many) s.looked = Math.floor(query.get("looked"));
    if (query.get("sort") in SORTS) s.sort = query.get("sort");
    s.find = query.get("find") || "";
    for (const { name, values } of filtersOf(data.syntheses[s.part])) {
      const asked = query.getAll("where").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
      if (asked && (values ? values.some(([value]) => value === asked) : rangeOf(asked))) s.where[name] = asked;
    }
    return possible(s);
  }

  /* A common effect has the Wald interval alone; that of the profile likelihood belongs to ML. */
  const fits = (s, ci) => s.model === "common" ? ci === "wald" : ci !== "profile" || s.tau2 === "ML";
  /* Random effects of Mantel-Haenszel have the τ² of DL: what is asked for now stays, the other follows. */
  function asked(s, patch) {
    const next = { ...s, ...patch };
    const usual = profileOf(next).by_model;
    if (!usual || "profile" in patch) return possible(next);
    if ("model" in patch && s.method === usual[s.model]) next.method = usual[next.model];
    if (next.method === "MH" && next.model === "random" && next.tau2 !== "DL") {
      if ("tau2" in patch) next.method = "IV";
      else next.tau2 = "DL";
    }
    return possible(next);
  }
  const summed = (s) => Boolean(data.sums) && s.method === "MH" && (s.model === "common" || s.tau2 === "DL");
  const possible = (s) => ({
    ...s, ...(data.sums && !summed(s) && { method: "IV" }), ci: fits(s, s.ci) ? s.ci : "wald", imagined: data.syntheses[s.part].apart ? null : s.imagined });

  const uncomputed = (name, table) => (name in table ? name : say("explorer.uncomputed", { name }));
  const OPTIONS = {
    ...(data.sums && { method: ["IV", "MH"].map((name) => [name, data.method_words[name]]) }),
    model: [["random", say("scenario.random")], ["common", say("scenario.common")]],
    // all are named; what this page does not know gives no result
    tau2: data.estimators.map((name) => [name, uncomputed(name, kernel.TAU2)]),
    ci: Object.keys(kernel.CONFIDENCE).map((name) => [name, data.ci_words[name]]),
    prediction: data.predictions.map((name) => [name, uncomputed(name, kernel.PREDICTION)]),
  };

  /* ---- numbers ---- */

  function analysed(s) {
    const part = data.syntheses[s.part];
    const profile = profileOf(s);
    const z = kernel.quantile(kernel.normalTail, (1 - data.level) / 2);
    const withInterval = (trial, yi, vi) => ({
      ...trial, yi, vi, ci_low: yi - z * Math.sqrt(vi), ci_high: yi + z * Math.sqrt(vi) });
    const all = part.trials.map((trial) => {
      const value = trial.values[profile.formulas];
      if (value === null) return { ...trial, on: false, computable: false };
      return { ...withInterval(trial, ...value), on: isOn(s, trial), computable: true };
    });
    if (s.imagined) {
      const { n, smd } = s.imagined;
      const by = { correction: profile.correction, variance: profile.smd_variance };
      const trial = {
        id: "imagined", label: say("explorer.undone"), marks: "", year: null,
        n1: n / 2, n2: n / 2, flags: [], signs: [], imagined: true, on: true, computable: true };
      all.push(withInterval(trial, smd, kernel.smdVariance(smd, n / 2, n / 2, by)));
    }
    const on = all.filter((trial) => trial.on);
    const groups = (part.parts || []).map((one) => ({ part: one, on: on.filter((trial) => trial.subgroup === one.subgroup) }));
    const named = s.model === "common" ? ["model", "ci"] : METHODS.filter((name) => name !== "method");
    const methods = { ...Object.fromEntries(named.map((m) => [m, s[m]])), level: data.level };
    if (summed(s)) methods.sums = { ...profile.sums, measure: data.sums };
    const uncounted = (among) => methods.sums && among.some((trial) => !trial.cells);
    const strange = s.model !== "common" && !(s.tau2 in kernel.TAU2);
    const made = (about, among) => {
      const unlike = data.one_instrument && new Set(among.map((trial) => trial.instrument)).size > 1;
      const result = unlike || strange || about.apart || uncounted(among) ? null : pooled(among, methods);
      const k = new Set(among.map((trial) => trial.trial ?? trial.id)).size; // comparisons of one trial once
      if (result) among.forEach((trial, i) => { trial.weight = result.weights[i]; });
      if (result && methods.sums && s.model === "common" && !result.flags.includes("sums_corrected")) among.forEach(asSummed);
      return { part: about, methods, on: among, unlike, bare: uncounted(among), result, k, flags: about.apart ? [] : flagsOf(about, among, result, k, methods),
               contradictory: contradictory(among, result) };
    };
    for (const group of groups) Object.assign(group, made({ ...group.part, ties: part.ties }, group.on), { part: group.part });
    const a = { profile, trials: all, groups, ...made(part, on) }; // the weights in a total come last
    if (part.apart) a.flags = [...new Set(groups.flatMap((group) => group.flags))];
    return a;
  }

  /* ---- which rows are shown, and in which order: what is hidden is pooled all the same ---- */

  const NUMBER = /^[-−]?\d*[.,]?\d+$/;
  const numberOf = (typed) => (NUMBER.test(typed.trim()) ? Number(typed.trim().replace("−", "-").replace(",", ".")) : NaN);
  /* "2000..", "..3.5" and "2000..2010" as numbers; null where one of them is none. */
  function rangeOf(asked) {
    const ends = asked.split("..").map((end) => end.trim());
    const [low, high] = ends.map((end, i) => (end === "" ? [-Infinity, Infinity][i] : numberOf(end)));
    return ends.length === 2 && !Number.isNaN(low) && !Number.isNaN(high) ? [low, high] : null;
  }

  const biasOf = (trial) => data.bias[trial.trial] || "nothing";
  const sizeOf = (trial) => (trial.computable ? trial.weight ?? -1 : -2);
  const by = (key) => (one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0);
  const SORTS = {
    file: () => 0,
    label: by((trial) => trial.label.toLowerCase()),
    year: by((trial) => trial.year ?? Infinity),
    effect: by((trial) => trial.yi ?? Infinity),
    weight: by((trial) => -sizeOf(trial)),
    bias: by((trial) => Object.keys(data.bias_words).indexOf(biasOf(trial))),
  };

  /* What rows can be chosen by: words with at most 20 values, numbers from and to. */
  function filtersOf(part) {
    const rows = [...part.trials, ...part.missing, ...part.dropped];
    const own = [...new Set(part.trials.flatMap((trial) => Object.keys(trial.moderators)))];
    const all = [
      part.parts && { name: "subgroup", words: say("explorer.comparison"), of: (trial) => trial.subgroup,
                      values: part.parts.map((one) => [one.subgroup, one.subgroup_words]) },
      Object.keys(data.bias).length && { name: "bias", words: say("bias"), of: biasOf,
        values: Object.entries(data.bias_words).filter(([state]) => rows.some((trial) => biasOf(trial) === state)) },
      ...own.map((name) => {
        const of = (trial) => trial.moderators?.[name] ?? null;
        const held = [...new Set(rows.map(of).filter((value) => value !== null))];
        const numbers = held.every((value) => typeof value === "number");
        const values = numbers && held.length > 6 ? null : held.sort(by((value) => value)).map((value) => [String(value), turned(value)]);
        return { name: `own ${name}`, words: name, of, values };
      })];
    return all.filter((one) => one && (!one.values || (one.values.length > 1 && one.values.length <= 20)));
  }

  const MOST_ROWS = 300; // as many as a forest plot names (forest_table.py); of more, those that are looked for
  const isFiltered = (s) => Boolean(s.find || Object.values(s.where).some(Boolean));

  /* The rows shown, by the parts that they stand in; `hidden` is how many are not. */
  function shownRows(s, a) {
    const { part } = a;
    const asked = filtersOf(part).filter(({ name }) => s.where[name]);
    const holds = (trial) => trial.imagined || (trial.label.toLowerCase().includes(s.find.trim().toLowerCase())
      && asked.every(({ name, values, of }) => {
        if (values) return String(of(trial) ?? "") === s.where[name];
        const [low, high] = rangeOf(s.where[name]);
        return of(trial) !== null && of(trial) >= low && of(trial) <= high;
      }));
    const trials = a.trials.filter(holds).sort(SORTS[s.sort]);
    const absent = ["missing", "dropped"].flatMap((kind) => part[kind].map((trial, i) => ({ ...trial, key: `${kind}:${i}`, kind })));
    const known = absent.filter(holds);
    const drawn = trials.slice(0, MOST_ROWS);
    const held = (group) => drawn.filter((trial) => trial.subgroup === group.part.subgroup);
    const loose = drawn.filter((trial) => !a.groups.some((group) => group.part.subgroup === trial.subgroup));
    return { trials, absent: known, of: a.trials.length + absent.length,
             hidden: a.trials.length - drawn.length + absent.length - known.length,
             stacks: [...a.groups.map((group) => ({ group, trials: held(group) })).filter((stack) => stack.trials.length), { group: null, trials: loose }] };
  }

  function pooled(trials, { sums, ...methods }) {
    const variances = trials.map(({ vi }) => vi);
    const result = kernel.pool(trials.map(({ yi }) => yi), variances, {
      ...methods, ...(sums && { sums: { ...sums, counts: trials.map(({ cells }) => cells) } }) });
    if (!result) return null;
    if (beyond(result.ci_low, result.ci_high)) result.flags.push("beyond_range");
    if (beyond(result.pi_low, result.pi_high)) result.flags.push("prediction_beyond_range");
    return data.scale === "double arcsine" ? { ...result, people: harmonic(variances) } : result;
  }

  const beyond = (...limits) => {
    const [low, high] = data.possible;
    return limits.some((x) => x !== null && ((low !== null && x < low) || (high !== null && x > high)));
  };

  /* What was added to the empty cells of a row whose counts are summed is of that row alone. */
  function asSummed(trial) {
    trial.flags = trial.flags.map((flag) => (flag === "empty_cells_corrected" ? "row_corrected" : flag));
    trial.signs = trial.signs.map(([sign, words]) => [sign, words === data.half_added ? data.row_added : words]);
  }

  const OF_PREDICTION = ["few_trials_for_prediction", "prediction_beyond_range"];
  const binds = (tie, held) => tie.ids.filter((id) => held.has(id)).length > 1;

  function flagsOf(part, on, result, k, methods) {
    const flags = [...(result && k < data.few ? ["few_trials"] : []), ...(result ? result.flags : []), ...on.flatMap((trial) => trial.flags)];
    const statistics = on.map((trial) => trial.statistic);
    if (data.standardised && statistics.includes("final") && statistics.includes("change")) flags.push("mixed_standardisers");
    const empty = on.filter((trial) => trial.flags.includes("empty_cells"));
    if (data.scale === "double arcsine") flags.push("double_arcsine");
    if (on.some((trial) => beyond(trial.ci_low, trial.ci_high))) flags.push("trial_beyond_range");
    const sparse = empty.length && empty.length >= data.sparse * on.length;
    if (sparse && data.unfit && !data.one_group) flags.push(data.unfit);
    if (part.missing.length) flags.push("trials_missing");
    const held = new Set(on.map((trial) => trial.id));
    flags.push(...part.ties.filter((tie) => binds(tie, held)).flatMap((tie) => tie.flags));
    const answered = methods.sums && methods.model === "common" ? ["sparse_events", "no_contrast"] : [];
    return [...new Set(flags)].filter((flag) => !answered.includes(flag))
      .filter((flag) => !OF_PREDICTION.includes(flag) || k >= data.prediction_from);
  }

  /* I² considerable and trials that exclude 0 on both sides, as synthesis.contradictory has it. */
  function contradictory(on, result) {
    const low = on.filter((trial) => trial.ci_high < 0).length;
    const high = on.filter((trial) => trial.ci_low > 0).length;
    return data.compared && result !== null && result.i2 !== null && result.i2 >= data.contradiction
      && 4 * Math.min(low, high) >= Math.max(low + high, 1);
  }

  /* Count people once, as dependence.people_of does; unknown is unknown. */
  function people(part, real) {
    let least = 0, unknown = 0;
    const trials = new Set(real.map((trial) => trial.trial));
    for (const name of trials) {
      const listed = real.filter((trial) => trial.trial === name);
      const ids = new Set(listed.map((trial) => trial.id));
      const sizes = listed.map((trial) => trial.groups.reduce((n, group) => n + (group[1] || 0), 0));
      if (part.ties.some((tie) => tie.unclear && binds(tie, ids))) {
        least += Math.max(...sizes);
        unknown += 1;
        continue;
      }
      const most = new Map();  // of two equal groups in one comparison each counts
      for (const trial of listed) {
        const here = new Map();
        for (const group of trial.groups) {
          const key = JSON.stringify(group);
          here.set(key, (here.get(key) || 0) + 1);
          if (here.get(key) > (most.get(key) || 0)) {
            most.set(key, here.get(key));
            least += group[1] || 0;
          }
        }
      }
      unknown += listed.some((trial) => trial.groups.some((group) => group[1] === null)) ? 1 : 0;
    }
    const values = { n: whole(least), unknown, k: trials.size };
    return !unknown ? say("people", values) : least ? say("people_least", values) : say("people_unknown");
  }

  /* "3 of 7 trials known to measure it, 142 people" */
  function coverage(a) {
    const real = a.on.filter((trial) => !trial.imagined);
    const k = new Set(real.map((trial) => trial.trial)).size;
    const measured = new Set([...a.part.trials, ...a.part.missing, ...a.part.dropped].map((one) => one.trial));
    const share = say("share", { k, n: measured.size });
    const mixed = new Set(real.filter((trial) => trial.composite).map((trial) => trial.trial)).size;
    if (a.part.apart && !a.on.length) return share;
    return [
      real.length > k ? say("explorer.comparisons", { share, n: real.length }) : share,
      people(a.part, real),
      mixed && (k === 1 ? say("composite_single") : mixed === 1 ? say("composite_one", { n: mixed })
        : say("composite_many", { n: mixed })),
      real.length < a.on.length && say("explorer.with_undone"),
    ].filter(Boolean).join(", ");
  }

  /* ---- words ---- */

  function plain(number, places) {
    if (number === null || number === undefined) return "–";
    if (Math.abs(number) === Infinity) return number > 0 ? "∞" : "−∞";
    if (Math.abs(number) >= 1e9) { // its power of ten says more than its digits
      const [digits, power] = number.toExponential(1).replace("-", "−").split("e+");
      return `${digits} × 10${[...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
    }
    const text = number.toFixed(places);
    return Number(text) ? text.replace("-", "−") : (0).toFixed(places);
  }
  const decimal = (number, places = 2) => turned(plain(number, places));
  /* The twin of words.decimals: an estimate and its limits, or one number. */
  function decimals(numbers, places = 2, ratio = false) {
    const given = numbers.filter(Number.isFinite);
    const [least, most] = given.length ? [Math.min(...given), Math.max(...given)] : [0, 0];
    const [first, half] = [Math.abs(given[0] || 0), (most - least) / 2];
    const [unit, sizes] = [10 ** -places, []];
    if ((ratio || given.length === 1) && first >= 5e-7 && first < 0.5 * unit) sizes.push(first);
    if (half > Math.max(5e-7, 1e-9 * Math.abs(least)) && half < 5 * unit) sizes.push(half);
    for (const size of sizes) {
      places = Math.max(places, Math.min(6, 1 - Number(size.toExponential(8).split("e")[1])));
    }
    return numbers.map((x, place) => {
      const text = plain(x, places);
      if (!place && !ratio) return turned(text);
      if (x === null || x === undefined || !(Math.abs(x) >= 5e-7) || /[^0.]/.test(text)) return turned(text);
      if (ratio) return decimals([x])[0];
      return turned(x < 0 ? `−${text}` : text);
    });
  }
  const tau2Words = (x) => decimals([x], 3)[0];
  const unit = (s) => (s.sd ? say("explorer.unit") : data.measure);
  /* The twins of engine.measures.SCALES; a double arcsine is turned back by a number of people. */
  const share = (x) => Math.sin(Math.min(Math.max(x, 0), Math.PI / 2)) ** 2;
  const arcsines = (x, n) => (Math.asin(Math.sqrt(x / (n + 1))) + Math.asin(Math.sqrt((x + 1) / (n + 1)))) / 2;
  function shareOf(x, n) {
    if (x <= arcsines(0, n)) return 0;
    if (x >= arcsines(n, n)) return 1;
    const sine = Math.sin(2 * x);
    return (1 - Math.sign(Math.cos(2 * x)) * Math.sqrt(Math.max(0, 1 - (sine + (sine - 1 / sine) / n) ** 2))) / 2;
  }
  const BACK = { logit: (x) => 1 / (1 + Math.exp(-x)), arcsine: share, "double arcsine": shareOf,
    "square root": (x) => Math.max(x, 0) ** 2, "Fisher's z": Math.tanh };
  const onScale = (s, x, people) =>
    (data.ratio ? Math.exp(x) : BACK[data.scale] ? BACK[data.scale](x, people || peopleOf(s)) : x * (s.sd || 1));
  /* The harmonic mean of people, from the variances of double arcsines, 1/(4n + 2). */
  const harmonic = (variances) => variances.length / variances.reduce((sum, v) => sum + 1 / (1 / (4 * v) - 0.5), 0);
  const peopleOf = (s) => harmonic(data.syntheses[s.part].trials.flatMap((trial) => trial.values.filter(Boolean).slice(0, 1)).map(([, v]) => v));
  const shownOf = (s, people, numbers) =>
    decimals(numbers.map((x) => (x === null ? null : onScale(s, x, people))), s.sd ? 1 : 2, data.positive);
  const shown = (s, ...numbers) => shownOf(s, null, numbers);
  function ends(s, one, name = "estimate") {
    const people = one.people || (one.vi && harmonic([one.vi]));
    const [estimate, low, high] = shownOf(s, people, [one[name], one.ci_low, one.ci_high]);
    return { estimate, low, high };
  }
  const interval = (s, one, name) => say("interval", ends(s, one, name));
  const valued = (s, one, name) =>
    s.sd ? say("points", { n: interval(s, one, name) }) : `${data.measure} ${interval(s, one, name)}`;
  const pWords = (p) => (p === null ? data.p_unknown : p < 0.001 ? turned("P < 0.001") : `P = ${decimal(p, 3)}`);
  const percent = (x) => (x === null ? "–" : `${decimal(x, 0)}${PERCENT}`);
  const level = { level: turned(Number((100 * data.level).toPrecision(4))), percent: PERCENT };
  const head = (s) => say("h_effect", { scale: unit(s), ...level });

  const modelWords = (s) => capital(s.model === "common" ? say("scenario.common") : say("scenario.random"));
  const methodWords = (s) =>
    [modelWords(s), ...(data.sums ? [data.method_words[s.method]] : []), ...(s.model === "common" ? [] : [s.tau2]), data.ci_words[s.ci]].join(", ");
  /* What a profile is, or where the page or the review departs from it. */
  function aboutProfile(s, profile) {
    const changes = Object.entries(profile.its_own)
      .map(([name, own]) => ({ what: data.choice_words[name], here: METHODS.includes(name) ? s[name] : profile[name], own }))
      .filter(({ here, own }) => here !== own).map((change) => say("explorer.replaced", change)).join("; ");
    return changes ? say("explorer.changed", { profile: profile.as, changes }) : profile.about;
  }
  const aboutInterval = (s) => (s.sd ? say("explorer.axis_points", { sd: turned(s.sd) }) : data.axis);

  function answer(s, a) {
    if (a.part.apart) return say("explorer.apart", { n: a.groups.length });
    if (a.result === null) {
      const why = a.bare ? say("pool.no_counts", { trials: a.on.filter((one) => !one.cells).map((one) => one.label).join(", ") })
        : a.methods.sums && a.on.length && !a.unlike ? say("pool.no_sum")
        : a.on.length && !a.unlike ? say("explorer.tau2_unknown", { tau2: s.tau2 })
        : a.on.length ? say("explorer.instruments")
        : a.part.trials.length ? say("explorer.nothing_on") : say("pool.nothing");
      return say("unpooled_word", { why }).replace(/\.$/, "");
    }
    const values = { scale: data.measure, ...ends(s, a.result), ...level };
    const value = s.sd ? say("explorer.value_points", values) : say("value", values);
    if (a.result.k === 1) return say("explorer.alone", { name: a.on[0].label, value });
    return a.contradictory ? say("explorer.contradict", { value }) : value;
  }

  /* "; the report −0.71 (−1.2 to −0.2)", where the report has another value. */
  function beforeOf(s, a) {
    if (a.part.apart) return a.groups.map((group) => changeOf(s, group)).join("");
    const was = mainOf(a).result;
    const value = was && interval(s, was);
    if (value === (a.result && interval(s, a.result))) return "";
    return `; ${was ? say("explorer.before", { value }) : say("explorer.before_none")}`;
  }

  /* Of a subgroup in a view of several: "; A: −0.72 (…); the report −0.71 (…)". */
  function changeOf(s, group) {
    const words = beforeOf(s, group);
    return words && `; ${group.part.subgroup_words}: ${group.result ? interval(s, group.result) : "–"}${words}`;
  }

  function asPrinted({ words }) {
    const [estimate, low, high] = words.map(turned);
    return say("interval", { estimate, low, high });
  }

  /* What is printed comes first, with its digits; what this page makes of it is said to be its own. */
  function published(s, part) {
    const k = part.printed_k ? trials(part.printed_k) : say("published_k_unknown");
    const { printed } = part;
    if (printed) {
      const first = say("explorer.published", { numbers: asPrinted(printed), where: printed.where });
      const ours = s.sd && say("explorer.converted", { numbers: interval(s, printed) });
      return [`${[first, printed.at_odds, k].filter(Boolean).join(", ")}.`, ours].filter(Boolean).join(" ");
    }
    if (part.printed_undrawn) return `${say("explorer.published_undrawn", { numbers: part.printed_undrawn })}, ${k}.`;
    return part.printed_words ? say("explorer.published_words", { words: part.printed_words }) : "";
  }
  const basis = (s, a) => [`${methodWords(s)}.`, published(s, a.part)].filter(Boolean).join(" ");

  /* How much the trials differ, or that it can't be seen. */
  function heterogeneity(s, a) {
    const r = a.result;
    if (a.part.apart) return "";
    if (!r) return `${answer(s, a)}.`;
    if (r.k === 1) return say("explorer.spread_one");
    const by = { tau2: tau2Words(r.tau2), by: s.tau2, i2: percent(r.i2_tau2) };
    const tau2 = r.tau2 === null ? say("explorer.no_tau2")
      : r.i2_tau2 === null ? say("explorer.tau2", by) : say("explorer.tau2_i2", by);
    const values = { i2: percent(r.i2), q: decimal(r.q), df: r.q_df, p: pWords(r.q_p), tau2 };
    return r.i2 >= data.contradiction ? say("explorer.spread_considerable", values) : say("explorer.spread", values);
  }

  /* What stands beside an interval of few trials that is wider than its level asks for. */
  function besideOf(s, a) {
    const r = a.result;
    if (!r || r.tau2 === null || r.k < 2 || r.k >= data.few || !data.wide.includes(s.ci)) return "";
    const yi = a.on.map((trial) => trial.yi);
    const plain = pooled(a.on, { ...a.methods, ci: "hksj" });
    const [low, high] = shown(s, plain.ci_low, plain.ci_high);
    const [least, most] = shown(s, Math.min(...yi), Math.max(...yi));
    const values = { low, high, least, most };
    const same = shown(s, r.ci_low, r.ci_high).join() === [low, high].join();
    return sentence(same ? say("wide_same", values) : say("wide", values));
  }

  /* How a trial that was not done moves the mean: by its own pull, and by what its τ² does to the
   * weights of the others. The two add up to the whole step. */
  function stepOf(s, a) {
    const without = s.imagined && a.result && analysed({ ...s, imagined: null });
    if (!without || !without.result) return "";
    const others = a.on.filter((trial) => !trial.imagined);
    const whole = others.reduce((sum, trial) => sum + trial.weight, 0);
    const [before, after] = [without.result.estimate, a.result.estimate];
    const parts = others.map((trial, i) => ({ trial, was: without.on[i].weight, is: 100 * trial.weight / whole }));
    const moved = parts.reduce((sum, { trial, was, is }) => sum + (is - was) / 100 * (trial.yi - before), 0);
    const step = (x) => shown(s, x)[0].replace(/^(?=[\d.,]*[1-9])/, "+");
    const [low, high, there] = [before, after, s.imagined.smd].map((x) => shown(s, x)[0]);
    const away = (after - before) * (s.imagined.smd - before) < 0 && high !== low;
    const lines = [
      away ? say("explorer.step_away", { low, high, there }) : say("explorer.step", { low, high }),
      say("explorer.pull", { step: step(after - before - moved) })];
    const [t0, t1] = [without.result.tau2, a.result.tau2];
    const rose = t1 > t0;
    if (t0 !== null && t1 !== null && t0 !== t1) {
      const values = { low: tau2Words(t0), high: tau2Words(t1) };
      lines.push(rose ? say("explorer.tau2_rose", values) : say("explorer.tau2_fell", values));
    }
    if (Math.max(...parts.map(({ was, is }) => Math.abs(is - was))) >= 0.05) {
      const by = ({ trial, was, is }) => (is - was) * (trial.yi - before) * Math.sign(moved || 1);
      const most = parts.reduce((best, one) => (by(one) > by(best) ? one : best));
      const values = { step: step(moved), name: most.trial.label, percent: PERCENT,
                       was: decimal(most.was, 1), now: decimal(most.is, 1) };
      lines.push(rose ? say("explorer.weights_more", values) : say("explorer.weights_less", values));
    } else if (parts.length > 1) {
      lines.push(say("explorer.weights_kept"));
    }
    return lines.join(" ");
  }

  function notesOf(s, a) {
    const signs = new Map();
    for (const trial of a.trials) {
      for (const [sign, words] of trial.signs) {
        const key = JSON.stringify([sign, words]);
        signs.set(key, [...(signs.get(key) || []), trial.label]);
      }
    }
    const { hidden, of } = shownRows(s, a);
    /* in a view of subgroups, of which of them it holds */
    const flagged = (flag) => {
      const which = a.groups.filter((group) => group.flags.includes(flag)).map((group) => group.part.subgroup_words);
      const some = a.part.apart && which.length < a.groups.length;
      return some ? say("explorer.of_some", { what: data.flag_words[flag], which: which.join("; ") }) : data.flag_words[flag];
    };
    const order = ([one]) => data.signs.indexOf(JSON.parse(one)[0]);
    return [
      a.contradictory && say("explorer.read_them", { i2: percent(a.result.i2) }),
      besideOf(s, a),
      heterogeneity(s, a),
      hidden && say("explorer.listed", { n: of - hidden, of }),
      s.imagined && say("explorer.no_result"),
      stepOf(s, a),
      s.sd && say("explorer.sd_typed", { sd: turned(s.sd) }),
      ...a.flags.map(flagged),
      ...[...signs].sort((p, q) => order(p) - order(q)).map(([key, labels]) => {
        const [sign, words] = JSON.parse(key);
        if (labels.length === a.trials.length && labels.length > data.most_marked)
          return say("pool.of_all", { n: labels.length, words: `${sign} ${words}` });
        const others = labels.length - data.most_listed;
        const names = others > 0 ? [...labels.slice(0, data.most_listed), say("pool.others", { n: others })] : labels;
        return say("pool.marked", { sign, names: names.join(", "), words });
      }),
      a.trials.some((t) => t.flags.includes("p_bound")) && data.bound_mark,
      a.profile.unverified && say("explorer.unverified", { profile: a.profile.words, what: a.profile.unverified }),
      a.part.subgroup && data.syntheses.some((one) => one.id === a.part.id && one.subgroup === null)
        && say("explorer.own_weights"),
      data.one_tau2 && a.part.subgroup && say("explorer.own_tau2"),
    ].filter(Boolean);
  }

  function trialWords(s, trial) {
    if (!trial.computable) return `${trial.label}: ${say("explorer.no_effect")}`;
    const weight = trial.on ? say("explorer.weight", { weight: weightOf(trial) }) : say("explorer.switched_off");
    return `${trial.label}${trial.marks}: ${valued(s, trial, "yi")}, ${weight}`;
  }
  const weightOf = (trial) => (trial.weight === undefined ? "–" : `${decimal(trial.weight, 1)}${PERCENT}`);

  function sizes(trial) {
    if (data.one_group && trial.n1 !== null) return turned(trial.n1);
    if (trial.n1 === null || trial.n2 === null) return "n = ?";
    return `${turned(trial.n1)} + ${turned(trial.n2)}`;
  }

  /* The same synthesis as the report has it. */
  const asReported = new Map();
  function mainOf(a) {
    const place = data.syntheses.indexOf(a.part);
    if (!asReported.has(place)) asReported.set(place, analysed(fresh(place)));
    return asReported.get(place);
  }

  /* ---- the numbers as a file ---- */

  function csv(s, a) {
    const columns = ["kind", "id", "label", "n1", "n2", "included", "estimate", "ci_low", "ci_high", "variance", "weight", "note"];
    const { result, part } = a;
    const absent = (kind, note) => ({ trial, label, ...rest }) => ({ kind, id: trial, label, included: "no", note: rest[note] });
    const rows = [
      ...a.trials.map((t) => ({ ...t, kind: t.imagined ? "imagined" : "trial", included: t.on ? "yes" : "no",
        estimate: t.yi, variance: t.vi, weight: t.on ? t.weight : null, note: t.assumption })),
      ...part.missing.map(absent("missing", "where")),
      ...part.dropped.map(absent("left out", "why")),
    ];
    for (const group of a.groups.filter((one) => one.result)) {
      const { estimate, ci_low, ci_high, se } = group.result;
      rows.push({ kind: "subtotal", id: group.part.subgroup, label: titleOf(group.part), estimate, ci_low, ci_high, variance: se ** 2 });
    }
    if (result) {
      const { estimate, ci_low, ci_high, pi_low, pi_high } = result;
      const scale = data.label;
      const note = say("explorer.pooled_note", { methods: methodWords(s), profile: profileOf(s).words, coverage: coverage(a), scale });
      rows.push({ kind: "pooled", label: titleOf(part), estimate, ci_low, ci_high, variance: result.se ** 2, note });
      if (pi_low !== null && a.k >= data.prediction_from) {
        rows.push({ kind: "prediction", estimate, ci_low: pi_low, ci_high: pi_high, note: s.prediction });
      }
      for (const kind of ["tau2", "q", "i2", "i2_tau2", "h2"]) rows.push({ kind, estimate: result[kind] });
    }
    if (part.printed) rows.push({ ...part.printed, kind: "published", note: part.printed.where });
    const cell = (value) => {
      const asFormula = typeof value === "string" && /^'*[=+\-−@\t\r]./s.test(value); // as words.inert
      const text = `${asFormula ? "'" : ""}${value ?? ""}`;
      return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
    };
    const lines = rows.map((row) => columns.map((name) => cell(row[name])).join(","));
    return [columns.join(","), ...lines, ""].join("\n");
  }

  return {
    data, say, capital, turned, trials, fromTo, titleOf, METHODS, VIEWS, OPTIONS, fresh, methodsOf, isOn, addressOf, stateOf,
    SORTS, MOST_ROWS, isFiltered, filtersOf, rangeOf, numberOf, shownRows, biasOf, fits, asked, analysed, pooled, mainOf, coverage, decimal, decimals, tau2Words, unit, onScale, shown, shownOf, interval, valued, pWords, percent, level, head,
    modelWords, basis, aboutInterval, aboutProfile, answer, beforeOf, asPrinted, stepOf, notesOf, trialWords, weightOf, sizes, csv };
})();
