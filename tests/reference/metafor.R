# Makes the files metafor_*.csv: metafor's answers that the tests compare with.
# Run in this folder: Rscript metafor.R [FOLDER for the output, this one by default]
# metafor's default tolerances leave REML tau2 off by 3e-6 and PM by 2.5e-5, so they are tightened.
suppressMessages({library(metafor); library(metadat); library(clubSandwich)})
stopifnot(packageVersion("metafor") >= "3.8")
out <- c(commandArgs(trailingOnly = TRUE), ".")[1]
steps <- list(threshold = 1e-14, maxiter = 10000, stepadj = 0.5)
tight <- list(DL = list(), HE = list(), HS = list(), SJ = list(), ML = steps, REML = steps,
              EB = list(threshold = 1e-14, maxiter = 10000),
              PM = list(tol = 1e-14, tau2.max = 1e10, maxiter = 10000))

# The package's registries: an entry of its own there is computed here, without a line in this script.
entries <- function(file, kind) {
  text <- paste(readLines(file.path("../../analysis/livingmeta/engine", file), encoding = "UTF-8"),
                collapse = "\n")
  begins <- sprintf('"[\\w-]+": %s\\(', kind)
  found <- regmatches(text, gregexpr(sprintf("(?s)%s(?:(?!%s).)*", begins, begins), text, perl = TRUE))[[1]]
  setNames(found, sub('^"([^"]+)".*', "\\1", found))
}
field <- function(entry, name)
  if (grepl(sprintf('\\b%s="', name), entry)) sub(sprintf('.*\\b%s="([^"]+)".*', name), "\\1", entry) else ""

show <- function(x) ifelse(is.na(x), "", formatC(x, digits = 16, format = "g", width = 1))

# RevMan's standardised mean difference, which metafor does not have: Deeks and Higgins 2010
revman <- function(d) {
  n <- d$n1 + d$n2
  s <- sqrt(((d$n1 - 1) * d$sd1^2 + (d$n2 - 1) * d$sd2^2) / (n - 2))
  g <- (d$mean1 - d$mean2) / s * (1 - 3 / (4 * n - 9))
  data.frame(yi = g, vi = n / (d$n1 * d$n2) + g^2 / (2 * (n - 3.94)))
}
md <- function(d) as.data.frame(escalc("MD", m1i = mean1, sd1i = sd1, n1i = n1,
                                       m2i = mean2, sd2i = sd2, n2i = n2, data = d))[, c("yi", "vi")]

normand <- with(dat.normand1999, data.frame(mean1 = m1i, sd1 = sd1i, n1 = n1i,
                                            mean2 = m2i, sd2 = sd2i, n2 = n2i))
sets <- list(
  bcg = escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)[, c("yi", "vi")],
  normand1999 = md(normand),
  `normand1999-smd` = revman(normand),
  # Viechtbauer 2007, Stat Med 26:37-52, Table II
  collins1985 = escalc("OR", ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci,
                       data = dat.collins1985b)[, c("yi", "vi")],
  # Fisher scoring with default steps does not converge here (metafor's site, tips,
  # "Convergence problems with the rma() function", example 2)
  slow = data.frame(yi = c(1.30, 1.94, 0.70, 0.36, 1.31, 0.46, 1.24, 0.71, 0.35, 0.77),
                    vi = c(0.640, 0.421, 0.992, 0.058, 0.756, 0.634, 0.79, 0.596, 0.457, 0.935)),
  agreeing = data.frame(yi = c(.10, .12, .09, .11), vi = c(.04, .05, .03, .06)),
  two = data.frame(yi = c(0, .8), vi = c(.04, .05)))
sample <- read.csv("cochrane_sample.csv", colClasses = c(analysis = "character"))
for (id in unique(paste(sample$review, sample$analysis))) {
  d <- sample[paste(sample$review, sample$analysis) == id, ]
  sets[[gsub(" ", "-", id)]] <- if (d$measure[1] == "SMD") revman(d) else md(d)
}

# The smallest arms that have an SD
small <- with(expand.grid(n1 = 2:3, n2 = 2:3), data.frame(mean1 = 5, sd1 = 1.5, n1, mean2 = 4,
                                                          sd2 = 1, n2))
