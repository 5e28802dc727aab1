# Makes metafor_multilevel.csv and multilevel_data.csv: three-level models by metafor (rma.mv), with
# robust variances by clubSandwich, that the tests compare with.
# Run in this folder: Rscript multilevel.R [FOLDER for the output, this one by default]
suppressMessages({library(metafor); library(metadat); library(clubSandwich)})
stopifnot(packageVersion("metafor") >= "3.8", packageVersion("clubSandwich") >= "0.5.8")
out <- c(commandArgs(trailingOnly = TRUE), ".")[1]
show <- function(x) ifelse(is.na(x), "", formatC(x, digits = 16, format = "g", width = 1))

crede <- escalc("ZCOR", ri = ri, ni = ni, data = dat.crede2010, subset = criterion == "grade")
bornmann <- escalc("OR", ai = waward, n1i = wtotal, ci = maward, n2i = mtotal, data = dat.bornmann2007)
set <- function(d, trial)
  data.frame(yi = as.numeric(d$yi), vi = d$vi, trial = as.integer(factor(trial, unique(trial))))
sets <- list(
  konstantopoulos2011 = with(dat.konstantopoulos2011, set(dat.konstantopoulos2011, district)),
  assink2016 = set(dat.assink2016, dat.assink2016$study),
  bornmann2007 = set(bornmann, bornmann$study),
  crede2010 = set(crede, crede$studyid),
  kalaian1996 = set(dat.kalaian1996, dat.kalaian1996$study),
  knapp2017 = set(dat.knapp2017, dat.knapp2017$study),
  lehmann2018 = set(dat.lehmann2018, dat.lehmann2018$Short_Title),
  tannersmith2016 = set(dat.tannersmith2016, dat.tannersmith2016$studyid))

fit <- function(d, rho, method) {
  d$effect <- seq_len(nrow(d))
  V <- if (is.na(rho)) d$vi else vcalc(vi, cluster = trial, obs = effect, rho = rho, data = d)
  # The default tolerances leave the variances off in the fifth digit; of these ways, some of which refuse
  # to call it converged, the one with the highest likelihood is kept.
  ways <- c(lapply(c(1e-12, 1e-14), function(tol) list(optimizer = "nlminb", rel.tol = tol, x.tol = 1e-14,
                                                       eval.max = 1e4, iter.max = 1e4)),
            list(list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-16, maxit = 1e5),
                 list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 1e5)))
  tries <- lapply(ways, function(control) tryCatch(suppressWarnings(
    rma.mv(yi, V, random = ~ 1 | trial/effect, data = d, method = method, test = "t", dfs = "contain",
           control = control)), error = function(e) NULL))
  tries <- Filter(Negate(is.null), tries)
  heights <- sapply(tries, logLik)
  # with nlminb's tightest tolerances confint() stops early: limits are read off the last of them
  list(best = tries[[which.max(heights)]], for_limits = tries[[length(tries)]])
}
rows <- list()
for (name in names(sets)) for (rho in c(NA, 0.6, 0.8)) for (method in c("REML", "ML")) {
  if (method == "ML" && !is.na(rho)) next
  d <- sets[[name]]
  both <- fit(d, rho, method)
  res <- both$best
  robust <- coef_test(res, vcov = "CR2", cluster = d$trial)
  ahead <- predict(res)
  # I² by level as on metafor's site (tips, "I^2 for multilevel and multivariate models")
  W <- solve(as.matrix(res$V))
  P <- W - W %*% res$X %*% solve(t(res$X) %*% W %*% res$X) %*% t(res$X) %*% W
  i2 <- 100 * res$sigma2 / (sum(res$sigma2) + (res$k - 1) / sum(diag(P)))
  limits <- matrix(NA, 2, 2)
  if (method == "REML" && nrow(d) < 120) for (level in 1:2)
    limits[level, ] <- suppressWarnings(confint(both$for_limits, sigma2 = level,
                                                control = list(tol = 1e-12)))$random[1, 2:3]
  rows[[length(rows) + 1]] <- data.frame(
    set = name, rho = show(rho), method = method, k = res$k, trials = res$s.nlevels[1],
    estimate = show(as.numeric(res$beta)), se = show(res$se), ci_low = show(res$ci.lb),
    ci_high = show(res$ci.ub), df = res$ddf, p_value = show(res$pval), between = show(res$sigma2[1]),
    within = show(res$sigma2[2]), between_low = show(limits[1, 1]), between_high = show(limits[1, 2]),
    within_low = show(limits[2, 1]), within_high = show(limits[2, 2]), q = show(res$QE), q_p = show(res$QEp),
    i2_between = show(i2[1]), i2_within = show(i2[2]), pi_low = show(ahead$pi.lb),
    pi_high = show(ahead$pi.ub),
    cr2_se = show(robust$SE), cr2_df = show(robust$df_Satt), cr2_p = show(robust$p_Satt))
}
write.csv(do.call(rbind, rows), file.path(out, "metafor_multilevel.csv"), row.names = FALSE, quote = FALSE)
data <- do.call(rbind, lapply(names(sets), function(name) data.frame(
  set = name, yi = show(sets[[name]]$yi), vi = show(sets[[name]]$vi), trial = sets[[name]]$trial)))
write.csv(data, file.path(out, "multilevel_data.csv"), row.names = FALSE, quote = FALSE)
