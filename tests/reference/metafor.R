# Makes metafor_effects.csv and metafor_pools.csv: metafor's answers that the tests compare with.
# Run in this folder: Rscript metafor.R [FOLDER for the output, this one by default]
# metafor's default tolerances leave REML tau2 off by 3e-6 and PM by 2.5e-5, so they are tightened.
suppressMessages({library(metafor); library(metadat)})
stopifnot(packageVersion("metafor") >= "3.8")
out <- c(commandArgs(trailingOnly = TRUE), ".")[1]
tight <- list(DL = list(), PM = list(tol = 1e-14, tau2.max = 1e10, maxiter = 10000),
              REML = list(threshold = 1e-14, maxiter = 10000, stepadj = 0.5))

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

effects <- list()
for (type in c("LS", "LS2", "UB")) {
  e <- escalc("SMD", m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2, sd2i = sd2, n2i = n2,
              data = normand, vtype = type)
  effects[[type]] <- data.frame(variance = type, normand, yi = show(e$yi), vi = show(e$vi))
}
write.csv(do.call(rbind, effects), file.path(out, "metafor_effects.csv"), row.names = FALSE,
          quote = FALSE)

one <- function(set, d, tau2, test) {
  res <- suppressWarnings(rma(yi, vi, data = d, method = if (tau2 == "") "EE" else tau2,
                              test = test, control = c(tight[[if (tau2 == "") "DL" else tau2]])))
  pi <- list(pi.lb = NA, pi.ub = NA)
  limits <- c(NA, NA)
  if (tau2 != "") {
    # test = "t" has the Wald SE with t(k - 1), as our prediction interval has for Wald; "z" a normal
    ahead <- if (test != "z") res else suppressWarnings(
      rma(yi, vi, data = d, method = tau2, test = "t", control = c(tight[[tau2]])))
    if (res$k > 2) pi <- predict(ahead)
    # no cap, and the search begins from the scale of the data
    qp <- suppressWarnings(confint(res, type = "QP", control = list(
      tau2.max = 1e6 * (var(d$yi) + max(d$vi)), tol = 1e-14 * (var(d$yi) + max(d$vi)),
      maxiter = 1e5)))
    if (!isTRUE(qp$ci.null)) limits <- qp$random[1, 2:3]
  }
  data.frame(set = set, tau2_method = tau2, ci_method = c(z = "wald", knha = "hksj",
             adhoc = "hksj-modified")[[test]], k = res$k, estimate = show(as.numeric(res$beta)),
             se = show(res$se), ci_low = show(res$ci.lb), ci_high = show(res$ci.ub),
             statistic = show(res$zval), p_value = show(res$pval),
             tau2 = if (tau2 == "") "" else show(res$tau2), tau2_low = show(limits[1]),
             tau2_high = show(limits[2]), q = show(res$QE), q_p = show(res$QEp),
             i2_tau2 = if (tau2 == "") "" else show(res$I2),
             h2_tau2 = if (tau2 == "") "" else show(res$H2),
             pi_low = show(pi$pi.lb), pi_high = show(pi$pi.ub))
}
pools <- list()
for (set in names(sets)) for (tau2 in c("", "DL", "PM", "REML"))
  for (test in if (tau2 == "") "z" else c("z", "knha", "adhoc"))
    pools[[length(pools) + 1]] <- one(set, sets[[set]], tau2, test)
write.csv(do.call(rbind, pools), file.path(out, "metafor_pools.csv"), row.names = FALSE,
          quote = FALSE)
data <- do.call(rbind, lapply(setdiff(names(sets), grep("^CD", names(sets), value = TRUE)),
  function(set) data.frame(set = set, yi = show(sets[[set]]$yi), vi = show(sets[[set]]$vi))))
write.csv(data, file.path(out, "metafor_data.csv"), row.names = FALSE, quote = FALSE)