arms <- rbind(normand, small)
effects <- list()
for (type in c("LS", "LS2", "UB")) {
  e <- escalc("SMD", m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2, sd2i = sd2, n2i = n2,
              data = arms, vtype = type)
  effects[[type]] <- data.frame(variance = type, arms, yi = show(e$yi), vi = show(e$vi))
}
write.csv(do.call(rbind, effects), file.path(out, "metafor_effects.csv"), row.names = FALSE,
          quote = FALSE)

one <- function(set, d, tau2, test) {
  res <- suppressWarnings(rma(yi, vi, data = d, method = if (tau2 == "") "EE" else tau2,
                              test = test, control = c(tight[[if (tau2 == "") "DL" else tau2]])))
  pi <- list(pi.lb = NA, pi.ub = NA)
  limits <- matrix(NA, 4, 3)
  if (tau2 != "") {
    # test = "t" has the Wald SE with t(k - 1), as our prediction interval has for Wald; "z" a normal
    ahead <- if (test != "z") res else suppressWarnings(
      rma(yi, vi, data = d, method = tau2, test = "t", control = c(tight[[tau2]])))
    if (res$k > 2) pi <- predict(ahead)
    # no cap, and the search begins from the scale of the data
    qp <- suppressWarnings(confint(res, type = "QP", control = list(
      tau2.max = 1e6 * (var(d$yi) + max(d$vi)), tol = 1e-14 * (var(d$yi) + max(d$vi)),
      maxiter = 1e5)))
    if (!isTRUE(qp$ci.null)) limits <- qp$random
  }
  data.frame(set = set, tau2_method = tau2, ci_method = c(z = "wald", knha = "hksj",
             adhoc = "hksj-modified", t = "t")[[test]], k = res$k, estimate = show(as.numeric(res$beta)),
             se = show(res$se), ci_low = show(res$ci.lb), ci_high = show(res$ci.ub),
             statistic = show(res$zval), p_value = show(res$pval),
             tau2 = if (tau2 == "") "" else show(res$tau2), tau2_low = show(limits[1, 2]),
             tau2_high = show(limits[1, 3]), i2_tau2_low = show(limits[3, 2]),
             i2_tau2_high = show(limits[3, 3]), h2_tau2_low = show(limits[4, 2]),
             h2_tau2_high = show(limits[4, 3]), q = show(res$QE), q_p = show(res$QEp),
             i2_tau2 = if (tau2 == "") "" else show(res$I2),
             h2_tau2 = if (tau2 == "") "" else show(res$H2),
             pi_low = show(pi$pi.lb), pi_high = show(pi$pi.ub))
}
pools <- list()
for (set in names(sets)) for (tau2 in c("", "DL", "PM", "REML"))
  for (test in if (tau2 == "") "z" else c("z", "t", "knha", "adhoc"))
    pools[[length(pools) + 1]] <- one(set, sets[[set]], tau2, test)
write.csv(do.call(rbind, pools), file.path(out, "metafor_pools.csv"), row.names = FALSE,
          quote = FALSE)
# Other measures: arms of means, and counts with and without empty cells
measures <- list()
keep <- function(measure, choice, inputs, e) {
  names(inputs) <- letters[seq_along(inputs)]
  measures[[length(measures) + 1]] <<- data.frame(measure = measure, choice = choice, inputs,
                                                  yi = show(e$yi), vi = show(e$vi))
}
for (vtype in c("LS", "HO"))
  keep("MD", c(LS = "unpooled", HO = "pooled")[[vtype]], arms, escalc("MD", m1i = mean1, sd1i = sd1,
       n1i = n1, m2i = mean2, sd2i = sd2, n2i = n2, data = arms, vtype = vtype))
keep("GLASS", "exact", arms[arms$n2 > 2, ], escalc("SMD1", m1i = mean1, sd1i = sd1, n1i = n1,
     m2i = mean2, sd2i = sd2, n2i = n2, data = arms[arms$n2 > 2, ]))  # for two J(1) = 0
