/* The engine of livingmeta once more, for a page without Python: numbers in, numbers out.
 *
 * Pure functions over plain arrays: nothing here knows of the page, of files or of time. Each
 * function is its namesake in pooling.py, tau2.py, likelihood.py and roots.py, for one set of
 * trials; tests/pages/test_explorer.py holds the two against each other at 1e-9. The literature is cited
 * there; here only what Python takes from scipy.
 * Not computed is null. With w = 1/(v + τ²) throughout, r what is left of the effects, k trials.
 */
const kernel = (() => {
  "use strict";

  const EPS = Number.EPSILON;
  const MARGIN = 1e-6; // brackets are proved in exact arithmetic; this is for rounding
  const GRID_STEP = 0.25;
  const GRID_MOST = 200;
  const SCAN = 33;
  const FEW = 5; // trials; below this an interval rests on its assumptions
  const [FEW_FOR_HKSJ, FEW_FOR_PREDICTION] = [10, 20]; // as in pooling.py, where the reasons stand

  const sum = (x) => x.reduce((total, one) => total + one, 0);
  const least = (x) => x.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (x) => x.reduce((a, b) => Math.max(a, b), -Infinity);
  const square = (x) => x * x;
  const clip = (x, low, high) => Math.min(Math.max(x, low), high);
  const finite = (x) => (Number.isFinite(x) ? x : null);

  /* A zero of f between low and high to the last digits, by inverse quadratic interpolation where
   * it is safe and bisection elsewhere (Chandrupatla 1997, Adv Eng Softw 28:145-149). */
  function bracketedRoot(f, low, high) {
    let [a, b, at] = [high, low, 0.5];
    let [fa, fb] = [f(a), f(b)];
    if (Math.sign(fa) === Math.sign(fb)) return fa === 0 ? a : b;
    let best = b;
    for (let step = 0; step < 200; step++) {
      const x = a + at * (b - a);
      const fx = f(x);
      let [c, fc] = [a, fa];
      if (Math.sign(fx) !== Math.sign(fa)) [c, fc, b, fb] = [b, fb, a, fa];
      [a, fa] = [x, fx];
      best = Math.abs(fa) < Math.abs(fb) ? a : b;
      const width = Math.abs(b - a);
      const smallest = (2 * EPS * Math.abs(best) + 2.3e-308) / width;
      if (smallest > 0.5 || fa === 0 || fb === 0) break;
      const [xi, phi] = [(a - b) / (c - b), (fa - fb) / (fc - fb)];
      const safe = phi * phi < xi && square(1 - phi) < 1 - xi;
      at = safe
        ? (fa / (fb - fa)) * (fc / (fb - fc)) + ((c - a) / (b - a)) * (fa / (fc - fa)) * (fb / (fc - fb))
        : 0.5;
      at = clip(Number.isFinite(at) ? at : 0.5, smallest, 1 - smallest);
    }
    return best;
  }

  /* ---- distributions ---- */

  /* log Γ(x): Stirling's series (DLMF 5.11.1) from x = 10 on, below by Γ(x + 1) = xΓ(x). */
  function logGamma(x) {
    let shift = 0;
    for (; x < 10; x++) shift += Math.log(x);
    const terms = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
    const series = terms.reduceRight((rest, term) => rest / (x * x) + term, 0) / x;
    return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - shift;
  }

  /* 1/(1 + c(1)/(1 + c(2)/(1 + …))) by Lentz's method as Thompson and Barnett changed it
   * (1986, J Comput Phys 64:490-509). */
  function unitFraction(c) {
    const tiny = 1e-300;
    let [value, up, down] = [1, 1, 0];
    for (let n = 1; n < 10000; n++) {
      const term = c(n);
      down = 1 / (1 + term * down || tiny);
      up = 1 + term / up || tiny;
      value *= up * down;
      if (Math.abs(up * down - 1) <= EPS) break;
    }
    return 1 / value;
  }

  /* Γ(a, x)/Γ(a): power series (DLMF 8.7.3) below a + 1, continued fraction (8.9.2) above. */
  function gammaTail(a, x) {
    if (x <= 0) return 1;
    const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
    if (x >= a + 1) {
      return (scale / x) * unitFraction((n) => (n % 2 ? (n + 1) / 2 - a : n / 2) / x);
    }
    let [term, total] = [1 / a, 1 / a];
    for (let n = 1; term > EPS * total; n++) total += term *= x / (a + n);
    return 1 - scale * total;
  }

  /* I_x(a, b), y = 1 − x, by its continued fraction (DLMF §8.17) on the side where it is fast. */
  function beta(x, y, a, b) {
    if (x <= 0) return 0;
    if (x > (a + 1) / (a + b + 2)) return 1 - beta(y, x, b, a);
    const scale = Math.exp(
      logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(y));
    const fraction = unitFraction((n) => {
      const m = Math.floor(n / 2);
      return n % 2
        ? (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
        : (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    });
    return (scale / a) * fraction;
  }

  /* Upper tails, for x ≥ 0. */
  const normalTail = (x) => gammaTail(0.5, (x * x) / 2) / 2;
  const tTail = (df, x) => beta(df / (df + x * x), (x * x) / (df + x * x), df / 2, 0.5) / 2;
  const chi2Tail = (df, x) => gammaTail(df / 2, x / 2);

  /* The x ≥ 0 above which a tail holds p; of normal and t, p ≤ 1/2. */
  function quantile(tail, p) {
    let high = 1;
    while (tail(high) > p) high *= 2;
    return bracketedRoot((x) => tail(x) - p, 0, high);
  }

  /* ---- designs: a mean is fitted, or (known) effects are measured from a known value ---- */

  function project(w, y, known) {
    if (known) return { residual: y, kept: y.map(() => 1), total: sum(w) };
    const total = sum(w);
    const mu = sum(w.map((one, i) => one * y[i])) / total;
    return { mu, total, residual: y.map((one) => one - mu), kept: others(w).map((o) => o / total) };
  }

  /* Σw − w for each trial, for the largest as the sum of the others. */
  function others(w) {
    const top = w.indexOf(most(w));
    const rest = sum(w.map((one, i) => (i === top ? 0 : one)));
    return w.map((one, i) => (i === top ? rest : rest + w[top] - one));
  }

  const weights = (v, t) => v.map((one) => 1 / (one + t));

  function generalisedQ(y, v, t, known) {
    const w = weights(v, t);
    return sum(project(w, y, known).residual.map((r, i) => w[i] * r * r));
  }

  const spread = (y, known) => sum(project(y.map(() => 1), y, known).residual.map(square));

  /* ---- estimators of τ² ---- */

  function moments(y, v, a) {
    const left = project(a, y, false);
    const q = sum(left.residual.map((r, i) => a[i] * r * r));
    const expected = sum(left.kept.map((h, i) => a[i] * v[i] * h));
    return Math.max((q - expected) / sum(left.kept.map((h, i) => a[i] * h)), 0);
  }

  function qEquals(y, v, target) {
    const high = (spread(y) / target) * (1 + MARGIN) - least(v);
    if (!(generalisedQ(y, v, 0) > target && high > 0)) return 0;
    return bracketedRoot((t) => generalisedQ(y, v, t) - target, 0, high);
  }

  function logLikelihood(y, v, t, { restricted, known }) {
    const w = weights(v, t);
    const left = project(w, y, known);
    const total = sum(v.map((one, i) => Math.log(one + t) + w[i] * square(left.residual[i])));
    return -0.5 * (restricted ? total + Math.log(left.total) : total);
  }

  /* The τ² ≥ 0 of the highest likelihood: the score is followed over the range that can hold
   * maxima, each change from rising to falling is closed in, the highest of them and of 0 wins. */
  function maximise(y, v, { restricted = false, known = false }) {
    const columns = known ? 0 : 1;
    const count = y.length - (restricted ? columns : 0);
    const s2 = spread(y, known) / Math.max(count, 1);
    const low = least(v);
    const top = ((s2 + Math.sqrt(s2) * Math.sqrt(s2 + 4 * (most(v) - low))) / 2) * (1 + MARGIN);
    if (y.length <= columns || !(top > low)) return 0;
    const score = (t) => {
      const w = weights(v, t);
      const left = project(w, y, known);
      return sum(w.map((one, i) =>
        square(one * left.residual[i]) - one * (restricted ? left.kept[i] : 1)));
    };
    const cells = clip(Math.ceil(Math.log(top / low) / GRID_STEP), 8, GRID_MOST);
    let best = 0;
    let highest = logLikelihood(y, v, 0, { restricted, known });
    let [before, slope] = [0, score(0)];
    for (let cell = 1; cell <= cells; cell++) {
      const here = low * (top / low) ** (cell / cells) - low;
      const next = score(here);
      if (slope > 0 && next <= 0) {
        const root = bracketedRoot(score, before, here);
        const value = logLikelihood(y, v, root, { restricted, known });
        if (value > highest) [best, highest] = [root, value];
      }
      [before, slope] = [here, next];
    }
    return best;
  }

  const precision = (v) => v.map((one) => 1 / one);
  const equal = (v) => v.map(() => 1);
  const pauleMandel = (y, v) => qEquals(y, v, Math.max(y.length - 1, 1));
  const hedges = (y, v) => moments(y, v, equal(v));
  const TAU2 = {
    DL: (y, v) => moments(y, v, precision(v)),
    DL2: (y, v) => moments(y, v, weights(v, moments(y, v, precision(v)))),
    HE: hedges,
    CA: hedges,
    HS: (y, v) => Math.max(0, (generalisedQ(y, v, 0) - y.length) / sum(precision(v))),
    SJ: (y, v) => {
      const first = spread(y) / y.length;
      return (first * generalisedQ(y, v, first)) / Math.max(y.length - 1, 1);
    },
    ML: (y, v) => maximise(y, v, { restricted: false }),
    REML: (y, v) => maximise(y, v, { restricted: true }),
    EB: pauleMandel,
    PM: pauleMandel,
  };

  /* Limits of τ² by the Q-profile; null where the set is empty. */
  function qProfile(y, v, level) {
    const df = y.length - 1;
    const tail = (1 - level) / 2;
    const above = quantile((x) => chi2Tail(df, x), tail);
    const below = quantile((x) => chi2Tail(df, x), 1 - tail);
    if (generalisedQ(y, v, 0) < below) return null;
    return [qEquals(y, v, above), qEquals(y, v, below)];
  }

  /* Interval of the mean by its profile likelihood, and the likelihood ratio at a null value. */
  function meanLimits(y, v, level, nullValue) {
    const best = maximise(y, v, {});
    const peak = logLikelihood(y, v, best, {});
    const w = weights(v, best);
    const { mu: centre, total } = project(w, y, false);
    const limit = quantile((x) => chi2Tail(1, x), 1 - level);
    const ratio = (mu) => {
      const away = y.map((one) => one - mu);
      const t = maximise(away, v, { known: true });
      return 2 * (peak - logLikelihood(away, v, t, { known: true }));
    };
    const end = (sign, outermost) => {
      const side = outermost - centre;
      let step = side + sign / Math.sqrt(total);
      let last = SCAN - 1;
      while (last > 0 && ratio(centre + (side * last) / (SCAN - 1)) > limit) last--;
      const near = centre + (side * last) / (SCAN - 1);
      let far = centre + (side * Math.min(last + 1, SCAN - 1)) / (SCAN - 1);
      if (last === SCAN - 1) {
        while (ratio(far) <= limit) [far, step] = [far + step, 2 * step];
      }
      return bracketedRoot((mu) => ratio(mu) - limit, near, far);
    };
    return { low: end(-1, least(y)), high: end(1, most(y)), ratio: Math.max(ratio(nullValue), 0) };
  }

  /* ---- pooling ---- */

  // Factor on the Wald SE from q = Σwr²/(k − 1), and whether t with k − 1 df takes the place of z.
  const CONFIDENCE = {
    wald: { scale: () => 1 },
    t: { scale: () => 1, isT: true },
    hksj: { scale: Math.sqrt, isT: true, isHksj: true },
    "hksj-modified": { scale: (q) => Math.sqrt(Math.max(1, q)), isT: true, isHksj: true },
    profile: { scale: () => 1, isProfile: true }, // with ML only
  };
  const PREDICTION = {
    "t(k-1)": (df, p) => quantile((x) => tTail(df, x), p),
    "t(k-2)": (df, p) => quantile((x) => tTail(Math.max(df - 1, 1), x), p),
    z: (df, p) => quantile(normalTail, p),
    none: null,
  };

  /* Sum the counts [a, b, c, d] of trials to one effect, as counts.mantel_haenszel has it; null where a
   * sum is 0. */
  function mantelHaenszel({ measure, counts, zero_cells, variance }) {
    const half = (cells) => cells.map((one) => one + 0.5);
    const summed = (tables) => {
      const n = tables.map(sum);
      const over = (term, power = 1) => tables.map((cells, i) => term(...cells) / n[i] ** power);
      if (measure === "OR") {
        const [p, q] = [over((a, b, c, d) => a + d), over((a, b, c) => b + c)];
        const [r, s] = [over((a, b, c, d) => a * d), over((a, b, c) => b * c)];
        const [up, low] = [sum(r), sum(s)];
        const parts = p.map((one, i) => (one * r[i]) / (2 * up * up) + (one * s[i] + q[i] * r[i]) / (2 * up * low)
          + (q[i] * s[i]) / (2 * low * low));
        return { estimate: Math.log(up / low), variance: sum(parts), weights: s };
      }
      const weights = over((a, b, c, d) => (measure === "RR" ? c : c + d) * (a + b));
      if (measure === "RR") {
        const [up, low] = [sum(over((a, b, c, d) => a * (c + d))), sum(weights)];
        const spread = sum(over((a, b, c, d) => (a + b) * (c + d) * (a + c) - a * c * (a + b + c + d), 2));
        return { estimate: Math.log(up / low), variance: spread / (up * low), weights };
      }
      const low = sum(weights);
      const estimate = sum(over((a, b, c, d) => a * (c + d) - c * (a + b))) / low;
      const spread = variance === "Sato"
        ? estimate * sum(over((a, b, c, d) => (a + b) ** 2 * c - (c + d) ** 2 * a
            + ((a + b) * (c + d) * (c + d - a - b)) / 2, 2)) + sum(over((a, b, c, d) => (a * d + c * b) / 2))
        : sum(over((a, b, c, d) => (a * b * (c + d) ** 3 + c * d * (a + b) ** 3) / ((a + b) * (c + d)), 2));
      return { estimate, variance: spread / low ** 2, weights };
    };
    const known = (one) => Number.isFinite(one.estimate) && one.variance > 0;
    const empty = (cells) => cells.includes(0);
    const only0 = zero_cells === "only0";
    let corrected = only0 && counts.some(empty);
    let sums = summed(only0 ? counts.map((cells) => (empty(cells) ? half(cells) : cells)) : counts);
    if (!known(sums) && zero_cells === "needed") [corrected, sums] = [true, summed(counts.map(half))];
    return known(sums) ? { ...sums, corrected } : null;
  }

  /* Pool effects yi with variances vi; names, units and refusals as pooling.pool has them.
   * options: model, tau2, ci, prediction (keys of the tables above), level (a fraction); sums, what
   * mantelHaenszel takes, where counts are summed. null where there is nothing, or a sum is 0. */
  function pool(yi, vi, { model, tau2, ci, prediction, level, sums }) {
    const k = yi.length;
    if (k === 0) return null;
    const mh = sums ? mantelHaenszel(sums) : null;
    if (sums && !mh) return null;
    const random = model === "random";
    const interval = CONFIDENCE[ci];
    if (random && interval.isProfile && tau2 !== "ML") {
      throw new RangeError("the profile-likelihood interval belongs to ML");
    }
    if (!random && (ci !== "wald" || tau2 || prediction)) {
      throw new RangeError("a common effect has the Wald interval, no τ² and nothing to predict");
    }
    const { y, v, unit, origin } = scaled(yi, vi);
    const many = k > 1;
    const df = Math.max(k - 1, 1);
    const about = mh ? mh.estimate / unit - origin : null;
    // DerSimonian and Laird, from Q about the Mantel-Haenszel estimate
    const fromQ = () => Math.max(0, (heterogeneity(y, v, null, about).h2 - 1) * typicalVariance(v));
    const t2 = random && many ? (mh ? fromQ() : TAU2[tau2](y, v)) : 0;
    const summed = mh && !random;
    const w = summed ? mh.weights : weights(v, t2);
    const total = sum(w);
    const mu = summed ? about : sum(w.map((one, i) => one * y[i])) / total;
    const scaleQ = generalisedQ(y, v, t2) / df;
    const wald = summed ? Math.sqrt(mh.variance) / unit : 1 / Math.sqrt(total);
    const se = wald * (many ? interval.scale(scaleQ) : 1);
    const isT = many && Boolean(interval.isT);
    const p = (1 - level) / 2;
    const z = quantile(normalTail, p);
    const half = (isT ? quantile((x) => tTail(df, x), p) : z) * se * unit;
    const centre = (mu + origin) * unit;
    let statistic = centre / (se * unit);
    let [low, high] = [centre - half, centre + half];
    if (random && many && interval.isProfile) {
      const ends = meanLimits(y, v, level, -origin);
      [low, high] = [(ends.low + origin) * unit, (ends.high + origin) * unit];
      statistic = (centre < 0 ? -1 : 1) * Math.sqrt(ends.ratio);
    }
    const away = Math.abs(statistic);
    const pValue = finite(away) === null ? NaN : 2 * (isT ? tTail(df, away) : normalTail(away));
    const ahead = random && k > 2 && PREDICTION[prediction];
    const reach = ahead ? ahead(df, p) * Math.sqrt(t2 + se * se) * unit : NaN;
    const hksj = many && Boolean(interval.isHksj);
    const limits = random && many ? qProfile(y, v, level) : null;
    const slack = limits && 1e-9 * Math.max(1, t2 / typicalVariance(v)) * typicalVariance(v);
    const held = {
      tau2_at_zero: many && random && t2 === 0,
      few_trials: k < FEW,
      single_trial: k === 1,
      hksj_scale_below_one: hksj && scaleQ < 1 - 1e-9,
      few_trials_for_prediction: Boolean(ahead) && k <= FEW_FOR_PREDICTION,
      hksj_narrower_than_wald: hksj && k <= FEW_FOR_HKSJ && half < z * wald * unit,
      sums_corrected: Boolean(mh && mh.corrected),
      tau2_interval_empty: many && random && limits === null,
      tau2_outside_interval: limits !== null && (t2 < limits[0] - slack || t2 > limits[1] + slack),
    };
    return {
      k,
      estimate: centre,
      se: se * unit,
      ci_low: low,
      ci_high: high,
      statistic: finite(statistic),
      p_value: finite(pValue),
      tau2: many && random ? t2 * unit * unit : null,
      tau2_low: limits && limits[0] * unit * unit,
      tau2_high: limits && limits[1] * unit * unit,
      ...heterogeneity(y, v, random ? t2 : null, about),
      pi_low: finite(centre - reach),
      pi_high: finite(centre + reach),
      weights: w.map((one) => (100 * one) / total),
      flags: Object.keys(held).filter((name) => held[name]),
    };
  }

  function typicalVariance(v) {
    const w = precision(v);
    return (v.length - 1) / sum(others(w).map((o, i) => (w[i] * o) / sum(w)));
  }

  function heterogeneity(y, v, t2, about = null) {
    const df = y.length - 1;
    if (df < 1) {
      return { q: null, q_df: null, q_p: null, i2: null, i2_tau2: null, h2: null, h2_tau2: null };
    }
    const { mu, total } = project(precision(v), y, false);
    const q = generalisedQ(y, v, 0) + (about === null ? 0 : total * (about - mu) ** 2);
    const typical = typicalVariance(v);
    return {
      q,
      q_df: df,
      q_p: chi2Tail(df, q),
      i2: (100 * Math.max(q - df, 0)) / Math.max(q, df),
      i2_tau2: t2 === null ? null : (100 * t2) / (t2 + typical),
      h2: q / df,
      h2_tau2: t2 === null ? null : (t2 + typical) / typical,
    };
  }

  /* Effects in a unit and from an origin in which no digit is lost: a power of two near the
   * typical standard error, and the most precise trial. */
  function scaled(yi, vi) {
    const unit = 2 ** Math.round(sum(vi.map(Math.log2)) / vi.length / 2);
    const v = vi.map((one) => one / (unit * unit));
    const origin = yi[v.indexOf(least(v))] / unit;
    return { y: yi.map((one) => one / unit - origin), v, unit, origin };
  }

  /* ---- a trial that was not done: the variance its SMD g would have ---- */

  const exactJ = (m) =>
    Math.exp(logGamma(m / 2) - Math.log(m / 2) / 2 - logGamma((m - 1) / 2));
  const CORRECTIONS = { approximate: (m) => 1 - 3 / (4 * m - 1), exact: exactJ };
  const VARIANCES = {
    revman: (g, n1, n2) => (n1 + n2) / (n1 * n2) + (g * g) / (2 * (n1 + n2 - 3.94)),
    LS: (g, n1, n2) => 1 / n1 + 1 / n2 + (g * g) / (2 * (n1 + n2)),
    LS2: (g, n1, n2, j) => j * j * VARIANCES.LS(g / j, n1, n2),
    UB: (g, n1, n2) => {
      const m = n1 + n2 - 2;
      return 1 / n1 + 1 / n2 + (1 - (m - 2) / (m * exactJ(m) ** 2)) * g * g;
    },
  };

  function smdVariance(g, n1, n2, { correction, variance }) {
    return VARIANCES[variance](g, n1, n2, CORRECTIONS[correction](n1 + n2 - 2));
  }

  return { pool, smdVariance, normalTail, tTail, chi2Tail, quantile, TAU2, CONFIDENCE, PREDICTION };
})();
