/* What the page knows and says: the state, the numbers that follow from it, and words for them.
 *
 * `analysed` turns a state into numbers, `addressOf` and `stateOf` into the address after # and
 * back. Nothing here touches the page but to read its data.
 */
const model = (() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  for (const { multiverse } of data.syntheses.filter((one) => one.multiverse)) {
    const options = Object.entries(multiverse.options);
    multiverse.analyses = multiverse.rows.map(([estimate, ci_low, ci_high, k, ...chosen]) => ({
      estimate, ci_low, ci_high, k,
      made: options.map(([name, among], i) => [name, among[chosen[i]]]).filter(([, option]) => option)
        .map((pair) => pair.join(": ")).join("; ") }));
  }
  const METHODS = ["model", "tau2", "ci", "prediction"];
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
  });

  const methodsOf = (profile) => Object.fromEntries(METHODS.map((name) => [name, profile[name]]));
  const profileOf = (s) => data.profiles.find((one) => one.name === s.profile);

  function addressOf(s) {
    const part = data.syntheses[s.part];
    const plain = fresh(s.part);
    const profile = methodsOf(profileOf(s));
    const said = new URLSearchParams({ synthesis: part.id });
    if (part.subgroup !== null) said.set("subgroup", part.subgroup);
    if (s.view !== plain.view) said.set("view", s.view);
    for (const id of s.turned) said.append("turned", id);
    if (s.profile !== plain.profile) said.set("profile", s.profile);
    for (const name of METHODS) if (s[name] !== profile[name]) said.set(name, s[name]);
    if (s.sd !== null) said.set("sd", s.sd);
    if (s.imagined) said.set("imagined", `${s.imagined.n} ${s.imagined.smd}`);
    if (s.looked) said.set("looked", s.looked);
    return `#${said}`;
  }

  /* What an address says and this page does not know is passed over. */
  function stateOf(address) {
    const said = new URLSearchParams(address.replace(/^#/, ""));
    const part = data.syntheses.findIndex(
      (one) => one.id === said.get("synthesis") && one.subgroup === said.get("subgroup"));
    const s = fresh(Math.max(part, 0));
    if (VIEWS.includes(said.get("view"))) s.view = said.get("view");
    const ids = data.syntheses[s.part].trials.map((trial) => trial.id);
    s.turned = [...new Set(said.getAll("turned"))].filter((id) => ids.includes(id));
    const profile = data.profiles.find((one) => one.name === said.get("profile"));
    if (profile) Object.assign(s, { profile: profile.name }, methodsOf(profile));
    for (const name of METHODS) {
      if (OPTIONS[name].some(([value]) => value === said.get(name))) s[name] = said.get(name);
    }
    const sd = Number(said.get("sd"));
    if (sd > 0 && Number.isFinite(sd)) s.sd = sd;
    const [n, smd] = (said.get("imagined") || "").split(" ").map(Number);
    if (data.imaginable && n >= 10 && [n, smd].every(Number.isFinite)) s.imagined = { n, smd };
    const many = data.syntheses[s.part].multiverse?.analyses.length || 0;
    if (Number(said.get("looked")) >= 1 && Number(said.get("looked")) <= many) s.looked = Math.floor(said.get("looked"));
    return possible(s);
  }

  /* A common effect has the Wald interval alone; that of the profile likelihood belongs to ML. */
  const fits = (s, ci) => s.model === "common" ? ci === "wald" : ci !== "profile" || s.tau2 === "ML";
  const possible = (s) => (fits(s, s.ci) ? s : { ...s, ci: "wald" });

  const OPTIONS = {
    model: [["random", "random effects"], ["common", "common effect"]],
    // all are named; what this page does not know gives no result
    tau2: data.estimators.map((name) => [name, name in kernel.TAU2 ? name : `${name}, not computed on this page`]),
    ci: Object.keys(kernel.CONFIDENCE).map((name) => [name, data.ci_words[name]]),
    prediction: data.predictions.map((name) => [name, name in kernel.PREDICTION ? name : `${name}, not computed on this page`]),
  };

  /* ---- numbers ---- */

  function analysed(s) {
    const part = data.syntheses[s.part];
    const profile = profileOf(s);
    const z = kernel.quantile(kernel.normalTail, (1 - data.level) / 2);
    const withInterval = (trial, yi, vi) => ({
      ...trial, yi, vi, ci_low: yi - z * Math.sqrt(vi), ci_high: yi + z * Math.sqrt(vi) });
    const trials = part.trials.map((trial) => {
      const value = trial.values[profile.formulas];
      if (value === null) return { ...trial, on: false, computable: false };
      const on = trial.main !== s.turned.includes(trial.id);
      return { ...withInterval(trial, ...value), on, computable: true };
    });
    if (s.imagined) {
      const { n, smd } = s.imagined;
      const by = { correction: profile.correction, variance: profile.smd_variance };
      const trial = {
        id: "imagined", label: "A trial that was not done", marks: "", year: null,
        n1: n / 2, n2: n / 2, flags: [], signs: [], imagined: true, on: true, computable: true };
      trials.push(withInterval(trial, smd, kernel.smdVariance(smd, n / 2, n / 2, by)));
    }
    const on = trials.filter((trial) => trial.on);
    const named = s.model === "common" ? ["model", "ci"] : METHODS;
    const methods = { ...Object.fromEntries(named.map((m) => [m, s[m]])), level: data.level };
    const instruments = new Set(on.map((one) => one.instrument));
    const unlike = data.one_instrument && instruments.size > 1;
    const strange = s.model !== "common" && !(s.tau2 in kernel.TAU2);
    const result = unlike || strange ? null : kernel.pool(on.map((one) => one.yi), on.map((one) => one.vi), methods);
    on.forEach((trial, i) => { trial.weight = result && result.weights[i]; });
    const k = new Set(on.map((trial) => trial.trial ?? trial.id)).size; // comparisons of one trial once
    return { part, profile, methods, trials, on, unlike, result, k, flags: flagsOf(part, on, result, k),
             contradictory: contradictory(on, result) };
  }

  function flagsOf(part, on, result, k) {
    const flags = [...(result && k < data.few ? ["few_trials"] : []), ...(result ? result.flags : []), ...on.flatMap((trial) => trial.flags)];
    const statistics = on.map((trial) => trial.statistic);
    if (data.standardised && statistics.includes("final") && statistics.includes("change")) flags.push("mixed_standardisers");
    const empty = on.filter((trial) => trial.flags.includes("empty_cells"));
    if (empty.length && empty.length >= data.sparse * on.length) flags.push("sparse_events");
    if (part.missing.length) flags.push("trials_missing");
    if (part.pooled_by) flags.push("other_method");
    const held = new Set(on.map((trial) => trial.id));
    flags.push(...part.ties.filter((tie) => tie.ids.every((id) => held.has(id))).flatMap((tie) => tie.flags));
    return [...new Set(flags)].filter((flag) => flag !== "few_trials_for_prediction" || k >= data.prediction_from);
  }

  /* I² considerable and trials that exclude 0 on both sides, as synthesis.contradictory has it. */
  function contradictory(on, result) {
    const low = on.filter((trial) => trial.ci_high < 0).length;
    const high = on.filter((trial) => trial.ci_low > 0).length;
    return result !== null && result.i2 !== null && result.i2 >= data.contradiction
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
      if (part.ties.some((tie) => tie.unclear && tie.ids.every((id) => ids.has(id)))) {
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
    if (!unknown) return `${least} people`;
    return least ? `at least ${least} people, the number in ${unknown} of ${trials.size} trials not known`
      : "number of people not known";
  }

  /* "3 of 7 trials known to measure it, 142 people" */
  function coverage(a) {
    const real = a.on.filter((trial) => !trial.imagined);
    const known = new Set(real.map((trial) => trial.trial));
    const whole = new Set([...a.part.trials, ...a.part.missing, ...a.part.dropped].map((one) => one.trial));
    const comparisons = real.length > known.size ? ` in ${real.length} comparisons` : "";
    const mixed = new Set(real.filter((trial) => trial.composite).map((trial) => trial.trial)).size;
    const scales = mixed ? `, ${mixed} of the trials on ${mixed === 1 ? "a scale that mixes" : "scales that mix"} outcomes` : "";
    const more = real.length < a.on.length ? ", and one trial that was not done" : "";
    return `${known.size} of ${whole.size} trials known to measure it${comparisons}, ${people(a.part, real)}${scales}${more}`;
  }

  /* ---- words ---- */

  function decimal(number, places = 2) {
    if (number === null || number === undefined) return "–";
    const text = number.toFixed(places);
    return Number(text) ? text.replace("-", "−") : (0).toFixed(places);
  }
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
    return numbers.map((x) => {
      const text = decimal(x, places);
      if (x === null || x === undefined || !(Math.abs(x) >= 5e-7) || /[^0.]/.test(text)) return text;
      if (ratio) return decimals([x])[0];
      return x < 0 ? `−${text}` : text;
    });
  }
  const tau2Words = (x) => decimals([x], 3)[0];
  const unit = (s) => (s.sd ? "points" : data.measure);
  const onScale = (s, x) => (data.ratio ? Math.exp(x) : x * (s.sd || 1));
  const shown = (s, ...numbers) =>
    decimals(numbers.map((x) => (x === null ? null : onScale(s, x))), s.sd ? 1 : 2, data.ratio);
  function interval(s, one, name = "estimate") {
    const [estimate, low, high] = shown(s, one[name], one.ci_low, one.ci_high);
    return `${estimate} (${low} to ${high})`;
  }
  const valued = (s, one, name) =>
    s.sd ? `${interval(s, one, name)} points` : `${data.measure} ${interval(s, one, name)}`;
  const pWords = (p) =>
    p === null ? "P not computed" : p < 0.001 ? "P < 0.001" : `P = ${p.toFixed(3)}`;
  const percent = (x) => (x === null ? "–" : `${decimal(x, 0)}%`);
  const level = `${Number((100 * data.level).toPrecision(4))}% CI`;

  const methodWords = (s) =>
    (s.model === "common" ? "Common effect" : `Random effects, ${s.tau2}`) + `, ${data.ci_words[s.ci]}`;
  /* What a profile is, or where the page or the review departs from it. */
  function aboutProfile(s, profile) {
    const changed = Object.entries(profile.its_own)
      .map(([name, own]) => [name, METHODS.includes(name) ? s[name] : profile[name], own])
      .filter(([, here, own]) => here !== own)
      .map(([name, here, own]) => `${data.choice_words[name]} ${here} in place of ${own}`);
    return changed.length ? `As ${profile.as}, but: ${changed.join("; ")}` : profile.about;
  }
  const aboutInterval = (s) =>
    s.sd ? `points on a 0–100 mm VAS, with an SD of ${s.sd} mm` : data.axis;

  function answer(s, a) {
    if (a.result === null) {
      const why = a.on.length && !a.unlike ? `τ² by ${s.tau2} is not computed on this page; livingmeta pool does`
        : a.on.length ? "mean differences need one instrument, and here are several"
        : a.part.trials.length ? "no trial is switched on" : "no trial has usable numbers";
      return `No pooled value: ${why}`;
    }
    const value = valued(s, a.result).replace("(", `(${level} `);
    if (a.result.k === 1) return `${a.on[0].label} alone: ${value}`;
    return a.contradictory ? `The trials contradict each other; pooled all the same: ${value}` : value;
  }

  const asPrinted = ({ words: [estimate, low, high] }) => `${estimate} (${low} to ${high})`;

  /* What is printed comes first, with its digits; what this page makes of it is said to be its own. */
  function published(s, part) {
    const k = part.printed_k ? `, ${part.printed_k} trials` : ", number of trials pooled unknown";
    const odd = part.printed && part.printed.at_odds ? `, ${part.printed.at_odds}` : "";
    const ours = s.sd && part.printed ? ` In points, our conversion: ${interval(s, part.printed)}.` : "";
    if (part.printed) return ` Published, as printed: ${asPrinted(part.printed)} (${part.printed.where})${odd}${k}.${ours}`;
    if (part.printed_undrawn) return ` Published: ${part.printed_undrawn}, which no figure can draw${k}.`;
    return part.printed_words ? ` Published: “${part.printed_words}”, without numbers.` : "";
  }

  /* How much the trials differ, or that it can't be seen. */
  function heterogeneity(s, a) {
    const r = a.result;
    if (!r) return `${answer(s, a)}.`;
    if (r.k === 1) return "Heterogeneity: one trial can't show any.";
    const more = r.i2 >= data.contradiction ? ", considerable" : "";
    const tau2 = r.tau2 === null ? "a common-effect model leaves it out of account"
      : `τ² = ${tau2Words(r.tau2)} (${s.tau2})${r.i2_tau2 === null ? "" : `, I² by τ² = ${percent(r.i2_tau2)}`}`;
    return `Heterogeneity${more}: I² by Q = ${percent(r.i2)} (Q = ${decimal(r.q)}, df ${r.q_df}, ${pWords(r.q_p)}); ${tau2}.`;
  }

  /* What stands beside an interval of few trials that is wider than its level asks for. */
  function besideOf(s, a) {
    const r = a.result;
    if (!r || r.tau2 === null || r.k < 2 || r.k >= data.few || !data.wide.of.includes(s.ci)) return "";
    const [yi, vi] = ["yi", "vi"].map((name) => a.on.map((one) => one[name]));
    const plain = kernel.pool(yi, vi, { ...a.methods, ci: "hksj" });
    const [low, high] = shown(s, plain.ci_low, plain.ci_high);
    const [least, most] = shown(s, Math.min(...yi), Math.max(...yi));
    const told = { low, high, least, most };
    const same = shown(s, r.ci_low, r.ci_high).join() === [low, high].join();
    const words = (same ? data.wide.same : data.wide.words).replace(/\{(\w+)\}/g, (_, name) => told[name]);
    return `${words[0].toUpperCase()}${words.slice(1)}.`;
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
    const step = (x) => shown(s, x)[0].replace(/^(?=[\d.]*[1-9])/, "+");
    const [from, to, there] = [before, after, s.imagined.smd].map((x) => shown(s, x)[0]);
    const away = (after - before) * (s.imagined.smd - before) < 0 && to !== from;
    const said = [
      `With the trial that was not done the pooled value goes from ${from} to ${to}`
        + (away ? `, away from that trial, which lies at ${there}` : "") + ".",
      `Its own pull is ${step(after - before - moved)}.`];
    const [t0, t1] = [without.result.tau2, a.result.tau2];
    const rose = t1 > t0;
    if (t0 !== null && t1 !== null && t0 !== t1) said.push(`τ² ${rose ? "rose" : "fell"} from ${tau2Words(t0)} to ${tau2Words(t1)}.`);
    if (Math.max(...parts.map(({ was, is }) => Math.abs(is - was))) >= 0.05) {
      const by = ({ trial, was, is }) => (is - was) * (trial.yi - before) * Math.sign(moved || 1);
      const most = parts.reduce((best, one) => (by(one) > by(best) ? one : best));
      said.push(`So the others weigh ${rose ? "more" : "less"} alike, small ones ${rose ? "more" : "less"}: that moves it by ${step(moved)}, `
        + `most through ${most.trial.label} (${decimal(most.was, 1)}% of their weight before, ${decimal(most.is, 1)}% now).`);
    } else if (parts.length > 1) {
      said.push("The others keep their weights relative to each other.");
    }
    return said.join(" ");
  }

  function notesOf(s, a) {
    const signs = new Map();
    for (const trial of a.trials) {
      for (const [sign, words] of trial.signs) {
        const key = JSON.stringify([sign, words]);
        signs.set(key, [...(signs.get(key) || []), trial.label]);
      }
    }
    const order = ([one]) => data.signs.indexOf(JSON.parse(one)[0]);
    return [
      a.contradictory && `The trials contradict each other (I² = ${percent(a.result.i2)}): read them, not the total.`,
      besideOf(s, a),
      heterogeneity(s, a),
      s.imagined && "One of the trials was not done: what is pooled with it is no result.",
      stepOf(s, a),
      s.sd && `Points are SMDs times ${s.sd} mm, an SD typed on this page.`,
      ...a.flags.map((flag) => data.flag_words[flag]),
      a.part.pooled_by && `The method of its source: ${a.part.pooled_by}.`,
      ...[...signs].sort((p, q) => order(p) - order(q)).map(([key, labels]) => {
        const [sign, words] = JSON.parse(key);
        return `${sign} ${labels.join(", ")}: ${words}`;
      }),
      a.trials.some((t) => t.flags.includes("p_bound")) && data.bound_mark,
      a.profile.unverified && `Profile ${a.profile.name} is not verified in full: ${a.profile.unverified}.`,
      a.part.subgroup && data.syntheses.some((one) => one.id === a.part.id && one.subgroup === null)
        && "Weights are those within this subgroup; the report has those in the total.",
      data.one_tau2 && a.part.subgroup && "The report takes one τ² for all comparisons; here each has its own.",
    ].filter(Boolean);
  }

  function trialWords(s, trial) {
    if (!trial.computable) return `${trial.label}: no effect by these formulas`;
    const weight = trial.on ? `weight ${decimal(trial.weight, 1)}%` : "switched off";
    return `${trial.label}${trial.marks}: ${valued(s, trial, "yi")}, ${weight}`;
  }

  function sizes(trial) {
    if (trial.n1 === null || trial.n2 === null) return "n = ?";
    return `${trial.n1} + ${trial.n2}`;
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
    const head = ["kind", "id", "label", "n1", "n2", "included", "estimate", "ci_low", "ci_high", "variance", "weight", "note"];
    const r = a.result;
    const rows = [
      ...a.trials.map((t) => [t.imagined ? "imagined" : "trial", t.id, t.label, t.n1, t.n2, t.on ? "yes" : "no",
        t.yi, t.ci_low, t.ci_high, t.vi, t.on ? t.weight : null, t.assumption]),
      ...a.part.missing.map((one) => ["missing", one.trial, one.label, null, null, "no", null, null, null, null, null, one.where]),
      ...a.part.dropped.map((one) => ["left out", one.trial, one.label, null, null, "no", null, null, null, null, null, one.why]),
    ];
    if (r) {
      const note = `${methodWords(s)}; formulas of profile ${s.profile}; ${coverage(a)}; in ${data.ratio ? `log ${data.measure}` : data.measure}`;
      rows.push(["pooled", "", "", null, null, "", r.estimate, r.ci_low, r.ci_high, r.se ** 2, null, note]);
      if (r.pi_low !== null && a.k >= data.prediction_from) rows.push(["prediction", "", "", null, null, "", r.estimate, r.pi_low, r.pi_high, null, null, s.prediction]);
      for (const name of ["tau2", "q", "i2", "i2_tau2", "h2"]) rows.push([name, "", "", null, null, "", r[name], null, null, null, null, null]);
    }
    const p = a.part.printed;
    if (p) rows.push(["published", "", "", null, null, "", p.estimate, p.ci_low, p.ci_high, null, null, p.where]);
    const cell = (value) => {
      const said = value === null || value === undefined ? "" : String(value);
      return /[",\n]/.test(said) ? `"${said.replace(/"/g, '""')}"` : said;
    };
    return [head, ...rows].map((one) => one.map(cell).join(",")).join("\n") + "\n";
  }

  return {
    data, METHODS, VIEWS, OPTIONS, fresh, methodsOf, addressOf, stateOf, fits, possible, analysed, mainOf,
    coverage, decimal, decimals, tau2Words, unit, onScale, shown, interval, valued, pWords, percent, level, methodWords,
    aboutInterval, aboutProfile, answer, published, asPrinted, stepOf, notesOf, trialWords, sizes, csv };
})();