full <- with(dat.bcg, data.frame(a = tpos, n1 = tpos + tneg, c = cpos, n2 = cpos + cneg))
empty <- data.frame(a = c(0, 3, 8, 10, 0, 1, 0, 1, 3, 1), n1 = c(10, 12, 20, 10, 11, 1, 1, 2, 3, 3),
                    c = c(2, 5, 11, 10, 11, 0, 1, 0, 1, 2), n2 = c(11, 13, 20, 12, 11, 1, 2, 3, 3, 3))
counted <- function(measure, d, to)
  escalc(measure, ai = a, n1i = n1, ci = c, n2i = n2, data = d, to = to)
registered <- entries("measures.py", "Measure")
for (measure in setdiff(names(registered), c("SMD", "MD", "GLASS"))) {
  entry <- registered[[measure]]
  if (field(entry, "needs") == "means")
    keep(measure, "", arms, escalc(measure, m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2,
                                   sd2i = sd2, n2i = n2, data = arms))
  if (field(entry, "needs") == "counts" && !grepl("zero_cells", entry))
    keep(measure, "", rbind(full, empty), counted(measure, rbind(full, empty), "none"))
  if (field(entry, "needs") == "counts" && grepl("zero_cells", entry)) {
    keep(measure, "none", full, counted(measure, full, "none"))
    for (to in c("only0", "all")) keep(measure, to, empty, counted(measure, empty, to))
  }
}
write.csv(do.call(rbind, lapply(measures, function(m) {
  m[setdiff(letters[1:6], names(m))] <- ""
  m[, c("measure", "choice", letters[1:6], "yi", "vi")]
})), file.path(out, "metafor_measures.csv"), row.names = FALSE, quote = FALSE)

# Where Fisher scoring does not converge with half steps it does with smaller ones
patient <- function(d, tau2, mods = "1") {
  for (step in c(.5, .1, .02)) {
    control <- c(list(), tight[[tau2]])
    if (tau2 %in% c("ML", "REML", "EB")) control <- list(threshold = 1e-14, maxiter = 1e5, stepadj = step)
    res <- try(rma(as.formula(paste("yi ~", mods)), vi, data = d, method = tau2, control = control),
               silent = TRUE)
    if (!inherits(res, "try-error")) return(res)
  }
  stop(tau2, " does not converge")
}

# Every other estimator; the two-step one is metafor's general method of moments with the weights
# of DerSimonian and Kacker 2007
estimators <- list()
called <- sapply(entries("tau2.py", "Named"), field, "metafor")  # ours by metafor's name
called <- c(DL2 = "DL2", called[called != "" & !duplicated(called)])
for (set in names(sets)) {
  d <- sets[[set]]
  scale <- var(d$yi) + max(d$vi)
  for (name in names(called)) {
    tau2 <- called[[name]]
    first <- rma(yi, vi, data = d, method = "DL")$tau2
    res <- suppressWarnings(if (tau2 == "DL2") {
      rma(yi, vi, data = d, method = "GENQ", weights = 1 / (d$vi + first))
    } else patient(d, tau2))
    limits <- matrix(NA, 4, 3)
    if (tau2 %in% c("ML", "REML"))  # the profile likelihood of tau2, no cap
      limits <- suppressWarnings(confint(res, type = "PL", control = list(
        tau2.max = 1e6 * scale, tol = 1e-14 * scale, maxiter = 1e5)))$random
    estimators[[length(estimators) + 1]] <- data.frame(
      set = set, tau2_method = name, tau2 = show(res$tau2), i2_tau2 = show(res$I2),
      tau2_low = show(limits[1, 2]), tau2_high = show(limits[1, 3]),
      i2_tau2_low = show(limits[3, 2]), i2_tau2_high = show(limits[3, 3]),
      h2_tau2_low = show(limits[4, 2]), h2_tau2_high = show(limits[4, 3]))
  }
}
# Prediction intervals of other kinds: metafor 3.8 takes the normal quantile with test = "z", and
# Riley's t(k - 2) by that name
ahead <- list()
for (set in names(sets)) {
  d <- sets[[set]]
  if (nrow(d) < 3) next
  res <- rma(yi, vi, data = d, control = tight$REML)
  for (kind in c("z", "t(k-2)")) {
    pi <- if (kind == "z") predict(res) else predict(res, pi.type = "riley")
    ahead[[length(ahead) + 1]] <- data.frame(set = set, pi_method = kind, pi_low = show(pi$pi.lb),
                                             pi_high = show(pi$pi.ub))
  }
}
write.csv(do.call(rbind, ahead), file.path(out, "metafor_predictions.csv"), row.names = FALSE,
          quote = FALSE)

