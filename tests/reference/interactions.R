# Meta-regressions with interactions by metafor, and what they predict along a line.
# Rscript interactions.R [FOLDER], in this folder; writes interactions_data.csv, metafor_interactions.csv
# and metafor_lines.csv. Sets of metadat, of which each has effects, two numbers and two categories.
suppressMessages({library(metafor); library(metadat)})
out <- c(commandArgs(trailingOnly = TRUE), ".")[1]
steps <- list(threshold = 1e-14, maxiter = 10000, stepadj = 0.5)
show <- function(x) ifelse(is.na(x), "", formatC(x, digits = 16, format = "g", width = 1))
zcor <- escalc("ZCOR", ri = ri, ni = ni, data = dat.molloy2014)
sets <- list(
  bcg = with(escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
             data.frame(yi, vi, x = ablat, z = year - 1900, a = ifelse(alloc == "random", "random", "other"),
                        b = ifelse(year < 1960, "early", "late"))),
  raudenbush1985 = with(dat.raudenbush1985, data.frame(yi, vi, x = weeks, z = year - 1900, a = setting, b = tester)),
  bangertdrowns2004 = with(subset(dat.bangertdrowns2004, !is.na(meta)),
    data.frame(yi, vi, x = length, z = year - 1900, a = paste0("g", grade), b = paste0("m", meta))),
  molloy2014 = with(zcor, data.frame(yi, vi, x = meanage, z = quality, a = design, b = a_measure)))
sets <- lapply(sets, na.omit)
answers <- list()
lines <- list()
for (set in names(sets)) for (model in c("x * a", "x * z", "a * b")) for (test in c("z", "knha")) {
  d <- sets[[set]]
  r <- suppressWarnings(rma(yi, vi, mods = as.formula(paste("~", model)), data = d, test = test, control = steps))
  if (any(r$coef.na)) next  # which ours refuses
  of <- anova(r, btt = grep(":", rownames(r$beta)))
  answers[[length(answers) + 1]] <- data.frame(
    set, model, test, coefficient = seq_along(r$beta), estimate = show(as.numeric(r$beta)), se = show(r$se),
    ci_low = show(r$ci.lb), ci_high = show(r$ci.ub), p_value = show(r$pval), tau2 = show(r$tau2),
    qm = show(r$QM), qm_p = show(r$QMp), interaction = show(of$QM), interaction_p = show(of$QMp))
  if (model != "x * a") next
  # at three points of each level's line; the prediction interval is that of t, also beside "z"
  at <- expand.grid(x = quantile(d$x, c(0, .3, 1), names = FALSE), a = sort(unique(d$a)),
                    stringsAsFactors = FALSE)
  newmods <- model.matrix(~ x * a, data = rbind(d[, c("x", "a")], at))[-seq_len(nrow(d)), -1]
  by_t <- suppressWarnings(rma(yi, vi, mods = ~ x * a, data = d, test = if (test == "z") "t" else test, control = steps))
  p <- predict(r, newmods = newmods)
  lines[[length(lines) + 1]] <- data.frame(
    set, test, at, estimate = show(p$pred), se = show(p$se), ci_low = show(p$ci.lb), ci_high = show(p$ci.ub),
    pi_low = show(predict(by_t, newmods = newmods)$pi.lb), pi_high = show(predict(by_t, newmods = newmods)$pi.ub))
}
save <- function(rows, name) write.csv(do.call(rbind, rows), file.path(out, name), row.names = FALSE, quote = FALSE)
save(lapply(names(sets), function(set) data.frame(set, yi = show(sets[[set]]$yi), vi = show(sets[[set]]$vi),
  sets[[set]][, c("x", "z", "a", "b")])), "interactions_data.csv")
save(answers, "metafor_interactions.csv")
save(lines, "metafor_lines.csv")