# The defaults of programs, from arms to prediction interval, on Normand's nine trials
programs <- list()
keep_program <- function(profile, e, method, test, i2, ahead) {
  res <- rma(yi, vi, data = e, method = method, test = test, control = tight[[method]])
  pi <- if (ahead == "") list(pi.lb = NA, pi.ub = NA) else predict(
    rma(yi, vi, data = e, method = method, test = ahead, control = tight[[method]]))
  q <- max(0, 100 * (res$QE - (res$k - 1)) / res$QE)
  programs[[profile]] <<- data.frame(profile = profile, estimate = show(as.numeric(res$beta)),
    ci_low = show(res$ci.lb), ci_high = show(res$ci.ub), tau2 = show(res$tau2),
    i2 = show(if (i2 == "q") q else res$I2), pi_low = show(pi$pi.lb), pi_high = show(pi$pi.ub))
}
hedges <- function(vtype) escalc("SMD", m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2,
                                 sd2i = sd2, n2i = n2, data = normand, vtype = vtype)
keep_program("revman5", revman(normand), "DL", "z", "q", "")
keep_program("revman-web", revman(normand), "REML", "z", "tau2", "t")
keep_program("metafor", hedges("LS"), "REML", "z", "tau2", "z")
keep_program("meta", hedges("UB"), "REML", "z", "q", "t")
keep_program("today", revman(normand), "REML", "adhoc", "q", "adhoc")
write.csv(do.call(rbind, programs), file.path(out, "metafor_profiles.csv"), row.names = FALSE,
          quote = FALSE)

# Meta-regression, and cluster-robust variances by clubSandwich
reg_sets <- list(
  bcg = with(escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
             data.frame(yi, vi, x = ablat, word = alloc, cluster = "")),
  # effects of 17 studies, several of most (metadat)
  assink2016 = with(dat.assink2016, data.frame(yi, vi, x = year, word = deltype,
                                               cluster = paste0("s", study))))
for (set in names(reg_sets)) for (name in setdiff(names(called), "DL2")) {
  res <- suppressWarnings(patient(reg_sets[[set]], called[[name]], "x + word"))
  estimators[[length(estimators) + 1]] <- data.frame(
    set = paste(set, "~ x + word"), tau2_method = name, tau2 = show(res$tau2), i2_tau2 = show(res$I2),
    tau2_low = "", tau2_high = "", i2_tau2_low = "", i2_tau2_high = "", h2_tau2_low = "",
    h2_tau2_high = "")
}
write.csv(do.call(rbind, estimators), file.path(out, "metafor_tau2.csv"), row.names = FALSE,
          quote = FALSE)
regressions <- list()
robust <- list()
for (set in names(reg_sets)) {
  d <- reg_sets[[set]]
  for (tau2 in c("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"))
    for (test in c("z", "t", "knha", "adhoc")) {
      res <- suppressWarnings(rma(yi, vi, mods = ~ x + word, data = d, method = tau2, test = test,
                                  control = tight[[tau2]]))
      total <- suppressWarnings(rma(yi, vi, data = d, method = tau2, control = tight[[tau2]]))
      limits <- suppressWarnings(confint(res, type = "QP", control = list(
        tau2.max = 1e6, tol = 1e-14, maxiter = 1e5)))
      r2 <- if (total$tau2 == 0) NA else 100 * max(0, 1 - res$tau2 / total$tau2)
      regressions[[length(regressions) + 1]] <- data.frame(
        set = set, tau2_method = tau2, ci_method = c(z = "wald", t = "t", knha = "hksj",
        adhoc = "hksj-modified")[[test]], coefficient = seq_along(res$beta),
        estimate = show(as.numeric(res$beta)), se = show(res$se), ci_low = show(res$ci.lb),
        ci_high = show(res$ci.ub), statistic = show(res$zval), p_value = show(res$pval),
        tau2 = show(res$tau2), tau2_low = if (isTRUE(limits$ci.null)) "" else show(limits$random[1, 2]),
        tau2_high = if (isTRUE(limits$ci.null)) "" else show(limits$random[1, 3]),
        i2 = show(res$I2), r2 = show(r2), qe = show(res$QE), qe_p = show(res$QEp),
        qm = show(res$QM), qm_p = show(res$QMp))
    }
  res <- rma(yi, vi, mods = ~ x + word, data = d, method = "FE")
  regressions[[length(regressions) + 1]] <- data.frame(
    set = set, tau2_method = "", ci_method = "wald", coefficient = seq_along(res$beta),
    estimate = show(as.numeric(res$beta)), se = show(res$se), ci_low = show(res$ci.lb),
    ci_high = show(res$ci.ub), statistic = show(res$zval), p_value = show(res$pval), tau2 = "",
    tau2_low = "", tau2_high = "", i2 = show(res$I2), r2 = "", qe = show(res$QE),
    qe_p = show(res$QEp), qm = show(res$QM), qm_p = show(res$QMp))
  if (d$cluster[1] == "") next
  for (model in c("mean", "x", "x + word")) {
    res <- rma(yi, vi, mods = as.formula(paste("~", if (model == "mean") "1" else model)),
               data = d, control = tight$REML)
    cr2 <- coef_test(res, vcov = "CR2", cluster = d$cluster)
    robust[[length(robust) + 1]] <- data.frame(
      set = set, model = model, coefficient = seq_len(nrow(cr2)), estimate = show(cr2$beta),
      se = show(cr2$SE), df = show(cr2$df_Satt), p_value = show(cr2$p_Satt))
  }
}
# A mean for one study of one effect, and one for the others: its variance is not defined
d <- reg_sets$assink2016
d$alone <- d$cluster == names(which(table(d$cluster) == 1))[1]
res <- rma(yi, vi, mods = ~ factor(alone) - 1, data = d, control = tight$REML)
cr2 <- coef_test(res, vcov = "CR2", cluster = d$cluster)
robust[[length(robust) + 1]] <- data.frame(
  set = "assink2016", model = "alone", coefficient = 1:2, estimate = show(cr2$beta),
  se = show(cr2$SE), df = show(cr2$df_Satt), p_value = show(cr2$p_Satt))
write.csv(do.call(rbind, regressions), file.path(out, "metafor_regressions.csv"),
          row.names = FALSE, quote = FALSE)
write.csv(do.call(rbind, robust), file.path(out, "clubsandwich.csv"), row.names = FALSE,
          quote = FALSE)
write.csv(do.call(rbind, lapply(names(reg_sets), function(set) data.frame(
  set = set, yi = show(reg_sets[[set]]$yi), vi = show(reg_sets[[set]]$vi),
  reg_sets[[set]][, c("x", "word", "cluster")]))), file.path(out, "regression_data.csv"),
  row.names = FALSE, quote = FALSE)
# Subgroups with one tau2 in all: the test for differences
subgroups <- list()
for (method in c("DL", "REML", "PM")) {
  res <- rma(yi, vi, mods = ~ word, data = reg_sets$bcg, method = method, control = tight[[method]])
  each <- rma(yi, vi, mods = ~ word - 1, data = reg_sets$bcg, method = method,
              control = tight[[method]])
  subgroups[[method]] <- data.frame(tau2_method = method, tau2 = show(res$tau2), q = show(res$QM),
    p_value = show(res$QMp), level = sub("word", "", rownames(each$beta)),
    estimate = show(as.numeric(each$beta)), se = show(each$se))
}
write.csv(do.call(rbind, subgroups), file.path(out, "metafor_subgroups.csv"), row.names = FALSE,
          quote = FALSE)

# Influence and leave-one-out; the table of influence() and the points of baujat()
influences <- list()
for (set in c("bcg", "normand1999", "collins1985", "slow", "agreeing")) {
  d <- sets[[set]]
  for (tau2 in c("DL", "REML", "PM")) for (test in c("z", "knha", "adhoc")) {
    res <- suppressWarnings(rma(yi, vi, data = d, method = tau2, test = test,
                                control = tight[[tau2]]))
    inf <- suppressWarnings(influence(res))
    pdf(NULL)
    points <- suppressWarnings(baujat(res))
    invisible(dev.off())
    left <- suppressWarnings(leave1out(res))
    influences[[length(influences) + 1]] <- data.frame(
      set = set, tau2_method = tau2, ci_method = c(z = "wald", knha = "hksj",
      adhoc = "hksj-modified")[[test]], trial = seq_len(res$k), rstudent = show(inf$inf$rstudent),
      dffits = show(inf$inf$dffits), cook = show(inf$inf$cook.d), cov_ratio = show(inf$inf$cov.r),
      tau2 = show(inf$inf$tau2.del), q = show(inf$inf$QE.del), hat = show(inf$inf$hat),
      dfbetas = show(inf$dfbs[[1]]), baujat_x = show(points$x), baujat_y = show(points$y),
      estimate = show(left$estimate), ci_low = show(left$ci.lb), ci_high = show(left$ci.ub))
  }
}
write.csv(do.call(rbind, influences), file.path(out, "metafor_influence.csv"), row.names = FALSE,
          quote = FALSE)

# Cumulative meta-analysis, by size where it is known, by precision, and backwards
growths <- list()
for (set in c("bcg", "normand1999", "agreeing")) {
  d <- sets[[set]]
  size <- switch(set, bcg = rowSums(dat.bcg[, c("tpos", "tneg", "cpos", "cneg")]),
                 normand1999 = normand$n1 + normand$n2, agreeing = 1 / d$vi)
  # metafor 3.8 takes the variable by which to order
  orders <- list(size = -size, precision = d$vi, backwards = -seq_len(nrow(d)))
  for (tau2 in c("DL", "REML")) for (test in c("z", "knha", "adhoc")) for (by in names(orders)) {
    res <- suppressWarnings(rma(yi, vi, data = d, method = tau2, test = test,
                                control = tight[[tau2]]))
    grown <- suppressWarnings(cumul(res, order = orders[[by]]))
    growths[[length(growths) + 1]] <- data.frame(
      set = set, tau2_method = tau2, ci_method = c(z = "wald", knha = "hksj",
      adhoc = "hksj-modified")[[test]], by = by, trial = order(orders[[by]]),
      estimate = show(grown$estimate), se = show(grown$se), ci_low = show(grown$ci.lb),
      ci_high = show(grown$ci.ub), tau2 = show(grown$tau2))
  }
}
write.csv(do.call(rbind, growths), file.path(out, "metafor_cumulative.csv"), row.names = FALSE,
          quote = FALSE)

# Small-study effects: Egger's and Begg's tests, PEESE, trim and fill
small <- list()
small_sets <- c(sets[c("bcg", "normand1999")], list(
  hackshaw1998 = data.frame(yi = as.numeric(dat.hackshaw1998$yi), vi = dat.hackshaw1998$vi)))
for (set in names(small_sets)) {
  d <- small_sets[[set]]
  res <- rma(yi, vi, data = d, method = "DL")
  line <- regtest(res, model = "lm")
  curve <- regtest(res, model = "lm", predictor = "vi")
  rank <- suppressWarnings(ranktest(res))
  for (side in c("left", "right")) for (estimator in c("L0", "R0")) {
    filled <- trimfill(res, side = side, estimator = estimator)
    small[[length(small) + 1]] <- data.frame(set = set, egger_t = show(line$zval),
      egger_p = show(line$pval), egger_limit = show(line$est), egger_low = show(line$ci.lb),
      egger_high = show(line$ci.ub), peese_t = show(curve$zval), peese_limit = show(curve$est),
      begg_tau = show(rank$tau), begg_p = show(rank$pval), side = side, estimator = estimator,
      k0 = filled$k0, estimate = show(as.numeric(filled$beta)), se = show(filled$se),
      default_side = trimfill(res)$side)
  }
}
write.csv(do.call(rbind, small), file.path(out, "metafor_small_study.csv"), row.names = FALSE,
          quote = FALSE)
write.csv(data.frame(yi = show(small_sets$hackshaw1998$yi), vi = show(small_sets$hackshaw1998$vi)),
          file.path(out, "hackshaw1998.csv"), row.names = FALSE, quote = FALSE)

# Small-study effects of counts: Peters 2006 by lm() from the paper's formula, Harbord 2006 as
# Egger's test on Peto's one-step odds ratios Z/V, whose variance is 1/V
counted <- list()
for (set in c("bcg", "hahn2001", "li2007", "egger2001")) {
  d <- get(paste0("dat.", set))
  if (set == "bcg")
    d <- with(d, data.frame(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg))
  d <- d[d$ai + d$ci > 0, ]
  events <- d$ai + d$ci
  n <- d$n1i + d$n2i
  yi <- as.numeric(escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d)$yi)
  peters <- summary(lm(yi ~ I(1 / n), weights = 1 / (1 / events + 1 / (n - events))))$coefficients
  peto <- escalc("PETO", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, to = "none")
  harbord <- regtest(as.numeric(peto$yi), peto$vi, model = "lm", ret.fit = TRUE)
  counted[[set]] <- data.frame(set = set, events1 = d$ai, n1 = d$n1i, events2 = d$ci, n2 = d$n2i,
    peters_slope = show(peters[2, 1]), peters_t = show(peters[2, 3]),
    peters_p = show(peters[2, 4]), peters_limit = show(peters[1, 1]),
    harbord_slope = show(as.numeric(coef(summary(harbord$fit))[2, 1])), harbord_t = show(harbord$zval),
    harbord_p = show(harbord$pval))
}
write.csv(do.call(rbind, counted), file.path(out, "small_study_counts.csv"), row.names = FALSE,
          quote = FALSE)

# The three-parameter selection model. metafor's optimiser stops where the likelihood's last digit
# no longer changes, at half the digits of the parameters, so they are closed in by Newton steps on
# numDeriv's derivatives of the likelihood, written out; its own estimates stand beside.
selected <- list()
for (case in list(c("bcg", "less"), c("collins1985", "less"), c("hackshaw1998", "greater"))) {
  d <- c(sets, small_sets)[[case[1]]]
  res <- suppressWarnings(selmodel(rma(yi, vi, data = d, method = "ML", control = tight$ML),
    type = "stepfun", alternative = case[2], steps = .025,
    control = list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 10000)))
  z <- if (case[2] == "less") -d$yi else d$yi
  cut <- qnorm(.975) * sqrt(d$vi)
  height <- function(p) {
    s <- sqrt(d$vi + p[2])
    share <- pnorm(cut, p[1], s, lower.tail = FALSE) + p[3] * pnorm(cut, p[1], s)
    sum(dnorm(z, p[1], s, log = TRUE) + log(ifelse(z < cut, p[3], 1)) - log(share))
  }
  turn <- if (case[2] == "less") -1 else 1
  p <- c(turn * as.numeric(res$beta), res$tau2, res$delta[2])
  free <- if (p[2] < 1e-6) c(1, 3) else 1:3
  p[setdiff(1:3, free)] <- 0
  part <- function(q) { r <- p; r[free] <- q; height(r) }
  for (i in 1:5) p[free] <- p[free] - solve(numDeriv::hessian(part, p[free]),
                                            numDeriv::grad(part, p[free]))
  spread <- solve(-numDeriv::hessian(part, p[free]))
  selected[[length(selected) + 1]] <- data.frame(set = case[1], alternative = case[2],
    estimate = show(turn * p[1]), se = show(sqrt(spread[1, 1])), tau2 = show(p[2]),
    weight = show(p[3]), lrt = show(res$LRT), p_value = show(res$LRTp),
    metafor_estimate = show(as.numeric(res$beta)), metafor_se = show(res$se),
    metafor_tau2 = show(res$tau2), metafor_weight = show(res$delta[2]))
}
write.csv(do.call(rbind, selected), file.path(out, "metafor_selection.csv"), row.names = FALSE,
          quote = FALSE)

# Resampling: every subset of the first six trials, and exact permutation tests of the mean of the
# first seven
subsets <- permuted <- list()
for (set in c("normand1999", "collins1985", "slow")) for (tau2 in c("DL", "REML")) {
  d <- sets[[set]][1:6, ]
  # the threshold is absolute: 1e-14 can't be reached on normand's scale of days
  close <- if (tau2 == "DL") list() else
    modifyList(steps, list(threshold = 1e-13 * (1 + var(d$yi))))
  res <- rma(yi, vi, data = d, method = tau2, control = close)
  all <- gosh(res, progbar = FALSE)
  subsets[[length(subsets) + 1]] <- data.frame(set = set, tau2_method = tau2,
    subset = as.matrix(all$incl) %*% 2^(0:5), k = all$res$k, estimate = show(all$res$estimate),
    tau2 = show(all$res$tau2), q = show(all$res$QE), i2_tau2 = show(all$res$I2))
}
for (set in c("normand1999", "collins1985", "slow", "agreeing", "two"))
  for (tau2 in c("DL", "REML")) for (test in c("z", "knha")) {
    fitted_by <- function(control) suppressWarnings(rma(yi, vi, data = head(sets[[set]], 7),
                                                        method = tau2, test = test, control = control))
    res <- fitted_by(tight[[tau2]])
    # P is a count, for which the default tolerance will do, in a tenth of the time
    turned <- suppressWarnings(permutest(fitted_by(list(stepadj = 0.5, maxiter = 1000)), exact = TRUE,
                                         progbar = FALSE))
    permuted[[length(permuted) + 1]] <- data.frame(set = set, tau2_method = tau2,
      ci_method = c(z = "wald", knha = "hksj")[[test]], statistic = show(res$zval),
      p_value = show(turned$pval))
  }
write.csv(do.call(rbind, subsets), file.path(out, "metafor_subsets.csv"), row.names = FALSE,
          quote = FALSE)
write.csv(do.call(rbind, permuted), file.path(out, "metafor_permutations.csv"), row.names = FALSE,
          quote = FALSE)

# The profile likelihood of the mean, which metafor does not have: Hardy and Thompson 1996, on a
# fine grid of tau2 refined by optimise()
profiled <- list()
for (set in setdiff(names(sets), grep("^CD", names(sets), value = TRUE))) {
  d <- sets[[set]]
  ml <- rma(yi, vi, data = d, method = "ML", control = tight$ML)
  loglik <- function(mu, t) sum(dnorm(d$yi, mu, sqrt(d$vi + t), log = TRUE))
  most <- function(mu) {
    grid <- c(0, 10^seq(-8, 3, length.out = 400) * (max(d$vi) + var(d$yi)))
    at <- which.max(sapply(grid, function(t) loglik(mu, t)))
    near <- optimise(function(t) loglik(mu, t), maximum = TRUE, tol = 1e-13,
                     c(grid[max(1, at - 1)], grid[min(length(grid), at + 1)]))
    max(loglik(mu, 0), near$objective)
  }
  peak <- loglik(as.numeric(ml$beta), ml$tau2)
  drop <- function(mu) 2 * (peak - most(mu)) - qchisq(.95, 1)
  far <- 20 * ml$se + diff(range(d$yi))
  ends <- sapply(c(-1, 1), function(side) uniroot(drop, sort(c(ml$beta, ml$beta + side * far)),
                                                  tol = 1e-12)$root)
  profiled[[set]] <- data.frame(set = set, ci_low = show(ends[1]), ci_high = show(ends[2]),
    p_value = show(pchisq(2 * (peak - most(0)), 1, lower.tail = FALSE)))
}
write.csv(do.call(rbind, profiled), file.path(out, "profile_mean.csv"), row.names = FALSE,
          quote = FALSE)

data <- do.call(rbind, lapply(setdiff(names(sets), grep("^CD", names(sets), value = TRUE)),
  function(set) data.frame(set = set, yi = show(sets[[set]]$yi), vi = show(sets[[set]]$vi))))
write.csv(data, file.path(out, "metafor_data.csv"), row.names = FALSE, quote = FALSE)
